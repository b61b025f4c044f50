//! The AutoDial database: the user's own, and that of all users.

use super::{Caller, Entries, EntryClient, no_books};
use rasman::{AutodialBackend, AutodialEntry, AutodialSetting, EntryRef, Error};
use rasman_core::{Cause, Code, LayerName};
use rasman_phonebook::store::{FileError, Place, Scope};
use rasman_phonebook::{Autodial, AutodialRefusal};
use std::collections::BTreeSet;
use std::sync::OnceLock;

impl AutodialBackend for EntryClient<'_> {
    fn autodial_addresses(&self) -> Result<Vec<String>, Error> {
        let databases = self.manager.entries.databases(self.caller)?;
        let mut seen = BTreeSet::new();
        let addresses = databases.iter().flat_map(Autodial::addresses);
        Ok(addresses.filter(|address| seen.insert(address.to_ascii_lowercase())).map(str::to_owned).collect())
    }

    fn autodial_entries(&self, address: &str) -> Result<Vec<AutodialEntry>, Error> {
        let mut entries: Vec<AutodialEntry> = Vec::new();
        for entry in self.manager.entries.databases(self.caller)?.iter().flat_map(|database| database.entries(address))
        {
            // Clause D4: what the user has for a location goes before.
            if entries.iter().all(|known| known.location != entry.location) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn set_autodial_entries(&self, address: &str, entries: &[AutodialEntry]) -> Result<(), Error> {
        if address.is_empty() {
            // Clause D3: the default connection has to be there.
            for entry in entries {
                self.manager.entries.find(self.caller, &EntryRef::new(&entry.entry))?;
            }
        }
        self.manager.entries.change_database(self.caller, |database| {
            if entries.is_empty() {
                database.remove(address);
                return Ok(());
            }
            database.set(address, entries).map_err(refused)
        })
    }

    fn autodial_is_enabled(&self, location: u32) -> Result<bool, Error> {
        Ok(self.manager.entries.databases(self.caller)?.iter().all(|database| !database.is_disabled(location)))
    }

    fn enable_autodial(&self, location: u32, on: bool) -> Result<(), Error> {
        self.manager.entries.change_database(self.caller, |database| database.enable(location, on).map_err(refused))
    }

    fn autodial_setting(&self, setting: AutodialSetting) -> Result<u32, Error> {
        let default = setting.default_value().ok_or_else(no_setting)?;
        let (databases, session) = (self.manager.entries.databases(self.caller)?, session());
        let set = databases.iter().find_map(|database| database.setting(setting.0, session));
        Ok(set.unwrap_or(default))
    }

    fn set_autodial_setting(&self, setting: AutodialSetting, value: u32) -> Result<(), Error> {
        setting.default_value().ok_or_else(no_setting)?;
        let session = (setting == AutodialSetting::LOGIN_SESSION_DISABLE).then(session);
        self.manager.entries.change_database(self.caller, |database| {
            database.set_setting(setting.0, value, session);
            Ok(())
        })
    }
}

impl Entries {
    /// Reads the databases that count for somebody: their own before that of all users.
    fn databases(&self, caller: Caller) -> Result<Vec<Autodial>, Error> {
        let places = self.own_database(caller).into_iter().chain(self.database_of_all());
        places.map(|place| place.read_autodial().map_err(|error| Error(error.into()))).collect()
    }

    /// Changes somebody's own database, or that of all users for one who has none.
    fn change_database(
        &self,
        caller: Caller,
        change: impl FnOnce(&mut Autodial) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let place = self.own_database(caller).or_else(|| self.database_of_all()).ok_or_else(no_books)?;
        if place.scope == Scope::AllUsers && !caller.may_change_machine {
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings)
                .did(format!("was asked to change {}, which is all users'", place.path.display()))
                .advice("ask an administrator, or use a manager of your own");
            return Err(cause.into());
        }
        place.update_autodial(|database| change(database).map_err(Failure::Refused)).map_err(|failure| match failure {
            Failure::Refused(error) => error,
            Failure::File(error) => Error(error.into()),
        })
    }

    fn own_database(&self, caller: Caller) -> Option<Place> {
        let user = self.places.as_ref()?.user.as_ref().filter(|_| caller.own)?;
        Some(Place::new(user, Scope::User).autodial())
    }

    fn database_of_all(&self) -> Option<Place> {
        Some(Place::new(&self.places.as_ref()?.all_users, Scope::AllUsers).autodial())
    }
}

/// Why a database was not changed.
enum Failure {
    Refused(Error),
    File(FileError),
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Names the session that a setting counts for: until the machine starts anew. Where the system does not tell (a service
/// sees no more of /proc than processes), until the manager does.
fn session() -> &'static str {
    static SESSION: OnceLock<String> = OnceLock::new();
    SESSION.get_or_init(|| {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let own = || format!("{}-{:?}", std::process::id(), std::time::SystemTime::now());
        Some(boot.trim().to_owned()).filter(|id| !id.is_empty()).unwrap_or_else(own)
    })
}

fn refused(refusal: AutodialRefusal) -> Error {
    match refusal {
        AutodialRefusal::Malformed => {
            let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
                .did("found an address or a name that cannot be one")
                .advice(
                    "use up to 1024 characters for an address and 256 for a name, none of them a control character",
                );
            Error(cause)
        }
        AutodialRefusal::Full => {
            let cause = Cause::new(Code::OUT_OF_BUFFERS, LayerName::Settings)
                .did("found no room for one more line in the AutoDial database")
                .advice("delete addresses that are not used");
            Error(cause)
        }
    }
}

fn no_setting() -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
        .did("was asked for a setting of AutoDial that there is not")
        .advice("use the keys 0 to 4");
    Error(cause)
}

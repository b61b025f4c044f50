//! Entries and what is stored for them: those that the program brought along, and those of phone books.
//!
//! A name without a phone book means the first entry of that name: the program's, then the user's, then all users'. A
//! phone book that comes before and cannot be read is an error, since it may have an entry of that name that leads
//! elsewhere.

mod autodial;
mod books;
mod client;
mod convert;
mod edit;
mod resolve;
mod stored;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use client::EntryClient;
#[cfg(test)]
pub(crate) use resolve::inline;
pub(crate) use resolve::{AtOnce, Promotion, Resolved, Slow};
pub(crate) use stored::is_asterisks;

use crate::config::CredentialSettings;
use crate::ras_devices;
use crate::reserved::Reserved;
use crate::secrets::{EntryId, Place as SecretPlace, Secrets, Whose};
use books::Books;
use edit::no_books;
use rasman::{EntryInfo, EntryRef, EntryScope, Error};
use rasman_core::{Cause, Code, Device, Entry, LayerName};
use rasman_phonebook::store::{Loaded, Place, Places, Scope};
use rasman_phonebook::{Guid, Properties, fold_name};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All entries that a manager knows.
pub(crate) struct Entries {
    /// By folded name.
    program: BTreeMap<String, Arc<Entry>>,
    places: Option<Places>,
    books: Books,
    secrets: Secrets,
    /// An entry that does not say how programs get in gets a network device.
    prefer_device: bool,
    /// Where modems are looked for; nothing for the ports of this machine.
    modems: Option<Vec<PathBuf>>,
    /// Those that dials have chosen.
    reserved: Reserved,
}

/// For whom something is done, and what they may do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    /// The user's number.
    pub(crate) uid: u32,
    /// The user is the one that the manager runs as: the user's phone book and paths are within the manager's rights
    /// and no others'. Another user sees the entries of all users alone, since their own files would be opened with
    /// our rights.
    pub(crate) own: bool,
    /// They may change what belongs to all users, as far as the files let the manager (clause E10), and lead everybody's
    /// traffic where they like.
    pub(crate) may_change_machine: bool,
}

impl Caller {
    /// The user with this number; one who is not the manager's own may change nothing of all users'.
    pub(crate) fn of(uid: u32) -> Self {
        let own = uid == rustix::process::geteuid().as_raw();
        Self { uid, own, may_change_machine: own }
    }
}

/// An entry that was found.
pub(crate) struct Found {
    /// Its name as it is written.
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Read from the phone book's text when they are first asked for.
    properties: OnceCell<Properties>,
}

/// Where an entry is.
pub(crate) enum Origin {
    Program(Arc<Entry>),
    Book(Arc<Loaded>),
}

/// What a connection says about the entry it came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Source {
    pub(crate) phonebook: Option<PathBuf>,
    pub(crate) all_users: bool,
    pub(crate) guid: Option<[u8; 16]>,
}

impl Entries {
    pub(crate) fn new(
        program: Vec<Entry>,
        places: Option<Places>,
        credentials: &CredentialSettings,
        prefer_device: bool,
    ) -> Result<Self, Error> {
        let (books, secrets) = (Books::default(), Secrets::new(credentials));
        let reserved = Reserved::default();
        let mut entries =
            Self { program: BTreeMap::new(), places, books, secrets, prefer_device, modems: None, reserved };
        for entry in program {
            entry.validate()?;
            let name = entry.name.clone();
            if entries.program.insert(fold_name(&name), Arc::new(entry)).is_some() {
                return Err(Error::refused(Code::ALREADY_EXISTS, format!("added a second entry named \"{name}\"")));
            }
        }
        Ok(entries)
    }

    /// Looks for modems at these ports in place of this machine's.
    pub(crate) fn with_modems(self, modems: Option<Vec<PathBuf>>) -> Self {
        Self { modems, ..self }
    }

    /// Lists the devices that can dial.
    pub(crate) fn devices(&self) -> Vec<Device> {
        ras_devices::list(&ras_devices::ports(self.modems.as_deref()))
    }

    /// Lists entries (clauses B1, B12).
    pub(crate) fn list(&self, caller: Caller, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        if let Some(path) = phonebook {
            let place = self.place(caller, path)?;
            return Ok(lines(&*self.read(&place)?));
        }
        let program = self.program.values().map(|entry| EntryInfo::new(&entry.name, EntryScope::Program, None));
        let mut list: Vec<_> = program.collect();
        for place in self.usual_places(caller) {
            // A phone book that cannot be read hides no other one.
            match place.and_then(|place| self.read(&place)) {
                Ok(loaded) => list.extend(lines(&loaded)),
                Err(error) => tracing::warn!(error = error.code().0, "left a phone book out of the list: {error}"),
            }
        }
        Ok(list)
    }

    /// Finds the entry that a name stands for.
    pub(crate) fn find(&self, caller: Caller, entry: &EntryRef) -> Result<Found, Error> {
        if let Some(path) = &entry.phonebook {
            let loaded = self.read(&self.place(caller, path)?)?;
            return in_book(&loaded, &entry.name).ok_or_else(|| no_entry(&entry.name, Some(path)));
        }
        if let Some(known) = self.program.get(&fold_name(&entry.name)) {
            return Ok(Found::new(known.name.clone(), Origin::Program(Arc::clone(known))));
        }
        for place in self.usual_places(caller) {
            let loaded = self.read(&place?)?;
            if let Some(found) = in_book(&loaded, &entry.name) {
                return Ok(found);
            }
        }
        Err(no_entry(&entry.name, None))
    }

    /// Gives the phone book with this path: one of the usual ones if it is, else as one that was named.
    fn place(&self, caller: Caller, path: &Path) -> Result<Place, Error> {
        // Named in two ways, it would be two phone books, and its entries others.
        let path = &*std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let usual = self.usual_places(caller).into_iter().flatten().find(|place| place.path == path);
        if let Some(place) = usual {
            return Ok(place);
        }
        if let Some(places) = &self.places {
            if path == places.all_users {
                return Ok(Place::new(path, Scope::AllUsers));
            }
            if caller.own && places.user.as_deref() == Some(path) {
                return Ok(Place::new(path, Scope::User));
            }
        }
        if !caller.own {
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                .did(format!("was asked for the phone book {} of another user", path.display()))
                .advice("dial with its settings, or put the entry into the phone book of all users");
            return Err(cause.into());
        }
        Ok(Place::new(path, Scope::Explicit))
    }

    /// Lists the usual phone books that exist: the user's before all users'.
    fn usual_places(&self, caller: Caller) -> Vec<Result<Place, Error>> {
        let Some(places) = &self.places else { return Vec::new() };
        let books = if caller.own { places.books() } else { Places::new(None, places.all_users.clone()).books() };
        books.into_iter().map(|place| place.map_err(|error| Error(error.into()))).collect()
    }

    fn read(&self, place: &Place) -> Result<Arc<Loaded>, Error> {
        self.books.get(place).map_err(|error| Error(error.into()))
    }
}

impl Found {
    fn new(name: String, origin: Origin) -> Self {
        Self { name, origin, properties: OnceCell::new() }
    }

    /// Gives the entry's properties.
    pub(crate) fn properties(&self) -> Result<&Properties, Error> {
        let Origin::Book(loaded) = &self.origin else { return Err(of_program(&self.name)) };
        if let Some(known) = self.properties.get() {
            return Ok(known);
        }
        let properties = loaded.book.properties(&self.name);
        let properties = properties.ok_or_else(|| no_entry(&self.name, Some(&loaded.place.path)))?;
        Ok(self.properties.get_or_init(|| properties))
    }

    /// Gives the phone book, to be changed.
    fn place(&self) -> Result<&Place, Error> {
        match &self.origin {
            Origin::Book(loaded) => Ok(&loaded.place),
            Origin::Program(_) => Err(of_program(&self.name)),
        }
    }

    fn book_path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Book(loaded) => Some(&loaded.place.path),
            Origin::Program(_) => None,
        }
    }

    pub(crate) fn is_machine(&self) -> bool {
        matches!(&self.origin, Origin::Book(loaded) if loaded.place.scope == Scope::AllUsers)
    }

    fn guid(&self) -> Option<[u8; 16]> {
        if matches!(self.origin, Origin::Program(_)) {
            return None;
        }
        let guid = self.properties().ok()?.guid;
        (guid != Guid::default()).then_some(guid.0)
    }

    /// Names the entry's connection in the table.
    pub(crate) fn key(&self) -> String {
        key(self.book_path(), &self.name)
    }

    /// Names its connection in the table, had it another name.
    pub(crate) fn key_as(&self, name: &str) -> String {
        key(self.book_path(), name)
    }

    pub(crate) fn source(&self) -> Source {
        Source { phonebook: self.book_path().map(Path::to_owned), all_users: self.is_machine(), guid: self.guid() }
    }

    /// Names what is stored for the entry.
    fn secrets(&self, caller: Caller, whose: Whose) -> SecretPlace {
        let entry = match (self.guid(), &self.origin) {
            (Some(guid), Origin::Book(loaded)) if loaded.place.scope == Scope::Explicit => {
                EntryId::guid_in(&loaded.place.path, &guid)
            }
            (Some(guid), _) => EntryId::guid(&guid),
            (None, _) => EntryId::name(self.book_path(), &self.name),
        };
        SecretPlace { whose, entry, name: self.name.clone(), by_name: caller.own || self.is_machine() }
    }
}

/// Names an entry's connection in the table: entries of different phone books are different ones.
pub(crate) fn key(phonebook: Option<&Path>, name: &str) -> String {
    let path = phonebook.map_or_else(String::new, |path| path.to_string_lossy().into_owned());
    // No path holds this character.
    format!("{path}\0{}", fold_name(name))
}

fn in_book(loaded: &Arc<Loaded>, name: &str) -> Option<Found> {
    let name = loaded.book.section(name)?.name().into_owned();
    Some(Found::new(name, Origin::Book(Arc::clone(loaded))))
}

fn lines(loaded: &Loaded) -> Vec<EntryInfo> {
    let scope = if loaded.place.scope == Scope::AllUsers { EntryScope::Machine } else { EntryScope::User };
    let path = &loaded.place.path;
    loaded.book.entries().map(|name| EntryInfo::new(name, scope, Some(path.clone()))).collect()
}

fn no_entry(name: &str, phonebook: Option<&Path>) -> Error {
    let shown = shown(name);
    let place = phonebook.map_or_else(String::new, |path| format!(" in {}", path.display()));
    let cause = Cause::new(Code::CANNOT_FIND_PHONEBOOK_ENTRY, LayerName::Settings)
        .did(format!("looked for the entry \"{shown}\"{place}"))
        .advice("check the name; the manager knows it under no other spelling than upper and lower case");
    Error(cause)
}

fn of_program(name: &str) -> Error {
    let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings)
        .did(format!("found that the entry \"{}\" is the program's own and in no phone book", shown(name)))
        .advice("name the phone book that is meant, or choose another name");
    Error(cause)
}

/// Shortens a name for a message, and takes out what could disturb a terminal.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

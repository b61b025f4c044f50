//! Changing entries of phone books.

use super::{Caller, Entries, Found, Origin, of_program, shown};
use crate::secrets::{EntryId, Kind, Whose};
use rasman::{EntryRef, Error};
use rasman_core::{Cause, Code, LayerName};
use rasman_phonebook::store::{FileError, Missing, Place, Scope};
use rasman_phonebook::{Book, EditError, Filetime, Guid, Identity, Properties, Subentry, fold_name, validate_name};
use std::time::{SystemTime, UNIX_EPOCH};

impl Entries {
    /// Gives an entry's properties, or the defaults of a new one (clause B6).
    pub(crate) fn properties(&self, caller: Caller, entry: &EntryRef) -> Result<Properties, Error> {
        if entry.name.is_empty() {
            let nobody = Identity { guid: Guid::default(), dial_params_uid: 0 };
            return Ok(Properties::sstp("", "", nobody));
        }
        Ok(self.find(caller, entry)?.properties()?.clone())
    }

    /// Changes an entry or creates it (clause B5).
    pub(crate) fn set_properties(
        &self,
        caller: Caller,
        entry: &EntryRef,
        properties: &Properties,
    ) -> Result<(), Error> {
        check_mandatory(properties)?;
        let place = match self.find(caller, entry) {
            Ok(found) => found.place()?.clone(),
            Err(error) if error.code() == Code::CANNOT_FIND_PHONEBOOK_ENTRY => self.place_of_new(caller, entry)?,
            // A book that does not exist is made with its first entry; the folder of a named one has to be there.
            Err(error) if entry.phonebook.is_some() && error.code() == CANNOT_OPEN => {
                self.place_of_new(caller, entry)?
            }
            Err(error) => return Err(error),
        };
        let mut wanted = properties.clone();
        wanted.name = entry.name.clone();
        let fresh = draw_identity()?;
        self.change(caller, &place, Missing::Create, |book| {
            let mut wanted = wanted.clone();
            match book.properties(&wanted.name) {
                Some(now) => {
                    // Whoever fills the structure anew knows nothing of the identity; it stays.
                    wanted.name = now.name;
                    if wanted.guid == Guid::default() {
                        (wanted.guid, wanted.dial_params_uid) = (now.guid, now.dial_params_uid);
                    }
                }
                None => {
                    validate_name(&wanted.name).map_err(EditError::BadName)?;
                    if wanted.guid == Guid::default() {
                        wanted.guid = fresh.guid;
                    }
                    if wanted.dial_params_uid == 0 {
                        wanted.dial_params_uid = fresh.dial_params_uid;
                    }
                }
            }
            book.set_properties(&wanted, now())
        })
    }

    /// Gives an entry another name (clause B3); gives the entry as it was.
    pub(crate) fn rename(&self, caller: Caller, entry: &EntryRef, name: &str) -> Result<Found, Error> {
        let found = self.find(caller, entry)?;
        let place = found.place()?.clone();
        self.change(caller, &place, Missing::Refuse, |book| book.rename(&found.name, name))?;
        if found.guid().is_none() {
            for whose in [Whose::User(caller.uid), Whose::AllUsers] {
                let old = found.secrets(caller, whose);
                let mut new = old.clone();
                new.entry = EntryId::name(Some(&place.path), name);
                self.secrets.transfer(&old, &new);
            }
        }
        Ok(found)
    }

    /// Finds the entry that is to be deleted.
    pub(crate) fn find_to_delete(&self, caller: Caller, entry: &EntryRef) -> Result<Found, Error> {
        let found = self.find(caller, entry).map_err(|error| {
            // Clause E5: here, and only here, a missing entry is 123.
            recode(error, Code::CANNOT_FIND_PHONEBOOK_ENTRY, Code::INVALID_NAME)
        })?;
        // First of all: whether others have it connected is nothing to somebody who may not delete it.
        if let Origin::Book(loaded) = &found.origin {
            expect_may_change(caller, &loaded.place)?;
        }
        Ok(found)
    }

    /// Deletes an entry, and what its user has stored for it.
    pub(crate) fn delete(&self, caller: Caller, found: &Found) -> Result<(), Error> {
        let place = found.place()?.clone();
        // Before the entry goes, as its identity goes with it.
        let mut stored = vec![found.secrets(caller, Whose::User(caller.uid))];
        if found.is_machine() {
            stored.push(found.secrets(caller, Whose::AllUsers));
        }
        let gone = self.change(caller, &place, Missing::Refuse, |book| book.delete(&found.name));
        gone.map_err(|error| recode(error, Code::CANNOT_FIND_PHONEBOOK_ENTRY, Code::INVALID_NAME))?;
        for (place, kind) in stored.iter().flat_map(|place| Kind::ALL.map(|kind| (place, kind))) {
            if let Err(cause) = self.secrets.clear(place, kind) {
                tracing::warn!(error = cause.code.0, "a deleted entry's credentials stay: {cause}");
            }
        }
        Ok(())
    }

    /// Tells whether a new entry could have this name (clauses B2, B4).
    pub(crate) fn validate(&self, caller: Caller, entry: &EntryRef) -> Result<(), Error> {
        validate_name(&entry.name).map_err(|invalid| edit_error(EditError::BadName(invalid)))?;
        match self.find(caller, entry) {
            Ok(found) => Err(edit_error(EditError::NameTaken { name: found.name })),
            Err(error) if error.code() == Code::CANNOT_FIND_PHONEBOOK_ENTRY => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives a link, counted from one (clause M1).
    pub(crate) fn subentry(&self, caller: Caller, entry: &EntryRef, index: u32) -> Result<Subentry, Error> {
        let mut links = self.find(caller, entry)?.properties()?.subentries.clone();
        match at(index).filter(|at| *at < links.len()) {
            Some(at) => Ok(links.swap_remove(at)),
            None => Err(no_link(&entry.name, index, links.len())),
        }
    }

    /// Changes a link, or adds it as the next (clause M7).
    pub(crate) fn set_subentry(
        &self,
        caller: Caller,
        entry: &EntryRef,
        index: u32,
        link: &Subentry,
    ) -> Result<(), Error> {
        self.change_links(caller, entry, |links| {
            match at(index) {
                Some(at) if at < links.len() => links[at] = link.clone(),
                Some(at) if at == links.len() => links.push(link.clone()),
                _ => return false,
            }
            true
        })
        .and_then(|(done, links)| if done { Ok(()) } else { Err(no_link(&entry.name, index, links)) })
    }

    /// Deletes a link; the last one stays, as an entry has at least one.
    pub(crate) fn delete_subentry(&self, caller: Caller, entry: &EntryRef, index: u32) -> Result<(), Error> {
        self.change_links(caller, entry, |links| match at(index) {
            Some(at) if at < links.len() && links.len() > 1 => {
                links.remove(at);
                true
            }
            _ => false,
        })
        .and_then(|(done, links)| if done { Ok(()) } else { Err(no_link(&entry.name, index, links)) })
    }

    /// Changes the links of an entry; gives what `change` said and how many links there were.
    fn change_links(
        &self,
        caller: Caller,
        entry: &EntryRef,
        mut change: impl FnMut(&mut Vec<Subentry>) -> bool,
    ) -> Result<(bool, usize), Error> {
        let found = self.find(caller, entry)?;
        self.change(caller, &found.place()?.clone(), Missing::Refuse, |book| {
            let name = found.name.clone();
            let mut properties = book.properties(&name).ok_or(EditError::NoEntry { name })?;
            let links = properties.subentries.len();
            let done = change(&mut properties.subentries);
            if done {
                book.set_properties(&properties, now())?;
            }
            Ok((done, links))
        })
    }

    /// Puts the alternate that connected before the numbers that did not (RASEO_PromoteAlternates).
    ///
    /// `tried` are the numbers as they were dialled: an entry that was changed since is left alone.
    pub(crate) fn promote(&self, caller: Caller, place: &Place, name: &str, tried: &[String], alternate: usize) {
        let promoted = self.change(caller, place, Missing::Refuse, |book| {
            let no_entry = || EditError::NoEntry { name: name.to_owned() };
            let mut properties = book.properties(name).ok_or_else(no_entry)?;
            if properties.primary().is_some_and(|link| link.phone_numbers == tried) {
                properties.promote(alternate + 1);
                book.set_properties(&properties, now())?;
            }
            Ok(())
        });
        if let Err(error) = promoted {
            tracing::warn!(error = error.code().0, "an alternate number was not put first: {error}");
        }
    }

    /// Says where a new entry goes: into the named phone book, or the user's, or all users'.
    fn place_of_new(&self, caller: Caller, entry: &EntryRef) -> Result<Place, Error> {
        if let Some(path) = &entry.phonebook {
            return self.place(caller, path);
        }
        if self.program.contains_key(&fold_name(&entry.name)) {
            return Err(of_program(&entry.name));
        }
        let Some(places) = &self.places else { return Err(no_books()) };
        let place = places.default_place();
        if place.scope == Scope::User && !caller.own {
            Ok(Place::new(&places.all_users, Scope::AllUsers))
        } else {
            Ok(place)
        }
    }

    /// Changes a phone book under its lock.
    fn change<T>(
        &self,
        caller: Caller,
        place: &Place,
        missing: Missing,
        mut change: impl FnMut(&mut Book) -> Result<T, EditError>,
    ) -> Result<T, Error> {
        expect_may_change(caller, place)?;
        let result = place.update(missing, |book| change(book).map_err(Failure::Edit));
        result.map_err(|failure| match failure {
            Failure::Edit(error) => edit_error(error),
            Failure::File(error) => Error(error.into()),
        })
    }
}

/// Why a phone book was not changed.
enum Failure {
    Edit(EditError),
    File(FileError),
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Clause B5: number, name and type of the device, framing, kind of entry. The options have no value that is none.
fn check_mandatory(properties: &Properties) -> Result<(), Error> {
    let missing = |what: &str| {
        let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
            .did(format!("checked the properties of the entry, which lack {what}"))
            .advice("fill them in; the defaults of a new entry are read with the empty name");
        Err(cause.into())
    };
    let Some(link) = properties.primary() else { return missing("a link with its device") };
    // Clause B8: an empty service name takes any, so broadband alone needs none.
    let needs_number =
        !link.device_type.eq_ignore_ascii_case("PPPoE") && !link.device_type.eq_ignore_ascii_case("null");
    match () {
        () if needs_number && link.phone_number().is_empty() => missing("the number"),
        () if link.device_name.is_empty() => missing("the device's name"),
        () if link.device_type.is_empty() => missing("the device's type"),
        () if properties.framing.number() == 0 => missing("the framing protocol"),
        () if properties.entry_type.number() == 0 => missing("the kind of entry"),
        () => Ok(()),
    }
}

/// Clause E10.
fn expect_may_change(caller: Caller, place: &Place) -> Result<(), Error> {
    if place.scope != Scope::AllUsers || caller.may_change_machine {
        return Ok(());
    }
    let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings)
        .did(format!("was asked to change {}, which is all users'", place.path.display()))
        .advice("ask an administrator, or use a phone book of your own");
    Err(cause.into())
}

fn edit_error(error: EditError) -> Error {
    Error(Cause::new(error.code(), LayerName::Settings).did(format!("changed a phone book and found that {error}")))
}

fn recode(mut error: Error, from: Code, to: Code) -> Error {
    if error.0.code == from {
        error.0.code = to;
    }
    error
}

fn no_link(name: &str, index: u32, links: usize) -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
        .did(format!("looked for link {index} of \"{}\", which has {links}", shown(name)))
        .advice("links are counted from one, a new one is the next, and an entry keeps one");
    Error(cause)
}

pub(super) fn no_books() -> Error {
    let cause = Cause::new(CANNOT_OPEN, LayerName::Settings)
        .did("looked for a phone book and was started without any")
        .advice("name a phone book");
    Error(cause)
}

/// Makes an index into the links of a number that counts from one.
fn at(index: u32) -> Option<usize> {
    usize::try_from(index).ok()?.checked_sub(1)
}

fn draw_identity() -> Result<Identity, Error> {
    let mut random = [0; 20];
    getrandom::fill(&mut random)
        .map_err(|_| Error::refused(Code::RASMAN_CANNOT_INITIALIZE, "asked the system for randomness"))?;
    let mut guid = [0; 16];
    guid.copy_from_slice(&random[..16]);
    // RFC 9562 5.4: version 4, in the third field, which stands little-endian; then the variant.
    guid[7] = guid[7] & 0x0f | 0x40;
    guid[8] = guid[8] & 0x3f | 0x80;
    let uid = u32::from_le_bytes([random[16], random[17], random[18], random[19]]) >> 1;
    Ok(Identity { guid: Guid(guid), dial_params_uid: uid.max(1) })
}

fn now() -> Filetime {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Filetime::from_unix(since_1970.as_secs(), since_1970.subsec_nanos())
}

/// ERROR_CANNOT_OPEN_PHONEBOOK.
const CANNOT_OPEN: Code = Code(621);

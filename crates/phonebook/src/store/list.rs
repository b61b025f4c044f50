//! All entries of all phone books.

use super::{FileError, Loaded, Place, Places};
use crate::fold_name;
use core::fmt;
use rasman_core::{Cause, Code, LayerName};
use std::collections::BTreeSet;

/// An entry in the list of entries.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Its name, as it is written in the file.
    pub name: String,
    /// The phone book it is in, and whose that is (clause B12).
    pub place: Place,
    /// Another entry of this name comes before it and is the one that is dialled.
    pub shadowed: bool,
}

/// The entries of several phone books.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct Listing {
    /// The entries, the user's before those of all users, in the order of the files.
    pub entries: Vec<Listed>,
    /// The phone books and folders that could not be read; what they have is not in the list.
    pub faults: Vec<FileError>,
}

/// Lists the entries of all phone books (clauses B1, B12).
///
/// A phone book that cannot be read hides no other one: it is a fault of the listing.
#[must_use]
pub fn list(places: &Places) -> Listing {
    let mut listing = Listing::default();
    let mut seen = BTreeSet::new();
    for place in places.books() {
        match place.and_then(|place| place.read()) {
            Ok(loaded) => listing.add(&loaded, &mut seen),
            Err(fault) => listing.faults.push(fault),
        }
    }
    listing
}

impl Listing {
    fn add(&mut self, loaded: &Loaded, seen: &mut BTreeSet<String>) {
        for name in loaded.book.entries() {
            let shadowed = !seen.insert(fold_name(&name));
            self.entries.push(Listed { name: name.into_owned(), place: loaded.place.clone(), shadowed });
        }
    }
}

/// Finds the entry that a name stands for when no phone book is named: the first of that name, without regard to case,
/// in the order of [`list()`].
///
/// # Errors
/// 623 if there is none. A phone book before it that cannot be read is an error as well: it may have an entry of that
/// name, and dialling another one instead could lead to another network.
pub fn find(places: &Places, name: &str) -> Result<Loaded, FindError> {
    for place in places.books() {
        let loaded = place.and_then(|place| place.read())?;
        if loaded.book.contains(name) {
            return Ok(loaded);
        }
    }
    Err(FindError::NoEntry { name: name.to_owned() })
}

/// Why no entry was found.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FindError {
    /// No phone book has it.
    NoEntry {
        /// The name that was asked for.
        name: String,
    },
    /// A phone book could not be read.
    File(FileError),
}

impl FindError {
    /// Gives the code that programs see (clause A18).
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoEntry { .. } => Code::CANNOT_FIND_PHONEBOOK_ENTRY,
            Self::File(error) => error.code(),
        }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntry { name } => {
                write!(f, "no phone book has the entry {name:?}; list the entries to see the names")
            }
            Self::File(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FindError {}

impl From<FileError> for FindError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<FindError> for Cause {
    fn from(error: FindError) -> Self {
        match error {
            FindError::NoEntry { name } => Self::new(Code::CANNOT_FIND_PHONEBOOK_ENTRY, LayerName::Settings)
                .did(format!("looked for {name:?} in all phone books"))
                .advice("list the entries to see the names"),
            FindError::File(error) => error.into(),
        }
    }
}

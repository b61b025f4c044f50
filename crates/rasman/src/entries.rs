//! Entries of phone books, as clients see them.

use std::path::PathBuf;

/// Names an entry: its phone book and its name.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct EntryRef {
    /// The phone book's file; `None` for the usual ones: what the program brought along, the user's, all users'
    /// (clause B1).
    pub phonebook: Option<PathBuf>,
    /// The name, compared without regard to case (clause A17).
    pub name: String,
}

impl EntryRef {
    /// Names an entry of the usual phone books.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { phonebook: None, name: name.into() }
    }

    /// Looks in this phone book and in no other.
    #[must_use]
    pub fn in_book(mut self, phonebook: impl Into<PathBuf>) -> Self {
        self.phonebook = Some(phonebook.into());
        self
    }
}

impl From<&str> for EntryRef {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for EntryRef {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// One line of the list of entries (clause B12).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct EntryInfo {
    /// Its name, as it is written.
    pub name: String,
    /// Whose it is.
    pub scope: EntryScope,
    /// Its phone book; `None` for what the program brought along.
    pub phonebook: Option<PathBuf>,
}

impl EntryInfo {
    /// Makes a line.
    #[must_use]
    pub fn new(name: impl Into<String>, scope: EntryScope, phonebook: Option<PathBuf>) -> Self {
        Self { name: name.into(), scope, phonebook }
    }
}

/// Whose an entry is. The numbers are those of RASENTRYNAME; there, what a program brought along is the user's.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EntryScope {
    /// The program's, which gave it to its manager; it cannot be changed.
    Program,
    /// The user's (0), or of a phone book that was named.
    User,
    /// All users' (1).
    Machine,
}

impl EntryScope {
    /// Gives RASENTRYNAME's number.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Program | Self::User => 0,
            Self::Machine => 1,
        }
    }
}

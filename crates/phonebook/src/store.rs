//! The files of phone books: where they are, and how they are read and changed without loss.
//!
//! This is the one module of the crate that does input and output. It acts with the rights of the process: whoever does
//! so for another user has to take on that user's rights before.
//!
//! * [`Places`] knows the user's book and that of all users; [`list()`] and [`find`] look into all of them.
//! * [`Place::read`] reads a book and its [`Fingerprint`]; readers take no lock, since a book is replaced as a whole.
//! * [`Place::update`] reads, changes and replaces a book under a lock; [`Place::replace`] stores a book that was read
//!   earlier, unless somebody has changed the file since.

mod autodial;
mod error;
mod fingerprint;
mod folder;
mod list;
mod lock;
mod places;
mod read;
mod update;
mod write;

pub use error::{FileError, Problem};
pub use fingerprint::Fingerprint;
pub use list::{FindError, Listed, Listing, find, list};
pub use places::{Places, system_folder};
pub use update::{LOCK_WAIT, Missing};

use crate::Book;
use std::path::{Path, PathBuf};

/// Whose phone book it is (clause B12).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Scope {
    /// The user's.
    User,
    /// That of all users; only an administrator may change it (clause E10).
    AllUsers,
    /// One that was named by its path.
    Explicit,
}

/// The file of a phone book, which need not exist.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Its path.
    pub path: PathBuf,
    /// Whose it is.
    pub scope: Scope,
}

impl Place {
    /// Names a phone book.
    #[must_use]
    pub fn new(path: impl AsRef<Path>, scope: Scope) -> Self {
        Self { path: path.as_ref().to_owned(), scope }
    }

    /// Reads the phone book.
    ///
    /// # Errors
    /// What cannot be opened or read (clause A18); never blocks on a pipe or a device.
    pub fn read(&self) -> Result<Loaded, FileError> {
        let read = read::read(&self.path)?;
        Ok(Loaded { place: self.clone(), book: Book::parse(read.bytes), fingerprint: read.fingerprint })
    }
}

/// A phone book as it was read.
#[derive(Clone)]
pub struct Loaded {
    /// From where.
    pub place: Place,
    /// What was in it.
    pub book: Book,
    /// The state of the file, for [`Place::replace`] and for [`Loaded::is_current`].
    pub fingerprint: Fingerprint,
}

impl Loaded {
    /// Tells, by a look at the file's size and times, whether reading again would give the same.
    #[must_use]
    pub fn is_current(&self) -> bool {
        std::fs::metadata(&self.place.path).is_ok_and(|metadata| self.fingerprint.is_of(&metadata))
    }
}

/// The largest phone book that is read, in bytes: some 90,000 entries with all keys.
pub const SIZE_MAX: u64 = 256 << 20;

/// The most entries of a phone book that is read. With [`LINES_MAX`] it bounds the memory that a file takes whose lines
/// are all but empty.
pub const ENTRIES_MAX: usize = 500_000;

/// The most lines of an entry in a phone book that is read; those of Windows have some 150.
pub const LINES_MAX: usize = 100_000;

/// A step of a change, as the tests see it that kill a writer after each of them.
#[doc(hidden)]
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The lock is ours.
    Locked,
    /// The old file is read and the new content is made.
    Changed,
    /// There is an empty new file.
    Made,
    /// It has the owner and the mode of the old one.
    Owned,
    /// It has its content.
    Written,
    /// Its content is on the disk.
    Synced,
    /// The old file is still the one that was read.
    Checked,
    /// The new file has the old one's name.
    Renamed,
    /// That is on the disk, too.
    Confirmed,
}

impl Step {
    /// All of them in order.
    pub const ALL: [Self; 9] = [
        Self::Locked,
        Self::Changed,
        Self::Made,
        Self::Owned,
        Self::Written,
        Self::Synced,
        Self::Checked,
        Self::Renamed,
        Self::Confirmed,
    ];
}

/// Who is told of each step.
pub(crate) type Steps<'a> = dyn FnMut(Step) + 'a;

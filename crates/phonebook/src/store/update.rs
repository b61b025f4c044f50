//! Changing a phone book without losing what others do to it.

use super::folder::{Target, make_folder};
use super::lock::Lock;
use super::read::{Bytes, check_content, read_in};
use super::write::{self, tidy_up};
use super::{FileError, Fingerprint, Place, Problem, Scope, Step, Steps};
use crate::Book;
use std::time::Duration;

/// What to do when the phone book to change does not exist.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Make it, together with the folder of the user's book and of that of all users.
    Create,
    /// Say so: [`Problem::Missing`].
    Refuse,
}

impl Place {
    /// Changes the phone book as it is now, and gives what `change` gave.
    ///
    /// `change` has to find what it changes by the entry's name: it gets the book as it is under the lock, not as the
    /// caller may have seen it, and is called again if a program without our lock wrote the file in the meantime. If it
    /// changes nothing, or fails, nothing is written. Waits for other writers up to [`LOCK_WAIT`].
    ///
    /// A new phone book is made with its first entry and never without (clause B10). One that has lost its last entry
    /// stays, with its comments, its mode and its owner.
    ///
    /// # Errors
    /// Those of `change`, and whatever keeps the file from being read or replaced; it is then unchanged.
    pub fn update<T, E: From<FileError>>(
        &self,
        missing: Missing,
        change: impl FnMut(&mut Book) -> Result<T, E>,
    ) -> Result<T, E> {
        self.update_in_steps(missing, LOCK_WAIT, change, &mut |_| ())
    }

    /// Stores a book that was read earlier: `expected` is what was read then, or nothing if there was no file.
    ///
    /// # Errors
    /// [`Problem::Changed`] if somebody has changed the file since, and whatever keeps it from being replaced; it is
    /// then unchanged.
    pub fn replace(&self, expected: Option<&Fingerprint>, book: &Book) -> Result<(), FileError> {
        let missing = if expected.is_some() { Missing::Refuse } else { Missing::Create };
        let target = self.open(missing)?;
        let lock = Lock::acquire(&target, LOCK_WAIT)?;
        clean(&lock, &target)?;
        let old = read_in(&target)?;
        if !same(old.as_ref().map(|old| &old.fingerprint), expected) {
            return Err(FileError::new(&self.path, Problem::Changed));
        }
        self.store(&target, old.as_ref(), book, &mut |_| ())
    }

    /// Is [`Place::update`] with another patience, and tells each step.
    ///
    /// # Errors
    /// As there.
    #[doc(hidden)]
    pub fn update_in_steps<T, E: From<FileError>>(
        &self,
        missing: Missing,
        wait: Duration,
        mut change: impl FnMut(&mut Book) -> Result<T, E>,
        steps: &mut dyn FnMut(Step),
    ) -> Result<T, E> {
        let target = self.open(missing)?;
        let lock = Lock::acquire(&target, wait)?;
        steps(Step::Locked);
        clean(&lock, &target)?;
        let mut attempt = 1;
        loop {
            let old = read_in(&target)?;
            if old.is_none() && missing == Missing::Refuse {
                return Err(FileError::new(&self.path, Problem::Missing).into());
            }
            let mut book = Book::parse(old.as_ref().map(|old| old.bytes.clone()).unwrap_or_default());
            let value = change(&mut book)?;
            steps(Step::Changed);
            match self.store(&target, old.as_ref(), &book, steps) {
                Ok(()) => return Ok(value),
                // Somebody without our lock was faster.
                Err(error) if error.problem == Problem::Changed && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Finds the file behind links, and makes the folder of one that may be made.
    fn open(&self, missing: Missing) -> Result<Target, FileError> {
        if missing == Missing::Create {
            make_folder(&self.path, self.scope)?;
        }
        Target::find(&self.path)
    }

    fn store(&self, target: &Target, old: Option<&Bytes>, book: &Book, steps: &mut Steps<'_>) -> Result<(), FileError> {
        // Clause B10.
        if old.is_none() && book.entries().next().is_none() {
            return Err(FileError::new(&self.path, Problem::Empty));
        }
        let bytes = book.to_bytes();
        if old.is_some_and(|old| old.bytes == bytes) {
            return Ok(());
        }
        // What is written can be read again.
        check_content(&self.path, &bytes)?;
        let still_old = || {
            let now = read_in(target)?;
            if same(now.as_ref().map(|now| &now.fingerprint), old.map(|old| &old.fingerprint)) {
                return Ok(());
            }
            Err(FileError::new(&self.path, Problem::Changed))
        };
        let mode = match self.scope {
            Scope::User | Scope::Explicit => 0o600,
            Scope::AllUsers => 0o644,
        };
        write::replace(target, &bytes, old.map(|old| &old.metadata), mode, still_old, steps)
    }
}

/// How long a change waits for other writers.
///
/// A writer holds the lock for as long as the disk takes to confirm two writes.
pub const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How often a change is applied anew because a program without our lock wrote the file.
const ATTEMPTS: u32 = 3;

/// Removes what a killed writer left.
fn clean(lock: &Lock<'_>, target: &Target) -> Result<(), FileError> {
    if lock.inherited { tidy_up(target) } else { Ok(()) }
}

/// Tells whether nothing has changed; a file that was made or removed is a change as well.
fn same(a: Option<&Fingerprint>, b: Option<&Fingerprint>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_content(b),
        (None, None) => true,
        _ => false,
    }
}

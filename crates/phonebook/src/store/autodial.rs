//! The file of the AutoDial database: read and replaced as phone books are.

use super::folder::{Target, make_folder};
use super::lock::Lock;
use super::read::{Bytes, read, read_in};
use super::write::{self, tidy_up};
use super::{FileError, LOCK_WAIT, Place, Problem, Scope};
use crate::Autodial;

impl Place {
    /// Names the AutoDial database beside a phone book.
    #[must_use]
    pub fn autodial(&self) -> Self {
        Self { path: self.path.with_file_name(FILE_NAME), scope: self.scope }
    }

    /// Reads an AutoDial database; one that does not exist is empty.
    ///
    /// # Errors
    /// What cannot be opened or read.
    pub fn read_autodial(&self) -> Result<Autodial, FileError> {
        match read(&self.path) {
            Ok(read) => Ok(parse(&read)),
            Err(error) if error.problem == Problem::Missing => Ok(Autodial::default()),
            Err(error) => Err(error),
        }
    }

    /// Changes an AutoDial database as it is now; one that does not exist is made. If `change` fails, nothing is written.
    ///
    /// # Errors
    /// Those of `change`, and whatever keeps the file from being read or replaced; it is then unchanged.
    pub fn update_autodial<T, E: From<FileError>>(
        &self,
        change: impl FnOnce(&mut Autodial) -> Result<T, E>,
    ) -> Result<T, E> {
        make_folder(&self.path, self.scope)?;
        let target = Target::find(&self.path)?;
        let lock = Lock::acquire(&target, LOCK_WAIT)?;
        if lock.inherited {
            tidy_up(&target)?;
        }
        let old = read_in(&target)?;
        let mut database = old.as_ref().map(parse).unwrap_or_default();
        let value = change(&mut database)?;
        let text = database.to_text();
        if old.as_ref().is_some_and(|old| old.bytes == text.as_bytes()) {
            return Ok(value);
        }
        let mode = if self.scope == Scope::AllUsers { 0o644 } else { 0o600 };
        // Everybody who writes it holds the lock.
        write::replace(&target, text.as_bytes(), old.as_ref().map(|old| &old.metadata), mode, || Ok(()), &mut |_| ())?;
        Ok(value)
    }
}

fn parse(read: &Bytes) -> Autodial {
    Autodial::parse(&String::from_utf8_lossy(&read.bytes))
}

/// Not a name of a phone book.
const FILE_NAME: &str = "autodial";

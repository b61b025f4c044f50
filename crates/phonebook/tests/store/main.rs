//! The files of phone books: read, changed and listed, on a real disk and by several processes.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests are about files")]

mod child;
mod kill;
mod limits;
mod list;
mod read;
mod write;

use rasman_phonebook::Book;
use rasman_phonebook::store::{FileError, Missing, Place, Scope};
use std::path::{Path, PathBuf};

/// A folder that is removed with everything in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rasman-store-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a phone book with these entries and a comment.
    fn book(&self, name: &str, entries: &[&str]) -> Place {
        let text: String = entries.iter().map(|entry| format!("[{entry}]\r\nType=2\r\n\r\n")).collect();
        let path = self.file(name);
        std::fs::write(&path, format!("; kept\r\n{text}")).unwrap();
        Place::new(path, Scope::Explicit)
    }

    /// Lists what is in the folder.
    fn names(&self) -> Vec<String> {
        names_in(&self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn entries_of(place: &Place) -> Vec<String> {
    place.read().unwrap().book.entries().map(|name| name.into_owned()).collect()
}

/// Adds an entry as the operations of a manager do.
fn add(place: &Place, name: &str) -> Result<(), FileError> {
    place.update(Missing::Create, |book| insert(book, name))
}

/// Adds an entry to a book that does not have it; never fails.
fn insert(book: &mut Book, name: &str) -> Result<(), FileError> {
    book.create(name).unwrap();
    Ok(())
}

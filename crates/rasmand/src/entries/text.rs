//! Entries as text, for clients that do not have our types.

use super::{Caller, Entries, Origin, of_program, shown};
use rasman::ipc::section::{self, TEXT_MAX};
use rasman::{EntryRef, Error};
use rasman_core::{Cause, Code, LayerName};
use rasman_phonebook::import::export;

impl Entries {
    /// Gives an entry's name and its section as it stands, the values of secrets left out (clause K1); of the empty name
    /// the defaults of a new entry (clause B6).
    pub(crate) fn text(&self, caller: Caller, entry: &EntryRef) -> Result<(String, String), Error> {
        if entry.name.is_empty() {
            return Ok((String::new(), section::of_entry(&self.properties(caller, entry)?)?));
        }
        let found = self.find(caller, entry)?;
        let Origin::Book(loaded) = &found.origin else { return Err(of_program(&found.name)) };
        let section = loaded.book.section(&found.name).filter(|section| section.raw().len() <= TEXT_MAX);
        let text = section.and_then(|_| export(&loaded.book, Some(&found.name)));
        let text = text.filter(|text| text.len() <= TEXT_MAX).ok_or_else(|| {
            let cause = Cause::new(Code::OUT_OF_BUFFERS, LayerName::Settings)
                .did(format!("found the entry \"{}\" to have more than 512 KiB", shown(&found.name)))
                .advice("read the phone book itself");
            Error(cause)
        })?;
        Ok((found.name, String::from_utf8_lossy(&text).into_owned()))
    }

    /// Changes an entry to what its text says, or creates it (clause B5).
    ///
    /// What the book has beyond that stays: comments, and keys that are not of the format.
    pub(crate) fn set_text(&self, caller: Caller, entry: &EntryRef, text: &str) -> Result<(), Error> {
        let read = section::read(text)?;
        if let Some(key) = read.secret {
            return Err(bad(&format!("has a secret in {}", shown(&key)), "store it with SetCredentials"));
        }
        if let Some((key, _)) = read.properties.unreadable.0.first() {
            return Err(bad(
                &format!("has a value of {key} that cannot be read"),
                "see docs/phonebook.md for its values",
            ));
        }
        if !read.unknown.is_empty() {
            // Those that the book has may be given back as they are; an unknown option is not ignored.
            let there = self.text(caller, entry).and_then(|(_, text)| section::read(&text));
            let there = there.map(|read| read.unknown).unwrap_or_default();
            if let Some((_, key, _)) = read.unknown.difference(&there).next() {
                let what = format!("has the line \"{}\", which is no key where it stands", shown(key));
                return Err(bad(&what, "remove it, or write it into the phone book itself"));
            }
        }
        self.set_properties(caller, entry, &read.properties)
    }
}

fn bad(what: &str, advice: &str) -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings);
    Error(cause.did(format!("read the text of an entry, which {what}")).advice(advice))
}

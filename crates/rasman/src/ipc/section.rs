//! An entry's properties as text: one section of a phone book, as a file has it.
//!
//! The text is lossless, documented (`docs/phonebook.md`), and read by a foreign client without our types. The entry's
//! name travels beside it, so the name in the header means nothing.

use crate::Error;
use rasman_core::{Cause, Code, LayerName};
use rasman_phonebook::{
    Book, EditError, Filetime, LINKS_MAX, LineKind, Properties, Scope, Section, Subentry, is_known_key, is_secret_key,
};
use std::collections::HashSet;

/// The longest text of an entry, in bytes: some ten thousand lines.
pub const TEXT_MAX: usize = 512 << 10;

/// Writes an entry.
///
/// # Errors
/// The code that writing it to a phone book gives, for a value that cannot be written; 87 for a text that is too long.
pub fn of_entry(properties: &Properties) -> Result<String, Error> {
    let mut named = properties.clone();
    NAME.clone_into(&mut named.name);
    let mut book = Book::new();
    book.set_properties(&named, properties.changed).map_err(|error| cannot_write(&error))?;
    let text = String::from_utf8_lossy(&book.to_bytes()).into_owned();
    if text.len() > TEXT_MAX { Err(too_long()) } else { Ok(text) }
}

/// Writes one link: an entry of which nothing but its link counts.
///
/// # Errors
/// As [`of_entry`].
pub fn of_link(link: &Subentry) -> Result<String, Error> {
    let mut around = Properties::with_defaults(NAME);
    around.changed = Filetime::default();
    around.subentries = vec![link.clone()];
    of_entry(&around)
}

/// An entry that was read.
pub struct Read {
    /// What it says, with types.
    pub properties: Properties,
    /// Lines that are no key of the format.
    pub unknown: HashSet<Unknown>,
    /// A key with a secret in it.
    pub secret: Option<String>,
}

/// A line that the types do not have: where it stands, the key, the value.
pub type Unknown = (Option<Scope>, String, String);

/// Reads the text of an entry.
///
/// # Errors
/// 87 for a text that is too long, is not one section, or has more links than an entry can have.
pub fn read(text: &str) -> Result<Read, Error> {
    if text.len() > TEXT_MAX {
        return Err(too_long());
    }
    let book = Book::parse(text.as_bytes());
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let sections = || invalid("is not one section", "begin with a line [name], and have no other such line");
    let name = book.entries().next().ok_or_else(sections)?;
    // A second section, also one of the same name, or lines before the first would be passed over.
    let section = book.section(&name).filter(|section| section.raw().len() >= body.len()).ok_or_else(sections)?;
    if section.media_count() > LINKS_MAX {
        return Err(invalid("has more links than an entry can have", "give it fewer groups that begin with MEDIA="));
    }
    Ok(Read { properties: section.properties(), unknown: unknown(&section), secret: secret(&section) })
}

/// Reads the text of one link.
///
/// # Errors
/// As [`read`]; 87 if there is not exactly one.
pub fn read_link(text: &str) -> Result<Subentry, Error> {
    let mut links = read(text)?.properties.subentries;
    match (links.pop(), links.is_empty()) {
        (Some(link), true) => Ok(link),
        _ => Err(invalid("has not exactly one link", "give it one group that begins with MEDIA=")),
    }
}

/// Lists the lines of a section that are no key of the format.
fn unknown(section: &Section<'_>) -> HashSet<Unknown> {
    let lines = section.lines().filter_map(|line| match line.kind {
        LineKind::Key { key, value } => {
            let known = line.scope.is_some_and(|scope| is_known_key(scope, &key)) || is_secret_key(&key);
            (!known).then(|| (line.scope, key.into_owned(), value.into_owned()))
        }
        LineKind::Other => Some((line.scope, String::from_utf8_lossy(line.bytes).trim_end().to_owned(), String::new())),
        LineKind::Blank | LineKind::Comment | LineKind::Header => None,
    });
    lines.collect()
}

/// Finds a key that holds a secret.
fn secret(section: &Section<'_>) -> Option<String> {
    section.lines().find_map(|line| match line.kind {
        LineKind::Key { key, value } if is_secret_key(&key) && !value.is_empty() => Some(key.into_owned()),
        _ => None,
    })
}

fn cannot_write(error: &EditError) -> Error {
    let did = format!("wrote an entry as text and found that {error}");
    Error(Cause::new(error.code(), LayerName::Settings).did(did))
}

fn too_long() -> Error {
    invalid("has more than 512 KiB", "leave out what no entry needs")
}

fn invalid(what: &str, advice: &str) -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings);
    Error(cause.did(format!("read the text of an entry, which {what}")).advice(advice))
}

/// The name in the header, which means nothing.
const NAME: &str = "entry";

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_phonebook::{Guid, Identity};

    fn identity() -> Identity {
        Identity { guid: Guid([7; 16]), dial_params_uid: 7 }
    }

    #[test]
    fn entries_of_every_medium_come_back_as_they_were() {
        let mut odd = Properties::sstp("odd", "", identity());
        odd.subentries[0].device_name.clear();
        odd.subentries[0].device_type.clear();
        odd.subentries.push(Properties::pppoe("x", "service", identity()).subentries.remove(0));
        let none = Properties::with_defaults("no links");
        let modem = Properties::modem("modem", "+49 89 1", "Standard Modem", "COM3", identity());
        let others = [Properties::ikev2("i", "i.example.com", identity()), Properties::pptp("p", "p", identity())];
        for properties in [odd, none, modem].into_iter().chain(others) {
            let mut back = read(&of_entry(&properties).unwrap()).unwrap();
            assert!(back.unknown.is_empty() && back.secret.is_none());
            back.properties.name.clone_from(&properties.name);
            assert_eq!(back.properties, properties);
            for link in &properties.subentries {
                assert_eq!(read_link(&of_link(link).unwrap()).unwrap(), *link);
            }
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        let long = format!("[a]\r\nDescription={}\r\n", "x".repeat(TEXT_MAX));
        for text in ["", "x", "Key=1\r\n[a]\r\n", "[a]\r\n[b]\r\n", "\0", &long, &"[a]\nMEDIA=x\n".repeat(2)] {
            assert_eq!(read(text).err().map(|error| error.code()), Some(Code::INVALID_PARAMETER), "{text:.20}");
        }
        let links = format!("[a]\r\n{}", "MEDIA=rastapi\r\n".repeat(LINKS_MAX + 1));
        assert_eq!(read(&links).err().map(|error| error.code()), Some(Code::INVALID_PARAMETER));
        assert!(read_link("[a]\r\n").is_err());
        let mut bad = Properties::with_defaults("bad");
        bad.custom_dial_dll = "two\r\nlines".to_owned();
        assert!(of_entry(&bad).is_err());
    }

    #[test]
    fn foreign_keys_and_secrets_are_told() {
        let text = "[a]\r\nFrobnicate=1\r\nPreSharedKey=wonderland\r\nType=2\r\nnonsense\r\n; fine\r\n";
        let read = read(text).unwrap();
        assert_eq!(read.secret.as_deref(), Some("PreSharedKey"));
        let unknown = |key: &str, value: &str| (Some(Scope::Entry), key.to_owned(), value.to_owned());
        assert_eq!(read.unknown, HashSet::from([unknown("Frobnicate", "1"), unknown("nonsense", "")]));
    }
}

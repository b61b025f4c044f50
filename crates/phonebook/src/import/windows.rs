//! Entries of a Windows phone book, line by line as they stand.

use super::export::without_secrets;
use super::{FoundCredentials, Imported, Kind, Report};
use crate::secret::PRE_SHARED_KEY;
use crate::{Book, Scope, Section, validate_new_name_for_rename};
use rasman_core::Secret;

/// Takes over all entries: as they are, in UTF-8, without their secrets.
pub(crate) fn import(bytes: &[u8]) -> Imported {
    let source = Book::parse(bytes);
    let mut report = Report::default();
    let mut credentials = Vec::new();
    let mut out = Vec::new();
    let mut line = 1 + source.preamble().count();
    for (section, shadowed) in source.all_sections() {
        let header = line;
        line += section.lines().count();
        let name = section.name();
        if shadowed {
            report.skip(header, &name, "an earlier entry has the same name and hides it");
        } else if validate_new_name_for_rename(&name).is_err() {
            report.skip(header, &name, "the name is not allowed for an entry"); // Clause B3.
        } else {
            let mut found = FoundCredentials::default();
            without_secrets(&section, source.encoding(), false, &mut out, |key, value| found.take(key, value));
            found.complete(&section);
            if !found.is_empty() {
                credentials.push(found);
            }
        }
    }
    Imported { kind: Kind::WindowsBook, book: Book::parse(out), credentials, not_mapped: report.into_lines() }
}

impl FoundCredentials {
    fn take(&mut self, key: &str, value: &str) {
        let place =
            if key.eq_ignore_ascii_case(PRE_SHARED_KEY) { &mut self.pre_shared_key } else { &mut self.password };
        place.get_or_insert_with(|| Secret::from(value));
    }

    /// Names the entry, and the user whose password a mobile entry has.
    fn complete(&mut self, section: &Section<'_>) {
        self.entry = section.name().into_owned();
        if let Some(user) = section.get(Scope::Entry, "ApnInfoUsername") {
            self.set_user(&user);
        }
    }
}

/// Tells whether there is a section with a port group or with keys that nobody else writes.
pub(crate) fn is_book(bytes: &[u8]) -> bool {
    let book = Book::parse(bytes);
    book.all_sections().any(|(section, _)| {
        section.media_count() > 0 || KEYS.iter().any(|key| section.get(Scope::Entry, key).is_some())
    })
}

const KEYS: [&str; 3] = ["PBVersion", "DialParamsUID", "PhoneNumber"];

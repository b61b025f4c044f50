//! What an entry's secrets are filed under.

use rasman_core::hex;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;

/// Names an entry to the providers: 32 hexadecimal digits, and a letter that says of what.
///
/// An entry's Guid stays when it is renamed or its book is moved, so it comes first. In a book outside the usual places it
/// counts together with the book's path: a book from elsewhere that copies the Guid of a user's entry must not get that
/// entry's password for its own server. An entry without one, as a person writes it, is named by its book and its name
/// without regard to case.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct EntryId(String);

impl EntryId {
    /// Names an entry by its Guid.
    pub(crate) fn guid(guid: &[u8; 16]) -> Self {
        Self(format!("g{}", hex::encode(guid)))
    }

    /// Names an entry of a book outside the usual places by both.
    pub(crate) fn guid_in(book: &Path, guid: &[u8; 16]) -> Self {
        use std::os::unix::ffi::OsStrExt;
        let mut hash = Sha256::new();
        hash.update(guid);
        hash.update(book.as_os_str().as_bytes());
        Self(format!("b{}", hex::encode(&hash.finalize()[..16])))
    }

    /// Names an entry by its book and name; no book stands for the entries that a program brings along.
    pub(crate) fn name(book: Option<&Path>, name: &str) -> Self {
        use std::os::unix::ffi::OsStrExt;
        let mut hash = Sha256::new();
        hash.update(book.map_or(&b""[..], |book| book.as_os_str().as_bytes()));
        // No path holds this byte, so no path and name give what another path and name give.
        hash.update([0]);
        hash.update(name.to_lowercase().as_bytes());
        Self(format!("n{}", hex::encode(&hash.finalize()[..16])))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_by_its_guid_or_by_book_and_name() {
        assert_eq!(EntryId::guid(&[0xab; 16]).to_string(), format!("g{}", "ab".repeat(16)));
        let elsewhere = EntryId::guid_in(Path::new("/tmp/their.pbk"), &[0xab; 16]);
        assert_ne!(elsewhere, EntryId::guid(&[0xab; 16]));
        assert_ne!(elsewhere, EntryId::guid_in(Path::new("/tmp/other.pbk"), &[0xab; 16]));
        assert_ne!(elsewhere, EntryId::guid_in(Path::new("/tmp/their.pbk"), &[0xac; 16]));
        let book = |path: &'static str| Some(Path::new(path));
        let work = EntryId::name(book("/a/rasphone.pbk"), "Work");
        assert_eq!(work, EntryId::name(book("/a/rasphone.pbk"), "wORK"));
        assert_ne!(work, EntryId::name(book("/b/rasphone.pbk"), "Work"));
        assert_ne!(work, EntryId::name(None, "Work"));
        assert_ne!(EntryId::name(book("/a"), "b"), EntryId::name(book("/"), "ab"));
        assert_eq!(work.to_string().len(), 33);
    }
}

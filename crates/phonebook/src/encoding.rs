//! The character encodings that phone books come in.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// How the characters of a phone book are written. It belongs to the whole file and never changes while one is edited.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8 without a mark: what is written for new phone books.
    Utf8,
    /// UTF-8 behind the mark EF BB BF.
    Utf8Mark,
    /// UTF-16, little-endian, behind the mark FF FE.
    Utf16Le,
    /// UTF-16, big-endian, behind the mark FE FF.
    Utf16Be,
    /// The ANSI code page of western Windows (Windows-1252): whatever has no mark and is not UTF-8.
    Ansi,
}

impl Encoding {
    /// Finds the encoding of a file.
    pub(crate) fn detect(file: &[u8]) -> Self {
        let marked = [Self::Utf8Mark, Self::Utf16Le, Self::Utf16Be].into_iter().find(|e| file.starts_with(e.mark()));
        marked.unwrap_or_else(|| if core::str::from_utf8(file).is_ok() { Self::Utf8 } else { Self::Ansi })
    }

    /// Gives the bytes before the first character.
    pub(crate) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 | Self::Ansi => b"",
            Self::Utf8Mark => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
        }
    }

    /// Gives the length of a code unit in bytes.
    pub(crate) fn unit(self) -> usize {
        if self.is_wide() { 2 } else { 1 }
    }

    /// Finds an ASCII character: the offset of its first byte.
    pub(crate) fn find(self, bytes: &[u8], ascii: u8) -> Option<usize> {
        if self.is_wide() {
            bytes.chunks_exact(2).position(|unit| self.is_ascii(unit, ascii)).map(|units| units * 2)
        } else {
            bytes.iter().position(|byte| *byte == ascii)
        }
    }

    /// Tells whether the text begins with an ASCII character.
    pub(crate) fn starts_with(self, bytes: &[u8], ascii: u8) -> bool {
        bytes.get(..self.unit()).is_some_and(|unit| self.is_ascii(unit, ascii))
    }

    /// Tells whether the text ends with an ASCII character.
    pub(crate) fn ends_with(self, bytes: &[u8], ascii: u8) -> bool {
        let whole = bytes.len().is_multiple_of(self.unit());
        whole && bytes.len().checked_sub(self.unit()).is_some_and(|last| self.is_ascii(&bytes[last..], ascii))
    }

    /// Reads text. What is no character becomes U+FFFD.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 | Self::Utf8Mark => String::from_utf8_lossy(bytes),
            Self::Utf16Le => UTF_16LE.decode_without_bom_handling(bytes).0,
            Self::Utf16Be => UTF_16BE.decode_without_bom_handling(bytes).0,
            Self::Ansi => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }

    /// Writes text.
    ///
    /// # Errors
    /// The first character that the encoding does not have.
    pub(crate) fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, char> {
        match self {
            Self::Utf8 | Self::Utf8Mark => Ok(Cow::Borrowed(text.as_bytes())),
            Self::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Ansi => match text.chars().find(|c| !is_ansi(*c)) {
                Some(missing) => Err(missing),
                None => Ok(WINDOWS_1252.encode(text).0),
            },
        }
    }

    /// Gives the name that people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Mark => "UTF-8 with byte order mark",
            Self::Utf16Le => "UTF-16 (little-endian)",
            Self::Utf16Be => "UTF-16 (big-endian)",
            Self::Ansi => "Windows-1252",
        }
    }

    fn is_wide(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    fn is_ascii(self, unit: &[u8], ascii: u8) -> bool {
        match self {
            Self::Utf16Le => unit == [ascii, 0],
            Self::Utf16Be => unit == [0, ascii],
            Self::Utf8 | Self::Utf8Mark | Self::Ansi => unit == [ascii],
        }
    }
}

/// Tells whether Windows-1252 has a character.
fn is_ansi(c: char) -> bool {
    c.is_ascii() || {
        let mut buffer = [0; 4];
        !WINDOWS_1252.encode(c.encode_utf8(&mut buffer)).2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_found() {
        assert_eq!(Encoding::detect(b""), Encoding::Utf8);
        assert_eq!(Encoding::detect("été".as_bytes()), Encoding::Utf8);
        assert_eq!(Encoding::detect(b"\xE9t\xE9"), Encoding::Ansi);
        assert_eq!(Encoding::detect(b"\xEF\xBB\xBF[a]"), Encoding::Utf8Mark);
        assert_eq!(Encoding::detect(b"\xFF\xFE[\0"), Encoding::Utf16Le);
        assert_eq!(Encoding::detect(b"\xFE\xFF\0["), Encoding::Utf16Be);
    }

    #[test]
    fn every_ansi_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(Encoding::Ansi.encode(&Encoding::Ansi.decode(&bytes)).unwrap(), &bytes[..]);
        assert_eq!(Encoding::Ansi.encode("a€Ж").unwrap_err(), 'Ж');
    }

    #[test]
    fn wide_text_is_searched_by_units() {
        let le = Encoding::Utf16Le;
        // U+0A3D and U+3D0A hold the bytes of a line feed and an equals sign.
        let text = le.encode("\u{0A3D}\u{3D0A}=").unwrap().into_owned();
        assert_eq!((le.find(&text, b'='), le.find(&text, b'\n')), (Some(4), None));
        assert!(le.ends_with(&text, b'=') && !le.ends_with(&text[..5], 0x0A));
    }
}

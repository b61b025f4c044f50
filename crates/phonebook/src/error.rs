//! Why a phone book could not be changed.

use crate::Encoding;
use core::fmt;
use rasman_core::{Code, InvalidSetting};

/// Why a phone book could not be changed. It is then as it was before.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EditError {
    /// The entry does not exist (clause E5).
    NoEntry {
        /// Its name.
        name: String,
    },
    /// Another entry has the name already, perhaps in other case (clauses A17, B4).
    NameTaken {
        /// The name as the other entry writes it.
        name: String,
    },
    /// The name is not allowed (clauses B2, B3).
    BadName(InvalidSetting),
    /// A key that could not be read again.
    BadKey {
        /// The key.
        key: String,
    },
    /// A value with a line break or a NUL would not be read back as it is.
    BadValue {
        /// The key.
        key: String,
    },
    /// The file's encoding lacks a character.
    Unrepresentable {
        /// The key, or `name`.
        key: String,
        /// The first such character.
        character: char,
        /// The file's encoding.
        encoding: Encoding,
    },
    /// A secret, which belongs to where credentials are kept.
    Secret {
        /// The key.
        key: String,
    },
    /// More links than [`LINKS_MAX`](crate::LINKS_MAX).
    TooManyLinks,
    /// The entry has no such port or device group.
    NoGroup {
        /// The key that should go there.
        key: String,
    },
    /// The file breaks off in the middle of a character, so nothing can follow.
    Damaged,
}

impl EditError {
    /// Gives the number that programs see.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoEntry { .. } => Code::CANNOT_FIND_PHONEBOOK_ENTRY,
            Self::NameTaken { .. } => Code::ALREADY_EXISTS,
            Self::BadName(_) => Code::INVALID_NAME,
            Self::Damaged => CANNOT_LOAD_PHONEBOOK,
            Self::BadKey { .. }
            | Self::BadValue { .. }
            | Self::Unrepresentable { .. }
            | Self::Secret { .. }
            | Self::TooManyLinks
            | Self::NoGroup { .. } => Code::INVALID_PARAMETER,
        }
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntry { name } => write!(f, "the phone book has no entry \"{}\"", shown(name)),
            Self::NameTaken { name } => {
                write!(f, "the phone book has an entry \"{}\" already; choose another name", shown(name))
            }
            Self::BadName(invalid) => invalid.fmt(f),
            Self::BadKey { key } => {
                write!(f, "\"{}\" cannot be a key; use letters and digits without = and blanks at the ends", shown(key))
            }
            Self::BadValue { key } => {
                write!(f, "the value of {} has a line break or a NUL; write it in one line", shown(key))
            }
            Self::Unrepresentable { key, character, encoding } => {
                let (key, encoding) = (shown(key), encoding.name());
                write!(f, "{key} has the character \"{character}\", which the phone book's encoding, {encoding}, ")?;
                f.write_str("lacks; leave it out, or save the file as UTF-8 first")
            }
            Self::Secret { key } => {
                write!(
                    f,
                    "{} is a secret, and a phone book holds none; store it with the entry's credentials",
                    shown(key)
                )
            }
            Self::TooManyLinks => {
                write!(f, "an entry has at most {} links; make another entry", crate::LINKS_MAX)
            }
            Self::NoGroup { key } => {
                write!(f, "there is no group in which {} could stand; add the MEDIA or DEVICE group first", shown(key))
            }
            Self::Damaged => {
                f.write_str("the phone book ends in the middle of a character; restore it, or save it as UTF-8 first")
            }
        }
    }
}

impl std::error::Error for EditError {}

impl From<InvalidSetting> for EditError {
    fn from(invalid: InvalidSetting) -> Self {
        Self::BadName(invalid)
    }
}

/// Shortens text from a file or a caller, and takes out what could disturb a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() || is_reordering(c) { '?' } else { c });
    let mut short: String = chars.by_ref().take(SHOWN_MAX).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The most characters of a file that a message repeats.
const SHOWN_MAX: usize = 60;
/// ERROR_CANNOT_LOAD_PHONEBOOK.
const CANNOT_LOAD_PHONEBOOK: Code = Code(622);

//! Connections of other programs, read into a phone book; and phone books for Windows.
//!
//! ```text
//! Windows phone book ─┐                ┌─> a book with the entries, without any secret
//! NetworkManager file ├─> import() ────├─> the credentials that were found, to be stored elsewhere
//! pppd options file  ─┘                └─> each line that has no counterpart, and why
//! ```
//!
//! Nothing here reads a file: bytes come in, and what the caller draws at random or takes from the clock. What has no
//! counterpart is never dropped in silence, and no error and no remark repeats a value, since it might be a secret.

mod command;
mod export;
mod keyfile;
mod network_manager;
mod options;
mod pppd;
mod report;
mod vpn;
mod windows;
mod words;

pub use export::export;
pub use report::NotMapped;

use crate::{Book, EditError, Filetime, Identity, Properties, Scope, validate_name};
use core::fmt;
use rasman_core::{Code, Secret};
use report::Report;

/// The kind of a file that can be imported.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// `rasphone.pbk` in any encoding, with any number of entries.
    WindowsBook,
    /// A key file of NetworkManager (`*.nmconnection`), one connection.
    NetworkManager,
    /// An options file of pppd, as in `/etc/ppp/peers`, one connection.
    Pppd,
}

impl Kind {
    /// Tells by the content what a file is; nothing if it is none of them.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        if windows::is_book(bytes) {
            Some(Self::WindowsBook)
        } else if keyfile::is_connection(&text(bytes)) {
            Some(Self::NetworkManager)
        } else if pppd::is_options(&text(bytes)) {
            Some(Self::Pppd)
        } else {
            None
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WindowsBook => "Windows phone book",
            Self::NetworkManager => "NetworkManager connection",
            Self::Pppd => "pppd options file",
        })
    }
}

/// What the caller adds to the bytes.
pub struct Context<'a> {
    /// The name of an entry whose file does not name it: the file's own, without its ending.
    pub name: &'a str,
    /// The time of the import.
    pub stamp: Filetime,
    /// Draws what makes a new entry itself.
    pub identity: &'a mut dyn FnMut() -> Identity,
}

/// What was in a file.
#[non_exhaustive]
pub struct Imported {
    /// What the file was.
    pub kind: Kind,
    /// The entries; take them over with [`Book::copy_from`]. No secret is in it.
    pub book: Book,
    /// The credentials that were found, which belong to where secrets are kept and never into a phone book.
    pub credentials: Vec<FoundCredentials>,
    /// What has no counterpart, in the order of the lines.
    pub not_mapped: Vec<NotMapped>,
}

/// The credentials of one entry.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct FoundCredentials {
    /// The entry's name in the imported book.
    pub entry: String,
    /// The user's name; may be empty.
    pub user: String,
    /// The domain; may be empty.
    pub domain: String,
    /// The password, if the file has it.
    pub password: Option<Secret>,
    /// The pre-shared key, if the file has it.
    pub pre_shared_key: Option<Secret>,
}

impl FoundCredentials {
    /// Sets the user, and the domain of a name as `DOMAIN\user`.
    fn set_user(&mut self, user: &str) {
        match user.split_once('\\') {
            Some((domain, user)) => (self.domain, self.user) = (domain.to_owned(), user.to_owned()),
            None => user.clone_into(&mut self.user),
        }
    }

    fn is_empty(&self) -> bool {
        self.user.is_empty() && self.domain.is_empty() && self.password.is_none() && self.pre_shared_key.is_none()
    }
}

/// Reads a file of another program; `kind` is found out if it is not given.
///
/// # Errors
/// A file of no known kind, or one whose connection no entry can describe.
pub fn import(bytes: &[u8], kind: Option<Kind>, context: &mut Context<'_>) -> Result<Imported, NotImportable> {
    match kind.or_else(|| Kind::detect(bytes)).ok_or(NotImportable::UnknownKind)? {
        Kind::WindowsBook => Ok(windows::import(bytes)),
        Kind::NetworkManager => network_manager::import(&text(bytes), context),
        Kind::Pppd => pppd::import(&text(bytes), context),
    }
}

/// Why nothing could be imported.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotImportable {
    /// It is none of the files that can be read.
    UnknownKind,
    /// It describes a connection that is none of ours, such as wireless.
    NoDialUp {
        /// The line that says so.
        line: usize,
        /// What the connection is.
        what: String,
    },
    /// It says nothing of where to dial.
    NoTarget {
        /// What is missing.
        what: &'static str,
    },
    /// The entry could not be written.
    Entry(EditError),
}

impl NotImportable {
    /// Gives the code that programs see.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownKind => Code(622), // ERROR_CANNOT_LOAD_PHONEBOOK
            Self::NoDialUp { .. } => Code::NOT_SUPPORTED,
            Self::NoTarget { .. } => Code::INVALID_PARAMETER,
            Self::Entry(error) => error.code(),
        }
    }
}

impl fmt::Display for NotImportable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind => f.write_str(
                "this is neither a phone book nor a connection of NetworkManager or pppd; say which kind it is meant to be",
            ),
            Self::NoDialUp { line, what } => write!(
                f,
                "line {line}: a connection of type {what} is not dialled; import VPN, PPPoE and modem connections"
            ),
            Self::NoTarget { what } => write!(f, "the file does not have {what}; add it, or make the entry by hand"),
            Self::Entry(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotImportable {}

/// Writes the one entry of a file into a book of its own.
///
/// `raw` are keys that have no type.
fn finish(
    kind: Kind,
    mut properties: Properties,
    raw: &[(&str, String)],
    mut found: FoundCredentials,
    mut report: Report,
    stamp: Filetime,
) -> Result<Imported, NotImportable> {
    properties.name = entry_name(&properties.name, &mut report);
    let mut book = Book::new();
    book.set_properties(&properties, stamp).map_err(NotImportable::Entry)?;
    for (key, value) in raw {
        book.set(&properties.name, Scope::Entry, key, value).map_err(NotImportable::Entry)?;
    }
    found.entry = properties.name;
    let credentials = if found.is_empty() { Vec::new() } else { vec![found] };
    Ok(Imported { kind, book, credentials, not_mapped: report.into_lines() })
}

/// Makes a name that clause B2 allows.
fn entry_name(name: &str, report: &mut Report) -> String {
    if validate_name(name).is_ok() {
        return name.to_owned();
    }
    let good = |c: char| if c.is_control() || "|><?*\\/:".contains(c) { '_' } else { c };
    let name: String = name.trim_start_matches('.').chars().map(good).take(NAME_KEPT).collect();
    let name = if validate_name(&name).is_ok() { name } else { "imported".to_owned() };
    report.skip(0, "the name", "it is not allowed for an entry and was changed");
    name
}

/// As many characters are at most 256 units of UTF-16.
const NAME_KEPT: usize = 128;

/// Reads text: UTF-8, perhaps with a mark; what is no character becomes U+FFFD.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

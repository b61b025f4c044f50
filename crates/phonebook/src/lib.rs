//! Phone books: `rasphone.pbk`, read and written without loss.
//!
//! [`Book`] is the file as text: sections, groups, keys, each line as it was written. [`Properties`] is one entry
//! with types, [`Properties::dial_entry`] what of it can be dialled, and [`check()`] says what is wrong with a book.
#![forbid(unsafe_code)]

mod autodial;
mod book;
mod check;
mod dial;
mod draft;
mod eap_data;
mod encoding;
mod error;
pub mod import;
mod keys;
mod line;
mod name;
mod properties;
mod secret;
mod section;
mod setting;
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the one module with input and output")]
pub mod store;
mod subentry;
mod template;
mod typed;
mod value;
mod values;

pub use autodial::{Autodial, AutodialEntry, AutodialRefusal};
pub use book::Book;
pub use check::{FINDINGS_MAX, Finding, Severity, check};
pub use dial::{NotDialable, Protocol, ReadFiles, UserPreferences};
pub use encoding::Encoding;
pub use error::EditError;
pub use keys::is_known_key;
pub use line::{Line, LineKind, Lines, Scope};
pub use name::{fold_name, validate_name, validate_new_name_for_rename};
pub use properties::{Properties, Unreadable};
pub use secret::is_secret_key;
pub use section::Section;
pub use setting::{
    Assign, AuthRestrictions, CallbackMode, DialMode, DnsRegistration, Encryption, EntryType, ExcludedProtocols,
    Framing, IdleDisconnect, IpSecFlags, OverridePref, Purpose, VpnStrategy,
};
pub use subentry::Subentry;
pub use template::Identity;
pub use typed::LINKS_MAX;
pub use value::{Blob, Filetime, Guid};

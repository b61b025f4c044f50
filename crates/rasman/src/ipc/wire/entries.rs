//! What the methods of entries and stored credentials take and give.

use super::{CredentialsWire, SecretAt};
use crate::{
    CredentialMask, DialParams, EntryInfo, EntryRef, EntryScope, Error, NewCredentials, NewDialParams, StillStored,
    StoredCredentials,
};
use rasman_core::{Cause, Code, LayerName, Secret};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Parameters that name an entry, and what more a method takes.
macro_rules! of_entries {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(missing_docs)] // The interface says it.
            pub struct $name {
                pub entry: String,
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub phonebook: Option<String>,
                $($(#[$attribute])* pub $field: $type,)*
            }

            impl $name {
                /// Gives the entry that is meant.
                ///
                /// # Errors
                /// As [`read_path`].
                pub fn entry_ref(&self) -> Result<EntryRef, Error> {
                    let phonebook = self.phonebook.as_deref().map(read_path).transpose()?;
                    Ok(EntryRef { phonebook, name: self.entry.clone() })
                }
            }
        )*
    };
}

of_entries! {
    /// Parameters of `GetEntry`, `DeleteEntry`, `ValidateEntryName`, `GetDialParams` and `GetEapUserData`.
    EntryCall {}
    /// Parameters of `SetEntry`.
    SetEntryCall { text: String, }
    /// Parameters of `RenameEntry`.
    RenameEntryCall { name: String, }
    /// Parameters of `GetSubEntry` and `DeleteSubEntry`.
    SubEntryCall { index: u32, }
    /// Parameters of `SetSubEntry`.
    SetSubEntryCall { index: u32, text: String, }
    /// Parameters of `GetCredentials` and `ClearCredentials`.
    MaskCall { mask: u32, }
    /// Parameters of `SetCredentials`.
    SetCredentialsCall { mask: u32, credentials: CredentialsWire, }
    /// Parameters of `SetDialParams`.
    SetDialParamsCall {
        credentials: CredentialsWire,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback_number: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remove_password: Option<bool>,
    }
    /// Parameters of `SetEapUserData`.
    SetEapUserDataCall {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<usize>,
    }
}

/// Parameters of `Entries`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct EntriesCall {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phonebook: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
}

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[allow(missing_docs)] // The interface says it.
            pub struct $name {
                $($(#[$attribute])* pub $field: $type,)*
            }
        )*
    };
}

replies! {
    /// Reply of `Entries`.
    EntriesReply {
        entries: Vec<EntryInfoWire>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
    /// An [`EntryInfo`].
    EntryInfoWire {
        name: String,
        scope: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phonebook: Option<String>,
    }
    /// Reply of `GetEntry`.
    EntryReply { name: String, text: String, }
    /// Reply of `GetSubEntry`.
    TextReply { text: String, }
    /// Reply of `GetCredentials`.
    CredentialsReply { delivered: u32, user: String, password: String, domain: String, }
    /// A [`StillStored`].
    StillStoredWire { mask: u32, provider: String, }
    /// Reply of `ClearCredentials`.
    ClearedReply {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        still_stored: Option<StillStoredWire>,
    }
    /// Reply of `GetDialParams`.
    DialParamsReply { user: String, domain: String, callback_number: String, has_password: bool, }
    /// Reply of `GetEapUserData`.
    EapUserDataReply {
        size: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<usize>,
    }
}

/// Reads the path of a phone book. The manager's own folder means nothing to a client, so a path has to be absolute.
///
/// # Errors
/// 87 for one that is not, or cannot be a path.
pub fn read_path(text: &str) -> Result<PathBuf, Error> {
    let path = Path::new(text);
    if path.is_absolute() && text.len() <= PATH_MAX && !text.contains('\0') {
        return Ok(path.to_owned());
    }
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings);
    let cause = cause.did("read the path of a phone book, which is not absolute, too long, or has a character NUL");
    Err(Error(cause.advice("give the absolute path, of at most 4096 bytes")))
}

/// Writes the path of a phone book, made absolute.
///
/// # Errors
/// 87 for one that is not UTF-8, which the interface wants.
pub fn write_path(path: &Path) -> Result<String, Error> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = absolute.into_os_string().into_string();
    text.map_err(|_| Error::refused(Code::INVALID_PARAMETER, format!("read the path {} as UTF-8", path.display())))
}

impl From<&EntryInfo> for EntryInfoWire {
    fn from(info: &EntryInfo) -> Self {
        let scope = SCOPES.iter().find(|(scope, _)| *scope == info.scope).map_or("user", |(_, name)| name);
        let phonebook = info.phonebook.as_ref().map(|path| path.to_string_lossy().into_owned());
        Self { name: info.name.clone(), scope: scope.to_owned(), phonebook }
    }
}

impl From<EntryInfoWire> for EntryInfo {
    fn from(wire: EntryInfoWire) -> Self {
        let scope = SCOPES.iter().find(|(_, name)| *name == wire.scope).map_or(EntryScope::User, |(scope, _)| *scope);
        Self::new(wire.name, scope, wire.phonebook.map(PathBuf::from))
    }
}

impl SetCredentialsCall {
    /// Gives what is to be stored; `open` reads the secret at its place.
    ///
    /// # Errors
    /// As [`CredentialsWire::read`].
    pub fn read(self, open: impl FnOnce(SecretAt) -> Result<Secret, Error>) -> Result<NewCredentials, Error> {
        let read = self.credentials.read(open)?;
        Ok(NewCredentials {
            mask: CredentialMask(self.mask),
            user: read.user,
            domain: read.domain,
            password: read.password,
        })
    }
}

impl SetDialParamsCall {
    /// Gives what is to be stored; `open` reads the secret at its place.
    ///
    /// # Errors
    /// As [`CredentialsWire::read`].
    pub fn read(self, open: impl FnOnce(SecretAt) -> Result<Secret, Error>) -> Result<NewDialParams, Error> {
        let read = self.credentials.read(open)?;
        Ok(NewDialParams {
            user: read.user,
            domain: read.domain,
            callback_number: self.callback_number.unwrap_or_default(),
            password: read.password,
            remove_password: self.remove_password.unwrap_or(false),
        })
    }
}

impl From<&StoredCredentials> for CredentialsReply {
    fn from(stored: &StoredCredentials) -> Self {
        Self {
            delivered: stored.delivered.0,
            user: stored.user.clone(),
            // Clause K1: never anything but asterisks.
            password: stored.password().to_owned(),
            domain: stored.domain.clone(),
        }
    }
}

impl From<CredentialsReply> for StoredCredentials {
    fn from(wire: CredentialsReply) -> Self {
        Self { delivered: CredentialMask(wire.delivered), user: wire.user, domain: wire.domain }
    }
}

impl From<StillStored> for StillStoredWire {
    fn from(still: StillStored) -> Self {
        Self { mask: still.mask.0, provider: still.provider }
    }
}

impl From<StillStoredWire> for StillStored {
    fn from(wire: StillStoredWire) -> Self {
        Self { mask: CredentialMask(wire.mask), provider: wire.provider }
    }
}

impl From<DialParams> for DialParamsReply {
    fn from(params: DialParams) -> Self {
        let DialParams { user, domain, callback_number, has_password } = params;
        Self { user, domain, callback_number, has_password }
    }
}

impl From<DialParamsReply> for DialParams {
    fn from(wire: DialParamsReply) -> Self {
        let DialParamsReply { user, domain, callback_number, has_password } = wire;
        Self { user, domain, callback_number, has_password }
    }
}

const SCOPES: [(EntryScope, &str); 3] =
    [(EntryScope::Program, "program"), (EntryScope::User, "user"), (EntryScope::Machine, "machine")];
/// The longest path that Linux takes, in bytes.
const PATH_MAX: usize = 4096;

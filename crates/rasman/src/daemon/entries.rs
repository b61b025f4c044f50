//! Entries and stored credentials behind the socket.

use super::remote::Remote;
use crate::{
    CredentialMask, DialParams, EntryBackend, EntryInfo, EntryRef, Error, NewCredentials, NewDialParams, StillStored,
    StoredCredentials,
};
use rasman_core::{Cause, Code, LayerName, Secret};
use rasman_phonebook::{Properties, Subentry};
use std::path::Path;

/// Nothing of it is in the interface yet, and all of it says so.
impl EntryBackend for Remote {
    fn entries(&self, _phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        Err(not_carried())
    }

    fn entry_properties(&self, _entry: &EntryRef) -> Result<Properties, Error> {
        Err(not_carried())
    }

    fn set_entry_properties(&self, _entry: &EntryRef, _properties: &Properties) -> Result<(), Error> {
        Err(not_carried())
    }

    fn rename_entry(&self, _entry: &EntryRef, _name: &str) -> Result<(), Error> {
        Err(not_carried())
    }

    fn delete_entry(&self, _entry: &EntryRef) -> Result<(), Error> {
        Err(not_carried())
    }

    fn validate_entry_name(&self, _entry: &EntryRef) -> Result<(), Error> {
        Err(not_carried())
    }

    fn subentry(&self, _entry: &EntryRef, _index: u32) -> Result<Subentry, Error> {
        Err(not_carried())
    }

    fn set_subentry(&self, _entry: &EntryRef, _index: u32, _link: &Subentry) -> Result<(), Error> {
        Err(not_carried())
    }

    fn delete_subentry(&self, _entry: &EntryRef, _index: u32) -> Result<(), Error> {
        Err(not_carried())
    }

    fn credentials(&self, _entry: &EntryRef, _wanted: CredentialMask) -> Result<StoredCredentials, Error> {
        Err(not_carried())
    }

    fn set_credentials(&self, _entry: &EntryRef, _credentials: &NewCredentials) -> Result<(), Error> {
        Err(not_carried())
    }

    fn clear_credentials(&self, _entry: &EntryRef, _mask: CredentialMask) -> Result<Option<StillStored>, Error> {
        Err(not_carried())
    }

    fn dial_params(&self, _entry: &EntryRef) -> Result<DialParams, Error> {
        Err(not_carried())
    }

    fn set_dial_params(&self, _entry: &EntryRef, _params: &NewDialParams) -> Result<(), Error> {
        Err(not_carried())
    }

    fn eap_user_data(&self, _entry: &EntryRef) -> Result<Secret, Error> {
        Err(not_carried())
    }

    fn set_eap_user_data(&self, _entry: &EntryRef, _data: &Secret) -> Result<(), Error> {
        Err(not_carried())
    }
}

fn not_carried() -> Error {
    let cause =
        Cause::new(Code::NOT_SUPPORTED, LayerName::Manager).did("looked for entries behind the manager's socket");
    Error(cause.advice("open the phone book with an embedded manager"))
}

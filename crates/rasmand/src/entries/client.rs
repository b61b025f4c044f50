//! Entry operations of one caller.

use super::Caller;
use crate::embedded::Embedded;
use rasman::{
    AutodialBackend, AutodialEntry, AutodialSetting, Code, CredentialMask, DialParams, EntryBackend, EntryInfo,
    EntryRef, Error, NewCredentials, NewDialParams, Properties, Secret, StillStored, StoredCredentials, Subentry,
};
use rasman_core::{Cause, LayerName};
use std::path::Path;

/// A manager as one caller sees its entries.
pub(crate) struct EntryClient<'a> {
    pub(crate) manager: &'a Embedded,
    pub(crate) caller: Caller,
}

impl EntryBackend for EntryClient<'_> {
    fn entries(&self, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        self.manager.entries.list(self.caller, phonebook)
    }

    fn entry_properties(&self, entry: &EntryRef) -> Result<Properties, Error> {
        self.manager.entries.properties(self.caller, entry)
    }

    fn set_entry_properties(&self, entry: &EntryRef, properties: &Properties) -> Result<(), Error> {
        self.manager.entries.set_properties(self.caller, entry, properties)
    }

    fn rename_entry(&self, entry: &EntryRef, name: &str) -> Result<(), Error> {
        let old = self.manager.entries.rename(self.caller, entry, name)?;
        self.manager.table().renamed(&old.key(), &old.key_as(name), name);
        Ok(())
    }

    fn delete_entry(&self, entry: &EntryRef) -> Result<(), Error> {
        let found = self.manager.entries.find_to_delete(self.caller, entry)?;
        if self.manager.table().is_active(&found.key()) {
            // Clause B13.
            let cause = Cause::new(CANNOT_DELETE, LayerName::Manager)
                .did(format!("found \"{}\" connected or being dialled", found.name))
                .advice("hang it up first");
            return Err(cause.into());
        }
        self.manager.entries.delete(self.caller, &found)
    }

    fn validate_entry_name(&self, entry: &EntryRef) -> Result<(), Error> {
        self.manager.entries.validate(self.caller, entry)
    }

    fn subentry(&self, entry: &EntryRef, index: u32) -> Result<Subentry, Error> {
        self.manager.entries.subentry(self.caller, entry, index)
    }

    fn set_subentry(&self, entry: &EntryRef, index: u32, link: &Subentry) -> Result<(), Error> {
        self.manager.entries.set_subentry(self.caller, entry, index, link)
    }

    fn delete_subentry(&self, entry: &EntryRef, index: u32) -> Result<(), Error> {
        self.manager.entries.delete_subentry(self.caller, entry, index)
    }

    fn credentials(&self, entry: &EntryRef, wanted: CredentialMask) -> Result<StoredCredentials, Error> {
        self.manager.entries.credentials(self.caller, entry, wanted)
    }

    fn set_credentials(&self, entry: &EntryRef, credentials: &NewCredentials) -> Result<(), Error> {
        self.manager.entries.set_credentials(self.caller, entry, credentials)
    }

    fn clear_credentials(&self, entry: &EntryRef, mask: CredentialMask) -> Result<Option<StillStored>, Error> {
        self.manager.entries.clear_credentials(self.caller, entry, mask)
    }

    fn dial_params(&self, entry: &EntryRef) -> Result<DialParams, Error> {
        self.manager.entries.dial_params(self.caller, entry)
    }

    fn set_dial_params(&self, entry: &EntryRef, params: &NewDialParams) -> Result<(), Error> {
        self.manager.entries.set_dial_params(self.caller, entry, params)
    }

    fn eap_user_data(&self, entry: &EntryRef) -> Result<Secret, Error> {
        self.manager.entries.eap_user_data(self.caller, entry)
    }

    fn set_eap_user_data(&self, entry: &EntryRef, data: &Secret) -> Result<(), Error> {
        self.manager.entries.set_eap_user_data(self.caller, entry, data)
    }
}

/// The program that an embedded manager is part of.
impl EntryBackend for Embedded {
    fn entries(&self, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        self.own_entries().entries(phonebook)
    }

    fn entry_properties(&self, entry: &EntryRef) -> Result<Properties, Error> {
        self.own_entries().entry_properties(entry)
    }

    fn set_entry_properties(&self, entry: &EntryRef, properties: &Properties) -> Result<(), Error> {
        self.own_entries().set_entry_properties(entry, properties)
    }

    fn rename_entry(&self, entry: &EntryRef, name: &str) -> Result<(), Error> {
        self.own_entries().rename_entry(entry, name)
    }

    fn delete_entry(&self, entry: &EntryRef) -> Result<(), Error> {
        self.own_entries().delete_entry(entry)
    }

    fn validate_entry_name(&self, entry: &EntryRef) -> Result<(), Error> {
        self.own_entries().validate_entry_name(entry)
    }

    fn subentry(&self, entry: &EntryRef, index: u32) -> Result<Subentry, Error> {
        self.own_entries().subentry(entry, index)
    }

    fn set_subentry(&self, entry: &EntryRef, index: u32, link: &Subentry) -> Result<(), Error> {
        self.own_entries().set_subentry(entry, index, link)
    }

    fn delete_subentry(&self, entry: &EntryRef, index: u32) -> Result<(), Error> {
        self.own_entries().delete_subentry(entry, index)
    }

    fn credentials(&self, entry: &EntryRef, wanted: CredentialMask) -> Result<StoredCredentials, Error> {
        self.own_entries().credentials(entry, wanted)
    }

    fn set_credentials(&self, entry: &EntryRef, credentials: &NewCredentials) -> Result<(), Error> {
        self.own_entries().set_credentials(entry, credentials)
    }

    fn clear_credentials(&self, entry: &EntryRef, mask: CredentialMask) -> Result<Option<StillStored>, Error> {
        self.own_entries().clear_credentials(entry, mask)
    }

    fn dial_params(&self, entry: &EntryRef) -> Result<DialParams, Error> {
        self.own_entries().dial_params(entry)
    }

    fn set_dial_params(&self, entry: &EntryRef, params: &NewDialParams) -> Result<(), Error> {
        self.own_entries().set_dial_params(entry, params)
    }

    fn eap_user_data(&self, entry: &EntryRef) -> Result<Secret, Error> {
        self.own_entries().eap_user_data(entry)
    }

    fn set_eap_user_data(&self, entry: &EntryRef, data: &Secret) -> Result<(), Error> {
        self.own_entries().set_eap_user_data(entry, data)
    }
}

/// The program that an embedded manager is part of.
impl AutodialBackend for Embedded {
    fn autodial_addresses(&self) -> Result<Vec<String>, Error> {
        self.own_entries().autodial_addresses()
    }

    fn autodial_entries(&self, address: &str) -> Result<Vec<AutodialEntry>, Error> {
        self.own_entries().autodial_entries(address)
    }

    fn set_autodial_entries(&self, address: &str, entries: &[AutodialEntry]) -> Result<(), Error> {
        self.own_entries().set_autodial_entries(address, entries)
    }

    fn autodial_is_enabled(&self, location: u32) -> Result<bool, Error> {
        self.own_entries().autodial_is_enabled(location)
    }

    fn enable_autodial(&self, location: u32, on: bool) -> Result<(), Error> {
        self.own_entries().enable_autodial(location, on)
    }

    fn autodial_setting(&self, setting: AutodialSetting) -> Result<u32, Error> {
        self.own_entries().autodial_setting(setting)
    }

    fn set_autodial_setting(&self, setting: AutodialSetting, value: u32) -> Result<(), Error> {
        self.own_entries().set_autodial_setting(setting, value)
    }
}

/// ERROR_CANNOT_DELETE.
const CANNOT_DELETE: Code = Code(817);

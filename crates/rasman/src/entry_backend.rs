//! What clients do with entries and stored credentials.

use crate::{
    CredentialMask, DialParams, EntryInfo, EntryRef, Error, Manager, NewCredentials, NewDialParams, StillStored,
    StoredCredentials,
};
use rasman_core::Secret;
use rasman_phonebook::{Properties, Subentry};
use std::path::Path;

/// What a manager does with entries and stored credentials.
///
/// These calls read and write files, so they take as long as the file system does. None of them waits for a dial.
/// Each may fail with 621 for a phone book that cannot be opened and 622 for one that is none, those that write with 5
/// for one that the caller may not change (clause E10) and 624 for one that cannot be written.
pub trait EntryBackend: Send + Sync {
    /// Lists the entries of one phone book, or of all: the program's, the user's, all users' (clauses B1, B12).
    ///
    /// # Errors
    /// 621 for a named phone book that does not exist.
    fn entries(&self, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error>;

    /// Gives the properties of an entry; the empty name gives the defaults of a new one (clause B6).
    ///
    /// # Errors
    /// 623 for an unknown entry.
    fn entry_properties(&self, entry: &EntryRef) -> Result<Properties, Error>;

    /// Changes an entry, or creates it: in the named phone book, where it is, or else in the user's (clause B5).
    ///
    /// # Errors
    /// 87 for properties that lack a mandatory member, 123 for a bad name of a new entry, 5.
    fn set_entry_properties(&self, entry: &EntryRef, properties: &Properties) -> Result<(), Error>;

    /// Gives an entry another name; what is stored for it stays (clause B3).
    ///
    /// # Errors
    /// 123 for a bad name, 183 for one that exists, 623 for an unknown entry, 5.
    fn rename_entry(&self, entry: &EntryRef, name: &str) -> Result<(), Error>;

    /// Deletes an entry with what the caller has stored for it.
    ///
    /// # Errors
    /// 123 for an unknown entry (clause E5), 817 for one that is connected (clause B13), 5.
    fn delete_entry(&self, entry: &EntryRef) -> Result<(), Error>;

    /// Tells whether a new entry could have this name (clauses B2, B4).
    ///
    /// # Errors
    /// 183 if it exists, 123 if it is malformed, 621 for a named phone book that does not exist.
    fn validate_entry_name(&self, entry: &EntryRef) -> Result<(), Error>;

    /// Gives one link of an entry; `index` counts from one (clause M1).
    ///
    /// # Errors
    /// 623 for an unknown entry, 87 for a link that is not there.
    fn subentry(&self, entry: &EntryRef, index: u32) -> Result<Subentry, Error>;

    /// Changes a link of an entry, or adds it as the next (clause M7).
    ///
    /// # Errors
    /// 623 for an unknown entry, 87 for an index beyond the next, 5.
    fn set_subentry(&self, entry: &EntryRef, index: u32, link: &Subentry) -> Result<(), Error>;

    /// Deletes a link of an entry.
    ///
    /// # Errors
    /// 623 for an unknown entry, 87 for a link that is not there or is the only one, 5.
    fn delete_subentry(&self, entry: &EntryRef, index: u32) -> Result<(), Error>;

    /// Tells what is stored for an entry, without the secrets (clauses K1, K2, K8).
    ///
    /// # Errors
    /// 623 for an unknown entry, 87 for unknown bits, 5 for credentials that others could have read.
    fn credentials(&self, entry: &EntryRef, wanted: CredentialMask) -> Result<StoredCredentials, Error>;

    /// Stores credentials (clauses K3, K5).
    ///
    /// # Errors
    /// 87 for an unknown entry (clause E5) and for two secrets in one, 5 for default credentials of an entry that is
    /// not all users' or without the right to change that, 50 if no provider can be written.
    fn set_credentials(&self, entry: &EntryRef, credentials: &NewCredentials) -> Result<(), Error>;

    /// Forgets the parts that the mask names (clause K4), and tells what is stored all the same.
    ///
    /// # Errors
    /// 87 for an unknown entry (clause E5), 5 as for [`EntryBackend::set_credentials`].
    fn clear_credentials(&self, entry: &EntryRef, mask: CredentialMask) -> Result<Option<StillStored>, Error>;

    /// Gives the parameters with which an entry is dialled (clause K6).
    ///
    /// # Errors
    /// 623 for an unknown entry.
    fn dial_params(&self, entry: &EntryRef) -> Result<DialParams, Error>;

    /// Stores the parameters with which an entry is dialled (clause K7).
    ///
    /// # Errors
    /// 623 for an unknown entry, 50 if no provider can be written.
    fn set_dial_params(&self, entry: &EntryRef, params: &NewDialParams) -> Result<(), Error>;

    /// Gives what an EAP method keeps for the user, nothing if it keeps nothing (clause K9).
    ///
    /// # Errors
    /// 623 for an unknown entry.
    fn eap_user_data(&self, entry: &EntryRef) -> Result<Secret, Error>;

    /// Stores what an EAP method keeps for the user; nothing clears it.
    ///
    /// # Errors
    /// 623 for an unknown entry, 50 if no provider can be written.
    fn set_eap_user_data(&self, entry: &EntryRef, data: &Secret) -> Result<(), Error>;
}

/// Entries and stored credentials. These calls read and write files: see [`EntryBackend`] for what each may fail with.
impl Manager {
    /// Lists the entries of one phone book, or of all (clauses B1, B12).
    ///
    /// # Errors
    /// As [`EntryBackend::entries`].
    pub fn entries(&self, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        self.backend.entries(phonebook)
    }

    /// Gives the properties of an entry; the empty name gives the defaults of a new one (clause B6).
    ///
    /// # Errors
    /// As [`EntryBackend::entry_properties`].
    pub fn entry_properties(&self, entry: impl Into<EntryRef>) -> Result<Properties, Error> {
        self.backend.entry_properties(&entry.into())
    }

    /// Changes an entry, or creates it (clause B5).
    ///
    /// # Errors
    /// As [`EntryBackend::set_entry_properties`].
    pub fn set_entry_properties(&self, entry: impl Into<EntryRef>, properties: &Properties) -> Result<(), Error> {
        self.backend.set_entry_properties(&entry.into(), properties)
    }

    /// Gives an entry another name (clause B3).
    ///
    /// # Errors
    /// As [`EntryBackend::rename_entry`].
    pub fn rename_entry(&self, entry: impl Into<EntryRef>, name: &str) -> Result<(), Error> {
        self.backend.rename_entry(&entry.into(), name)
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// As [`EntryBackend::delete_entry`].
    pub fn delete_entry(&self, entry: impl Into<EntryRef>) -> Result<(), Error> {
        self.backend.delete_entry(&entry.into())
    }

    /// Tells whether a new entry could have this name (clauses B2, B4).
    ///
    /// # Errors
    /// As [`EntryBackend::validate_entry_name`].
    pub fn validate_entry_name(&self, entry: impl Into<EntryRef>) -> Result<(), Error> {
        self.backend.validate_entry_name(&entry.into())
    }

    /// Gives one link of an entry, counted from one (clause M1).
    ///
    /// # Errors
    /// As [`EntryBackend::subentry`].
    pub fn subentry(&self, entry: impl Into<EntryRef>, index: u32) -> Result<Subentry, Error> {
        self.backend.subentry(&entry.into(), index)
    }

    /// Changes a link of an entry, or adds it (clause M7).
    ///
    /// # Errors
    /// As [`EntryBackend::set_subentry`].
    pub fn set_subentry(&self, entry: impl Into<EntryRef>, index: u32, link: &Subentry) -> Result<(), Error> {
        self.backend.set_subentry(&entry.into(), index, link)
    }

    /// Deletes a link of an entry.
    ///
    /// # Errors
    /// As [`EntryBackend::delete_subentry`].
    pub fn delete_subentry(&self, entry: impl Into<EntryRef>, index: u32) -> Result<(), Error> {
        self.backend.delete_subentry(&entry.into(), index)
    }

    /// Tells what is stored for an entry, without the secrets (clauses K1, K2).
    ///
    /// # Errors
    /// As [`EntryBackend::credentials`].
    pub fn credentials(&self, entry: impl Into<EntryRef>, wanted: CredentialMask) -> Result<StoredCredentials, Error> {
        self.backend.credentials(&entry.into(), wanted)
    }

    /// Stores credentials (clauses K3, K5).
    ///
    /// # Errors
    /// As [`EntryBackend::set_credentials`].
    pub fn set_credentials(&self, entry: impl Into<EntryRef>, credentials: &NewCredentials) -> Result<(), Error> {
        self.backend.set_credentials(&entry.into(), credentials)
    }

    /// Forgets credentials, and tells what is stored all the same (clause K4).
    ///
    /// # Errors
    /// As [`EntryBackend::clear_credentials`].
    pub fn clear_credentials(
        &self,
        entry: impl Into<EntryRef>,
        mask: CredentialMask,
    ) -> Result<Option<StillStored>, Error> {
        self.backend.clear_credentials(&entry.into(), mask)
    }

    /// Gives the parameters with which an entry is dialled (clause K6).
    ///
    /// # Errors
    /// As [`EntryBackend::dial_params`].
    pub fn dial_params(&self, entry: impl Into<EntryRef>) -> Result<DialParams, Error> {
        self.backend.dial_params(&entry.into())
    }

    /// Stores the parameters with which an entry is dialled (clause K7).
    ///
    /// # Errors
    /// As [`EntryBackend::set_dial_params`].
    pub fn set_dial_params(&self, entry: impl Into<EntryRef>, params: &NewDialParams) -> Result<(), Error> {
        self.backend.set_dial_params(&entry.into(), params)
    }

    /// Gives what an EAP method keeps for the user (clause K9).
    ///
    /// # Errors
    /// As [`EntryBackend::eap_user_data`].
    pub fn eap_user_data(&self, entry: impl Into<EntryRef>) -> Result<Secret, Error> {
        self.backend.eap_user_data(&entry.into())
    }

    /// Stores what an EAP method keeps for the user; nothing clears it.
    ///
    /// # Errors
    /// As [`EntryBackend::set_eap_user_data`].
    pub fn set_eap_user_data(&self, entry: impl Into<EntryRef>, data: &Secret) -> Result<(), Error> {
        self.backend.set_eap_user_data(&entry.into(), data)
    }
}

//! Entries and stored credentials behind the socket.

use super::remote::{Remote, seal};
use crate::ipc::wire::{
    ClearedReply, CredentialsReply, CredentialsWire, DialParamsReply, EapUserDataReply, EntriesCall, EntriesReply,
    EntryCall, EntryReply, MaskCall, Nothing, RenameEntryCall, SetCredentialsCall, SetDialParamsCall,
    SetEapUserDataCall, SetEntryCall, SetSubEntryCall, SubEntryCall, TextReply, write_path,
};
use crate::ipc::{secret, section};
use crate::{
    CredentialMask, DialParams, EntryBackend, EntryInfo, EntryRef, Error, NewCredentials, NewDialParams, StillStored,
    StoredCredentials,
};
use rasman_core::{Code, Credentials, Secret};
use rasman_phonebook::{Properties, Subentry};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

impl Remote {
    pub(super) fn on_entries<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
    ) -> Result<R, Error> {
        self.on_entries_with(method, parameters, None).map(|(reply, _)| reply)
    }

    /// Calls on a connection of its own: a slow file keeps no dial of this program waiting.
    fn on_entries_with<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
        sealed: Option<&OwnedFd>,
    ) -> Result<(R, Vec<OwnedFd>), Error> {
        let descriptors = sealed.map(AsFd::as_fd);
        let method = format!("io.rasman.Manager.{method}");
        self.shared.entry_calls.call_for_descriptors(&method, parameters, descriptors.as_slice())
    }
}

impl EntryBackend for Remote {
    fn entries(&self, phonebook: Option<&Path>) -> Result<Vec<EntryInfo>, Error> {
        let mut call = EntriesCall { phonebook: phonebook.map(write_path).transpose()?, start: None };
        let mut entries = Vec::new();
        loop {
            let page: EntriesReply = self.on_entries("Entries", &call)?;
            entries.extend(page.entries.into_iter().map(EntryInfo::from));
            // A manager that does not get on would keep us here for ever.
            match page.next {
                Some(next) if call.start.is_none_or(|start| start < next) => call.start = Some(next),
                _ => return Ok(entries),
            }
        }
    }

    fn entry_properties(&self, entry: &EntryRef) -> Result<Properties, Error> {
        let reply: EntryReply = self.on_entries("GetEntry", &of(entry)?)?;
        let mut properties = section::read(&reply.text)?.properties;
        properties.name = reply.name;
        Ok(properties)
    }

    fn set_entry_properties(&self, entry: &EntryRef, properties: &Properties) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let text = section::of_entry(properties)?;
        done(self.on_entries("SetEntry", &SetEntryCall { entry, phonebook, text }))
    }

    fn rename_entry(&self, entry: &EntryRef, name: &str) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        done(self.on_entries("RenameEntry", &RenameEntryCall { entry, phonebook, name: name.to_owned() }))
    }

    fn delete_entry(&self, entry: &EntryRef) -> Result<(), Error> {
        done(self.on_entries("DeleteEntry", &of(entry)?))
    }

    fn validate_entry_name(&self, entry: &EntryRef) -> Result<(), Error> {
        done(self.on_entries("ValidateEntryName", &of(entry)?))
    }

    fn subentry(&self, entry: &EntryRef, index: u32) -> Result<Subentry, Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let reply: TextReply = self.on_entries("GetSubEntry", &SubEntryCall { entry, phonebook, index })?;
        section::read_link(&reply.text)
    }

    fn set_subentry(&self, entry: &EntryRef, index: u32, link: &Subentry) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let text = section::of_link(link)?;
        done(self.on_entries("SetSubEntry", &SetSubEntryCall { entry, phonebook, index, text }))
    }

    fn delete_subentry(&self, entry: &EntryRef, index: u32) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        done(self.on_entries("DeleteSubEntry", &SubEntryCall { entry, phonebook, index }))
    }

    fn credentials(&self, entry: &EntryRef, wanted: CredentialMask) -> Result<StoredCredentials, Error> {
        self.on_entries("GetCredentials", &of_mask(entry, wanted)?).map(|reply: CredentialsReply| reply.into())
    }

    fn set_credentials(&self, entry: &EntryRef, new: &NewCredentials) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let (credentials, sealed) = sealed(&new.user, &new.domain, &new.password)?;
        let call = SetCredentialsCall { entry, phonebook, mask: new.mask.0, credentials };
        self.on_entries_with("SetCredentials", &call, sealed.as_ref()).map(|(Nothing {}, _)| ())
    }

    fn clear_credentials(&self, entry: &EntryRef, mask: CredentialMask) -> Result<Option<StillStored>, Error> {
        let reply: ClearedReply = self.on_entries("ClearCredentials", &of_mask(entry, mask)?)?;
        Ok(reply.still_stored.map(Into::into))
    }

    fn dial_params(&self, entry: &EntryRef) -> Result<DialParams, Error> {
        self.on_entries("GetDialParams", &of(entry)?).map(|reply: DialParamsReply| reply.into())
    }

    fn set_dial_params(&self, entry: &EntryRef, params: &NewDialParams) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let (credentials, sealed) = sealed(&params.user, &params.domain, &params.password)?;
        let call = SetDialParamsCall {
            entry,
            phonebook,
            credentials,
            callback_number: Some(params.callback_number.clone()).filter(|number| !number.is_empty()),
            remove_password: params.remove_password.then_some(true),
        };
        self.on_entries_with("SetDialParams", &call, sealed.as_ref()).map(|(Nothing {}, _)| ())
    }

    fn eap_user_data(&self, entry: &EntryRef) -> Result<Secret, Error> {
        let (reply, mut descriptors): (EapUserDataReply, _) =
            self.on_entries_with("GetEapUserData", &of(entry)?, None)?;
        let Some(index) = reply.secret else { return Ok(Secret::default()) };
        let lost = |why: &str| Error::refused(Code::OUT_OF_BUFFERS, format!("read the EAP data: {why}"));
        if index >= descriptors.len() {
            return Err(lost("no descriptor came with it"));
        }
        secret::unseal(descriptors.swap_remove(index)).map_err(|error| lost(&error.to_string()))
    }

    fn set_eap_user_data(&self, entry: &EntryRef, data: &Secret) -> Result<(), Error> {
        let EntryCall { entry, phonebook } = of(entry)?;
        let (CredentialsWire { secret, .. }, sealed) = sealed("", "", data)?;
        let call = SetEapUserDataCall { entry, phonebook, secret };
        self.on_entries_with("SetEapUserData", &call, sealed.as_ref()).map(|(Nothing {}, _)| ())
    }
}

fn of(entry: &EntryRef) -> Result<EntryCall, Error> {
    let phonebook = entry.phonebook.as_deref().map(write_path).transpose()?;
    Ok(EntryCall { entry: entry.name.clone(), phonebook })
}

fn of_mask(entry: &EntryRef, mask: CredentialMask) -> Result<MaskCall, Error> {
    let EntryCall { entry, phonebook } = of(entry)?;
    Ok(MaskCall { entry, phonebook, mask: mask.0 })
}

fn sealed(user: &str, domain: &str, password: &Secret) -> Result<(CredentialsWire, Option<OwnedFd>), Error> {
    seal(&Credentials { user: user.to_owned(), domain: domain.to_owned(), password: password.clone() })
}

fn done(result: Result<Nothing, Error>) -> Result<(), Error> {
    result.map(|Nothing {}| ())
}

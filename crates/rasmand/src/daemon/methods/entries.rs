//! The methods of entries and stored credentials: carried out by a clerk, who sends the reply.

use super::{Call, Outcome, Result, log_refusal};
use crate::daemon::outbox::Outbox;
use crate::daemon::peer::ProcessName;
use crate::daemon::refusals::Refusals;
use crate::daemon::server::refused;
use crate::entries::{Caller, EntryClient};
use rasman::ipc::message::{Reply, write};
use rasman::ipc::wire::SecretAt;
use rasman::ipc::wire::{
    ClearedReply, CredentialsReply, DialParamsReply, EapUserDataReply, EntriesCall, EntriesReply, EntryCall,
    EntryInfoWire, EntryReply, MaskCall, Nothing, RenameEntryCall, SetCredentialsCall, SetDialParamsCall,
    SetEapUserDataCall, SetEntryCall, SetSubEntryCall, SubEntryCall, TextReply, read_path,
};
use rasman::ipc::{secret, section};
use rasman::{Code, CredentialMask, EntryBackend, EntryInfo, Error, Secret};
use serde::Serialize;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

impl Call<'_> {
    /// Carries out a call that is about entries; nothing for one that is not.
    pub(super) fn of_entries(&mut self, method: &str) -> Option<Result<Outcome>> {
        Some(match method {
            "Entries" => self.entries(),
            "GetEntry" => self.get_entry(),
            "SetEntry" => self.set_entry(),
            "RenameEntry" => self.rename_entry(),
            "DeleteEntry" => self.on_entry(|entries, entry| entries.delete_entry(&entry).map(nothing)),
            "ValidateEntryName" => self.on_entry(|entries, entry| entries.validate_entry_name(&entry).map(nothing)),
            "GetSubEntry" => self.get_sub_entry(),
            "SetSubEntry" => self.set_sub_entry(),
            "DeleteSubEntry" => self.delete_sub_entry(),
            "GetCredentials" => self.get_credentials(),
            "SetCredentials" => self.set_credentials(),
            "ClearCredentials" => self.clear_credentials(),
            "GetDialParams" => self.on_entry(|e, entry| e.dial_params(&entry).map(DialParamsReply::from)),
            "SetDialParams" => self.set_dial_params(),
            "GetEapUserData" => self.get_eap_user_data(),
            "SetEapUserData" => self.set_eap_user_data(),
            _ => return None,
        })
    }

    fn entries(&self) -> Result<Outcome> {
        let EntriesCall { phonebook, start } = self.read()?;
        let phonebook = phonebook.as_deref().map(read_path).transpose()?;
        let start = usize::try_from(start.unwrap_or(0)).unwrap_or(usize::MAX);
        self.on_entries(move |entries| entries.entries(phonebook.as_deref()).map(|list| page(&list, start)))
    }

    fn get_entry(&self) -> Result<Outcome> {
        self.on_entry(|entries, entry| {
            let (name, text) = entries.manager.entries.text(entries.caller, &entry)?;
            Ok(EntryReply { name, text })
        })
    }

    fn set_entry(&self) -> Result<Outcome> {
        let call: SetEntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| {
            entries.manager.entries.set_text(entries.caller, &entry, &call.text).map(nothing)
        })
    }

    fn rename_entry(&self) -> Result<Outcome> {
        let call: RenameEntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| entries.rename_entry(&entry, &call.name).map(nothing))
    }

    fn get_sub_entry(&self) -> Result<Outcome> {
        let call: SubEntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| {
            let text = section::of_link(&entries.subentry(&entry, call.index)?)?;
            Ok(TextReply { text })
        })
    }

    fn set_sub_entry(&self) -> Result<Outcome> {
        let call: SetSubEntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| {
            let link = section::read_link(&call.text)?;
            entries.set_subentry(&entry, call.index, &link).map(nothing)
        })
    }

    fn delete_sub_entry(&self) -> Result<Outcome> {
        let call: SubEntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| entries.delete_subentry(&entry, call.index).map(nothing))
    }

    fn get_credentials(&self) -> Result<Outcome> {
        let call: MaskCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| {
            entries.credentials(&entry, CredentialMask(call.mask)).map(|stored| CredentialsReply::from(&stored))
        })
    }

    fn set_credentials(&mut self) -> Result<Outcome> {
        let call: SetCredentialsCall = self.read()?;
        let entry = call.entry_ref()?;
        let new = call.read(|at| self.secret(at))?;
        self.on_entries(move |entries| entries.set_credentials(&entry, &new).map(nothing))
    }

    fn clear_credentials(&self) -> Result<Outcome> {
        let call: MaskCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| {
            let still = entries.clear_credentials(&entry, CredentialMask(call.mask))?;
            Ok(ClearedReply { still_stored: still.map(Into::into) })
        })
    }

    fn set_dial_params(&mut self) -> Result<Outcome> {
        let call: SetDialParamsCall = self.read()?;
        let entry = call.entry_ref()?;
        let new = call.read(|at| self.secret(at))?;
        self.on_entries(move |entries| entries.set_dial_params(&entry, &new).map(nothing))
    }

    /// What an EAP method keeps is the user's, who stored it; it goes back to nobody else, and as a sealed file.
    fn get_eap_user_data(&self) -> Result<Outcome> {
        let call: EntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.by_clerk(move |entries| {
            let data = entries.eap_user_data(&entry)?;
            let size = data.expose().len() as u64;
            // Clause K9: none is no error.
            if size == 0 {
                return Ok((EapUserDataReply { size, secret: None }, None));
            }
            let sealed = secret::seal(&data)
                .map_err(|error| Error::refused(Code::OUT_OF_BUFFERS, format!("sealed the EAP data: {error}")))?;
            Ok((EapUserDataReply { size, secret: Some(0) }, Some(sealed)))
        })
    }

    fn set_eap_user_data(&mut self) -> Result<Outcome> {
        let call: SetEapUserDataCall = self.read()?;
        let entry = call.entry_ref()?;
        let data =
            call.secret.map_or_else(|| Ok(Secret::default()), |index| self.secret(SecretAt::Descriptor(index)))?;
        self.on_entries(move |entries| entries.set_eap_user_data(&entry, &data).map(nothing))
    }

    /// Carries out a job that needs to know the entry alone.
    fn on_entry<R: Serialize>(
        &self,
        job: impl FnOnce(&EntryClient<'_>, rasman::EntryRef) -> std::result::Result<R, Error> + Send + 'static,
    ) -> Result<Outcome> {
        let call: EntryCall = self.read()?;
        let entry = call.entry_ref()?;
        self.on_entries(move |entries| job(entries, entry))
    }

    pub(super) fn on_entries<R: Serialize>(
        &self,
        job: impl FnOnce(&EntryClient<'_>) -> std::result::Result<R, Error> + Send + 'static,
    ) -> Result<Outcome> {
        self.by_clerk(move |entries| job(entries).map(|reply| (reply, None)))
    }

    /// Gives who calls, with their rights.
    pub(super) fn caller(&self) -> Caller {
        let peer = &self.client.peer;
        let mut caller = Caller::of(peer.process.uid);
        // Clause E10: administrators, and the manager's own user as far as the files let it.
        caller.may_change_machine |= peer.sees_all;
        caller
    }

    /// Lets a clerk carry out a job and reply; the client's next call waits for that.
    fn by_clerk<R: Serialize>(
        &self,
        job: impl FnOnce(&EntryClient<'_>) -> std::result::Result<(R, Option<OwnedFd>), Error> + Send + 'static,
    ) -> Result<Outcome> {
        let embedded = Arc::clone(&self.server.embedded);
        let (peer, caller) = (&self.client.peer, self.caller());
        let uid = caller.uid;
        let mut due = Due {
            outbox: Arc::clone(&self.client.outbox),
            wanted: !self.called.oneway,
            process: peer.process.name(),
            refusals: Arc::clone(&self.server.refusals),
            method: self.called.method.clone().into_owned(),
            told: false,
        };
        self.client.outbox.begin_stream();
        self.server.clerks.run(uid, move || {
            let result = job(&embedded.entries_of(caller));
            due.tell(result);
        });
        Ok(Outcome::Streams)
    }
}

/// A reply that the client waits for. If it is dropped before, the client is told so.
struct Due {
    outbox: Arc<Outbox>,
    wanted: bool,
    process: ProcessName,
    refusals: Arc<Refusals>,
    method: String,
    told: bool,
}

impl Due {
    fn tell<R: Serialize>(&mut self, result: std::result::Result<(R, Option<OwnedFd>), Error>) {
        self.told = true;
        match result {
            Ok(_) if !self.wanted => {}
            Ok((parameters, descriptor)) => {
                let message = write(&Reply { error: None, parameters, continues: false });
                match descriptor {
                    None => self.outbox.send(&message),
                    Some(descriptor) if self.outbox.send_with(&message, descriptor.as_fd()) => {}
                    Some(_) => self.refuse(&Error::refused(Code::OUT_OF_BUFFERS, "found replies that were not read")),
                }
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn refuse(&self, error: &Error) {
        log_refusal(&self.refusals, &self.process, &self.method, &error.0);
        if self.wanted {
            self.outbox.send(&refused(&error.0));
        }
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if !self.told {
            self.refuse(&Error::refused(Code::OUT_OF_BUFFERS, "looked for a thread for what may take long"));
        }
        self.outbox.end_stream();
    }
}

/// Gives as much of the list as one reply takes.
fn page(list: &[EntryInfo], start: usize) -> EntriesReply {
    let mut reply = EntriesReply { entries: Vec::new(), next: None };
    let mut room = PAGE_MAX;
    for (index, info) in list.iter().enumerate().skip(start) {
        let wire = EntryInfoWire::from(info);
        let size = wire.name.len() + wire.phonebook.as_ref().map_or(0, String::len) + FRAME;
        // One that no reply could take has no name that anybody could use.
        if size > PAGE_MAX {
            continue;
        }
        if size > room {
            reply.next = Some(index as u64);
            return reply;
        }
        room -= size;
        reply.entries.push(wire);
    }
    reply
}

fn nothing((): ()) -> Nothing {
    Nothing {}
}

/// How many bytes of names and paths one reply has.
const PAGE_MAX: usize = 256 << 10;
/// What a line of the list has beside them.
const FRAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman::EntryScope;

    #[test]
    fn a_list_comes_in_pages_and_nothing_is_left_out_or_doubled() {
        let name = |number: usize| format!("{number:x<1000}");
        let mut list: Vec<_> = (0..1000).map(|number| EntryInfo::new(name(number), EntryScope::User, None)).collect();
        list.insert(500, EntryInfo::new("x".repeat(PAGE_MAX), EntryScope::User, None));
        let (mut got, mut start, mut pages) = (Vec::new(), 0, 0);
        loop {
            let reply = page(&list, start);
            got.extend(reply.entries.into_iter().map(|entry| entry.name));
            pages += 1;
            let Some(next) = reply.next else { break };
            start = usize::try_from(next).unwrap();
        }
        assert_eq!(got, (0..1000).map(name).collect::<Vec<_>>());
        assert_eq!(pages, 5);
        assert!(page(&list, usize::MAX).entries.is_empty());
    }
}

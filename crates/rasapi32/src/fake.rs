//! A manager for tests: it takes answers, and tells what a test has it tell.

use rasman::{
    Answer, AutodialBackend, AutodialEntry, AutodialSetting, Backend, Cause, Change, Code, ConnectionInfo,
    CredentialMask, Device, Dial, DialParams, EntryBackend, EntryInfo, EntryRef, Error, Handle, HangUp, LayerName,
    NewCredentials, NewDialParams, Properties, Secret, Started, Statistics, Status, StillStored, StoredCredentials,
    Subentry,
};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tokio::sync::{broadcast, oneshot, watch};

/// Functions that no test of these comes to.
macro_rules! never {
    ($(fn $name:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $(_: $argument),*) -> $result { unreachable!("no test of these asks for it") })*
    };
}

/// What a watcher is given.
type Watching = (Vec<ConnectionInfo>, broadcast::Receiver<Change>);

/// Takes answers, and notes who was given up.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) refuses: Mutex<bool>,
    pub(crate) answers: AtomicU32,
    pub(crate) abandoned: AtomicU32,
    /// What those who watch are given, one by one; after these nobody can watch.
    pub(crate) watching: Mutex<VecDeque<Watching>>,
}

impl Backend for Fake {
    fn answer(&self, _: Handle, _: u32, _: Answer) -> Result<(), Error> {
        self.answers.fetch_add(1, SeqCst);
        if *self.refuses.lock().unwrap() { Err(error(Code::INVALID_PARAMETER)) } else { Ok(()) }
    }

    fn abandon(&self, _: Handle) {
        self.abandoned.fetch_add(1, SeqCst);
    }

    fn subscribe(&self) -> Watching {
        let next = self.watching.lock().unwrap().pop_front();
        next.unwrap_or_else(|| (Vec::new(), broadcast::channel(1).1))
    }

    fn may_watch_again(&self) -> bool {
        true
    }

    fn handler_done(&self, _: Handle, _: u64, _: bool) {}

    fn status(&self, _: Handle) -> Result<Status, Error> {
        Err(error(Code::INVALID_HANDLE))
    }

    never! {
        fn dial(Dial, bool) -> Result<Started, Error>;
        fn hang_up(Handle) -> Result<oneshot::Receiver<HangUp>, Error>;
        fn force_hang_up(Handle) -> Result<oneshot::Receiver<HangUp>, Error>;
        fn may_enter_handler(Handle) -> bool;
        fn statistics(Handle) -> Result<Statistics, Error>;
        fn clear_statistics(Handle) -> Result<(), Error>;
        fn closed(Handle) -> Result<oneshot::Receiver<Cause>, Error>;
        fn connections() -> Vec<ConnectionInfo>;
        fn devices() -> Result<Vec<Device>, Error>;
        fn ended(Handle) -> Option<Cause>;
        fn shut_down() -> watch::Receiver<()>;
        fn join() -> ();
    }
}

impl EntryBackend for Fake {
    never! {
        fn entries(Option<&Path>) -> Result<Vec<EntryInfo>, Error>;
        fn entry_properties(&EntryRef) -> Result<Properties, Error>;
        fn set_entry_properties(&EntryRef, &Properties) -> Result<(), Error>;
        fn rename_entry(&EntryRef, &str) -> Result<(), Error>;
        fn delete_entry(&EntryRef) -> Result<(), Error>;
        fn validate_entry_name(&EntryRef) -> Result<(), Error>;
        fn subentry(&EntryRef, u32) -> Result<Subentry, Error>;
        fn set_subentry(&EntryRef, u32, &Subentry) -> Result<(), Error>;
        fn delete_subentry(&EntryRef, u32) -> Result<(), Error>;
        fn credentials(&EntryRef, CredentialMask) -> Result<StoredCredentials, Error>;
        fn set_credentials(&EntryRef, &NewCredentials) -> Result<(), Error>;
        fn clear_credentials(&EntryRef, CredentialMask) -> Result<Option<StillStored>, Error>;
        fn dial_params(&EntryRef) -> Result<DialParams, Error>;
        fn set_dial_params(&EntryRef, &NewDialParams) -> Result<(), Error>;
        fn eap_user_data(&EntryRef) -> Result<Secret, Error>;
        fn set_eap_user_data(&EntryRef, &Secret) -> Result<(), Error>;
    }
}

impl AutodialBackend for Fake {
    never! {
        fn autodial_addresses() -> Result<Vec<String>, Error>;
        fn autodial_entries(&str) -> Result<Vec<AutodialEntry>, Error>;
        fn set_autodial_entries(&str, &[AutodialEntry]) -> Result<(), Error>;
        fn autodial_is_enabled(u32) -> Result<bool, Error>;
        fn enable_autodial(u32, bool) -> Result<(), Error>;
        fn autodial_setting(AutodialSetting) -> Result<u32, Error>;
        fn set_autodial_setting(AutodialSetting, u32) -> Result<(), Error>;
    }
}

fn error(code: Code) -> Error {
    Error(Cause::new(code, LayerName::Manager))
}

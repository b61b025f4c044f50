//! Dials without a manager: what is told comes from the test, and what is answered goes to it.

use super::dialled::{Dialled, Target};
use super::inbox::Inbox;
use super::notifier::Notifier;
use super::request::Request;
use rasman::{
    Answer, AutodialBackend, AutodialEntry, AutodialSetting, Backend, Cause, Change, Code, ConnState, ConnectionInfo,
    CredentialMask, Credentials, Detail, Device, Dial, DialParams, EntryBackend, EntryInfo, EntryRef, Error, Handle,
    HangUp, LayerName, Manager, NewCredentials, NewDialParams, Notification, Properties, Question, QuestionKind,
    Secret, Started, Statistics, Status, StillStored, StoredCredentials, Subentry,
};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Functions that no test of these comes to.
macro_rules! never {
    ($(fn $name:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $(_: $argument),*) -> $result { unreachable!("no test of these asks for it") })*
    };
}

/// Takes answers, and notes who was given up.
#[derive(Default)]
struct Fake {
    refuses: Mutex<bool>,
    answers: AtomicU32,
    abandoned: AtomicU32,
}

impl Backend for Fake {
    fn answer(&self, _: Handle, _: u32, _: Answer) -> Result<(), Error> {
        self.answers.fetch_add(1, SeqCst);
        if *self.refuses.lock().unwrap() { Err(error(Code::INVALID_PARAMETER)) } else { Ok(()) }
    }

    fn abandon(&self, _: Handle) {
        self.abandoned.fetch_add(1, SeqCst);
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
        fn subscribe() -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>);
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

/// A dial with this handle; what is sent is what it tells.
fn dialled(fake: &Arc<Fake>, handle: u64) -> (Arc<Dialled>, Sender<Box<Notification>>) {
    let (sender, notifications) = mpsc::channel(COUNT as usize);
    let manager = Manager::new(Arc::clone(fake) as Arc<dyn Backend>);
    let target = Target { entry: "Lab".to_owned(), phonebook: None };
    let started = Started { handle: Handle(handle), notifications };
    (Dialled::new(manager, started, Request::of_tests(target, Notifier::None)), sender)
}

fn told(seq: u64, detail: Detail) -> Box<Notification> {
    Box::new(Notification::new(seq, ConnState::ConnectDevice, None, detail))
}

fn is_listed(dial: &Dialled) -> bool {
    crate::process::current().dials.last(dial.handle.0).is_some()
}

#[test]
fn what_two_threads_post_comes_in_the_order_that_it_was_told() {
    let (dial, sender) = dialled(&Arc::default(), 0x7E57_0001);
    let inbox = Inbox::new().unwrap();
    inbox.follow(Arc::clone(&dial));
    // The waker runs on the thread that sends, while this one may be inside it for the one before.
    let teller = std::thread::spawn(move || {
        for seq in 0..COUNT {
            sender.blocking_send(told(seq, Detail::None)).unwrap();
        }
    });
    for seq in 0..COUNT {
        let (_, told) = inbox.next(Some(LONG)).expect("it is told");
        assert_eq!(told.seq, Some(seq));
    }
    teller.join().unwrap();
    dial.forget();
}

#[test]
fn a_dial_whose_queue_was_closed_meanwhile_is_given_up() {
    let fake = Arc::<Fake>::default();
    let (dial, _sender) = dialled(&fake, 0x7E57_0002);
    let inbox = Inbox::new().unwrap();
    assert!(inbox.close().is_empty());
    assert!(is_listed(&dial));
    inbox.follow(Arc::clone(&dial));
    assert_eq!(fake.abandoned.load(SeqCst), 1);
    assert!(!is_listed(&dial) && dial.gate.is_closed());
}

#[test]
fn p12_a_refused_answer_leaves_the_dial_paused() {
    let fake = Arc::<Fake>::default();
    let (dial, sender) = dialled(&fake, 0x7E57_0003);
    assert_eq!(dial.resume(Credentials::default()), Err(Code::INVALID_AUTH_STATE), "nothing was asked");
    let kind = QuestionKind::RetryAuthentication { refused: Code(691), attempts: 1 };
    sender.try_send(told(0, Detail::Question(Question { id: 7, kind }))).unwrap();
    dial.wait().expect("told");
    *fake.refuses.lock().unwrap() = true;
    assert_eq!(dial.resume(Credentials::default()), Err(Code::INVALID_PARAMETER));
    *fake.refuses.lock().unwrap() = false;
    assert_eq!(dial.resume(Credentials::default()), Ok(()));
    assert_eq!(dial.resume(Credentials::default()), Err(Code::INVALID_AUTH_STATE), "it was answered");
    assert_eq!(fake.answers.load(SeqCst), 2);
    dial.forget();
}

/// As many as a dial never tells.
const COUNT: u64 = 200;
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

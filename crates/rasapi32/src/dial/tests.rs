//! Dials without a manager: what is told comes from the test, and what is answered goes to it.

use super::context::Signals;
use super::dialled::{Dialled, Target};
use super::inbox::Inbox;
use super::notifier::Notifier;
use super::request::Request;
use super::thread::Waiting;
use crate::fake::Fake;
use rasman::{
    Backend, Cause, Code, ConnState, Credentials, Detail, Handle, LayerName, Manager, Notification, Question,
    QuestionKind, Started,
};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Sender};

/// A dial with this handle; what is sent is what it tells.
fn dialled(fake: &Arc<Fake>, handle: u64) -> (Arc<Dialled>, Sender<Box<Notification>>) {
    dialled_by(fake, handle, Notifier::None)
}

fn dialled_by(fake: &Arc<Fake>, handle: u64, notifier: Notifier) -> (Arc<Dialled>, Sender<Box<Notification>>) {
    let (sender, notifications) = mpsc::channel(COUNT as usize);
    let manager = Manager::new(Arc::clone(fake) as Arc<dyn Backend>);
    let target = Target { entry: "Lab".to_owned(), phonebook: None };
    let started = Started { handle: Handle(handle), notifications };
    (Dialled::new(manager, started, Request::of_tests(target, notifier)), sender)
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
    assert_eq!(dial.resume(Credentials::default(), String::new()), Err(Code::INVALID_AUTH_STATE), "nothing was asked");
    let kind = QuestionKind::RetryAuthentication { refused: Code(691), attempts: 1 };
    sender.try_send(told(0, Detail::Question(Question { id: 7, kind }))).unwrap();
    dial.wait().expect("told");
    *fake.refuses.lock().unwrap() = true;
    assert_eq!(dial.resume(Credentials::default(), String::new()), Err(Code::INVALID_PARAMETER));
    *fake.refuses.lock().unwrap() = false;
    assert_eq!(dial.resume(Credentials::default(), String::new()), Ok(()));
    assert_eq!(dial.resume(Credentials::default(), String::new()), Err(Code::INVALID_AUTH_STATE), "it was answered");
    assert_eq!(fake.answers.load(SeqCst), 2);
    dial.forget();
}

/// Whether the handler of the next tests was entered.
static ENTERED: AtomicBool = AtomicBool::new(false);

extern "C-unwind" fn enter(_: usize, _: u32, _: *mut c_void, _: u32, _: u32, _: u32, _: u32) -> u32 {
    ENTERED.store(true, SeqCst);
    1
}

/// A dial with a thread that waits for what it tells.
fn waited_for(handle: u64) -> (Arc<Dialled>, Sender<Box<Notification>>) {
    let (dial, sender) = dialled_by(&Arc::default(), handle, Notifier::Func2(enter, 0));
    Waiting::new(&Signals::block()).unwrap().follow(Arc::clone(&dial));
    (dial, sender)
}

/// Nothing is left of a dial but what the test has: its thread has let go of it, and has entered no handler.
fn expect_nothing_left(dial: Arc<Dialled>) {
    let (handle, left) = (dial.handle.0, Arc::downgrade(&dial));
    drop(dial);
    let deadline = Instant::now() + LONG;
    while left.strong_count() > 0 {
        assert!(Instant::now() < deadline, "somebody still has the dial");
        std::thread::yield_now();
    }
    assert!(crate::process::current().dials.last(handle).is_none() && !ENTERED.load(SeqCst));
}

#[test]
fn a42_a_dial_that_is_hung_up_before_its_first_notification_leaves_no_thread() {
    let (dial, sender) = waited_for(0x7E57_0004);
    dial.gate.close();
    let cause = Cause::new(Code::USER_DISCONNECTION, LayerName::Manager);
    let last = Notification::new(0, ConnState::Disconnected, Some(cause), Detail::None);
    assert!(last.is_last());
    sender.try_send(Box::new(last)).unwrap();
    expect_nothing_left(dial);
}

#[test]
fn a42_a_dial_that_is_hung_up_and_whose_manager_goes_then_leaves_no_thread() {
    let (dial, sender) = waited_for(0x7E57_0005);
    dial.gate.close();
    drop(sender);
    expect_nothing_left(dial);
}

/// As many as a dial never tells.
const COUNT: u64 = 200;
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

//! Every order in which threads can meet at a dial's gate and in the list of dials, tried by loom. The sources are the
//! library's own, with loom's locks in place of the standard library's.

#[path = "../src/dial/gate.rs"]
mod gate;
#[path = "../src/dial/table.rs"]
mod table;

/// What the library calls by this name.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

use gate::Gate;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use loom::thread;
use std::time::Duration;
use table::Table;

/// Longer than a model takes.
const LONG: Duration = Duration::from_secs(3600);

/// A handler's dial: what it uses, and how often it was called.
struct Dial {
    gate: Gate,
    is_freed: AtomicBool,
    calls: AtomicUsize,
}

impl Dial {
    fn new() -> Arc<Self> {
        Arc::new(Self { gate: Gate::new(), is_freed: AtomicBool::new(false), calls: AtomicUsize::new(0) })
    }

    /// One notification.
    fn notify(&self) {
        if !self.gate.enter() {
            return;
        }
        assert!(!self.is_freed.load(SeqCst), "a handler was entered, or ran, after the hang-up had returned");
        self.calls.fetch_add(1, SeqCst);
        self.gate.leave();
    }

    /// RasHangUp on another thread, and what programs do next.
    fn hang_up_and_free(&self) {
        self.gate.close();
        self.gate.wait_until_left(LONG);
        self.is_freed.store(true, SeqCst);
    }

    /// The dialling thread ends; whether the manager has the dial connected by then is its own business.
    fn thread_ends(&self, is_connected: bool) {
        if self.gate.decide() {
            self.gate.settle(is_connected);
        }
    }
}

#[test]
fn a42_no_handler_runs_once_a_hang_up_has_returned() {
    loom::model(|| {
        let dial = Dial::new();
        let teller = {
            let dial = Arc::clone(&dial);
            thread::spawn(move || (0..2).for_each(|_| dial.notify()))
        };
        dial.hang_up_and_free();
        let calls = dial.calls.load(SeqCst);
        teller.join().unwrap();
        assert_eq!(dial.calls.load(SeqCst), calls, "and none is entered later");
    });
}

#[test]
fn a23_a42_threads_that_end_hang_up_and_tell_at_the_same_time() {
    for is_connected in [false, true] {
        loom::model(move || {
            let dial = Dial::new();
            let (teller, ending) = (Arc::clone(&dial), Arc::clone(&dial));
            let teller = thread::spawn(move || teller.notify());
            let ending = thread::spawn(move || ending.thread_ends(is_connected));
            dial.hang_up_and_free();
            teller.join().unwrap();
            ending.join().unwrap();
            assert!(dial.gate.is_closed(), "a hang-up outweighs what a thread's end decides");
            assert!(!dial.gate.enter());
        });
    }
}

#[test]
fn a23_after_the_end_of_the_dialling_thread_nobody_is_told_unless_it_is_connected() {
    for is_connected in [false, true] {
        loom::model(move || {
            let dial = Dial::new();
            let teller = {
                let dial = Arc::clone(&dial);
                thread::spawn(move || (0..2).for_each(|_| dial.notify()))
            };
            dial.thread_ends(is_connected);
            let calls = dial.calls.load(SeqCst);
            teller.join().unwrap();
            let later = dial.calls.load(SeqCst) - calls;
            // One that was inside already may finish; no other goes in.
            assert!(later <= 1 || is_connected);
            assert_eq!(dial.gate.enter(), is_connected);
        });
    }
}

#[test]
fn a51_a_handler_hangs_up_while_another_thread_does() {
    loom::model(|| {
        let dial = Dial::new();
        let teller = {
            let dial = Arc::clone(&dial);
            thread::spawn(move || {
                if dial.gate.enter() {
                    // Within a handler nobody waits for it.
                    dial.gate.close();
                    dial.gate.leave();
                }
                assert!(!dial.gate.enter());
            })
        };
        dial.hang_up_and_free();
        teller.join().unwrap();
    });
}

/// RasHangUp gives one of several references back while the manager is asked.
#[test]
fn a16_a42_a_reference_is_given_back_and_the_other_dial_is_told_on() {
    loom::model(|| {
        let (kept, ended) = (Dial::new(), Dial::new());
        let tellers = [&kept, &ended].map(|dial| {
            let dial = Arc::clone(dial);
            thread::spawn(move || dial.notify())
        });
        let decided = [&kept, &ended].map(|dial| dial.gate.decide());
        assert_eq!(decided, [true, true]);
        ended.hang_up_and_free();
        kept.gate.settle(true);
        ended.gate.settle(true);
        tellers.into_iter().for_each(|teller| teller.join().unwrap());
        assert_eq!(kept.calls.load(SeqCst), 1, "it has missed nothing");
        assert!(ended.gate.is_closed());
    });
}

#[test]
fn a_dial_is_taken_out_of_the_list_by_two_at_once() {
    loom::model(|| {
        let table = Arc::new(Table::default());
        let dial = std::sync::Arc::new(());
        table.add(7, std::sync::Arc::clone(&dial));
        let other = {
            let (table, dial) = (Arc::clone(&table), std::sync::Arc::clone(&dial));
            thread::spawn(move || {
                table.remove(7, &dial);
                table.last(7).is_none()
            })
        };
        let seen = table.all(7);
        seen.iter().for_each(|dial| table.remove(7, dial));
        assert!(table.all(7).is_empty(), "it is gone, whoever took it");
        assert!(other.join().unwrap());
        assert!(seen.len() <= 1);
        drop(seen);
        assert_eq!(std::sync::Arc::strong_count(&dial), 1, "nothing of it is left");
    });
}

#[test]
fn a16_two_dials_share_a_handle() {
    loom::model(|| {
        let table = Arc::new(Table::default());
        let (first, second) = (std::sync::Arc::new(1), std::sync::Arc::new(2));
        table.add(7, std::sync::Arc::clone(&first));
        let over = {
            let (table, first) = (Arc::clone(&table), std::sync::Arc::clone(&first));
            thread::spawn(move || table.remove(7, &first))
        };
        table.add(7, std::sync::Arc::clone(&second));
        assert_eq!(table.last(7).as_deref(), Some(&2));
        over.join().unwrap();
        assert_eq!(table.all(7).len(), 1);
    });
}

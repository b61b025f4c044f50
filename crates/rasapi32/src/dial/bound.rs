//! Dials that end with the thread that made them (clause A23).

use super::dialled::Dialled;
use crate::process::{self, Process};
use std::cell::RefCell;
use std::ptr;
use std::sync::{Arc, Weak};

thread_local! {
    static DIALS: RefCell<Bound> = const { RefCell::new(Bound { process: ptr::null(), dials: Vec::new() }) };
}

/// The dials of this thread; dropped with it.
struct Bound {
    /// The process that they are of: a child of fork has a copy of this, and its parent's dials are not its own.
    process: *const Process,
    /// Whether it is this thread that is told.
    dials: Vec<(Weak<Dialled>, bool)>,
}

/// Lets the dial end with this thread, unless it is over before; nobody is told of it any more if this thread `is_told`.
pub(crate) fn bind(dial: &Arc<Dialled>, is_told: bool) {
    // A thread that is ending already binds nothing; its process has the dial then.
    let _ = DIALS.try_with(|bound| bound.borrow_mut().add(dial, is_told));
}

impl Bound {
    fn add(&mut self, dial: &Arc<Dialled>, is_told: bool) {
        let process = ptr::from_ref(process::current());
        if self.process != process {
            self.dials.clear();
            self.process = process;
        }
        // A dial that is over is in no list any more, and what is left of it goes with the next one.
        self.dials.retain(|(dial, _)| dial.strong_count() > 0);
        self.dials.push((Arc::downgrade(dial), is_told));
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if process::is_current(self.process) {
            for (dial, is_told) in self.dials.drain(..) {
                let Some(dial) = dial.upgrade() else { continue };
                dial.abandon();
                // Where this thread was to be told itself, nobody else takes it out of the list, connected or not.
                if is_told || dial.gate.is_closed() {
                    dial.forget();
                }
            }
        }
    }
}

//! Which handlers this thread is in.

use super::dialled::{Dialled, Target};
use crate::process::{self, OfThread, Process};
use std::cell::RefCell;
use std::ptr;
use std::sync::Arc;

thread_local! {
    static INSIDE: RefCell<OfThread<Vec<Arc<Dialled>>>> = const { RefCell::new(OfThread::new(Vec::new())) };
}

/// A call of a handler under way.
pub(crate) struct Inside<'a> {
    dial: &'a Arc<Dialled>,
    /// A child that a handler has forked is in no handler of its own.
    process: *const Process,
    has_returned: bool,
}

impl<'a> Inside<'a> {
    /// Goes in, unless the dial was hung up.
    pub(crate) fn enter(dial: &'a Arc<Dialled>) -> Option<Self> {
        if !dial.gate.enter() {
            return None;
        }
        with(|inside| inside.push(Arc::clone(dial)));
        Some(Self { dial, process: ptr::from_ref(process::current()), has_returned: false })
    }

    /// The handler has returned as it should.
    pub(crate) fn returned(mut self) {
        self.has_returned = true;
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if !process::is_current(self.process) {
            return;
        }
        // The handler ends its thread or throws: nobody is left to tell, so the dial is hung up (clause N9).
        if !self.has_returned {
            self.dial.gate.close();
            let _ = self.dial.manager.backend().hang_up(self.dial.handle);
        }
        with(Vec::pop);
        self.dial.gate.leave();
    }
}

/// Tells whether this thread is in a handler.
pub(crate) fn is_in_handler() -> bool {
    with(|inside| !inside.is_empty()).unwrap_or(false)
}

/// Tells whether this thread is in the handler of a dial with this handle, or of this entry (clause A50).
pub(crate) fn is_in_handler_of(handle: u64, target: &Target) -> bool {
    let is_it = |dial: &Arc<Dialled>| dial.handle.0 == handle || dial.target.is_same(target);
    with(|inside| inside.iter().any(is_it)).unwrap_or(false)
}

/// Gives the dial with this handle in whose handler this thread is.
pub(crate) fn innermost_of(handle: u64) -> Option<Arc<Dialled>> {
    with(|inside| inside.iter().rev().find(|dial| dial.handle.0 == handle).cloned()).flatten()
}

/// Nothing once the thread is ending so far that it keeps nothing any more.
fn with<T>(work: impl FnOnce(&mut Vec<Arc<Dialled>>) -> T) -> Option<T> {
    INSIDE.try_with(|inside| work(inside.borrow_mut().get())).ok()
}

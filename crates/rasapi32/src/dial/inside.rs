//! Which handlers this thread is in.

use super::dialled::{Dialled, Target};
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static INSIDE: RefCell<Vec<Arc<Dialled>>> = const { RefCell::new(Vec::new()) };
}

/// A call of a handler under way.
pub(crate) struct Inside<'a> {
    dial: &'a Arc<Dialled>,
    has_returned: bool,
}

impl<'a> Inside<'a> {
    /// Goes in, unless the dial was hung up.
    pub(crate) fn enter(dial: &'a Arc<Dialled>) -> Option<Self> {
        if !dial.gate.enter() {
            return None;
        }
        INSIDE.with_borrow_mut(|inside| inside.push(Arc::clone(dial)));
        Some(Self { dial, has_returned: false })
    }

    /// The handler has returned as it should.
    pub(crate) fn returned(mut self) {
        self.has_returned = true;
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // The handler ends its thread or throws: nobody is left to tell, so the dial is hung up (clause N9).
        if !self.has_returned {
            self.dial.gate.close();
            let _ = self.dial.manager.backend().hang_up(self.dial.handle);
        }
        // Thread-locals may be gone if the thread is ending.
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().pop());
        self.dial.gate.leave();
    }
}

/// Tells whether this thread is in a handler.
pub(crate) fn is_in_handler() -> bool {
    INSIDE.with_borrow(|inside| !inside.is_empty())
}

/// Tells whether this thread is in the handler of a dial with this handle, or of this entry (clause A50).
pub(crate) fn is_in_handler_of(handle: u64, target: &Target) -> bool {
    INSIDE.with_borrow(|inside| inside.iter().any(|dial| dial.handle.0 == handle || dial.target.is_same(target)))
}

//! Who may enter the handler of a dial.
//!
//! ```text
//!          enter           leave
//! [open] ---------> inside -----> [open]          hang-up: close -> [closed]
//!    |  thread ends: decide                       a handler that is inside may finish; nobody enters any more
//!    `-----------> [deciding] --settle--> [open] or [closed]
//!                     whoever wants to enter waits
//! ```

use crate::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
use std::time::Duration;

/// The way into the handler of one dial. Notifications of a dial come one by one, so at most one call is inside.
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    door: Door,
    inside: bool,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Door {
    Open,
    Deciding,
    Closed,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { door: Door::Open, inside: false }), changed: Condvar::new() }
    }

    /// Goes in, unless the dial was hung up; waits while that is being decided.
    #[must_use]
    pub(crate) fn enter(&self) -> bool {
        let mut state = self.lock();
        while state.door == Door::Deciding {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.inside = state.door == Door::Open;
        state.inside
    }

    /// Comes out again.
    pub(crate) fn leave(&self) {
        self.lock().inside = false;
        self.changed.notify_all();
    }

    /// Lets nobody in any more: once this has returned, no handler is entered (clause A42).
    pub(crate) fn close(&self) {
        self.lock().door = Door::Closed;
        self.changed.notify_all();
    }

    /// Tells whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().door == Door::Closed
    }

    /// Lets everybody wait until `settle`; tells whether that is to be called, which it is not once closed.
    #[must_use]
    pub(crate) fn decide(&self) -> bool {
        let mut state = self.lock();
        let is_open = state.door == Door::Open;
        if is_open {
            state.door = Door::Deciding;
        }
        is_open
    }

    /// Ends what `decide` has begun. A hang-up that came in between counts.
    pub(crate) fn settle(&self, open: bool) {
        let mut state = self.lock();
        if state.door == Door::Deciding {
            state.door = if open { Door::Open } else { Door::Closed };
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until nobody is inside, at the most as long as this.
    pub(crate) fn wait_until_left(&self, limit: Duration) {
        let inside = |state: &mut State| state.inside;
        let state = self.lock();
        drop(wait_while(&self.changed, state, limit, inside));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `Condvar::wait_timeout_while` does, which the models' has not.
fn wait_while<'a, T>(
    condvar: &Condvar,
    mut guard: MutexGuard<'a, T>,
    limit: Duration,
    mut condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    let begun = std::time::Instant::now();
    while condition(&mut guard) {
        let Some(left) = limit.checked_sub(begun.elapsed()) else { return guard };
        guard = condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    guard
}

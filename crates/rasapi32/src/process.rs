//! What this process keeps, and what a fork does to it.

use crate::dial::{Dialled, Queues, Table};
use crate::managers::Managers;
use crate::watch::Watchers;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

/// All that is kept between calls.
#[derive(Default)]
pub(crate) struct Process {
    pub(crate) managers: Managers,
    pub(crate) dials: Table<Dialled>,
    pub(crate) queues: Queues,
    pub(crate) watchers: Watchers,
}

/// Gives what this process keeps.
///
/// A child of `fork` begins anew: of its parent's threads it has one, the parent's locks may be held for ever, and its
/// connections are the parent's. What the parent kept is left alone in the child, never used and never freed.
pub(crate) fn current() -> &'static Process {
    watch_for_forks();
    let found = CURRENT.load(Ordering::Acquire);
    // SAFETY: whatever stands in CURRENT was leaked by `make`, and nobody ever frees it.
    unsafe { found.as_ref() }.unwrap_or_else(make)
}

/// Tells whether this is what the process keeps; false in a child of the one that kept it. For code that runs while a thread
/// ends: it makes nothing.
pub(crate) fn is_current(process: *const Process) -> bool {
    !process.is_null() && CURRENT.load(Ordering::Acquire).cast_const() == process
}

fn make() -> &'static Process {
    let made: &'static Process = Box::leak(Box::default());
    let pointer = ptr::from_ref(made).cast_mut();
    match CURRENT.compare_exchange(ptr::null_mut(), pointer, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => made,
        // Another thread was quicker.
        // SAFETY: as in `current`; it is not null, or the exchange had succeeded.
        Err(theirs) => unsafe { &*theirs },
    }
}

fn watch_for_forks() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler is a function of this library, which is never unloaded (`-z nodelete`).
        unsafe { libc::pthread_atfork(None, None, Some(forget)) };
    });
}

/// Runs in the child, where only what a signal handler may do is allowed.
extern "C" fn forget() {
    CURRENT.store(ptr::null_mut(), Ordering::Release);
}

static CURRENT: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());

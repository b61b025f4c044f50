//! What this process keeps, and what a fork does to it.

use crate::dial::{Dialled, Queues, Table};
use crate::managers::Managers;
use crate::script::Scripts;
use crate::watch::Watchers;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// All that is kept between calls.
#[derive(Default)]
pub(crate) struct Process {
    pub(crate) managers: Managers,
    pub(crate) dials: Table<Dialled>,
    pub(crate) queues: Queues,
    pub(crate) watchers: Watchers,
    pub(crate) scripts: Scripts,
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

/// What a thread keeps of its process, empty at first. A child of fork has a copy of its parent's, which it leaves alone: it
/// begins empty again.
pub(crate) struct OfThread<T> {
    process: *const Process,
    value: ManuallyDrop<T>,
}

impl<T: Default> OfThread<T> {
    /// `empty` is never dropped, so it must own nothing.
    pub(crate) const fn new(empty: T) -> Self {
        Self { process: ptr::null(), value: ManuallyDrop::new(empty) }
    }

    /// Gives this process's.
    pub(crate) fn get(&mut self) -> &mut T {
        let process = ptr::from_ref(current());
        if self.process != process {
            self.process = process;
            self.value = ManuallyDrop::new(T::default());
        }
        &mut self.value
    }
}

impl<T> Drop for OfThread<T> {
    fn drop(&mut self) {
        if is_current(self.process) {
            // SAFETY: nothing uses it after this.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

fn make() -> &'static Process {
    let made = Box::into_raw(Box::<Process>::default());
    match CURRENT.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: it is ours, and from now on nobody ever frees it.
        Ok(_) => unsafe { &*made },
        Err(theirs) => {
            // SAFETY: another thread was quicker, so nobody else has seen ours.
            drop(unsafe { Box::from_raw(made) });
            // SAFETY: as in `current`; it is not null, or the exchange had succeeded.
            unsafe { &*theirs }
        }
    }
}

/// Nobody waits here for another thread: a child of a fork in the middle of it has no such thread. Threads that come at the
/// same time register the handler more than once, which is as good as once; nothing is kept before it is registered.
fn watch_for_forks() {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    if IS_REGISTERED.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the handler is a function of this library, which is never unloaded (`-z nodelete`).
    if unsafe { libc::pthread_atfork(None, None, Some(forget)) } == 0 {
        IS_REGISTERED.store(true, Ordering::Release);
    }
}

/// Runs in the child, where only what a signal handler may do is allowed.
extern "C" fn forget() {
    CURRENT.store(ptr::null_mut(), Ordering::Release);
}

static CURRENT: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());

//! What Linux keeps per thread, and what of it a notification thread takes over (clause A22).
//!
//! A thread begins with the network namespace, the credentials and capabilities, the processors and the scheduling of the
//! one that makes it. Signals and locale take a few calls.

use std::mem::MaybeUninit;
use std::ptr;

/// The signals of a thread while it works for us: all are blocked, so that the program's handlers run on threads of the
/// program. Threads that are made meanwhile begin like that. Dropping it puts the thread's own back.
pub(crate) struct Signals {
    own: libc::sigset_t,
}

impl Signals {
    pub(crate) fn block() -> Self {
        let mut all = MaybeUninit::uninit();
        let mut own = MaybeUninit::uninit();
        // SAFETY: both places are big enough; sigfillset writes the first, and pthread_sigmask, which cannot fail with
        // SIG_SETMASK, the second.
        let own = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), own.as_mut_ptr());
            own.assume_init()
        };
        Self { own }
    }

    /// Gives the thread's own.
    pub(crate) fn own(&self) -> libc::sigset_t {
        self.own
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        set_mask(&self.own);
    }
}

/// Runs what may start a thread of ours or wait for the manager.
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> T) -> T {
    let _signals = Signals::block();
    work()
}

/// What a notification thread takes over by itself.
pub(crate) struct Context {
    signals: libc::sigset_t,
    /// Null for the process's.
    locale: libc::locale_t,
}

// SAFETY: a locale object belongs to whoever has it, not to a thread.
unsafe impl Send for Context {}

impl Context {
    /// Takes that of this thread, whose own signals these are.
    pub(crate) fn of_this_thread(signals: &Signals) -> Self {
        // SAFETY: with null it only tells; the copy is ours until `drop`. Neither fails but for lack of memory, with null.
        let locale = unsafe {
            match libc::uselocale(ptr::null_mut()) {
                own if own == process_locale() => ptr::null_mut(),
                own => libc::duplocale(own),
            }
        };
        Self { signals: signals.own(), locale }
    }

    /// Puts the locale in place, on the thread that takes over.
    pub(crate) fn take_over(&self) {
        if !self.locale.is_null() {
            // SAFETY: the locale lives until `drop`, which takes it away from this thread before it is freed.
            unsafe { libc::uselocale(self.locale) };
        }
    }

    /// Has the dialling thread's signals while the handler runs.
    pub(crate) fn with_signals<T>(&self, handler: impl FnOnce() -> T) -> T {
        struct BlockAgain;
        impl Drop for BlockAgain {
            fn drop(&mut self) {
                std::mem::forget(Signals::block());
            }
        }
        let _again = BlockAgain;
        set_mask(&self.signals);
        handler()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.locale.is_null() {
            return;
        }
        // SAFETY: the locale is ours; if this thread uses it, it goes back to the process's before.
        unsafe {
            if libc::uselocale(ptr::null_mut()) == self.locale {
                libc::uselocale(process_locale());
            }
            libc::freelocale(self.locale);
        }
    }
}

/// LC_GLOBAL_LOCALE, the same number in glibc and musl.
fn process_locale() -> libc::locale_t {
    ptr::without_provenance_mut(usize::MAX)
}

fn set_mask(mask: &libc::sigset_t) {
    // SAFETY: the mask was initialised by `Signals::block`.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
}

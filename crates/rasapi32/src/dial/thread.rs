//! The notification thread of a dial: made by the thread that dials, with what Linux keeps per thread (clause A22).
//!
//! No thread is kept for the next dial: what Linux keeps per thread cannot be compared. Some of it cannot even be read,
//! such as the filters of seccomp and Landlock, and a handler on a thread without them would have escaped from them.

use super::context::{Context, Signals};
use super::dialled::Dialled;
use super::notifier::Told;
use rasman::Code;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll, Wake, Waker};

/// A notification thread that waits for its dial; it ends if it gets none.
pub(crate) struct Waiting(Option<Arc<Desk>>);

/// Where the thread finds its dial.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// With what it has told already.
    dial: Option<(Arc<Dialled>, Option<Told>)>,
    /// There is something to tell.
    is_due: bool,
    /// Nobody will ever put a dial here.
    is_left: bool,
}

struct Start {
    context: Context,
    desk: Arc<Desk>,
}

impl Waiting {
    /// Makes a thread. All of this thread's signals are blocked meanwhile, and so they are in the new one.
    ///
    /// # Errors
    /// 8 (not enough memory) if the system has no thread left.
    pub(crate) fn new(signals: &Signals) -> Result<Self, Code> {
        let desk = Arc::<Desk>::default();
        create(Box::new(Start { context: Context::of_this_thread(signals), desk: Arc::clone(&desk) }))?;
        Ok(Self(Some(desk)))
    }

    /// Lets the thread tell what becomes of the dial. It is woken when there is something to tell, so that it does not ask
    /// for a processor while the caller has something to do yet.
    pub(crate) fn follow(mut self, dial: Arc<Dialled>) {
        let Some(desk) = self.0.take() else { return };
        let waker = Waker::from(Arc::clone(&desk));
        let told = dial.poll(&mut task::Context::from_waker(&waker));
        let mut state = desk.lock();
        state.is_due |= told.is_ready();
        let told = if let Poll::Ready(told) = told { told } else { None };
        state.dial = Some((dial, told));
        if state.is_due {
            desk.changed.notify_all();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(desk) = &self.0 {
            desk.lock().is_left = true;
            desk.changed.notify_all();
        }
    }
}

impl Desk {
    /// Waits until the dial has something to tell; gives both, or nothing if no dial comes.
    fn wait(&self) -> Option<(Arc<Dialled>, Option<Told>)> {
        let is_early = |state: &mut State| !(state.is_left || state.is_due && state.dial.is_some());
        let state = self.changed.wait_while(self.lock(), is_early);
        state.unwrap_or_else(PoisonError::into_inner).dial.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Desk {
    fn wake(self: Arc<Self>) {
        self.lock().is_due = true;
        self.changed.notify_all();
    }
}

/// Makes a thread by the C library's own call: a thread of Rust's ends the process when a handler ends it by
/// pthread_exit.
fn create(start: Box<Start>) -> Result<(), Code> {
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    let argument = Box::into_raw(start);
    // SAFETY: the attributes are initialised before they are used and destroyed afterwards; the argument is a box that
    // `run` takes over if there is a thread.
    let failed = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        let entry = std::mem::transmute::<Main, extern "C" fn(*mut c_void) -> *mut c_void>(run);
        let failed = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), entry, argument.cast());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        failed
    };
    if failed == 0 {
        return Ok(());
    }
    // SAFETY: there is no thread that has it.
    drop(unsafe { Box::from_raw(argument) });
    Err(NOT_ENOUGH_MEMORY)
}

/// A thread's first function. A handler may end its thread, which unwinds through this.
type Main = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

extern "C-unwind" fn run(argument: *mut c_void) -> *mut c_void {
    // SAFETY: it is the box that `create` has given away.
    let start = unsafe { Box::from_raw(argument.cast::<Start>()) };
    let Start { context, desk } = *start;
    if let Some((dial, told)) = desk.wait() {
        // SAFETY: the name has its NUL and is short enough.
        unsafe { libc::prctl(libc::PR_SET_NAME, c"rasman-notify".as_ptr()) };
        context.take_over();
        follow(&context, &Over(dial), told);
    }
    ptr::null_mut()
}

/// Tells everything, one by one; this first, if it was told already.
fn follow(context: &Context, Over(dial): &Over, first: Option<Told>) {
    let mut told = first.or_else(|| dial.wait());
    while let Some(one) = told {
        dial.tell(&one, Some(context));
        told = dial.wait();
    }
}

/// Takes the dial out of the list when the thread ends, however it does.
struct Over(Arc<Dialled>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.forget();
    }
}

const NOT_ENOUGH_MEMORY: Code = Code(8);

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_thread_that_gets_no_dial_ends() {
        let waiting = Waiting::new(&Signals::block()).unwrap();
        let desk = Arc::downgrade(waiting.0.as_ref().unwrap());
        drop(waiting);
        let deadline = Instant::now() + Duration::from_secs(60);
        while desk.strong_count() > 0 {
            assert!(Instant::now() < deadline, "it still waits");
            std::thread::yield_now();
        }
    }
}

//! The notification thread of a dial: made by the thread that dials, with what Linux keeps per thread (clause A22).

use super::context::{Context, Signals};
use super::dialled::Dialled;
use rasman::Code;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A notification thread that waits for its dial; it ends if it gets none.
pub(crate) struct Waiting(SyncSender<Arc<Dialled>>);

struct Start {
    context: Context,
    dial: Receiver<Arc<Dialled>>,
}

impl Waiting {
    /// Makes a thread. All of this thread's signals are blocked meanwhile, and so they are in the new one.
    ///
    /// # Errors
    /// 8 (not enough memory) if the system has no thread left.
    pub(crate) fn new(signals: &Signals) -> Result<Self, Code> {
        let (sender, dial) = sync_channel(1);
        let start = Box::new(Start { context: Context::of_this_thread(signals), dial });
        create(start)?;
        Ok(Self(sender))
    }

    /// Lets the thread tell what becomes of the dial.
    pub(crate) fn follow(self, dial: Arc<Dialled>) {
        let _ = self.0.send(dial);
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
    // SAFETY: the name has its NUL and is short enough.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"rasman-notify".as_ptr()) };
    let Start { context, dial } = *start;
    if let Ok(dial) = dial.recv() {
        context.take_over();
        follow(&context, &Over(dial));
    }
    ptr::null_mut()
}

/// Tells everything, one by one.
fn follow(context: &Context, Over(dial): &Over) {
    while let Some(told) = dial.wait() {
        dial.tell(&told, Some(context));
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

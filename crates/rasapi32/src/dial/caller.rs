//! Delivery on the very thread that dialled: `RasSetDelivery` and `RasDispatch`.

use super::dialled::Dialled;
use super::inbox::Inbox;
use super::queue::{WAIT_TIMEOUT, limit};
use crate::call::answer;
use crate::process::OfThread;
use rasman::Code;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

thread_local! {
    /// A thread keeps this over fork, as it keeps its signal mask.
    static IS_ON_CALLER: Cell<bool> = const { Cell::new(false) };
    /// What the dials of this thread tell.
    static INBOX: RefCell<OfThread<Option<Arc<Inbox>>>> = const { RefCell::new(OfThread::new(None)) };
}

/// Gives the inbox of this thread, if it wants to be told itself.
///
/// # Errors
/// 8 if the system has no descriptor left.
pub(crate) fn inbox() -> Result<Option<Arc<Inbox>>, Code> {
    if !IS_ON_CALLER.get() {
        return Ok(None);
    }
    let inbox = with(|own| match own {
        Some(inbox) => Ok(Arc::clone(inbox)),
        None => Inbox::new().map(|made| Arc::clone(own.insert(made))),
    });
    inbox.transpose()
}

/// Says where the handlers of dials that this thread makes from now on are called: on a thread of the library (0), which
/// is the default, or on this one while it is in `RasDispatch` (1).
#[unsafe(no_mangle)]
pub extern "C" fn RasSetDelivery(delivery: u32) -> u32 {
    answer(|| {
        if delivery > ON_CALLER {
            return Err(Code::INVALID_PARAMETER);
        }
        IS_ON_CALLER.set(delivery == ON_CALLER);
        Ok(())
    })
}

/// Calls the handlers of this thread's dials for what there is to tell. If there is nothing, waits up to `milliseconds` for
/// it (0xFFFFFFFF: for ever). 258 if nothing came, 259 if there is no dial of which anything could come.
///
/// A handler that throws goes through this, and its dial is hung up.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn RasDispatch(milliseconds: u32) -> u32 {
    let Some(inbox) = own_inbox().filter(|inbox| !inbox.is_idle()) else { return NO_MORE_ITEMS.0 };
    let Some((dial, told)) = inbox.next(limit(milliseconds)) else { return WAIT_TIMEOUT.0 };
    tell(&dial, &told);
    while let Some((dial, told)) = inbox.take() {
        tell(&dial, &told);
    }
    0
}

/// Gives the descriptor that is readable while `RasDispatch` would not wait on this thread; -1 if it has no dials that
/// tell it.
#[unsafe(no_mangle)]
pub extern "C" fn RasDispatchDescriptor() -> i32 {
    own_inbox().map_or(-1, |inbox| inbox.descriptor())
}

fn own_inbox() -> Option<Arc<Inbox>> {
    with(|own| own.clone()).flatten()
}

/// Nothing once the thread is ending so far that it keeps nothing any more.
fn with<T>(work: impl FnOnce(&mut Option<Arc<Inbox>>) -> T) -> Option<T> {
    INBOX.try_with(|inbox| work(inbox.borrow_mut().get())).ok()
}

fn tell(dial: &Arc<Dialled>, told: &super::notifier::Told) {
    let _over = told.is_last.then(|| Over(dial));
    dial.tell(told, None);
}

/// Takes a dial out of the list, also if its handler throws.
struct Over<'a>(&'a Arc<Dialled>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

/// RAS_DELIVER_ON_CALLER.
const ON_CALLER: u32 = 1;
/// ERROR_NO_MORE_ITEMS.
const NO_MORE_ITEMS: Code = Code(259);

//! Dials that end with the thread that made them (clause A23).

use crate::{Backend, Handle};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};

thread_local! {
    static DIALS: RefCell<Dials> = const { RefCell::new(Dials(Vec::new())) };
}

/// The dials of this thread; dropped with it.
struct Dials(Vec<Bound>);

struct Bound {
    backend: Weak<dyn Backend>,
    handle: Handle,
    over: Arc<AtomicBool>,
}

/// Lets the dial end with this thread, unless it is over before; whoever holds what is given says when it is.
pub(crate) fn bind(backend: &Arc<dyn Backend>, handle: Handle) -> Arc<AtomicBool> {
    let over = Arc::new(AtomicBool::new(false));
    let bound = Bound { backend: Arc::downgrade(backend), handle, over: Arc::clone(&over) };
    DIALS.with_borrow_mut(|dials| {
        dials.0.retain(|bound| !bound.over.load(Relaxed) && bound.backend.strong_count() > 0);
        dials.0.push(bound);
    });
    over
}

impl Drop for Dials {
    fn drop(&mut self) {
        for Bound { backend, handle, over } in self.0.drain(..) {
            if let Some(backend) = backend.upgrade()
                && !over.load(Relaxed)
            {
                // The manager knows whether Connected was published; that decides.
                backend.abandon(handle);
            }
        }
    }
}

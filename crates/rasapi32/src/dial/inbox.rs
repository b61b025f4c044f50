//! Where what is told waits until the program fetches it.

use super::dialled::Dialled;
use super::notifier::Told;
use crate::sync::{Mutex, MutexGuard};
use rasman::Code;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel, Ordering::Acquire};
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// What some dials tell, in order. Each dial stands still until what it has told was acknowledged, so there is no more
/// than a few of each.
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Readable while something waits.
    event: OwnedFd,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Arc<Dialled>, Told)>,
    /// The dials that are not over, or of which something waits.
    dials: Vec<Arc<Dialled>>,
    is_closed: bool,
}

impl Inbox {
    /// # Errors
    /// 8 if the system has no descriptor left.
    pub(crate) fn new() -> Result<Arc<Self>, Code> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|_| Code(8))?;
        Ok(Arc::new(Self { state: Mutex::new(State::default()), event }))
    }

    /// Gives the descriptor that is readable while something waits.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.event.as_raw_fd()
    }

    /// Takes what the dial tells from now on. One that nobody takes any more is hung up.
    pub(crate) fn follow(self: &Arc<Self>, dial: Arc<Dialled>) {
        if !self.add(&dial) {
            dial.abandon();
            dial.forget();
            return;
        }
        let (inbox, dial) = (Arc::downgrade(self), Arc::downgrade(&dial));
        Arc::new(Postman { inbox, dial, calls: AtomicUsize::new(0) }).wake();
    }

    fn add(&self, dial: &Arc<Dialled>) -> bool {
        let mut state = self.lock();
        if !state.is_closed {
            state.dials.push(Arc::clone(dial));
        }
        !state.is_closed
    }

    /// Takes the next; waits for it up to this time, for ever without one. None, too, once closed.
    pub(crate) fn next(&self, limit: Option<Duration>) -> Option<(Arc<Dialled>, Told)> {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            if let Some(next) = self.take() {
                return Some(next);
            }
            if self.is_closed() {
                return None;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !self.wait(left) && left.is_some_and(|left| left.is_zero()) {
                return None;
            }
        }
    }

    /// Takes what waits.
    pub(crate) fn take(&self) -> Option<(Arc<Dialled>, Told)> {
        let mut state = self.lock();
        let next = state.waiting.pop_front();
        if let Some((dial, Told { is_last: true, .. })) = &next {
            state.dials.retain(|other| !Arc::ptr_eq(other, dial));
        }
        // Once closed it stays readable, for all who wait.
        if state.waiting.is_empty() && !state.is_closed {
            let _ = rustix::io::read(&self.event, &mut [0; 8]);
        }
        next
    }

    /// Tells whether nothing waits and nothing can come.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && state.dials.is_empty()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Takes nothing any more, wakes all who wait, and gives the dials that have nobody now whom they could tell.
    pub(crate) fn close(&self) -> Vec<Arc<Dialled>> {
        let mut state = self.lock();
        state.is_closed = true;
        state.waiting.clear();
        self.ring();
        std::mem::take(&mut state.dials)
    }

    fn post(&self, dial: Arc<Dialled>, told: Told) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        state.waiting.push_back((dial, told));
        self.ring();
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// Waits for the descriptor; tells whether it is readable. A signal ends it early.
    fn wait(&self, limit: Option<Duration>) -> bool {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        poll(&mut [PollFd::new(&self.event, PollFlags::IN)], limit.as_ref()).is_ok_and(|ready| ready > 0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings what a dial tells to an inbox. It works on the thread that reads the manager's events, and makes no calls.
struct Postman {
    inbox: Weak<Inbox>,
    dial: Weak<Dialled>,
    /// How often it was woken since it last had nothing to do.
    calls: AtomicUsize,
}

impl Postman {
    fn deliver(self: &Arc<Self>) {
        let (Some(inbox), Some(dial)) = (self.inbox.upgrade(), self.dial.upgrade()) else { return };
        let waker = Waker::from(Arc::clone(self));
        let mut cx = Context::from_waker(&waker);
        while let Poll::Ready(Some(told)) = dial.poll(&mut cx) {
            inbox.post(Arc::clone(&dial), told);
        }
    }
}

impl Wake for Postman {
    fn wake(self: Arc<Self>) {
        // One thread delivers, so that the order stays, and goes on for whoever wakes it meanwhile. Nobody waits: the source
        // may wake it from inside `poll`.
        let mut seen = self.calls.fetch_add(1, AcqRel) + 1;
        if seen > 1 {
            return;
        }
        loop {
            self.deliver();
            match self.calls.compare_exchange(seen, 0, AcqRel, Acquire) {
                Ok(_) => return,
                Err(more) => seen = more,
            }
        }
    }
}

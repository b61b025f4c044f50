//! Brings what the manager tells to whoever waits for it.

use crate::ipc::wire::{ChangeWire, EventWire, NotificationWire};
use crate::{Change, Handle, HangUp};
use rasman_core::{Cause, Notification};
use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Who waits for what.
#[derive(Default)]
pub(super) struct Router(Mutex<Routes>);

#[derive(Default)]
pub(super) struct Routes {
    /// The channel that the manager tells, while there is one.
    pub(super) channel: Option<Channel>,
    dials: HashMap<Handle, Slot>,
    ends: HashMap<Handle, Ends>,
    watchers: Vec<Watcher>,
}

/// The connection for events.
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) epoch: String,
    /// Closes when the channel is lost.
    pub(super) alive: watch::Sender<()>,
    /// Wakes the thread that reads.
    pub(super) socket: UnixStream,
}

impl Drop for Channel {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

/// A dial that has something to tell yet.
struct Slot {
    /// Gone when everything was told.
    sender: Option<mpsc::Sender<Box<Notification>>>,
    /// There until the call that dials has returned.
    receiver: Option<mpsc::Receiver<Box<Notification>>>,
    /// Attaches again if the connection is lost.
    token: Option<String>,
    seen: Option<u64>,
}

#[derive(Default)]
struct Ends {
    hang_ups: Vec<oneshot::Sender<HangUp>>,
    closed: Vec<oneshot::Sender<Cause>>,
}

struct Watcher {
    /// The last change that its snapshot shows.
    after: u64,
    sender: broadcast::Sender<Change>,
}

impl Router {
    pub(super) fn routes(&self) -> MutexGuard<'_, Routes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routes {
    /// Gives what a dial tells to the one that dialled. Some of it may have come before the call has returned.
    pub(super) fn claim(&mut self, handle: Handle, token: Option<String>) -> mpsc::Receiver<Box<Notification>> {
        let slot = self.dials.entry(handle).or_insert_with(Slot::new);
        slot.token = token;
        let receiver = slot.receiver.take().unwrap_or_else(|| mpsc::channel(1).1);
        if slot.sender.is_none() {
            self.dials.remove(&handle);
        }
        receiver
    }

    pub(super) fn wait_hang_up(&mut self, handle: Handle, sender: oneshot::Sender<HangUp>) {
        let ends = self.ends.entry(handle).or_default();
        ends.hang_ups.retain(|waiter| !waiter.is_closed());
        ends.hang_ups.push(sender);
    }

    pub(super) fn wait_closed(&mut self, handle: Handle, sender: oneshot::Sender<Cause>) {
        let ends = self.ends.entry(handle).or_default();
        ends.closed.retain(|waiter| !waiter.is_closed());
        ends.closed.push(sender);
    }

    /// Forgets those who do not wait any more.
    pub(super) fn tidy(&mut self, handle: Handle) {
        if let Some(ends) = self.ends.get_mut(&handle) {
            ends.hang_ups.retain(|waiter| !waiter.is_closed());
            ends.closed.retain(|waiter| !waiter.is_closed());
            if ends.hang_ups.is_empty() && ends.closed.is_empty() {
                self.ends.remove(&handle);
            }
        }
    }

    pub(super) fn watch(&mut self, after: u64) -> broadcast::Receiver<Change> {
        let (sender, receiver) = broadcast::channel(CHANGES_MAX);
        self.watchers.retain(|watcher| watcher.sender.receiver_count() > 0);
        self.watchers.push(Watcher { after, sender });
        receiver
    }

    /// The dials that are not over, with their tokens and what was seen of them.
    pub(super) fn unfinished(&self) -> Vec<(Handle, String, Option<u64>)> {
        let dials = self.dials.iter();
        dials.filter_map(|(handle, slot)| Some((*handle, slot.token.clone()?, slot.seen))).collect()
    }

    /// The connections whose end somebody waits for.
    pub(super) fn awaited(&self) -> Vec<Handle> {
        self.ends.keys().copied().collect()
    }

    /// Gives the token of a dial that is not over.
    pub(super) fn token(&self, handle: Handle) -> Option<String> {
        self.dials.get(&handle)?.token.clone()
    }

    /// Takes an event.
    pub(super) fn event(&mut self, event: EventWire) {
        if let Some(handle) = event.handle.map(|handle| handle.0) {
            if let Some(notification) = event.notification {
                self.notified(handle, notification);
            }
            if event.transferred == Some(true) {
                self.lose_dial(handle);
            }
            if let Some(cause) = event.gone {
                self.gone(handle, &cause.into());
            }
        }
        if let Some(change) = event.change {
            self.changed(change);
        }
        if event.lagged.is_some() {
            self.lose_watchers();
        }
    }

    fn notified(&mut self, handle: Handle, wire: NotificationWire) {
        let (seq, is_last) = (wire.seq, wire.last);
        let slot = self.dials.entry(handle).or_insert_with(Slot::new);
        // Told again after the connection was lost.
        if slot.seen.is_some_and(|seen| seq <= seen) {
            return;
        }
        slot.seen = Some(seq);
        if let (Some(sender), Some(notification)) = (&slot.sender, wire.read()) {
            // Whoever lost interest is no error, and whoever reads nothing for hours loses states in between.
            if is_last || sender.capacity() > KEPT_FOR_THE_END {
                let _ = sender.try_send(Box::new(notification));
            }
        }
        if is_last {
            slot.sender = None;
            if slot.receiver.is_none() {
                self.dials.remove(&handle);
            }
        }
    }

    /// Tells those who wait that a connection is gone.
    pub(super) fn gone(&mut self, handle: Handle, cause: &Cause) {
        let Some(ends) = self.ends.remove(&handle) else { return };
        for waiter in ends.hang_ups {
            let _ = waiter.send(HangUp::Gone(cause.clone()));
        }
        for waiter in ends.closed {
            let _ = waiter.send(cause.clone());
        }
    }

    fn changed(&mut self, wire: ChangeWire) {
        let serial = wire.serial;
        let Some(change) = wire.read() else { return };
        for watcher in self.watchers.iter().filter(|watcher| watcher.after < serial) {
            // One that went away is found at the next registration.
            let _ = watcher.sender.send(change.clone());
        }
    }

    /// Lets watchers find their channel closed; they ask for a snapshot then.
    pub(super) fn lose_watchers(&mut self) {
        self.watchers.clear();
    }

    /// A dial is not ours any more.
    pub(super) fn lose_dial(&mut self, handle: Handle) {
        self.dials.remove(&handle);
    }

    /// The manager is gone, and everything with it.
    pub(super) fn lose_all(&mut self) {
        *self = Self::default();
    }
}

impl Slot {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel(NOTIFICATIONS_MAX);
        Self { sender: Some(sender), receiver: Some(receiver), token: None, seen: None }
    }
}

/// How many changes a watcher may be behind before it is told that it lagged.
const CHANGES_MAX: usize = 1024;
/// More than one dial tells.
const NOTIFICATIONS_MAX: usize = 256;
/// What of it is kept for the last one.
const KEPT_FOR_THE_END: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::wire::HandleWire;
    use rasman_core::{ConnState, Detail};

    fn event(seq: u64, state: ConnState) -> EventWire {
        let notification = Notification::new(seq, state, None, Detail::None);
        EventWire {
            handle: Some(HandleWire(Handle(7))),
            notification: Some((&notification).into()),
            ..EventWire::default()
        }
    }

    fn states(receiver: &mut mpsc::Receiver<Box<Notification>>) -> Vec<u64> {
        std::iter::from_fn(|| receiver.try_recv().ok()).map(|notification| notification.seq).collect()
    }

    #[test]
    fn a21_what_is_told_before_the_call_has_returned_is_not_lost() {
        let mut routes = Routes::default();
        routes.event(event(0, ConnState::OpenPort));
        routes.event(event(1, ConnState::Connected));
        let mut receiver = routes.claim(Handle(7), Some("token".into()));
        assert_eq!(states(&mut receiver), [0, 1]);
        assert!(receiver.is_closed() && routes.unfinished().is_empty(), "nothing is kept of a dial that is over");
    }

    #[test]
    fn what_was_seen_is_not_told_again() {
        let mut routes = Routes::default();
        let mut receiver = routes.claim(Handle(7), Some("token".into()));
        for seq in [0, 1, 0, 1, 2] {
            routes.event(event(seq, ConnState::PortOpened));
        }
        assert_eq!(states(&mut receiver), [0, 1, 2]);
        assert_eq!(routes.unfinished(), [(Handle(7), "token".to_owned(), Some(2))]);
    }

    #[test]
    fn a_dial_that_is_never_read_loses_states_and_not_its_end() {
        let mut routes = Routes::default();
        let mut receiver = routes.claim(Handle(7), None);
        for seq in 0..1000 {
            routes.event(event(seq, ConnState::OpenPort));
        }
        routes.event(event(1000, ConnState::Connected));
        assert_eq!(states(&mut receiver).last(), Some(&1000));
    }
}

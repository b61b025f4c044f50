//! What one dial has told.

use super::outbox::Outbox;
use crate::who::Listener;
use rasman::Handle;
use rasman::ipc::message::{Reply, write};
use rasman::ipc::wire::{DialReply, EventWire, EventsReply, HandleWire};
use rasman_core::Notification;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The notifications of a dial, kept for whoever takes it up again, and who is told them now.
#[derive(Default)]
pub(super) struct DialLog {
    handle: OnceLock<Handle>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    told: VecDeque<Arc<Notification>>,
    sink: Option<Sink>,
}

/// How a client is told.
pub(super) enum Sink {
    /// As an event of a channel.
    Channel(Arc<Outbox>),
    /// As further replies to its call.
    Replies(Arc<Outbox>),
}

impl DialLog {
    pub(super) fn new(sink: Option<Sink>) -> Self {
        let log = Log { told: VecDeque::new(), sink };
        Self { handle: OnceLock::new(), log: Mutex::new(log) }
    }

    /// Sets the handle, before anything is told.
    pub(super) fn set_handle(&self, handle: Handle) {
        let _ = self.handle.set(handle);
    }

    /// Lets another client be told from now on, and what came after number `after` first. Gives the one before.
    pub(super) fn attach(&self, sink: Sink, replay: Replay) -> Option<Sink> {
        let mut log = self.log();
        let before = log.sink.take();
        let mut over = log.told.back().is_some_and(|notification| notification.is_last());
        for notification in log.told.iter().filter(|notification| replay.tells(notification, &log.told)) {
            sink.tell(self.handle(), notification);
            over &= !notification.is_last();
        }
        if over {
            // It has been told that the dial is over; all that is left is to say so.
            sink.end(self.handle());
        }
        log.sink = Some(sink);
        before
    }

    /// Lets nobody be told; what comes is kept.
    pub(super) fn detach(&self) -> Option<Sink> {
        self.log().sink.take()
    }

    /// Gives who is told, unless they were told that the dial is over.
    pub(super) fn detach_unfinished(&self) -> Option<Sink> {
        let mut log = self.log();
        let over = log.told.back().is_some_and(|notification| notification.is_last());
        log.sink.take_if(|_| !over)
    }

    fn handle(&self) -> Handle {
        self.handle.get().copied().unwrap_or(Handle(0))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told again to whoever attaches.
#[derive(Copy, Clone)]
pub(super) enum Replay {
    /// All of it.
    All,
    /// What came after this number.
    After(u64),
    /// The last notification.
    Last,
    /// Nothing, but that the dial is over.
    End,
}

impl Replay {
    fn tells(self, notification: &Notification, told: &VecDeque<Arc<Notification>>) -> bool {
        let is_newest = || told.back().is_some_and(|newest| newest.seq == notification.seq);
        match self {
            Self::All => true,
            Self::After(seq) => notification.seq > seq,
            Self::Last => is_newest(),
            Self::End => notification.is_last(),
        }
    }
}

impl Listener for DialLog {
    fn notified(&self, notification: &Arc<Notification>) {
        let mut log = self.log();
        if log.told.len() == TOLD_MAX {
            // A dial that is repeated for hours; its beginning is of no use to anybody.
            log.told.pop_front();
        }
        log.told.push_back(Arc::clone(notification));
        if let Some(sink) = &log.sink {
            sink.tell(self.handle(), notification);
        }
    }
}

impl Sink {
    fn tell(&self, handle: Handle, notification: &Notification) {
        let (handle, wire) = (HandleWire(handle), notification.into());
        match self {
            Self::Channel(outbox) => {
                let event = EventWire { handle: Some(handle), notification: Some(wire), ..EventWire::default() };
                tell_event(outbox, event);
            }
            Self::Replies(outbox) => {
                let parameters = DialReply { handle, token: None, notification: Some(wire) };
                let continues = !notification.is_last();
                outbox.send(&write(&Reply { error: None, parameters, continues }));
                if !continues {
                    outbox.end_stream();
                }
            }
        }
    }

    /// Tells that nothing more is told.
    pub(super) fn end(&self, handle: Handle) {
        if let Self::Replies(outbox) = self {
            let parameters = DialReply { handle: HandleWire(handle), token: None, notification: None };
            outbox.send(&write(&Reply { error: None, parameters, continues: false }));
            outbox.end_stream();
        }
    }

    /// Tells that another client has taken the dial over.
    pub(super) fn transferred(&self, handle: Handle) {
        if let Self::Channel(outbox) = self {
            let handle = Some(HandleWire(handle));
            tell_event(outbox, EventWire { handle, transferred: Some(true), ..EventWire::default() });
        }
        self.end(handle);
    }
}

pub(super) fn tell_event(outbox: &Outbox, event: EventWire) {
    let parameters = EventsReply { channel: None, event: Some(event) };
    outbox.send(&write(&Reply { error: None, parameters, continues: true }));
}

/// More than one attempt of a dial tells.
const TOLD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::{ConnState, Detail};

    fn told(states: &[ConnState]) -> VecDeque<Arc<Notification>> {
        let notification =
            |(seq, state): (usize, &ConnState)| Arc::new(Notification::new(seq as u64, *state, None, Detail::None));
        states.iter().enumerate().map(notification).collect()
    }

    #[test]
    fn what_is_told_again() {
        let told = told(&[ConnState::OpenPort, ConnState::PortOpened, ConnState::Connected]);
        let again = |replay: Replay| -> Vec<u64> {
            told.iter().filter(|notification| replay.tells(notification, &told)).map(|n| n.seq).collect()
        };
        assert_eq!(again(Replay::All), [0, 1, 2]);
        assert_eq!(again(Replay::After(0)), [1, 2]);
        assert_eq!(again(Replay::Last), [2]);
        assert_eq!(again(Replay::End), [2]);
    }
}

//! Watching all connections.

use crate::{Backend, ConnectionInfo, Handle};
use rasman_core::{Cause, Notification, Substate};
use std::sync::{Arc, Weak};
use tokio::sync::broadcast::{self, error::RecvError};

/// A watcher: a snapshot, then every change.
pub struct Watch {
    /// A watcher keeps no manager alive.
    backend: Weak<dyn Backend>,
    changes: broadcast::Receiver<Change>,
    snapshot: Option<Vec<ConnectionInfo>>,
}

/// What a watcher is told.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// All connections as they are now; every later change follows.
    Snapshot(Vec<ConnectionInfo>),
    /// A change.
    Change(Change),
    /// This many changes were lost because they were not read in time, or an unknown number (0) because the way to the
    /// manager was lost; a snapshot follows.
    Lagged(u64),
}

/// A change of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Change {
    /// It published a state or an error.
    Notified {
        /// Which connection.
        handle: Handle,
        /// What it published.
        notification: Arc<Notification>,
    },
    /// It was established and its link was lost, or is there again; its state stays Connected.
    Substate {
        /// Which connection.
        handle: Handle,
        /// What goes on now.
        substate: Substate,
        /// Why: the loss, or what the last attempt failed with; nothing once the link is there again.
        cause: Option<Arc<Cause>>,
    },
    /// It is gone.
    Gone {
        /// Which connection.
        handle: Handle,
        /// Why.
        cause: Arc<Cause>,
    },
}

impl Watch {
    pub(crate) fn new(backend: &Arc<dyn Backend>) -> Self {
        let (snapshot, changes) = backend.subscribe();
        Self { backend: Arc::downgrade(backend), changes, snapshot: Some(snapshot) }
    }

    /// Waits for the next event; `None` once the manager has shut down, is gone, or lets nobody watch it again. Cancel-safe.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        if let Some(snapshot) = self.snapshot.take() {
            return Some(WatchEvent::Snapshot(snapshot));
        }
        match self.changes.recv().await {
            Ok(change) => Some(WatchEvent::Change(change)),
            Err(RecvError::Lagged(lost)) => self.look_again(lost),
            Err(RecvError::Closed) if self.backend.upgrade()?.may_watch_again() => self.look_again(0),
            Err(RecvError::Closed) => None,
        }
    }

    fn look_again(&mut self, lost: u64) -> Option<WatchEvent> {
        let (snapshot, changes) = self.backend.upgrade()?.subscribe();
        // A manager that refuses is not asked again and again.
        if changes.is_closed() {
            return None;
        }
        self.snapshot = Some(snapshot);
        self.changes = changes;
        Some(WatchEvent::Lagged(lost))
    }
}

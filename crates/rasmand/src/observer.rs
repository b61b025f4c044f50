//! What a session reports goes into the table.

use crate::embedded::lock;
use crate::entries::{Entries, Promotion};
use crate::helpers::Helpers;
use crate::reserved::Reservation;
use crate::secrets::Place;
use crate::table::Table;
use rasman::{Doors, Handle};
use rasman_core::{Cause, Code, ConnState, Detail, LayerName, Notification, Substate};
use rasman_dial::Status;
use rasman_net::session::{Observer, OpenDoors};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

/// Reports one session to the table.
pub(crate) struct TableObserver {
    table: Arc<Mutex<Table>>,
    handle: Handle,
    afterwards: Option<Afterwards>,
    reservation: Option<Reservation>,
    finished: bool,
}

/// What is written once a dial has succeeded; on helpers' threads, as a worker must not wait for files.
pub(crate) struct Afterwards {
    pub(crate) entries: Arc<Entries>,
    pub(crate) helpers: Helpers,
    /// Whose dial it is.
    pub(crate) uid: u32,
    /// Where the credentials go (clause K8).
    pub(crate) remember: Option<Place>,
    pub(crate) promotion: Option<Promotion>,
}

impl TableObserver {
    pub(crate) fn new(
        table: Arc<Mutex<Table>>,
        handle: Handle,
        afterwards: Option<Afterwards>,
        reservation: Option<Reservation>,
    ) -> Self {
        Self { table, handle, afterwards, reservation, finished: false }
    }
}

impl TableObserver {
    /// Stores the credentials that have led to a connection, if that was asked for and they are not stored ones.
    fn remember(&mut self) {
        let Some(afterwards) = &mut self.afterwards else { return };
        let Some(place) = afterwards.remember.take() else { return };
        let Some(credentials) = lock(&self.table).given_credentials(self.handle) else { return };
        let entries = Arc::clone(&afterwards.entries);
        afterwards.run(move || entries.remember(&place, &credentials));
    }

    /// INFO what a user would notice, DEBUG the steps between.
    fn log(&self, notification: &Notification) {
        let (handle, state) = (self.handle, notification.state);
        match &notification.error {
            Some(cause) => {
                tracing::warn!(%handle, %state, error = cause.code.0, layer = %cause.layer, "the dial failed")
            }
            None if state == ConnState::Connected => tracing::info!(%handle, "connected"),
            None => match &notification.detail {
                Detail::Waiting { attempt, of, last, .. } => {
                    tracing::info!(%handle, attempt, of, error = last.0, "the dial waits for its next attempt")
                }
                Detail::Trying { medium, of, last, .. } => {
                    tracing::info!(%handle, medium, of, error = last.0, "the dial begins again")
                }
                _ => tracing::debug!(%handle, %state, seq = notification.seq, "state"),
            },
        }
    }
}

impl Observer for TableObserver {
    fn notified(&mut self, notification: Notification, status: Status) {
        self.log(&notification);
        let connected = notification.state == ConnState::Connected && notification.error.is_none();
        let notification = Arc::new(notification);
        let listener = lock(&self.table).notified(self.handle, &notification, status);
        if let Some(listener) = listener {
            listener.notified(&notification);
            // The kernel runs the client's thread on the core of this one, which it takes to go to sleep; it does not.
            std::thread::yield_now();
        }
        lock(&self.table).tell_watchers(self.handle, notification);
        if connected {
            self.remember();
        }
    }

    fn line(&mut self, line: OwnedFd) {
        lock(&self.table).line_opened(self.handle, line);
    }

    fn ending(&mut self) {
        lock(&self.table).ending(self.handle);
    }

    fn doors_opened(&mut self, doors: OpenDoors) {
        let doors = Doors { socks: doors.socks, forwards: doors.forwards, interface: doors.interface };
        lock(&self.table).doors_opened(self.handle, doors);
    }

    fn learned(&mut self, status: Status) {
        lock(&self.table).learned(self.handle, status);
    }

    fn substate(&mut self, substate: Substate, cause: Option<Cause>, status: Status) {
        let handle = self.handle;
        // A line for the loss and one for the return; what lies between may go on for days.
        let is_loss = status.retrying.as_ref().is_some_and(|retrying| retrying.loss.as_ref() == Some(&retrying.last));
        match &cause {
            Some(cause) if is_loss => {
                tracing::info!(%handle, reason = cause.code.0, layer = %cause.layer, "the link is lost; it is dialled again")
            }
            Some(cause) => {
                tracing::debug!(%handle, %substate, reason = cause.code.0, layer = %cause.layer, "the link is still away")
            }
            None => tracing::info!(%handle, "the link is there again"),
        }
        lock(&self.table).substate(handle, substate, cause, status);
    }

    fn promoted(&mut self, alternate: usize) {
        tracing::info!(handle = %self.handle, alternate, "the alternate is to be tried first from now on");
        let Some(afterwards) = &self.afterwards else { return };
        let Some(promotion) = afterwards.promotion.clone() else { return };
        let entries = Arc::clone(&afterwards.entries);
        afterwards.run(move || entries.promoted(&promotion, alternate));
    }

    fn finished(&mut self, cause: Cause) {
        self.finished = true;
        // The port is closed. Whoever is told of the end may dial again at once.
        self.reservation = None;
        tracing::info!(handle = %self.handle, reason = cause.code.0, layer = %cause.layer, "the connection is gone");
        lock(&self.table).finished(self.handle, &cause);
    }
}

impl Afterwards {
    fn run(&self, job: impl FnOnce() + Send + 'static) {
        if let Err(error) = self.helpers.run(self.uid, job) {
            tracing::warn!(error = error.code().0, "what follows a dial was not written: {error}");
        }
    }
}

impl Drop for TableObserver {
    fn drop(&mut self) {
        // A session that ends without a word (its worker was stopped) must not leave a connection behind.
        if !self.finished {
            self.finished(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager));
        }
    }
}

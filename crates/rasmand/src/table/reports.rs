//! Reports of sessions.

use super::record::Record;
use super::{ENDED_MAX, Ended, Numbered, Table};
use crate::who::{Listener, Owner};
use rasman::{Change, Doors, Error, Handle, HangUp};
use rasman_core::{Cause, ConnState, Detail, Notification, Substate};
use std::os::fd::OwnedFd;
use std::sync::Arc;

impl Table {
    /// Takes a notification: status first, then whoever dialled. A listener is given back, to be told by the caller once
    /// the table is unlocked; watchers come behind that, by [`Table::tell_watchers`], as waking them takes its time.
    #[must_use]
    pub(crate) fn notified(
        &mut self,
        handle: Handle,
        notification: &Arc<Notification>,
        status: rasman_dial::Status,
    ) -> Option<Arc<dyn Listener>> {
        let record = self.records.get_mut(&handle)?;
        record.take(status);
        match &notification.detail {
            Detail::Reached { peer, .. } => record.status.peer = *peer,
            Detail::Authentication(method) => record.status.authentication = Some(*method),
            _ if notification.state == ConnState::OpenPort => {
                (record.status.peer, record.status.authentication) = (None, None);
            }
            _ => {}
        }
        record.question = match &notification.detail {
            Detail::Question(question) => Some(question.clone()),
            _ => None,
        };
        // Who still has it finds its end.
        record.line.take_if(|_| notification.state != ConnState::Interactive || notification.error.is_some());
        let over = notification.error.is_some() || notification.state == ConnState::Disconnected;
        let mut listener = None;
        if let Some(teller) = &record.teller {
            record.held = (!notification.is_last()).then_some(notification.seq);
            listener = teller.tell(notification);
        }
        if notification.is_last() {
            record.teller = None;
        }
        if over {
            record.leave(&mut self.active, handle);
        }
        listener
    }

    /// Tells watchers what the one that dialled has been told.
    pub(crate) fn tell_watchers(&mut self, handle: Handle, notification: Arc<Notification>) {
        if let Some(owner) = self.owner(handle) {
            self.tell(owner, Change::Notified { handle, notification });
        }
    }

    /// Takes a change within an established connection: status first, then watchers.
    pub(crate) fn substate(
        &mut self,
        handle: Handle,
        substate: Substate,
        cause: Option<Cause>,
        status: rasman_dial::Status,
    ) {
        let Some(record) = self.records.get_mut(&handle) else { return };
        record.take(status);
        let owner = record.owner;
        self.tell(owner, Change::Substate { handle, substate, cause: cause.map(Arc::new) });
    }

    /// Takes what the far network has told; nobody waits for it, so nobody is told.
    pub(crate) fn learned(&mut self, handle: Handle, status: rasman_dial::Status) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.take(status);
        }
    }

    pub(crate) fn line_opened(&mut self, handle: Handle, line: OwnedFd) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.line = Some(line);
        }
    }

    pub(crate) fn doors_opened(&mut self, handle: Handle, doors: Doors) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.status.doors = doors;
        }
    }

    /// Takes the end of a connection: nothing of it is left.
    pub(crate) fn finished(&mut self, handle: Handle, cause: &Cause) {
        let Some(record) = self.records.remove(&handle) else { return };
        record.leave(&mut self.active, handle);
        self.uncount(record.owner);
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { handle, owner: record.owner, cause: cause.clone() });
        self.tell(record.owner, Change::Gone { handle, cause: Arc::new(cause.clone()) });
        self.close_if_done();
        for waiter in record.hang_ups {
            let _ = waiter.send(HangUp::Gone(cause.clone()));
        }
        for waiter in record.closed {
            let _ = waiter.send(cause.clone());
        }
    }

    /// Takes the word that an established connection carries nothing any more: no dial may refer to it.
    pub(crate) fn ending(&mut self, handle: Handle) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.ending = true;
        }
    }

    fn uncount(&mut self, owner: Owner) {
        let Some(count) = self.counts.get_mut(&owner) else { return };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&owner);
        }
    }

    fn tell(&mut self, owner: Owner, change: Change) {
        self.serial += 1;
        if let Some(numbered) = &self.numbered {
            let _ = numbered.send(Numbered { serial: self.serial, owner, change: change.clone() });
        }
        if let Some(changes) = &self.changes {
            // Without a watcher there is nobody to tell.
            let _ = changes.send(change);
        }
    }

    pub(super) fn close_if_done(&mut self) {
        if self.closing && self.records.is_empty() {
            self.changes = None;
            self.numbered = None;
        }
    }

    pub(super) fn record(&mut self, handle: Handle) -> Result<&mut Record, Error> {
        self.records.get_mut(&handle).ok_or_else(|| Error::invalid_handle(handle))
    }
}

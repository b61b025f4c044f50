//! One connection as the table has it.

use super::Teller;
use crate::entries::{Resolved, Source};
use crate::secrets::Place;
use crate::who::{Listener, Owner, References};
use rasman::{ConnectionInfo, Handle, HangUp, Status};
use rasman_core::{Cause, ConnState, Credentials, Entry, Notification, Question, StateClass, Statistics};
use rasman_dial::Command;
use rasman_net::session::Counters;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

pub(super) struct Record {
    pub(super) entry: Arc<Entry>,
    /// By which another dial of it is known.
    pub(super) known: Arc<Entry>,
    pub(super) owner: Owner,
    /// The entry's phone book and name as they are compared.
    pub(super) key: String,
    /// What is told of the entry.
    pub(super) name: String,
    pub(super) source: Source,
    /// The number that was dialled in place of the entry's.
    pub(super) number: String,
    pub(super) credentials: Credentials,
    /// Somebody gave the credentials, with the dial or with an answer; they were not stored.
    pub(super) given: bool,
    /// The password is the command's.
    pub(super) slow: bool,
    /// Where credentials for the entry are stored.
    pub(super) login: Option<Place>,
    pub(super) status: Status,
    pub(super) references: References,
    /// The notification that the handler works on.
    pub(super) held: Option<u64>,
    /// The question that is open.
    pub(super) question: Option<Question>,
    /// The client's end of the line, while the dial is paused in Interactive.
    pub(super) line: Option<OwnedFd>,
    /// It is on its way out, whoever wished it.
    pub(super) ending: bool,
    /// It has come to Connected.
    pub(super) was_connected: bool,
    /// A client has hung up for good.
    pub(super) hung_up: bool,
    pub(super) told_to_hang_up: bool,
    pub(super) commands: mpsc::Sender<Box<Command>>,
    /// Gone once the dial's last notification was told.
    pub(super) teller: Option<Teller>,
    pub(super) counters: Arc<Counters>,
    /// What the counters were when they were cleared.
    pub(super) cleared: Statistics,
    pub(super) hang_ups: Vec<oneshot::Sender<HangUp>>,
    pub(super) closed: Vec<oneshot::Sender<Cause>>,
}

impl Teller {
    /// Tells a queue; gives a listener back.
    pub(super) fn tell(&self, notification: &Notification) -> Option<Arc<dyn Listener>> {
        let sender = match self {
            Self::Queue(sender) => sender,
            Self::Listener(listener) => return Some(Arc::clone(listener)),
        };
        // A client that lost interest is no error. One that reads nothing while a dial is repeated for hours loses
        // states in between, and never a question or the end.
        let weighs = notification.is_last() || notification.state.class() == StateClass::Paused;
        if weighs || sender.capacity() > NOTIFICATIONS_KEPT {
            let _ = sender.try_send(Box::new(notification.clone()));
        }
        None
    }
}

impl Record {
    /// Makes room for another dial of the entry.
    pub(super) fn leave(&self, active: &mut HashMap<(Owner, String), Handle>, handle: Handle) {
        let key = (self.owner, self.key.clone());
        if active.get(&key) == Some(&handle) {
            active.remove(&key);
        }
    }

    /// Whether a dial would log in as this one did (clause A16).
    pub(super) fn is_same_login(&self, dial: &Resolved) -> bool {
        if dial.slow.is_some() {
            // What the command gives is not known yet, and asking it takes time.
            return self.slow && self.credentials.user == dial.credentials.user;
        }
        self.credentials.same_user(&dial.credentials) && self.credentials.password.same(&dial.credentials.password)
    }

    pub(super) fn take(&mut self, status: rasman_dial::Status) {
        self.was_connected |= status.state == ConnState::Connected;
        self.status.state = status.state;
        self.status.error = status.error;
        self.status.device = status.device;
        self.status.projection = status.projection;
        self.status.learned = status.learned;
        self.status.substate = status.substate;
        if let Some(medium) = self.entry.media().nth(status.medium) {
            self.status.number = medium.number();
        }
        self.status.medium = status.medium;
        self.status.retrying = status.retrying;
    }

    pub(super) fn hang_up(&mut self, cause: Cause) {
        self.end(Command::HangUp(cause));
    }

    pub(super) fn end(&mut self, command: Command) {
        self.ending = true;
        if !self.told_to_hang_up {
            self.told_to_hang_up = self.command(command);
        }
    }

    /// Tells whether the session will hear it. The queue holds more than a client can cause, as
    /// [`has_room`](Self::has_room) is asked before what a client may say as often as it likes; a session that is gone has
    /// told so already.
    pub(super) fn command(&self, command: Command) -> bool {
        self.commands.try_send(Box::new(command)).is_ok()
    }

    /// Tells whether there is room for more than what ends the dial.
    pub(super) fn has_room(&self) -> bool {
        self.commands.capacity() > self.commands.max_capacity() / 2
    }

    pub(super) fn info(&self, handle: Handle) -> ConnectionInfo {
        let error = self.status.error.as_ref().map_or(0, |cause| cause.code.0);
        let references = self.references.total();
        let mut info = ConnectionInfo::new(
            handle,
            self.name.clone(),
            self.status.device.clone(),
            self.status.state,
            error,
            references,
        );
        info.substate = self.status.substate;
        info.phonebook.clone_from(&self.source.phonebook);
        info.all_users = self.source.all_users;
        info.guid = self.source.guid;
        info
    }
}

/// What of a dial's queue is kept for its questions and its end.
const NOTIFICATIONS_KEPT: usize = 8;

//! What the daemon knows of its clients: processes, channels, and the dials that belong to them.

use super::budget::Budget;
use super::log::DialLog;
use super::outbox::Outbox;
use super::peer::{Peer, Process};
use crate::who::Owner;
use rasman::Handle;
use rasman::ipc::secret::SharedFile;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use tokio::task::AbortHandle;

/// All of it; lives on the one thread that serves clients.
#[derive(Default)]
pub(super) struct State {
    pub(super) clients: HashMap<ClientId, Rc<Client>>,
    pub(super) processes: HashMap<i32, Rc<Process>>,
    pub(super) channels: HashMap<String, ClientId>,
    pub(super) dials: HashMap<Handle, Dialled>,
    /// Tokens that attach to a dial.
    pub(super) tokens: HashMap<String, Handle>,
    /// One made ahead, as no dial is to wait for it.
    pub(super) next_token: Option<String>,
    /// Who is told when a connection is gone.
    pub(super) waiters: HashMap<Handle, Vec<Waiter>>,
    pub(super) watchers: HashMap<ClientId, Watcher>,
    /// By the user's number.
    budgets: HashMap<u32, Weak<Budget>>,
    last_client: u64,
    last_holder: u64,
}

/// Names a connection of a client.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct ClientId(u64);

/// One connection of a client.
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) peer: Peer,
    pub(super) outbox: Arc<Outbox>,
    /// Where it puts its passwords.
    pub(super) secrets: RefCell<Option<SharedFile>>,
}

/// A dial, from its beginning to the end of its connection, as long as there is somebody who may take it up.
pub(super) struct Dialled {
    pub(super) owner: Owner,
    /// Whose death ends it.
    pub(super) process: Rc<Process>,
    pub(super) token: String,
    /// The token of a transfer that was not taken up yet.
    pub(super) transfer: Option<String>,
    /// The connection whose loss starts the grace.
    pub(super) anchor: Option<ClientId>,
    pub(super) grace: Option<AbortHandle>,
    pub(super) log: Arc<DialLog>,
}

/// Who is told that a connection is gone, and how.
pub(super) struct Waiter {
    pub(super) client: ClientId,
    pub(super) by: WaitsBy,
}

#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum WaitsBy {
    /// An event of its channel.
    Channel,
    /// The reply to its call.
    Reply,
}

/// Who is told of changes.
pub(super) struct Watcher {
    pub(super) by_channel: bool,
    /// Changes up to this number stand in the snapshot that it got.
    pub(super) after: u64,
    /// How many changes it missed because it does not read; it gets a snapshot when it does again.
    pub(super) missed: Cell<u64>,
}

impl State {
    pub(super) fn next_client(&mut self) -> ClientId {
        self.last_client += 1;
        ClientId(self.last_client)
    }

    pub(super) fn next_holder(&mut self) -> crate::who::Holder {
        // Number 0 is the manager's own.
        self.last_holder += 1;
        crate::who::Holder(self.last_holder)
    }

    pub(super) fn connections_of_user(&self, uid: u32) -> usize {
        self.clients.values().filter(|client| client.peer.process.uid == uid).count()
    }

    /// Gives what the clients of a user share.
    pub(super) fn budget(&mut self, uid: u32) -> Arc<Budget> {
        if let Some(known) = self.budgets.get(&uid).and_then(Weak::upgrade) {
            return known;
        }
        self.budgets.retain(|_, budget| budget.strong_count() > 0);
        let budget = Arc::new(Budget::default());
        self.budgets.insert(uid, Arc::downgrade(&budget));
        budget
    }

    pub(super) fn is_idle(&self) -> bool {
        self.clients.is_empty()
    }

    /// Forgets what was needed to take a dial up again.
    pub(super) fn forget_dial(&mut self, handle: Handle) {
        if let Some(dial) = self.dials.remove(&handle) {
            self.tokens.remove(&dial.token);
            if let Some(transfer) = &dial.transfer {
                self.tokens.remove(transfer);
            }
            if let Some(grace) = &dial.grace {
                grace.abort();
            }
        }
    }

    /// Forgets a process that has neither a connection nor a dial here; tells whether it has none.
    pub(super) fn forget_process(&mut self, process: &Rc<Process>) -> bool {
        let has_dial = || self.dials.values().any(|dial| Rc::ptr_eq(&dial.process, process));
        if process.connections.get() > 0 || has_dial() {
            return false;
        }
        let known = self.processes.get(&process.pid);
        if known.is_some_and(|known| Rc::ptr_eq(known, process)) {
            self.processes.remove(&process.pid);
        }
        true
    }
}

impl Client {
    pub(super) fn is_of(&self, process: &Rc<Process>) -> bool {
        Rc::ptr_eq(&self.peer.process, process)
    }
}

impl Dialled {
    /// Stops the grace: somebody has taken it up.
    pub(super) fn stop_grace(&mut self) {
        if let Some(grace) = self.grace.take() {
            grace.abort();
        }
    }
}

//! The manager as its clients see it.

use crate::{Backend, Connection, ConnectionInfo, Dialing, Error, Handle, Held, Watch};
use rasman_core::{Cause, Code, Credentials, Entry};
use std::sync::Arc;

/// A remote access connection manager.
///
/// Clones are the same manager. Get one from `rasmand::embedded`.
#[derive(Clone)]
pub struct Manager {
    backend: Arc<dyn Backend>,
}

impl Manager {
    /// Makes a manager of what carries out its calls.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// Starts a dial and returns at once.
    ///
    /// # Errors
    /// What can be told at once: 623 for an unknown entry, 756 for one that is being dialled, 87 for a setting that
    /// cannot work, 5 for an entry that is connected with other credentials. Everything later is a notification.
    pub fn dial(&self, dial: Dial) -> Result<Dialing, Error> {
        self.start(dial, false)
    }

    /// Starts a dial that is held at each notification until the handler has returned; returns at once.
    ///
    /// # Errors
    /// As [`Manager::dial`].
    pub fn dial_held(&self, dial: Dial) -> Result<Held, Error> {
        Ok(Held::new(self.start(dial, true)?))
    }

    /// Dials and blocks the thread until connected or failed. Not for use within an async runtime.
    ///
    /// # Errors
    /// As [`Manager::dial`], and what ended the dial.
    pub fn dial_sync(&self, dial: Dial) -> Result<Connection, Error> {
        self.start(dial, false)?.wait()
    }

    /// Lists the connections; dials in progress and failed dials not yet hung up are among them.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.backend.connections()
    }

    /// Finds a connection by its handle, whoever dialled it.
    ///
    /// # Errors
    /// 6 if there is none.
    pub fn connection(&self, handle: Handle) -> Result<Connection, Error> {
        self.backend.status(handle)?;
        Ok(self.handle(handle))
    }

    /// Tells why a connection ended that is not listed any more.
    #[must_use]
    pub fn ended(&self, handle: Handle) -> Option<Cause> {
        self.backend.ended(handle)
    }

    /// Watches all connections: a snapshot first, then every change.
    ///
    /// A watcher that is too slow is told that it lagged, gets a fresh snapshot, and delays nobody.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(&self.backend)
    }

    /// Hangs up everything (reason 834) and waits until the manager's threads have ended.
    pub async fn shut_down(&self) {
        let mut done = self.backend.shut_down();
        while done.changed().await.is_ok() {}
        self.backend.join();
    }

    fn start(&self, dial: Dial, held: bool) -> Result<Dialing, Error> {
        let started = self.backend.dial(dial, held)?;
        Ok(Dialing::new(self.handle(started.handle), started.notifications))
    }

    fn handle(&self, handle: Handle) -> Connection {
        Connection { backend: Arc::clone(&self.backend), handle }
    }
}

/// What to dial and as whom.
#[derive(Clone)]
#[non_exhaustive]
pub struct Dial {
    /// The entry.
    pub target: Target,
    /// Who dials.
    pub credentials: Credentials,
    /// Questions may pause the dial (RDEOPT_PausedStates); without, a question ends it (clauses P1, P2).
    pub paused_states: bool,
}

/// Which entry to dial.
#[derive(Clone, Debug)]
pub enum Target {
    /// An entry that the manager knows, by name.
    Name(String),
    /// These settings.
    Entry(Box<Entry>),
}

impl Dial {
    /// Dials an entry that the manager knows.
    #[must_use]
    pub fn entry(name: impl Into<String>) -> Self {
        Self::to(Target::Name(name.into()))
    }

    /// Dials with these settings.
    #[must_use]
    pub fn settings(entry: Entry) -> Self {
        Self::to(Target::Entry(Box::new(entry)))
    }

    /// Sets who dials.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Lets questions pause the dial.
    #[must_use]
    pub fn paused_states(mut self, on: bool) -> Self {
        self.paused_states = on;
        self
    }

    fn to(target: Target) -> Self {
        Self { target, credentials: Credentials::default(), paused_states: false }
    }
}

/// The refusal for an unknown handle (clause H3).
impl Error {
    /// Makes error 6.
    #[must_use]
    pub fn invalid_handle(handle: Handle) -> Self {
        Self::refused(Code::INVALID_HANDLE, format!("looked for the connection {handle}"))
    }
}

//! The table of connections.

mod calls;
mod record;
mod reports;

use crate::entries::Resolved;
use crate::secrets::Place;
use crate::who::{Listener, Owner, References, Who};
use rasman::{Change, Doors, Error, Handle, Status};
use rasman_core::{Cause, Code, ConnState, Credentials, LayerName, Notification, Statistics};
use rasman_dial::Command;
use rasman_net::session::Counters;
use record::Record;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

/// Connections, behind one short-held lock.
///
/// Whatever a client is told stands here before it is told (clauses A47, C6).
pub(crate) struct Table {
    epoch: u32,
    last: u32,
    records: HashMap<Handle, Record>,
    /// How many of them each user has.
    counts: HashMap<Owner, usize>,
    /// Which connection an entry has: being dialled, or connected.
    active: HashMap<(Owner, String), Handle>,
    ended: VecDeque<Ended>,
    /// Gone once the manager has shut down and the last connection has ended.
    changes: Option<broadcast::Sender<Change>>,
    /// The same for a daemon, which tells each user what they may see.
    numbered: Option<broadcast::Sender<Numbered>>,
    /// The number of the last change.
    serial: u64,
    closing: bool,
}

/// A change, and where it stands.
#[derive(Clone)]
pub(crate) struct Numbered {
    pub(crate) serial: u64,
    pub(crate) owner: Owner,
    pub(crate) change: Change,
}

/// A connection that is not listed any more.
struct Ended {
    handle: Handle,
    owner: Owner,
    cause: Cause,
}

/// Who is told of a dial.
pub(crate) enum Teller {
    Queue(mpsc::Sender<Box<Notification>>),
    Listener(Arc<dyn Listener>),
}

/// What stands in the way of a dial.
pub(crate) enum Lookup {
    Free,
    /// The entry is connected; a reference was added.
    Referenced(Handle),
}

/// What became of an answer.
pub(crate) enum Answering {
    Taken,
    NotOpen,
}

impl Table {
    pub(crate) fn new(epoch: u32) -> Self {
        let (changes, _) = broadcast::channel(CHANGES_MAX);
        Self {
            epoch,
            last: 0,
            records: HashMap::new(),
            counts: HashMap::new(),
            active: HashMap::new(),
            ended: VecDeque::new(),
            changes: Some(changes),
            numbered: None,
            serial: 0,
            closing: false,
        }
    }

    /// Decides what RasDial returns at once for an entry (clauses A16, A17).
    pub(crate) fn lookup(&mut self, who: Who, dial: &Resolved) -> Result<Lookup, Error> {
        let active = self.active.get(&(who.owner, dial.key.clone())).copied();
        let Some((handle, record)) = active.and_then(|handle| Some((handle, self.records.get_mut(&handle)?))) else {
            return Ok(Lookup::Free);
        };
        if record.ending {
            return Ok(Lookup::Free);
        }
        let name = &record.name;
        if record.status.state != ConnState::Connected {
            let did = format!("found \"{name}\" being dialled already");
            return Err(Error::refused(Code::DIAL_ALREADY_IN_PROGRESS, did));
        }
        if !record.is_same_login(dial) {
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                .did(format!("found \"{name}\" connected with other credentials"))
                .advice("hang that connection up first, or dial with its credentials");
            return Err(Error(cause));
        }
        // A phone book's entry may have changed since it was dialled; its connection keeps the settings it has.
        let changeable = dial.source.phonebook.is_some();
        if record.number != dial.number || (!changeable && record.known != dial.known) {
            let cause = Cause::new(Code::ALREADY_EXISTS, LayerName::Manager)
                .did(format!("found another entry named \"{name}\", or another number of it, connected"))
                .advice("give the entry another name, or hang that connection up first");
            return Err(Error(cause));
        }
        record.references.add(who.holder);
        Ok(Lookup::Referenced(handle))
    }

    /// Makes a handle value that was not used before by this manager (clause H15).
    pub(crate) fn next_handle(&mut self) -> Handle {
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            let handle = Handle(u64::from(self.epoch) << 32 | u64::from(self.last));
            if !self.records.contains_key(&handle) {
                return handle;
            }
        }
    }

    pub(crate) fn insert(
        &mut self,
        who: Who,
        handle: Handle,
        dial: &Resolved,
        commands: mpsc::Sender<Box<Command>>,
        teller: Teller,
        counters: Arc<Counters>,
    ) {
        self.active.insert((who.owner, dial.key.clone()), handle);
        let device = dial.entry.medium.device();
        let mut status = Status::new(ConnState::OpenPort, None, device, None, Doors::default());
        status.number = dial.entry.medium.number();
        let record = Record {
            entry: Arc::clone(&dial.entry),
            known: Arc::clone(&dial.known),
            owner: who.owner,
            key: dial.key.clone(),
            name: dial.entry.name.clone(),
            source: dial.source.clone(),
            number: dial.number.clone(),
            credentials: dial.credentials.clone(),
            given: dial.given,
            slow: dial.slow.is_some(),
            login: dial.login.clone(),
            status,
            references: References::new(who.holder),
            held: None,
            question: None,
            line: None,
            ending: false,
            was_connected: false,
            hung_up: false,
            told_to_hang_up: false,
            commands,
            teller: Some(teller),
            counters,
            cleared: Statistics::default(),
            hang_ups: Vec::new(),
            closed: Vec::new(),
        };
        self.records.insert(handle, record);
        *self.counts.entry(who.owner).or_default() += 1;
    }

    /// Takes credentials that came after the dial had begun.
    pub(crate) fn logs_in_as(&mut self, handle: Handle, credentials: &Credentials) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.credentials = credentials.clone();
        }
    }

    /// Says where credentials for a connection are stored.
    pub(crate) fn login(&mut self, handle: Handle) -> Result<Option<Place>, Error> {
        Ok(self.record(handle)?.login.clone())
    }

    /// Gives the credentials that somebody gave for a connection, and nothing if they are stored ones.
    pub(crate) fn given_credentials(&self, handle: Handle) -> Option<Credentials> {
        self.records.get(&handle).filter(|record| record.given).map(|record| record.credentials.clone())
    }

    /// Tells whether an entry is connected or being dialled, whoever does so.
    pub(crate) fn is_active(&self, key: &str) -> bool {
        self.active.keys().any(|(_, active)| active == key)
    }

    /// Takes the new name of an entry, so that its connections are found by it.
    pub(crate) fn renamed(&mut self, old: &str, new: &str, name: &str) {
        for (handle, record) in self.records.iter_mut().filter(|(_, record)| record.key == old) {
            let was_active = self.active.remove(&(record.owner, record.key.clone()));
            record.key = new.to_owned();
            record.name = name.to_owned();
            if was_active == Some(*handle) {
                self.active.insert((record.owner, record.key.clone()), *handle);
            } else if let Some(other) = was_active {
                self.active.insert((record.owner, old.to_owned()), other);
            }
        }
    }
}

/// How many changes a watcher may be behind before it is told that it lagged.
const CHANGES_MAX: usize = 1024;
/// How many reasons of ended connections are remembered.
const ENDED_MAX: usize = 256;

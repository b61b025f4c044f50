//! The table of connections.

use crate::entries::{Resolved, Source};
use crate::secrets::Place;
use crate::who::{Holder, Listener, Owner, References, Who};
use rasman::{Change, ConnectionInfo, Doors, Error, Handle, HangUp, Status};
use rasman_core::{
    Answer, Cause, Code, ConnState, Credentials, Detail, Entry, LayerName, Notification, Question, StateClass,
    Statistics, Substate,
};
use rasman_dial::Command;
use rasman_net::session::Counters;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Connections, behind one short-held lock.
///
/// Whatever a client is told stands here before it is told (clauses A47, C6).
pub(crate) struct Table {
    epoch: u32,
    last: u32,
    records: HashMap<Handle, Record>,
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

struct Record {
    entry: Arc<Entry>,
    owner: Owner,
    /// The entry's phone book and name as they are compared.
    key: String,
    /// What is told of the entry.
    name: String,
    source: Source,
    /// The number that was dialled in place of the entry's.
    number: String,
    credentials: Credentials,
    /// Somebody gave the credentials, with the dial or with an answer; they were not stored.
    given: bool,
    /// The password is the command's.
    slow: bool,
    /// Where credentials for the entry are stored.
    login: Option<Place>,
    status: Status,
    references: References,
    /// The notification that the handler works on.
    held: Option<u64>,
    /// The question that is open.
    question: Option<Question>,
    /// It is on its way out, whoever wished it.
    ending: bool,
    /// It has come to Connected.
    was_connected: bool,
    /// A client has hung up for good.
    hung_up: bool,
    told_to_hang_up: bool,
    commands: mpsc::Sender<Box<Command>>,
    /// Gone once the dial's last notification was told.
    teller: Option<Teller>,
    counters: Arc<Counters>,
    /// What the counters were when they were cleared.
    cleared: Statistics,
    hang_ups: Vec<oneshot::Sender<HangUp>>,
    closed: Vec<oneshot::Sender<Cause>>,
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
        if record.number != dial.number || (!changeable && *record.entry != *dial.entry) {
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

    // Calls of clients.

    pub(crate) fn handler_done(&mut self, handle: Handle, seq: u64, more: bool) {
        let Some(record) = self.records.get_mut(&handle) else { return };
        if record.held.take_if(|held| *held == seq).is_some() {
            record.command(Command::HandlerDone { seq, more });
        }
    }

    pub(crate) fn answer(&mut self, handle: Handle, question: u32, answer: Answer) -> Result<Answering, Error> {
        let record = self.record(handle)?;
        match &record.question {
            Some(open) if open.id != question => return Ok(Answering::NotOpen),
            None => return Ok(Answering::NotOpen),
            Some(open) if !open.kind.takes(&answer) => {
                return Err(Error::refused(
                    Code::INVALID_PARAMETER,
                    "took an answer of another kind than was asked for",
                ));
            }
            Some(_) => record.question = None,
        }
        match &answer {
            Answer::Credentials(credentials) => {
                record.credentials = credentials.clone();
                (record.given, record.slow) = (true, false);
            }
            // What is stored for the entry is the new one from now on.
            Answer::NewPassword(new) => {
                record.credentials.password = new.clone();
                (record.given, record.slow) = (true, false);
            }
            _ => {}
        }
        record.command(Command::Answer { id: question, answer });
        Ok(Answering::Taken)
    }

    /// Gives back one reference of this process, or with `force` all there are.
    pub(crate) fn hang_up(
        &mut self,
        handle: Handle,
        holder: Holder,
        force: bool,
    ) -> Result<oneshot::Receiver<HangUp>, Error> {
        let record = self.record(handle)?;
        let (told, waiter) = oneshot::channel();
        // Clause H9: only the last reference disconnects.
        let stays = !force && !record.ending && record.references.total() > 1;
        if stays {
            let remaining = record.references.give_back(holder).ok_or_else(|| Error::invalid_handle(handle))?;
            let _ = told.send(HangUp::Released { remaining });
        } else {
            record.hung_up = true;
            record.hang_ups.retain(|waiter| !waiter.is_closed());
            record.hang_ups.push(told);
            record.hang_up(user_hung_up());
        }
        Ok(waiter)
    }

    /// Hangs up a dial that did not come to Connected, a failed one included; gives whether there was one.
    pub(crate) fn abandon(&mut self, handle: Handle) -> bool {
        let Some(record) = self.records.get_mut(&handle) else { return false };
        // Clauses A44, A48: the boundary is Connected as it is published, and nothing behind it is abandoned.
        if record.was_connected {
            return false;
        }
        record.hung_up = true;
        record.end(Command::Abandon(user_hung_up()));
        true
    }

    /// Takes note that a process has ended; what it had dialled and connected stays.
    pub(crate) fn depart(&mut self, holder: Holder) {
        for record in self.records.values_mut() {
            record.references.depart(holder);
        }
    }

    /// Hands the reference of a dial to the process that takes it over.
    pub(crate) fn hand_over(&mut self, handle: Handle, from: Holder, to: Holder) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.references.hand_over(from, to);
        }
    }

    /// Whose a connection is.
    pub(crate) fn owner(&self, handle: Handle) -> Option<Owner> {
        self.records.get(&handle).map(|record| record.owner)
    }

    /// Whether a process has given back all its references to a connection, so that the handle is invalid to it.
    pub(crate) fn is_released(&self, handle: Handle, holder: Holder) -> bool {
        self.records.get(&handle).is_some_and(|record| record.references.is_released(holder))
    }

    /// Whether a dial waits for its handler or for an answer.
    pub(crate) fn is_waiting(&self, handle: Handle) -> bool {
        self.records.get(&handle).is_some_and(|record| record.held.is_some() || record.question.is_some())
    }

    /// The first half of all handles.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether there is no connection, no dial and no failed dial.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many connections a user has, dials and failed dials included.
    pub(crate) fn count(&self, owner: Owner) -> usize {
        self.records.values().filter(|record| record.owner == owner).count()
    }

    pub(crate) fn may_enter_handler(&self, handle: Handle) -> bool {
        self.records.get(&handle).is_some_and(|record| !record.hung_up)
    }

    /// Hangs up everything for good: watchers are told the ends, and then that there is nothing to watch.
    pub(crate) fn shut_down(&mut self, cause: &Cause) {
        self.closing = true;
        self.hang_up_all(cause);
        self.close_if_done();
    }

    pub(crate) fn hang_up_all(&mut self, cause: &Cause) {
        for record in self.records.values_mut() {
            record.hang_up(cause.clone());
        }
    }

    pub(crate) fn status(&mut self, handle: Handle) -> Result<Status, Error> {
        Ok(self.record(handle)?.status.clone())
    }

    pub(crate) fn statistics(&mut self, handle: Handle) -> Result<Statistics, Error> {
        let record = self.record(handle)?;
        Ok(since(&record.cleared, record.counters.read()))
    }

    /// Lets later readings count from now on (clause T3).
    pub(crate) fn clear_statistics(&mut self, handle: Handle) -> Result<(), Error> {
        let record = self.record(handle)?;
        record.cleared = record.counters.read();
        Ok(())
    }

    pub(crate) fn closed(&mut self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error> {
        let (told, waiter) = oneshot::channel();
        let closed = &mut self.record(handle)?.closed;
        // Whoever asked and went away leaves nothing here.
        closed.retain(|waiter| !waiter.is_closed());
        closed.push(told);
        Ok(waiter)
    }

    pub(crate) fn connections(&self) -> Vec<ConnectionInfo> {
        let mut list: Vec<_> = self.records.iter().map(|(handle, record)| record.info(*handle)).collect();
        list.sort_by_key(|info| info.handle);
        list
    }

    pub(crate) fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>) {
        let changes = self.changes.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe);
        (self.connections(), changes)
    }

    pub(crate) fn ended(&self, handle: Handle) -> Option<Cause> {
        self.ended_of(handle).map(|(_, cause)| cause)
    }

    /// Whose a connection was that is not listed any more, and why it ended.
    pub(crate) fn ended_of(&self, handle: Handle) -> Option<(Owner, Cause)> {
        self.ended.iter().find(|ended| ended.handle == handle).map(|ended| (ended.owner, ended.cause.clone()))
    }

    /// Starts telling changes with their numbers.
    pub(crate) fn number_changes(&mut self) -> broadcast::Receiver<Numbered> {
        self.numbered.get_or_insert_with(|| broadcast::channel(CHANGES_MAX).0).subscribe()
    }

    /// Lists whose connections there are, with the number of the last change that the list shows.
    pub(crate) fn snapshot(&self) -> (u64, Vec<(Owner, ConnectionInfo)>) {
        let mut list: Vec<_> =
            self.records.iter().map(|(handle, record)| (record.owner, record.info(*handle))).collect();
        list.sort_by_key(|(_, info)| info.handle);
        (self.serial, list)
    }

    // Reports of sessions.

    /// Takes a notification: status first, then whoever is told. A listener is given back, to be told by the caller
    /// once the table is unlocked.
    #[must_use]
    pub(crate) fn notified(
        &mut self,
        handle: Handle,
        notification: Notification,
        status: rasman_dial::Status,
    ) -> Option<(Arc<dyn Listener>, Arc<Notification>)> {
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
        let notification = Arc::new(notification);
        record.question = match &notification.detail {
            Detail::Question(question) => Some(question.clone()),
            _ => None,
        };
        let over = notification.error.is_some() || notification.state == ConnState::Disconnected;
        let owner = record.owner;
        let mut listener = None;
        if let Some(teller) = &record.teller {
            record.held = (!notification.is_last()).then_some(notification.seq);
            listener = teller.tell(&notification);
        }
        if notification.is_last() {
            record.teller = None;
        }
        if over {
            record.leave(&mut self.active, handle);
        }
        self.tell(owner, Change::Notified { handle, notification: Arc::clone(&notification) });
        listener.map(|listener| (listener, notification))
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

    pub(crate) fn doors_opened(&mut self, handle: Handle, doors: Doors) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.status.doors = doors;
        }
    }

    /// Takes the end of a connection: nothing of it is left.
    pub(crate) fn finished(&mut self, handle: Handle, cause: &Cause) {
        let Some(record) = self.records.remove(&handle) else { return };
        record.leave(&mut self.active, handle);
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

    fn close_if_done(&mut self) {
        if self.closing && self.records.is_empty() {
            self.changes = None;
            self.numbered = None;
        }
    }

    fn record(&mut self, handle: Handle) -> Result<&mut Record, Error> {
        self.records.get_mut(&handle).ok_or_else(|| Error::invalid_handle(handle))
    }
}

impl Teller {
    /// Tells a queue; gives a listener back.
    fn tell(&self, notification: &Notification) -> Option<Arc<dyn Listener>> {
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
    fn leave(&self, active: &mut HashMap<(Owner, String), Handle>, handle: Handle) {
        let key = (self.owner, self.key.clone());
        if active.get(&key) == Some(&handle) {
            active.remove(&key);
        }
    }

    /// Whether a dial would log in as this one did (clause A16).
    fn is_same_login(&self, dial: &Resolved) -> bool {
        if dial.slow.is_some() {
            // What the command gives is not known yet, and asking it takes time.
            return self.slow && self.credentials.user == dial.credentials.user;
        }
        self.credentials.same_user(&dial.credentials) && self.credentials.password.same(&dial.credentials.password)
    }

    fn take(&mut self, status: rasman_dial::Status) {
        self.was_connected |= status.state == ConnState::Connected;
        self.status.state = status.state;
        self.status.error = status.error;
        self.status.device = status.device;
        self.status.projection = status.projection;
        self.status.substate = status.substate;
        let media = std::iter::once(&self.entry.medium).chain(&self.entry.alternates);
        if let Some(medium) = media.into_iter().nth(status.medium) {
            self.status.number = medium.number();
        }
        self.status.medium = status.medium;
        self.status.retrying = status.retrying;
    }

    fn hang_up(&mut self, cause: Cause) {
        self.end(Command::HangUp(cause));
    }

    fn end(&mut self, command: Command) {
        self.ending = true;
        if !std::mem::replace(&mut self.told_to_hang_up, true) {
            self.command(command);
        }
    }

    fn command(&self, command: Command) {
        // The queue holds more than a client can cause; a session that is gone has told so already.
        let _ = self.commands.try_send(Box::new(command));
    }

    fn info(&self, handle: Handle) -> ConnectionInfo {
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

/// How many changes a watcher may be behind before it is told that it lagged.
const CHANGES_MAX: usize = 1024;
/// What of a dial's queue is kept for its questions and its end.
const NOTIFICATIONS_KEPT: usize = 8;
/// How many reasons of ended connections are remembered.
const ENDED_MAX: usize = 256;

/// What was counted since the counters were cleared; the time of the connection goes on.
fn since(cleared: &Statistics, mut now: Statistics) -> Statistics {
    now.bytes_sent -= cleared.bytes_sent.min(now.bytes_sent);
    now.bytes_received -= cleared.bytes_received.min(now.bytes_received);
    now.packets_sent -= cleared.packets_sent.min(now.packets_sent);
    now.packets_received -= cleared.packets_received.min(now.packets_received);
    now.send_drops -= cleared.send_drops.min(now.send_drops);
    now.receive_drops -= cleared.receive_drops.min(now.receive_drops);
    now
}

fn user_hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

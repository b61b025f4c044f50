//! Serves clients: accepts them, one task each, and notices their ends.

use super::budget::Charge;
use super::clerks::Clerks;
use super::hub;
use super::limits::Limits;
use super::outbox::Outbox;
use super::peer::{self, Peer, Process};
use super::refusals::Refusals;
use super::state::{Client, ClientId, State};
use crate::embedded::Embedded;
use rasman::Handle;
use rasman::ipc::message::{Reply, write};
use rasman::ipc::scope::Scope;
use rasman::ipc::wire::Refused;
use rasman::ipc::{CALL_MAX, Frames, receive_into};
use rasman_core::{Cause, Code, LayerName};
use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};

/// The daemon's front: everything here lives on one thread.
pub(super) struct Server {
    pub(super) embedded: Arc<Embedded>,
    pub(super) scope: Scope,
    pub(super) limits: Limits,
    /// The group that sees all.
    pub(super) admins: Option<u32>,
    state: RefCell<State>,
    /// A client or a connection came or went.
    pub(super) changed: Notify,
    /// Carry out what reads and writes files.
    pub(super) clerks: Clerks,
    /// What is logged of refusals.
    pub(super) refusals: Arc<Refusals>,
    /// Somebody wants the daemon to stop.
    pub(super) stop: mpsc::Sender<()>,
}

impl Server {
    pub(super) fn new(
        embedded: Arc<Embedded>,
        scope: Scope,
        limits: Limits,
        admins: Option<u32>,
        stop: mpsc::Sender<()>,
    ) -> Self {
        Self {
            embedded,
            scope,
            limits,
            admins,
            state: RefCell::default(),
            changed: Notify::new(),
            clerks: Clerks::default(),
            refusals: Arc::default(),
            stop,
        }
    }

    /// Borrows the state. Never across an await: each call of a client is carried out at once.
    pub(super) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Whether nobody is connected and nothing is dialled.
    pub(super) fn is_idle(&self) -> bool {
        self.state().is_idle() && self.embedded.table().is_empty()
    }

    /// Takes a client on, or tells it why not.
    pub(super) fn accept(self: &Rc<Self>, stream: UnixStream) {
        match self.admit(&stream) {
            Ok(peer) => {
                let stream = Arc::new(stream);
                // Counted at once: many may be accepted before the first of them is served.
                let client = self.register(&stream, peer);
                let server = Rc::clone(self);
                tokio::task::spawn_local(async move { server.serve(&stream, &client).await });
            }
            Err(cause) => {
                let uid = peer::credentials(&stream).map_or(u32::MAX, |credentials| credentials.uid);
                if let Some(and) = self.refusals.tell(uid, Instant::now()) {
                    tracing::warn!(uid, code = cause.code.0, did = cause.did, "a client was turned away{and}");
                }
                let message = refused(&cause);
                // One message fits into an empty socket.
                let _ = rasman::ipc::send_some(&stream, &message);
            }
        }
    }

    fn admit(self: &Rc<Self>, stream: &UnixStream) -> Result<Peer, Cause> {
        let denied = |did: String| Cause::new(Code::ACCESS_DENIED, LayerName::Manager).did(did);
        let credentials =
            peer::credentials(stream).map_err(|error| denied(format!("asked the system who is calling: {error}")))?;
        let uid = credentials.uid;
        let own = rasman::ipc::scope::own_uid();
        if self.scope == Scope::User && uid != own && uid != 0 {
            return Err(denied(format!("was called by user {uid}, and am the manager of user {own} alone")));
        }
        let full = |what: &str, count: usize| {
            Cause::new(Code::OUT_OF_BUFFERS, LayerName::Manager)
                .did(format!("counted {count} connections of {what}"))
                .advice("close some; one is enough for any number of dials")
        };
        if self.state().clients.len() >= self.limits.connections {
            return Err(full("all clients", self.limits.connections));
        }
        if self.state().connections_of_user(uid) >= self.limits.of_user {
            return Err(full(&format!("user {uid}"), self.limits.of_user));
        }
        let descriptor = peer::open_process(stream, credentials.pid);
        let is_member = self.admins.is_some_and(|group| peer::is_member(stream, &credentials, group));
        let sees_all = uid == 0 || uid == own || is_member;
        let process = self.process(credentials.pid, uid, descriptor);
        if process.connections.get() >= self.limits.of_process {
            return Err(full(&format!("process {}", process.pid), self.limits.of_process));
        }
        Ok(Peer { process, sees_all })
    }

    /// Finds the process behind a connection, or starts watching it.
    fn process(self: &Rc<Self>, pid: i32, uid: u32, descriptor: Option<OwnedFd>) -> Rc<Process> {
        let mut state = self.state();
        if let Some(known) = state.processes.get(&pid)
            && known.uid == uid
            && !known.has_ended.get()
        {
            return Rc::clone(known);
        }
        // Deprecated because it also takes types that do not own their descriptor; this one does.
        #[allow(deprecated)]
        let descriptor = descriptor.and_then(|owned| AsyncFd::with_interest(owned, Interest::READABLE).ok());
        let process = Rc::new(Process {
            pid,
            uid,
            holder: state.next_holder(),
            connections: Cell::new(0),
            is_watched: descriptor.is_some(),
            has_ended: Cell::new(false),
            watch: OnceCell::new(),
        });
        if let Some(descriptor) = descriptor {
            state.processes.insert(pid, Rc::clone(&process));
            let (server, ended) = (Rc::downgrade(self), Rc::downgrade(&process));
            let watch = tokio::task::spawn_local(async move {
                // Readable once it has ended.
                let _ = descriptor.readable().await;
                if let (Some(server), Some(process)) = (server.upgrade(), ended.upgrade()) {
                    server.process_ended(&process);
                }
            });
            let _ = process.watch.set(watch.abort_handle());
        }
        process
    }

    fn register(&self, stream: &Arc<UnixStream>, peer: Peer) -> Rc<Client> {
        let mut state = self.state();
        peer.process.connections.set(peer.process.connections.get() + 1);
        let outbox = Arc::new(Outbox::new(Arc::clone(stream), state.budget(peer.process.uid)));
        let client = Rc::new(Client { id: state.next_client(), peer, outbox, secrets: RefCell::default() });
        state.clients.insert(client.id, Rc::clone(&client));
        self.changed.notify_one();
        client
    }

    async fn serve(self: Rc<Self>, stream: &UnixStream, client: &Rc<Client>) {
        tokio::select! {
            result = self.read(client, stream) => if let Err(error) = result {
                tracing::debug!(pid = client.peer.process.pid, "a client is cut off: {error}");
            },
            () = client.outbox.run(|| hub::caught_up(&self, client)) => {
                tracing::info!(pid = client.peer.process.pid, "a client that does not read is cut off");
            }
        }
        self.client_left(client);
        self.changed.notify_one();
    }

    /// Reads calls and carries them out, until the client closes.
    async fn read(self: &Rc<Self>, client: &Rc<Client>, stream: &UnixStream) -> io::Result<()> {
        let mut frames = Frames::new(CALL_MAX);
        let mut descriptors = Vec::new();
        let budget = self.state().budget(client.peer.process.uid);
        let mut charge = Charge::new(budget);
        loop {
            let count =
                stream.async_io(Interest::READABLE, || receive_into(stream, &mut frames, &mut descriptors)).await?;
            if count == 0 {
                return Ok(());
            }
            if !charge.set(frames.held()) {
                return Err(too_much());
            }
            let mut calls = 0;
            while let Some(message) = frames.next().map_err(io::Error::other)? {
                let streams = super::methods::call(self, client, message, std::mem::take(&mut descriptors))?;
                if streams {
                    // The next call has to wait for the last reply to this one; its end is noticed meanwhile.
                    self.between_streams(client, stream, &mut frames, &mut descriptors, &mut charge).await?;
                }
                client.outbox.below(REPLIES_MAX).await;
                calls += 1;
                if calls == CALLS_A_TURN {
                    calls = 0;
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Waits until the replies to a call have been sent. What comes meanwhile is kept, up to the bound of a message.
    async fn between_streams(
        &self,
        client: &Client,
        stream: &UnixStream,
        frames: &mut Frames,
        descriptors: &mut Vec<OwnedFd>,
        charge: &mut Charge,
    ) -> io::Result<()> {
        let ended = client.outbox.between_streams();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => return Ok(()),
                count = stream.async_io(Interest::READABLE, || receive_into(stream, frames, descriptors)) => {
                    if count? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    if !charge.set(frames.held()) {
                        return Err(too_much());
                    }
                }
            }
        }
    }

    /// A connection is gone; its process may live on.
    fn client_left(self: &Rc<Self>, client: &Rc<Client>) {
        let process = &client.peer.process;
        let anchored: Vec<Handle> = {
            let mut state = self.state();
            state.clients.remove(&client.id);
            state.channels.retain(|_, id| *id != client.id);
            state.watchers.remove(&client.id);
            for waiters in state.waiters.values_mut() {
                waiters.retain(|waiter| waiter.client != client.id);
            }
            process.connections.set(process.connections.get() - 1);
            let anchored = state.dials.iter().filter(|(_, dial)| dial.anchor == Some(client.id));
            anchored.map(|(handle, _)| *handle).collect()
        };
        for handle in anchored {
            self.anchor_lost(handle);
        }
        self.forget(process);
    }

    /// Forgets a process that has neither a connection nor a dial here. Its references stay: should it come back, it is
    /// a stranger, and gives back one that is nobody's before it takes somebody else's (clause H9).
    pub(super) fn forget(&self, process: &Rc<Process>) {
        if self.state().forget_process(process) {
            self.embedded.table().depart(process.holder);
        }
    }

    /// Nobody is told of a dial any more: it has a grace, if its process lives.
    fn anchor_lost(self: &Rc<Self>, handle: Handle) {
        let mut state = self.state();
        let Some(dial) = state.dials.get_mut(&handle) else { return };
        dial.anchor = None;
        drop(dial.log.detach());
        if dial.process.has_ended.get() || !dial.process.is_watched {
            drop(state);
            self.give_up(handle);
            return;
        }
        let server = Rc::downgrade(self);
        let grace = tokio::task::spawn_local(async move {
            tokio::time::sleep(GRACE).await;
            if let Some(server) = server.upgrade() {
                server.give_up(handle);
            }
        });
        dial.grace = Some(grace.abort_handle());
    }

    /// Hangs a dial up unless it was told Connected, and forgets whose it was.
    fn give_up(&self, handle: Handle) {
        let process = self.state().dials.get(&handle).map(|dial| Rc::clone(&dial.process));
        if self.embedded.table().abandon(handle) {
            tracing::info!(%handle, "a dial is hung up, as the program that dialled has left it");
        }
        self.state().forget_dial(handle);
        if let Some(process) = process {
            self.forget(&process);
        }
    }

    /// A process has ended: what it had not finished is given up at once (clause A48).
    fn process_ended(self: &Rc<Self>, process: &Rc<Process>) {
        process.has_ended.set(true);
        let mut orphans = Vec::new();
        {
            let mut state = self.state();
            if state.processes.get(&process.pid).is_some_and(|known| Rc::ptr_eq(known, process)) {
                state.processes.remove(&process.pid);
            }
            for (handle, dial) in &mut state.dials {
                if Rc::ptr_eq(&dial.process, process) {
                    orphans.push((*handle, dial.transfer.is_some()));
                }
            }
            // Children may have inherited its sockets; they are nobody's now.
            for client in state.clients.values().filter(|client| client.is_of(process)) {
                client.outbox.cut_off();
            }
        }
        for (handle, is_awaited) in orphans {
            if is_awaited {
                self.transfer_awaited(handle);
            } else {
                self.give_up(handle);
            }
        }
        self.embedded.table().depart(process.holder);
    }

    /// The one that hands a dial over has ended; whoever takes it over has the grace to do so.
    fn transfer_awaited(self: &Rc<Self>, handle: Handle) {
        let mut state = self.state();
        let Some(dial) = state.dials.get_mut(&handle) else { return };
        dial.anchor = None;
        drop(dial.log.detach());
        dial.stop_grace();
        let server = Rc::downgrade(self);
        let grace = tokio::task::spawn_local(async move {
            tokio::time::sleep(GRACE).await;
            if let Some(server) = server.upgrade() {
                server.give_up(handle);
            }
        });
        dial.grace = Some(grace.abort_handle());
    }

    /// Finds the client behind a channel that this client names.
    pub(super) fn channel(&self, client: &Client, name: &str) -> Result<Rc<Client>, Cause> {
        let state = self.state();
        let owner = state.channels.get(name).and_then(|id| state.clients.get(id));
        match owner {
            Some(owner) if owner.is_of(&client.peer.process) => Ok(Rc::clone(owner)),
            _ => Err(Cause::new(Code::INVALID_PARAMETER, LayerName::Manager)
                .did("looked for the channel of this process that the call names")
                .advice("open one by Events, and keep its connection open")),
        }
    }

    pub(super) fn client(&self, id: ClientId) -> Option<Rc<Client>> {
        self.state().clients.get(&id).cloned()
    }
}

fn too_much() -> io::Error {
    io::Error::other("the clients of the user send too much at a time")
}

/// Makes the error reply of a refusal.
pub(super) fn refused(cause: &Cause) -> Vec<u8> {
    let parameters = Refused { cause: cause.into() };
    write(&Reply { error: Some("io.rasman.Manager.Refused"), parameters, continues: false })
}

/// How long a lost connection may take to come back (a decision of clause A48's).
pub(super) const GRACE: std::time::Duration = std::time::Duration::from_secs(5);
/// A client that owes us so much reading is not read from.
const REPLIES_MAX: usize = 256 << 10;
/// How many calls of one client are carried out before others have their turn.
const CALLS_A_TURN: usize = 16;

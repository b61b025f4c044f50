//! Tells watchers of changes, and whoever waits of ends.

use super::log::tell_event;
use super::server::Server;
use super::state::{Client, ClientId, WaitsBy, Watcher};
use crate::table::Numbered;
use rasman::ipc::message::{Reply, write};
use rasman::ipc::wire::{ChangeWire, ConnectionWire, EventWire, EventsReply, HandleWire, WaitReply, WatchReply};
use rasman::{Change, Handle};
use rasman_core::Cause;
use std::cell::Cell;
use std::rc::Rc;
use tokio::sync::broadcast::{self, error::RecvError};

/// Runs until the manager has stopped and the last connection is gone.
pub(super) async fn run(server: Rc<Server>, mut changes: broadcast::Receiver<Numbered>) {
    loop {
        match changes.recv().await {
            Ok(change) => {
                tell_watchers(&server, &change);
                if let Change::Gone { handle, cause } = &change.change {
                    gone(&server, *handle, cause);
                }
            }
            Err(RecvError::Lagged(lost)) => lagged(&server, lost),
            Err(RecvError::Closed) => break,
        }
    }
}

/// Starts telling a client; gives the snapshot.
pub(super) fn watch(server: &Server, client: &Client, by_channel: bool) -> (u64, Vec<ConnectionWire>) {
    let (serial, list) = snapshot(server, client);
    let watcher = || Watcher { by_channel, after: serial, missed: Cell::new(0) };
    // Several may watch by one channel: the earlier ones miss nothing because of a later snapshot.
    server.state().watchers.entry(client.id).or_insert_with(watcher);
    (serial, list)
}

/// Lists what a client may see.
pub(super) fn snapshot(server: &Server, client: &Client) -> (u64, Vec<ConnectionWire>) {
    let (serial, list) = server.embedded.table().snapshot();
    let visible = list.iter().filter(|(owner, _)| client.peer.may(*owner));
    (serial, visible.map(|(owner, info)| ConnectionWire::new(info, owner.0)).collect())
}

/// The client has read all that it was sent: if it missed something, it is told so.
pub(super) fn caught_up(server: &Server, client: &Client) {
    let missed = server.state().watchers.get(&client.id).map_or(0, |watcher| watcher.missed.take());
    if missed > 0 {
        tell_lag(server, client, missed);
    }
}

fn tell_watchers(server: &Server, numbered: &Numbered) {
    // Written once for all, in either form.
    let mut as_reply = None;
    let mut as_event = None;
    let change = || Some(ChangeWire::new(numbered.serial, &numbered.change));
    let state = server.state();
    for (id, watcher) in &state.watchers {
        let Some(client) = state.clients.get(id) else { continue };
        if watcher.after >= numbered.serial || !client.peer.may(numbered.owner) {
            continue;
        }
        if watcher.missed.get() > 0 || client.outbox.pending() > PENDING_MAX {
            watcher.missed.set(watcher.missed.get() + 1);
            continue;
        }
        let message = if watcher.by_channel {
            as_event.get_or_insert_with(|| {
                let event = Some(EventWire { change: change(), ..EventWire::default() });
                write(&Reply { error: None, parameters: EventsReply { channel: None, event }, continues: true })
            })
        } else {
            as_reply.get_or_insert_with(|| {
                let parameters = WatchReply { change: change(), ..WatchReply::default() };
                write(&Reply { error: None, parameters, continues: true })
            })
        };
        client.outbox.send(message);
    }
}

/// Tells those who wait for the end of a connection.
fn gone(server: &Server, handle: Handle, cause: &Cause) {
    let (waiters, log) = {
        let mut state = server.state();
        let waiters = state.waiters.remove(&handle).unwrap_or_default();
        let log = state.dials.get(&handle).map(|dial| std::sync::Arc::clone(&dial.log));
        state.forget_dial(handle);
        (waiters, log)
    };
    // A dial that ended without a last word, as its worker was stopped, leaves no call unanswered.
    if let Some(sink) = log.and_then(|log| log.detach_unfinished()) {
        sink.end(handle);
    }
    for waiter in waiters {
        let Some(client) = server.client(waiter.client) else { continue };
        tell_gone(&client, waiter.by, handle, cause);
    }
    server.changed.notify_one();
}

fn tell_gone(client: &Client, by: WaitsBy, handle: Handle, cause: &Cause) {
    let gone = Some(cause.into());
    match by {
        WaitsBy::Channel => {
            tell_event(&client.outbox, EventWire { handle: Some(HandleWire(handle)), gone, ..EventWire::default() });
        }
        WaitsBy::Reply => {
            // The replies to HangUp and to Wait have this member in common.
            client.outbox.send(&write(&Reply { error: None, parameters: WaitReply { gone }, continues: false }));
            client.outbox.end_stream();
        }
    }
}

/// We ourselves were too slow: every watcher gets a snapshot, and ends that were missed are found.
fn lagged(server: &Server, lost: u64) {
    let missed: Vec<Handle> = {
        let state = server.state();
        let table = server.embedded.table();
        let known = state.dials.keys().chain(state.waiters.keys()).copied();
        known.filter(|handle| table.owner(*handle).is_none()).collect()
    };
    for handle in missed {
        let cause = server.embedded.table().ended(handle).unwrap_or_else(crate::embedded::stopped);
        gone(server, handle, &cause);
    }
    let watching: Vec<ClientId> = server.state().watchers.keys().copied().collect();
    for id in watching {
        if let Some(client) = server.client(id) {
            tell_lag(server, &client, lost);
        }
    }
}

fn tell_lag(server: &Server, client: &Client, lost: u64) {
    let by_channel = server.state().watchers.get(&client.id).is_some_and(|watcher| watcher.by_channel);
    if by_channel {
        // It asks for a snapshot itself; until then it is told nothing.
        server.state().watchers.remove(&client.id);
        tell_event(&client.outbox, EventWire { lagged: Some(lost), ..EventWire::default() });
        return;
    }
    server.state().watchers.remove(&client.id);
    let (serial, connections) = watch(server, client, false);
    let parameters =
        WatchReply { serial: Some(serial), connections: Some(connections), change: None, lagged: Some(lost) };
    client.outbox.send(&write(&Reply { error: None, parameters, continues: true }));
}

/// A watcher that owes us so much reading is told nothing more until it has read.
const PENDING_MAX: usize = 128 << 10;

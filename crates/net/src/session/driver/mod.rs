//! Drives one connection: the only place where its state machine meets sockets and the clock.

mod data;
mod line;
mod opening;
mod port;

use super::network::{Doors, NetworkPath};
use super::{Counters, Observer, Session};
use crate::clock;
use crate::clock::sleep_until;
use crate::random::SystemRng;
use crate::tun::{Drops, Journal, Tun};
use line::LineEnd;
use opening::PortReport;
use port::Port;
use rasman_core::{Batch, Cause, Code, ConnState, Entry, Instant, LayerName, Learned, PortCommand, PortId, Substate};
use rasman_dial::{Command, Connection, Effect};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Carries out one dial and the connection that it makes, to the end.
pub(super) async fn run(session: Session) {
    let Session { plan, mut commands, observer, counters, journal } = session;
    let (reports, mut port_reports) = mpsc::unbounded_channel();
    let entry = Arc::clone(&plan.entry);
    let connection = Connection::dial(plan, Box::new(|| Box::new(SystemRng)), clock::now());
    let mut driver = Driver {
        connection,
        entry,
        observer,
        counters,
        port: Port::None,
        reports,
        network: None,
        doors: None,
        line: None,
        tun: None,
        drops: Drops::default(),
        journal,
        known: Vec::new(),
        learned: Learned::default(),
        stable: Vec::new(),
        leaving: JoinSet::new(),
        idle: Batch::new(),
        counted: 0,
        carried: 0,
        finished: None,
    };
    let mut commands_open = true;
    loop {
        driver.turn(clock::now());
        if driver.finished.is_some() && !matches!(driver.port, Port::Closing(_)) {
            break;
        }
        if driver.took_its_turn() {
            tokio::task::yield_now().await;
        }
        let wake = driver.next_wake(clock::now());
        let has_room = driver.has_room_for_device();
        let line_has_room = driver.has_room_for_line();
        tokio::select! {
            command = commands.recv(), if commands_open => {
                commands_open = command.is_some();
                driver.command(command);
            }
            Some((port, report)) = port_reports.recv() => driver.port_report(port, report),
            () = driver.port.ready() => driver.exchange(clock::now()),
            () = data::stack_notified(&driver.network) => {}
            () = data::device_ready(&driver.tun), if has_room => {}
            () = line::line_ready(&driver.line, line_has_room) => driver.exchange_line(clock::now()),
            () = sleep_until(wake) => driver.connection.handle_timeout(clock::now()),
        }
    }
    driver.end().await;
}

struct Driver {
    connection: Connection,
    entry: Arc<Entry>,
    observer: Box<dyn Observer>,
    counters: Arc<Counters>,
    port: Port,
    reports: mpsc::UnboundedSender<(PortId, PortReport)>,
    network: Option<NetworkPath>,
    /// Bound once, and kept while the link is made again.
    doors: Option<Doors>,
    /// The line in the hands of the client.
    line: Option<LineEnd>,
    /// Made once, and kept while the link is made again: what programs send meanwhile goes nowhere.
    tun: Option<Tun>,
    drops: Drops,
    journal: Option<Arc<dyn Journal>>,
    /// What the names of servers meant: once there is a device, questions about them may go into it.
    known: Vec<(String, Vec<SocketAddr>)>,
    /// What the far network has told of this link.
    learned: Learned,
    /// The names that devices keep when they are plugged in again.
    stable: Vec<(PathBuf, PathBuf)>,
    /// Tasks that were told to end: while one lives, it may hold a door.
    leaving: JoinSet<()>,
    /// Where frames go that have no port.
    idle: Batch,
    /// Bytes that were carried until now, and since the last turn of others.
    counted: u64,
    carried: u64,
    finished: Option<Cause>,
}

impl Driver {
    /// Moves everything that can be moved without waiting.
    fn turn(&mut self, now: Instant) {
        loop {
            self.transmit(now);
            if let Some(effect) = self.connection.poll_effect() {
                self.effect(now, effect);
                continue;
            }
            self.send_from_stack(now);
            self.send_from_device(now);
            let Some(cause) = self.tun.as_ref().and_then(Tun::gone) else { break };
            self.tun = None;
            self.connection.handle_command(now, Command::HangUp(cause));
        }
        self.count(now);
    }

    /// Tells whether so much was carried that the other connections of this worker are to have their turn.
    fn took_its_turn(&mut self) -> bool {
        let over = self.carried >= TURN;
        if over {
            self.carried = 0;
        }
        over
    }

    fn count(&mut self, now: Instant) {
        if let Some(tun) = &self.tun {
            self.drops = tun.drops();
        }
        let mut statistics = self.connection.statistics(now);
        let total = statistics.bytes_sent + statistics.bytes_received;
        self.carried += total - self.counted;
        self.counted = total;
        statistics.send_drops += self.drops.sent;
        statistics.receive_drops += self.drops.received;
        self.counters.write(now, &statistics);
    }

    fn command(&mut self, command: Option<Box<Command>>) {
        let stopped = || {
            let cause = Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager);
            Command::HangUp(cause.did("stopped").advice("dial again when the manager runs"))
        };
        let command = command.map_or_else(stopped, |command| *command);
        let now = clock::now();
        match command {
            // What was written before goes first.
            Command::Answer { .. } | Command::LineFormat(_) => self.drain_line(now),
            // Who waits for the line has nothing to wait for any more, however long the goodbye takes.
            Command::HangUp(_) => self.line = None,
            _ => {}
        }
        self.connection.handle_command(now, command);
    }

    fn effect(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Port(id, PortCommand::Open(spec)) => self.open_port(id, spec),
            Effect::Port(id, PortCommand::Line(command)) => self.command_line(now, id, command),
            Effect::Port(_, _) => self.close_port(now),
            Effect::ConfigureNetwork(projection) => {
                let command = match self.configure(now, &projection) {
                    Ok(()) => Command::NetworkReady,
                    Err(cause) => Command::NetworkFailed(cause),
                };
                self.connection.handle_command(now, command);
            }
            Effect::Notify(notification) => {
                match notification.state {
                    _ if notification.error.is_some() => self.close_network(),
                    ConnState::Connected => self.serve_doors(),
                    ConnState::Disconnected => self.close_network(),
                    _ => {}
                }
                self.hand_line(&notification);
                self.observer.notified(notification, self.connection.status());
            }
            Effect::LineOctets(octets) => self.give_line(&octets),
            Effect::Learned(learned) => self.learned(learned),
            Effect::Ending => self.observer.ending(),
            Effect::Substate { substate, cause } => {
                if substate == Substate::Reconnected {
                    self.serve_doors();
                }
                self.observer.substate(substate, cause, self.connection.status());
            }
            Effect::Promote(alternate) => self.observer.promoted(alternate),
            Effect::Finished(cause) => self.finished = Some(cause),
            _ => {}
        }
    }

    /// Frees everything, then tells so. (By value, the task would have room for the driver three times, for as long as it lives.)
    async fn end(&mut self) {
        self.close_network();
        self.port = Port::None;
        while self.leaving.join_next().await.is_some() {}
        if let Some(cause) = self.finished.take() {
            self.observer.finished(cause);
        }
    }
}

/// After how many bytes other connections of the same worker have their turn: some hundred microseconds.
const TURN: u64 = 256 * 1024;

//! Drives one connection: the only place where its state machine meets sockets and the clock.

use super::network::{Doors, NetworkPath};
use super::{Counters, Observer, OpenDoors, Session};
use crate::clock::sleep_until;
use crate::port::{self, PortStream, RawStream};
use crate::pump::{Pump, READS_AT_ONCE};
use crate::random::SystemRng;
use crate::tls::TlsStream;
use crate::tls::eap::EapTunnels;
use crate::tun::{Drops, Journal, Tun};
use crate::{clock, connect, proxy, tls};
use rasman_core::{
    Batch, Cause, Code, ConnState, DataPath, Entry, Input, Instant, LayerName, Learned, LineCommand, LineSettings,
    PortClosed, PortCommand, PortId, PortSpec, Projection, SerialPort, Substate, TlsSpec,
};
use rasman_dial::{Command, Connection, Effect, PortPhase};
use std::future::{Future, pending};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
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
        tokio::select! {
            command = commands.recv(), if commands_open => {
                commands_open = command.is_some();
                driver.command(command);
            }
            Some((port, report)) = port_reports.recv() => driver.port_report(port, report),
            () = driver.port.ready() => driver.exchange(clock::now()),
            () = stack_notified(&driver.network) => {}
            () = device_ready(&driver.tun), if has_room => {}
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

/// The port of the link.
enum Port {
    None,
    /// Being opened by a task that ends when this is dropped.
    Opening {
        id: PortId,
        _task: JoinSet<()>,
    },
    Open {
        id: PortId,
        pump: Box<Pump>,
    },
    /// Saying goodbye, with a time limit.
    Closing(Goodbye),
}

/// The end of a port, with a time limit.
type Goodbye = Pin<Box<dyn Future<Output = ()>>>;

/// What the task that opens a port reports: four messages at the most.
enum PortReport {
    Progress(PortPhase),
    /// Where it is about to connect to, once it may.
    Resolved {
        host: String,
        addresses: Vec<SocketAddr>,
        may_connect: oneshot::Sender<()>,
    },
    Opened(PortStream),
    Failed(Cause),
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
        self.connection.handle_command(clock::now(), command);
    }

    fn port_report(&mut self, id: PortId, report: PortReport) {
        let now = clock::now();
        // A report of a port that was closed meanwhile; its socket goes with it.
        if !matches!(self.port, Port::Opening { id: opening, .. } if opening == id) {
            return;
        }
        match report {
            PortReport::Progress(phase) => self.connection.handle_command(now, Command::PortProgress(id, phase)),
            PortReport::Resolved { host, addresses, may_connect } => {
                match self.tun.as_mut().map_or(Ok(()), |tun| tun.keep_outside(&ips(&addresses))) {
                    // It is waiting; if it is not, it was told to end.
                    Ok(()) => drop(may_connect.send(())),
                    Err(cause) => self.port_failed(now, id, PortClosed::Failed(cause)),
                }
                self.known.retain(|(known, _)| *known != host);
                self.known.push((host, addresses));
            }
            PortReport::Opened(port) => {
                let facts = port.facts().clone();
                self.port = Port::Open { id, pump: Box::new(Pump::new(port)) };
                self.connection.handle_command(now, Command::PortReady(id, facts));
            }
            PortReport::Failed(cause) => self.port_failed(now, id, PortClosed::Failed(cause)),
        }
    }

    /// Reads from and writes to the port.
    fn exchange(&mut self, now: Instant) {
        let Port::Open { id, pump } = &mut self.port else {
            // A goodbye has been said.
            self.port = Port::None;
            return;
        };
        let id = *id;
        let connection = &mut self.connection;
        let stack = self.network.as_mut().map(|network| &mut network.stack);
        let take = |input: &mut [u8], deliver: &mut dyn FnMut(&mut [u8])| {
            let taken = connection.handle_input(now, id, input);
            if let Input::Rebuilt { .. } = taken {
                deliver(connection.rebuilt());
            }
            taken
        };
        let received = match (stack, &mut self.tun) {
            (Some(stack), _) => pump.receive(take, |packet| stack.receive(now, packet)),
            (None, Some(tun)) => {
                let received = pump.receive(take, |packet| tun.deliver(packet));
                tun.flush();
                received
            }
            (None, None) => pump.receive(take, |_| {}),
        };
        let written = pump.write();
        match (received, written) {
            (Err(cause), _) | (Ok(None), Err(cause)) => self.port_failed(now, id, PortClosed::Failed(cause)),
            (Ok(Some(_)), _) => self.port_failed(now, id, PortClosed::ByPeer),
            (Ok(None), Ok(())) => {}
        }
    }

    fn port_failed(&mut self, now: Instant, id: PortId, closed: PortClosed) {
        self.port = Port::None;
        self.connection.handle_command(now, Command::PortClosed(id, closed));
    }

    /// Sends what the protocols themselves have to say.
    fn transmit(&mut self, now: Instant) {
        let Port::Open { id, pump } = &mut self.port else {
            while self.connection.poll_transmit(now, &mut self.idle).is_some() {
                self.idle.clear();
            }
            self.idle.clear();
            return;
        };
        let id = *id;
        while let Some(port) = self.connection.poll_transmit(now, pump.out()) {
            if port != id {
                // The last words for a port that broke meanwhile.
                pump.out().clear();
            }
        }
        if let Err(cause) = pump.send().and_then(|()| pump.write()) {
            self.port_failed(now, id, PortClosed::Failed(cause));
        }
    }

    /// Sends what programs have to say, as long as the port has room.
    fn send_from_stack(&mut self, now: Instant) {
        let Some(network) = &mut self.network else { return };
        let connection = &mut self.connection;
        if !connection.is_carrying() {
            // As with a cable that is pulled: what is sent is lost and counted, TCP repeats it, and whoever cannot
            // wait gives up by the stack's own limits.
            let idle = &mut self.idle;
            network.stack.poll_into(now, LOST_AT_ONCE, |first, length, write| {
                let _ = connection.encap_with(now, first, length, write, idle);
            });
            return;
        }
        let Port::Open { id, pump } = &mut self.port else { return };
        let id = *id;
        let sent = pump.send_from(now, &mut network.stack, |first, length, write, out| {
            // A packet that does not go is counted as a drop; TCP repeats it.
            let _ = connection.encap_with(now, first, length, write, out);
        });
        if let Err(cause) = sent.and_then(|()| pump.write()) {
            self.port_failed(now, id, PortClosed::Failed(cause));
        }
    }

    /// Sends what comes out of the device, as long as the port has room; then its queue fills, and the kernel drops.
    fn send_from_device(&mut self, now: Instant) {
        let Some(tun) = &mut self.tun else { return };
        let connection = &mut self.connection;
        if !connection.is_carrying() {
            let idle = &mut self.idle;
            for _ in 0..READS_AT_ONCE {
                // It is lost and counted: better nowhere than past the tunnel.
                let more = tun.receive(|first, length, write| {
                    let _ = connection.encap_with(now, first, length, write, idle);
                });
                if !more {
                    break;
                }
            }
            idle.clear();
            return;
        }
        let Port::Open { id, pump } = &mut self.port else { return };
        let id = *id;
        let sent = pump.send_from_device(tun, |first, length, write, out| {
            let _ = connection.encap_with(now, first, length, write, out);
        });
        if let Err(cause) = sent.and_then(|()| pump.write()) {
            self.port_failed(now, id, PortClosed::Failed(cause));
        }
    }

    /// Tells whether the device may be read.
    fn has_room_for_device(&self) -> bool {
        !self.connection.is_carrying() || matches!(&self.port, Port::Open { pump, .. } if pump.has_room_for_device())
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
                self.observer.notified(notification, self.connection.status());
            }
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

    fn open_port(&mut self, id: PortId, spec: PortSpec) {
        let reports = self.reports.clone();
        let known = self.known_addresses(&spec);
        let stable = self.stable_name(&spec);
        let before = self.closing_before(&spec);
        let entry = Arc::clone(&self.entry);
        let mut task = JoinSet::new();
        task.spawn_local(async move {
            if entry.authentication.iter().any(|method| method.has_tls()) {
                EapTunnels::prepare(&entry.eap).await;
            }
            if let Some(goodbye) = before {
                goodbye.await;
            }
            let report = match spec {
                PortSpec::Tls(spec) => open_tls(id, &spec, known, &reports).await.map(PortStream::from),
                PortSpec::Serial(port, line) => open_serial(id, port, line, stable, &reports).await,
                _ => Err(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Manager)),
            };
            let report = match report {
                Ok(port) => PortReport::Opened(port),
                Err(cause) => PortReport::Failed(cause),
            };
            // Nobody listens any more if the connection has ended meanwhile.
            let _ = reports.send((id, report));
        });
        self.port = Port::Opening { id, _task: task };
    }

    /// Takes the goodbye of the port before: a device has to be closed before it is opened again; everything else says
    /// goodbye beside the fresh port.
    fn closing_before(&mut self, spec: &PortSpec) -> Option<Goodbye> {
        let Port::Closing(goodbye) = std::mem::replace(&mut self.port, Port::None) else { return None };
        if let PortSpec::Serial(SerialPort::Device(_) | SerialPort::Rfc2217 { .. }, _) = spec {
            return Some(goodbye);
        }
        tokio::task::spawn_local(goodbye);
        None
    }

    /// Gives the name that a device keeps when it is plugged in again, noted when it was last there.
    fn stable_name(&mut self, spec: &PortSpec) -> Option<PathBuf> {
        let PortSpec::Serial(SerialPort::Device(path), _) = spec else { return None };
        let path = Path::new(path);
        if let Some((_, stable)) = self.stable.iter().find(|(known, _)| known == path) {
            return Some(stable.clone());
        }
        let stable = port::serial::stable_name(path)?;
        self.stable.push((path.to_owned(), stable.clone()));
        Some(stable)
    }

    fn command_line(&mut self, now: Instant, id: PortId, command: LineCommand) {
        // What was said before it leaves first.
        self.transmit(now);
        let Port::Open { id: open, pump } = &mut self.port else { return };
        if *open != id {
            return;
        }
        if let Err(cause) = pump.port_mut().line(command) {
            self.port_failed(now, id, PortClosed::Failed(cause));
        }
    }

    /// Gives the addresses of a server whose name can no longer be asked for.
    fn known_addresses(&self, spec: &PortSpec) -> Option<Vec<SocketAddr>> {
        let PortSpec::Tls(spec) = spec else { return None };
        self.tun.as_ref().filter(|tun| tun.has_default_route())?;
        let (host, port) = first_hop(spec);
        let (_, addresses) = self.known.iter().find(|(known, _)| known == host)?;
        Some(addresses.iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
    }

    fn close_port(&mut self, now: Instant) {
        // What the link says last leaves before the port's own goodbye.
        self.transmit(now);
        self.port = match std::mem::replace(&mut self.port, Port::None) {
            Port::Open { pump, .. } => Port::Closing(Box::pin(async move {
                // A peer that reads nothing is left without a goodbye.
                let _ = tokio::time::timeout(GOODBYE_LIMIT, pump.close()).await;
            })),
            Port::Closing(goodbye) => Port::Closing(goodbye),
            Port::None | Port::Opening { .. } => Port::None,
        };
    }

    /// Makes the way of programs into the tunnel, as far as an earlier link has not left it to be used on.
    fn configure(&mut self, now: Instant, projection: &Projection) -> Result<(), Cause> {
        let entry = Arc::clone(&self.entry);
        let rootless = match &entry.data_path {
            DataPath::Rootless(rootless) => rootless,
            DataPath::Tun(settings) => {
                let servers: Vec<_> = self.known.iter().flat_map(|(_, addresses)| ips(addresses)).collect();
                match &mut self.tun {
                    Some(tun) => tun.reconfigure(projection, &servers)?,
                    None => {
                        let tun = Tun::open(settings, projection, &servers, self.journal.clone())?;
                        let interface = Some(tun.name().to_owned());
                        self.observer.doors_opened(OpenDoors { interface, ..OpenDoors::default() });
                        self.tun = Some(tun);
                    }
                }
                if let Some(tun) = &mut self.tun {
                    tun.lead(&self.learned.routes)?;
                }
                return Ok(());
            }
            _ => return Err(Cause::new(Code::NOT_SUPPORTED, LayerName::Network)),
        };
        if self.doors.is_none() {
            let doors = Doors::bind(rootless)?;
            self.observer.doors_opened(doors.addresses());
            self.doors = Some(doors);
        }
        match &mut self.network {
            // IPv6 begins anew with each negotiation, with another address.
            Some(network) if network.can_go_on(projection) => network.stack.set_ipv6(None),
            network => *network = Some(NetworkPath::new(now, projection)),
        }
        Ok(())
    }

    /// Carries what the far network has named: its routes into the device, and IPv6; the rest stands in the status.
    fn learned(&mut self, learned: Learned) {
        self.learned = learned;
        self.observer.learned(self.connection.status());
        let ipv6 = self.learned.ipv6.as_ref();
        if let Some(network) = &mut self.network {
            network.stack.set_ipv6(ipv6);
        }
        if let Some(tun) = &mut self.tun
            && let Err(cause) = tun.lead(&self.learned.routes).and_then(|()| tun.lead6(ipv6))
        {
            // The tunnel itself works, and what was asked for by the entry is there.
            tracing::warn!(%cause, "routes of the far network are not set");
        }
    }

    /// Lets programs in, now that packets flow.
    fn serve_doors(&mut self) {
        if let (Some(network), Some(doors)) = (&mut self.network, &self.doors) {
            network.serve(doors);
        }
    }

    /// Ends every stream, frees the doors, and removes the device with all that leads to it.
    fn close_network(&mut self) {
        if let Some(network) = self.network.take() {
            self.leaving = network.end();
        }
        self.doors = None;
        self.tun = None;
    }

    /// Tells when the connection or the stack wants to be called next.
    fn next_wake(&mut self, now: Instant) -> Option<Instant> {
        let connection = self.connection.poll_timeout().map(|timeout| timeout.at);
        let has_room = !self.connection.is_carrying()
            || matches!(&self.port, Port::Open { pump, .. } if pump.port().send_room() > 0);
        let stack = match &mut self.network {
            // Without room there is nothing to poll the stack for: `ready` wakes us when there is.
            Some(network) if has_room => network.stack.next_poll(now).map(|after| now + after),
            _ => None,
        };
        match (connection, stack) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Frees everything, then tells so.
    async fn end(mut self) {
        self.close_network();
        self.port = Port::None;
        while self.leaving.join_next().await.is_some() {}
        if let Some(cause) = self.finished.take() {
            self.observer.finished(cause);
        }
    }
}

impl Port {
    /// Waits until there is something to exchange.
    async fn ready(&mut self) {
        match self {
            Self::None | Self::Opening { .. } => pending().await,
            Self::Open { pump, .. } => pump.ready().await,
            Self::Closing(goodbye) => goodbye.await,
        }
    }
}

/// Gives whom we connect to: the server, or the proxy in front of it.
fn first_hop(spec: &TlsSpec) -> (&str, u16) {
    spec.proxy.as_ref().map_or((&spec.host, spec.port), |proxy| (&proxy.host, proxy.port))
}

/// Opens a TLS port: name, TCP, the proxy if there is one, TLS.
async fn open_tls(
    id: PortId,
    spec: &TlsSpec,
    known: Option<Vec<SocketAddr>>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<TlsStream, Cause> {
    let (host, port) = first_hop(spec);
    let mut tcp = connect_to(id, host, port, known, reports).await?;
    let _ = reports.send((id, PortReport::Progress(PortPhase::Securing)));
    if let Some(proxy) = &spec.proxy {
        proxy::tunnel(&mut tcp, proxy, &spec.host, spec.port).await?;
    }
    tls::connect(spec, tcp).await
}

/// Connects by TCP: name, way, connect.
async fn connect_to(
    id: PortId,
    host: &str,
    port: u16,
    known: Option<Vec<SocketAddr>>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<TcpStream, Cause> {
    let progress = |phase| {
        let _ = reports.send((id, PortReport::Progress(phase)));
    };
    progress(PortPhase::Resolving);
    let addresses = match known {
        Some(addresses) => addresses,
        None => connect::resolve(host, port).await?,
    };
    let (may_connect, told) = oneshot::channel();
    let resolved = PortReport::Resolved { host: host.to_owned(), addresses: addresses.clone(), may_connect };
    let _ = reports.send((id, resolved));
    // The way to these addresses is kept out of the tunnel first.
    told.await.map_err(|_| Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Manager))?;
    progress(PortPhase::Connecting);
    connect::connect_tcp(&addresses).await
}

/// Opens a serial port, or connects to one by TCP.
async fn open_serial(
    id: PortId,
    port: SerialPort,
    line: LineSettings,
    stable: Option<PathBuf>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<PortStream, Cause> {
    let name = port.to_string();
    match port {
        SerialPort::Device(path) => port::serial::open_again(stable, path.into(), line).await.map(PortStream::from),
        SerialPort::Tcp { host, port } => {
            let tcp = connect_to(id, &host, port, None, reports).await?;
            Ok(RawStream::tcp(tcp, name).into())
        }
        SerialPort::Rfc2217 { host, port } => {
            let tcp = connect_to(id, &host, port, None, reports).await?;
            port::rfc2217::open(tcp, name, line).await.map(PortStream::from)
        }
        _ => Err(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port)),
    }
}

async fn stack_notified(network: &Option<NetworkPath>) {
    match network {
        Some(network) => network.stack.notified().await,
        None => pending().await,
    }
}

async fn device_ready(tun: &Option<Tun>) {
    match tun {
        Some(tun) => tun.ready().await,
        None => pending().await,
    }
}

fn ips(addresses: &[SocketAddr]) -> Vec<IpAddr> {
    addresses.iter().map(|address| address.ip().to_canonical()).collect()
}

/// After how many bytes other connections of the same worker have their turn: some hundred microseconds.
const TURN: u64 = 256 * 1024;
/// How many bytes a stack may lose in one turn while no link carries them.
const LOST_AT_ONCE: usize = 1 << 20;
/// How long a port may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

//! The port of the link: opened, read, written and closed.

use super::Driver;
use super::data::ips;
use super::opening::{PortReport, first_hop, open_serial, open_tls};
use crate::clock;
use crate::port::{self, PortStream};
use crate::pump::Pump;
use crate::tls::eap::EapTunnels;
use rasman_core::{Cause, Code, Input, Instant, LayerName, LineCommand, PortClosed, PortId, PortSpec, SerialPort};
use rasman_dial::Command;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The port of the link.
pub(super) enum Port {
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
pub(super) type Goodbye = Pin<Box<dyn Future<Output = ()>>>;

impl Port {
    /// Waits until there is something to exchange.
    pub(super) async fn ready(&mut self) {
        match self {
            Self::None | Self::Opening { .. } => pending().await,
            Self::Open { pump, .. } => pump.ready().await,
            Self::Closing(goodbye) => goodbye.await,
        }
    }
}

impl Driver {
    pub(super) fn port_report(&mut self, id: PortId, report: PortReport) {
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
    pub(super) fn exchange(&mut self, now: Instant) {
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

    pub(super) fn port_failed(&mut self, now: Instant, id: PortId, closed: PortClosed) {
        self.port = Port::None;
        self.connection.handle_command(now, Command::PortClosed(id, closed));
    }

    /// Sends what the protocols themselves have to say.
    pub(super) fn transmit(&mut self, now: Instant) {
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

    pub(super) fn open_port(&mut self, id: PortId, spec: PortSpec) {
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
    pub(super) fn closing_before(&mut self, spec: &PortSpec) -> Option<Goodbye> {
        let Port::Closing(goodbye) = std::mem::replace(&mut self.port, Port::None) else { return None };
        if let PortSpec::Serial(SerialPort::Device(_) | SerialPort::Rfc2217 { .. }, _) = spec {
            return Some(goodbye);
        }
        tokio::task::spawn_local(goodbye);
        None
    }

    /// Gives the name that a device keeps when it is plugged in again, noted when it was last there.
    pub(super) fn stable_name(&mut self, spec: &PortSpec) -> Option<PathBuf> {
        let PortSpec::Serial(SerialPort::Device(path), _) = spec else { return None };
        let path = Path::new(path);
        if let Some((_, stable)) = self.stable.iter().find(|(known, _)| known == path) {
            return Some(stable.clone());
        }
        let stable = port::serial::stable_name(path)?;
        self.stable.push((path.to_owned(), stable.clone()));
        Some(stable)
    }

    pub(super) fn command_line(&mut self, now: Instant, id: PortId, command: LineCommand) {
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
    pub(super) fn known_addresses(&self, spec: &PortSpec) -> Option<Vec<SocketAddr>> {
        let PortSpec::Tls(spec) = spec else { return None };
        self.tun.as_ref().filter(|tun| tun.has_default_route())?;
        let (host, port) = first_hop(spec);
        let (_, addresses) = self.known.iter().find(|(known, _)| known == host)?;
        Some(addresses.iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
    }

    pub(super) fn close_port(&mut self, now: Instant) {
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
}

/// How long a port may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

//! The way of programs' packets: the stack with its doors, or the device, and what is sent from them.

use super::Driver;
use super::port::Port;
use crate::pump::READS_AT_ONCE;
use crate::session::OpenDoors;
use crate::session::network::{Doors, NetworkPath};
use crate::tun::Tun;
use rasman_core::{Cause, Code, DataPath, Instant, LayerName, Learned, PortClosed, Projection};
use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

impl Driver {
    /// Sends what programs have to say, as long as the port has room.
    pub(super) fn send_from_stack(&mut self, now: Instant) {
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
    pub(super) fn send_from_device(&mut self, now: Instant) {
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
    pub(super) fn has_room_for_device(&self) -> bool {
        !self.connection.is_carrying() || matches!(&self.port, Port::Open { pump, .. } if pump.has_room_for_device())
    }

    /// Makes the way of programs into the tunnel, as far as an earlier link has not left it to be used on.
    pub(super) fn configure(&mut self, now: Instant, projection: &Projection) -> Result<(), Cause> {
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
    pub(super) fn learned(&mut self, learned: Learned) {
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
    pub(super) fn serve_doors(&mut self) {
        if let (Some(network), Some(doors)) = (&mut self.network, &self.doors) {
            network.serve(doors);
        }
    }

    /// Ends every stream, frees the doors, and removes the device with all that leads to it.
    pub(super) fn close_network(&mut self) {
        if let Some(network) = self.network.take() {
            self.leaving = network.end();
        }
        self.doors = None;
        self.tun = None;
    }

    /// Tells when the connection or the stack wants to be called next.
    pub(super) fn next_wake(&mut self, now: Instant) -> Option<Instant> {
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
}

pub(super) async fn stack_notified(network: &Option<NetworkPath>) {
    match network {
        Some(network) => network.stack.notified().await,
        None => pending().await,
    }
}

pub(super) async fn device_ready(tun: &Option<Tun>) {
    match tun {
        Some(tun) => tun.ready().await,
        None => pending().await,
    }
}

pub(super) fn ips(addresses: &[SocketAddr]) -> Vec<IpAddr> {
    addresses.iter().map(|address| address.ip().to_canonical()).collect()
}

/// How many bytes a stack may lose in one turn while no link carries them.
const LOST_AT_ONCE: usize = 1 << 20;

//! Session workers: threads that own connections.
//!
//! Each worker is a thread with a current-thread runtime; each connection is one task on it that owns the
//! [`Connection`](rasman_dial::Connection), its port and its user-space stack. Nothing of a connection is shared, so
//! nothing is locked.

mod driver;
mod network;
mod workers;

pub use workers::{Stopping, Workers};

use crate::tun::Journal;
use rasman_core::{Cause, Duration, Instant, Notification, Statistics, Substate};
use rasman_dial::{Command, DialPlan, Status};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use tokio::sync::mpsc;

/// A dial, ready to be carried out by a worker.
pub struct Session {
    /// What to dial.
    pub plan: DialPlan,
    /// Commands of clients. When all senders are gone the connection is hung up with 834.
    pub commands: mpsc::Receiver<Box<Command>>,
    /// Who is told.
    pub observer: Box<dyn Observer>,
    /// Where the statistics stand for others to read.
    pub counters: Arc<Counters>,
    /// Where changes of the system that would outlive us are written down.
    pub journal: Option<Arc<dyn Journal>>,
}

/// Who is told what a session does. Its methods are called on the worker and must not block.
pub trait Observer: Send {
    /// A notification, and the status that goes with it.
    fn notified(&mut self, notification: Notification, status: Status);

    /// The client's end of the line, a socket that does not block, before Interactive is notified. It ends with the next
    /// notification.
    fn line(&mut self, line: OwnedFd);

    /// An established connection carries nothing any more and is being taken down.
    fn ending(&mut self);

    /// The doors that were opened, before Connected is notified.
    fn doors_opened(&mut self, doors: OpenDoors);

    /// The link of an established connection was lost or is there again, and the status that goes with it.
    fn substate(&mut self, substate: Substate, cause: Option<Cause>, status: Status);

    /// The far network has told something beyond the projection; the status has it.
    fn learned(&mut self, status: Status);

    /// The alternate with this index, in the entry as it was dialled, is to be tried first from now on.
    fn promoted(&mut self, alternate: usize);

    /// Nothing of the connection is left.
    fn finished(&mut self, cause: Cause);
}

/// Where programs enter the tunnel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenDoors {
    /// The proxy, which speaks SOCKS5 and HTTP.
    pub socks: Option<SocketAddr>,
    /// The port forwards, in the entry's order.
    pub forwards: Vec<SocketAddr>,
    /// The network device, by name.
    pub interface: Option<String>,
}

/// Statistics that one worker writes and everybody may read.
#[derive(Default, Debug)]
pub struct Counters {
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    packets_sent: AtomicU64,
    packets_received: AtomicU64,
    send_drops: AtomicU64,
    receive_drops: AtomicU64,
    /// When the connection was established, in microseconds of our clock plus one; 0 before.
    connected_at: AtomicU64,
    bps: AtomicU32,
}

impl Counters {
    /// Reads them.
    #[must_use]
    pub fn read(&self) -> Statistics {
        let mut statistics = Statistics::default();
        statistics.bytes_sent = self.bytes_sent.load(Relaxed);
        statistics.bytes_received = self.bytes_received.load(Relaxed);
        statistics.packets_sent = self.packets_sent.load(Relaxed);
        statistics.packets_received = self.packets_received.load(Relaxed);
        statistics.send_drops = self.send_drops.load(Relaxed);
        statistics.receive_drops = self.receive_drops.load(Relaxed);
        statistics.bps = self.bps.load(Relaxed);
        statistics.connected = match self.connected_at.load(Relaxed) {
            0 => Duration::ZERO,
            at => crate::clock::now().since(Instant::from_micros(at - 1)),
        };
        statistics
    }

    fn write(&self, now: Instant, statistics: &Statistics) {
        self.bytes_sent.store(statistics.bytes_sent, Relaxed);
        self.bytes_received.store(statistics.bytes_received, Relaxed);
        self.packets_sent.store(statistics.packets_sent, Relaxed);
        self.packets_received.store(statistics.packets_received, Relaxed);
        self.send_drops.store(statistics.send_drops, Relaxed);
        self.receive_drops.store(statistics.receive_drops, Relaxed);
        self.bps.store(statistics.bps, Relaxed);
        if statistics.connected > Duration::ZERO && self.connected_at.load(Relaxed) == 0 {
            let micros = u64::try_from(statistics.connected.as_micros()).unwrap_or(0);
            self.connected_at.store(now.as_micros().saturating_sub(micros) + 1, Relaxed);
        }
    }
}

//! What a session tells and counts.

use crate::lab::Lab;
use crate::stats::count;
use crate::{Event, SessionEvent};
use rasman_core::{Cause, Code, LayerName};
use rasman_net::tls::Counters as TlsCounters;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

/// What a session tells and counts. Dropped, it tells the end and gives everything back that the session had.
pub(crate) struct Told {
    lab: Rc<Lab>,
    number: u64,
    tls: TlsCounters,
    address: Option<Ipv4Addr>,
    connected: bool,
    cause: Option<Cause>,
}

impl Told {
    pub(crate) fn new(lab: &Rc<Lab>, number: u64, peer: SocketAddr) -> Self {
        count(&lab.counters.sessions);
        let told = Self {
            lab: Rc::clone(lab),
            number,
            tls: TlsCounters::default(),
            address: None,
            connected: false,
            cause: None,
        };
        tracing::info!(session = number, "a client connects");
        tracing::debug!(session = number, %peer, "its address");
        told.send(Event::Accepted { peer });
        told
    }

    /// Tells watchers.
    pub(crate) fn tell(&self, event: Event) {
        match &event {
            Event::TlsUp { protection } => {
                count(&self.lab.counters.tls_up);
                tracing::debug!(session = self.number, protection, "TLS is up");
            }
            Event::Projected { address } => {
                tracing::debug!(session = self.number, %address, "the client has an address")
            }
            other => tracing::debug!(session = self.number, ?other),
        }
        self.send(event);
    }

    pub(crate) fn authenticated(&self, user: &str) {
        count(&self.lab.counters.authenticated);
        tracing::info!(session = self.number, user, "the client is who it says");
        self.send(Event::Authenticated { user: user.to_owned() });
    }

    /// Counts the client as connected; tells whether it was not before.
    pub(crate) fn connected(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.connected, true);
        if first {
            count(&self.lab.counters.connected);
            tracing::info!(session = self.number, "the client is connected");
        }
        first
    }

    /// Leases an address for the session.
    pub(crate) fn lease(&mut self) -> Option<Ipv4Addr> {
        self.address = self.lab.lease();
        if self.address.is_none() {
            tracing::warn!(session = self.number, "no address is left for the client");
        }
        self.address
    }

    pub(crate) fn inner_in(&self, bytes: usize) {
        self.lab.counters.inner_bytes_in.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn inner_out(&self, bytes: usize) {
        self.lab.counters.inner_bytes_out.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts what went over the wire since the last time.
    pub(crate) fn wire(&mut self, now: TlsCounters) {
        self.lab.counters.tls_bytes_in.fetch_add(now.received.saturating_sub(self.tls.received), Relaxed);
        self.lab.counters.tls_bytes_out.fetch_add(now.sent.saturating_sub(self.tls.sent), Relaxed);
        self.tls = now;
    }

    /// Says why the session ends; the first reason counts.
    pub(crate) fn because(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
    }

    fn send(&self, event: Event) {
        // Nobody need listen.
        let _ = self.lab.events.send(SessionEvent { session: self.number, event });
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.lab.give_back(address);
        }
        let counters = &self.lab.counters;
        counters.sessions.fetch_sub(1, Relaxed);
        count(&counters.ended);
        let stopped = || Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager).did("stopped the lab");
        let cause = self.cause.take().unwrap_or_else(stopped);
        tracing::info!(session = self.number, %cause, "the client is gone");
        self.send(Event::Ended { cause });
    }
}

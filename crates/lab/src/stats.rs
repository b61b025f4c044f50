//! What a lab counts.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a lab has counted so far. "In" is from clients.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Stats {
    /// TCP connections accepted.
    pub accepted: u64,
    /// TLS handshakes completed.
    pub tls_up: u64,
    /// Clients that proved who they are.
    pub authenticated: u64,
    /// Clients that were given an address over a verified binding.
    pub connected: u64,
    /// Sessions that ended.
    pub ended: u64,
    /// Sessions alive now.
    pub sessions: u64,
    /// Addresses given out now.
    pub addresses_in_use: u64,
    /// Bytes read from the TCP sockets, of sessions that completed the TLS handshake.
    pub tls_bytes_in: u64,
    /// Bytes written to those sockets, but for the goodbye of TLS.
    pub tls_bytes_out: u64,
    /// Bytes of IP packets from clients.
    pub inner_bytes_in: u64,
    /// Bytes of IP packets to clients.
    pub inner_bytes_out: u64,
}

/// The counters behind [`Stats`]: written by the lab's thread, read by any.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) tls_up: AtomicU64,
    pub(crate) authenticated: AtomicU64,
    pub(crate) connected: AtomicU64,
    pub(crate) ended: AtomicU64,
    pub(crate) sessions: AtomicU64,
    pub(crate) addresses_in_use: AtomicU64,
    pub(crate) tls_bytes_in: AtomicU64,
    pub(crate) tls_bytes_out: AtomicU64,
    pub(crate) inner_bytes_in: AtomicU64,
    pub(crate) inner_bytes_out: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        Stats {
            accepted: self.accepted.load(Relaxed),
            tls_up: self.tls_up.load(Relaxed),
            authenticated: self.authenticated.load(Relaxed),
            connected: self.connected.load(Relaxed),
            ended: self.ended.load(Relaxed),
            sessions: self.sessions.load(Relaxed),
            addresses_in_use: self.addresses_in_use.load(Relaxed),
            tls_bytes_in: self.tls_bytes_in.load(Relaxed),
            tls_bytes_out: self.tls_bytes_out.load(Relaxed),
            inner_bytes_in: self.inner_bytes_in.load(Relaxed),
            inner_bytes_out: self.inner_bytes_out.load(Relaxed),
        }
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

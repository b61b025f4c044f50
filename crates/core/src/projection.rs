//! What a connection has been given, and what it has carried.

use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;

/// The result of the network negotiation.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Projection {
    /// The address that the server gave us.
    pub local: Ipv4Addr,
    /// The server's address inside the tunnel, if it told one.
    pub peer: Option<Ipv4Addr>,
    /// Name servers, most preferred first, without repeats.
    pub dns: Vec<Ipv4Addr>,
    /// NetBIOS name servers (WINS), likewise.
    pub nbns: Vec<Ipv4Addr>,
    /// The largest IP packet that we send, in bytes.
    pub mtu: u16,
}

impl Projection {
    /// Makes a projection from what IPCP negotiated.
    #[must_use]
    pub fn new(local: Ipv4Addr, peer: Option<Ipv4Addr>, dns: Vec<Ipv4Addr>, mtu: u16) -> Self {
        Self { local, peer, dns, nbns: Vec::new(), mtu }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)?;
        if let Some(peer) = self.peer {
            write!(f, " -> {peer}")?;
        }
        if !self.dns.is_empty() {
            let dns: Vec<String> = self.dns.iter().map(ToString::to_string).collect();
            write!(f, ", DNS {}", dns.join(" "))?;
        }
        write!(f, ", MTU {}", self.mtu)
    }
}

/// What a connection has carried (clause T1).
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Bytes of IP packets sent.
    pub bytes_sent: u64,
    /// Bytes of IP packets received.
    pub bytes_received: u64,
    /// IP packets sent.
    pub packets_sent: u64,
    /// IP packets received.
    pub packets_received: u64,
    /// Packets of ours that were discarded before the wire.
    pub send_drops: u64,
    /// Packets of the peer that were discarded.
    pub receive_drops: u64,
    /// Time since the connection was established.
    pub connected: Duration,
}

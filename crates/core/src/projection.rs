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
    /// How PPP itself encrypts its packets; nothing where only the carrier does.
    pub encryption: Option<Encryption>,
    /// Whether headers are compressed.
    pub header_compression: HeaderCompression,
}

/// Van Jacobson's compression of TCP headers (RFC 1144, RASIPO_VJ), each direction by itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct HeaderCompression {
    /// We compress what we send.
    pub sent: bool,
    /// The peer does.
    pub received: bool,
}

/// What CCP agreed on: MPPE (RFC 3078), each direction by itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Encryption {
    /// Of what we send.
    pub sent: MppeCipher,
    /// Of what we receive.
    pub received: MppeCipher,
}

/// One direction of MPPE.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct MppeCipher {
    /// How many bits of its key count: 40, 56 or 128.
    pub bits: u8,
    /// Whether the key changes with each packet.
    pub stateless: bool,
}

impl Projection {
    /// Makes a projection from what IPCP negotiated.
    #[must_use]
    pub fn new(local: Ipv4Addr, peer: Option<Ipv4Addr>, dns: Vec<Ipv4Addr>, mtu: u16) -> Self {
        let header_compression = HeaderCompression::default();
        Self { local, peer, dns, nbns: Vec::new(), mtu, encryption: None, header_compression }
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
        write!(f, ", MTU {}", self.mtu)?;
        match self.encryption {
            Some(Encryption { sent, received }) if sent == received => write!(f, ", {sent}"),
            Some(Encryption { sent, received }) => write!(f, ", {sent} sent, {received} received"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for MppeCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MPPE {}{}", self.bits, if self.stateless { "" } else { " stateful" })
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
    /// The speed of the line in bits a second: what the modem told when it connected, or that of the cable; 0 where there
    /// is none or it is not known.
    pub bps: u32,
}

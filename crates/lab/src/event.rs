//! What a lab tells of its sessions.

use rasman_core::Cause;
use std::net::{Ipv4Addr, SocketAddr};

/// Something that happened to one session.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SessionEvent {
    /// The number of the session, from 1 in the order of the accepts.
    pub session: u64,
    /// What happened.
    pub event: Event,
}

/// What happens to a session, in this order where it goes well.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// TCP was accepted.
    Accepted {
        /// The client's address; 0.0.0.0 port 0 if it calls by telephone.
        peer: SocketAddr,
    },
    /// The TLS handshake is done.
    TlsUp {
        /// Version and cipher suite.
        protection: String,
    },
    /// The SSTP call was accepted.
    CallUp,
    /// LCP is Opened and the challenge is on its way.
    LcpUp,
    /// The client proved who it is.
    Authenticated {
        /// The name that it gave.
        user: String,
    },
    /// The crypto binding was verified: IP packets may flow.
    Bound {
        /// Whether by SHA-256, else by SHA-1.
        sha256: bool,
    },
    /// The client has its address.
    Projected {
        /// The address.
        address: Ipv4Addr,
    },
    /// Nothing of the session is left.
    Ended {
        /// Why.
        cause: Cause,
    },
}

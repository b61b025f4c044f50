//! EAP (RFC 3748) and its methods, both ends, for PPP and for IKEv2.
//!
//! ```text
//! Peer                                     Server
//!  |  <-- Request / Identity ------------------ |   start
//!  |  --- Response / Identity ----------------> |
//!  |  <-- Request / method -------------------- |   a method that the peer does not allow is answered by a Nak
//!  |  --- Response / method, or Nak ----------> |
//!  |  <-- Success: Authenticated, keys -------- |   only after the method has proven what it has to
//! ```
//!
//! [`Peer`] and [`Server`] take packets and give packets; the peer never speaks first, and whoever carries the packets
//! repeats the server's requests. [`Relay`] stands in a server's place and hands everything to one that is elsewhere.
//! TLS comes from outside by [`Tunnels`]: the libraries for it draw their own randomness and read the clock, which
//! nothing here does.
//!
//! ```text
//!   EAP-TLS      PEAP: EAP inside       TTLS: AVPs inside
//!      '------------- tls ---------------------'  EAP-MD5  EAP-MSCHAPv2
//!                 framing, Tunnel
//! ```

mod avp;
mod framing;
mod md5;
mod method;
mod mschapv2;
mod packet;
mod peap;
mod peer;
mod relay;
mod server;
mod tls;
mod tls_only;
mod ttls;
mod tunnel;

pub use packet::{EapPacket, EapType};
pub use peer::{Peer, PeerSettings, Step};
pub use relay::{Ask, Relay, Verdict};
pub use server::{Server, ServerSettings, ServerStep};
pub use tunnel::{NoTunnels, ServerTunnels, Tunnel, TunnelError, Tunnels};

use rasman_core::{AuthMethod, SessionKeys};
use zeroize::Zeroizing;

/// Gives the number under which a method is negotiated.
#[must_use]
pub fn type_of(method: AuthMethod) -> Option<EapType> {
    match method {
        AuthMethod::EapTls => Some(EapType::TLS),
        AuthMethod::PeapMsChapV2 => Some(EapType::PEAP),
        AuthMethod::TtlsMsChapV2 | AuthMethod::TtlsPap => Some(EapType::TTLS),
        AuthMethod::EapMsChapV2 => Some(EapType::MS_CHAP_V2),
        AuthMethod::EapMd5 => Some(EapType::MD5),
        _ => None,
    }
}

/// Gives the Master Session Key (RFC 3748 7.10) of 64 octets from the keys of the peer's end, as IKEv2 wants it: what
/// the peer sends with comes first, and a method with shorter keys is filled up with zeros.
#[must_use]
pub fn msk_of_peer(keys: &SessionKeys) -> Zeroizing<[u8; 64]> {
    let mut msk = Zeroizing::new([0; 64]);
    msk.iter_mut().zip(keys.master_send.iter().chain(&keys.master_receive)).for_each(|(to, from)| *to = *from);
    msk
}

/// The types of these methods in their order, each once.
fn types_of(methods: &[AuthMethod]) -> Vec<EapType> {
    let mut types = Vec::new();
    for kind in methods.iter().copied().filter_map(type_of) {
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    types
}

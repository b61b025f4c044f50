//! PPP without I/O, both roles: RFC 1661 automaton, LCP, authentication phase, callback, IPCP.
//!
//! ```text
//!              Ppp: phases, gates, events
//!   LCP    PAP CHAP MS-CHAPv2 EAP   IPCP          IPv4
//!  Control<LcpOptions>  Auth  Control<IpcpOptions>  |
//!      |            |             |               |
//!  ----+------------+-------------+---------------+---- frames: FF 03, protocol, information
//! ```
//!
//! [`Ppp`] is one link. Packets, commands and the time go in; packets and events come out. Nothing here reads a clock,
//! opens a socket or asks for entropy.
#![forbid(unsafe_code)]

mod auth;
mod automaton;
mod cbcp;
mod ccp;
mod config;
mod control;
mod event;
pub mod frame;
mod host;
mod ipcp;
mod ipv6cp;
mod lcp;
mod options;
mod outbox;
mod packet;
mod parked;
mod ppp;
mod vj;

pub use auth::AuthProtocol;
pub use cbcp::{CallbackChoice, CallbackOffer};
pub use config::{
    CallbackPolicy, Checksum, ClientConfig, ClientEap, Echo, FarIpv6, FarNetwork, Framing, Ipv6Wish, Mppe, MppeMode,
    MppeStrength, Negotiation, ServerConfig,
};
pub use event::{CallbackCall, Event};
pub use frame::Protocol;
pub use ppp::Ppp;
pub use rasman_auth::{Account, AccountState, Accounts, Authenticated};

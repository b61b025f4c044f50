//! SSTP ([MS-SSTP]): PPP in packets on one TLS stream, after an HTTPS handshake; both roles.
//!
//! ```text
//!  client                                             server
//!    | TLS, then SSTP_DUPLEX_POST ------------------->  |
//!    | <------------------------------- HTTP/1.1 200    |
//!    | Call Connect Request (PPP) ------------------->  |
//!    | <-- Call Connect Ack (hash bitmask, nonce)       |   both: LinkEvent::Up
//!    | <==== data packets: LCP, authentication =====>   |   both: bind(keys)
//!    | Call Connected (crypto binding) -------------->  |   server: is_bound()
//!    | <==== data packets: IPCP, IP ================>   |   both: Echo Request after a silence
//!    | Call Disconnect ------------------------------>  |
//!    | <-------------------------- Call Disconnect Ack  |   client: LinkEvent::Down
//! ```
//!
//! Both ends are stream layers: `handle_input` takes the front of the plaintext inside TLS and keeps none of it. What
//! it answers with [`NeedMore`](rasman_core::Input::NeedMore) is offered again with more behind it, and is never
//! longer than [`UNREAD_MAX`] bytes. A data packet costs no allocation in either direction. The port is always
//! `PortId(0)`.
//!
//! The driver drains `poll_transmit` before `poll_event`: the last bytes of a call wait to be sent when
//! [`PortCommand::Close`](rasman_core::PortCommand::Close) and then [`LinkEvent::Down`](rasman_core::LinkEvent::Down)
//! are told. After `Down` nothing follows. A port that was reported closed is not told to close.

mod binding;
mod causes;
mod client;
mod config;
mod ending;
pub mod http;
mod line;
mod server;
pub mod wire;

pub use client::{Client, ClientSettings};
pub use config::Config;
pub use server::{Refusal, Server, ServerConfig};

/// The most bytes that a driver has to keep for a call that waits for more: an HTTP head, or a packet but its last
/// byte.
pub const UNREAD_MAX: usize = http::HEAD_MAX;

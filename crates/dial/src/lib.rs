//! One connection, from dial to disconnect, without I/O.
//!
//! A [`Connection`] composes a [`Link`](rasman_core::Link) (SSTP so far) and PPP, publishes RAS states, and obeys the
//! notification contract: each state is told once before it is entered, a failure is told as the same state with an
//! error and nothing follows, and a handler that was named holds the dial while it runs.
//!
//! ```text
//!              commands, port events, bytes, time
//!                             |
//!                      +------v------+   poll_effect: open or close a port, set up the network, notify
//!                      | Connection  |-> poll_transmit: bytes for a port
//!                      |  stage      |   poll_timeout: when to call handle_timeout
//!                      |  hold       |
//!                      +--+-------+--+
//!                PPP frames|       |IP packets
//!                   +------v--+ +--v-----+
//!                   |  Link   | |  Ppp   |
//!                   | (SSTP)  | |LCP CHAP|
//!                   +---------+ |  IPCP  |
//!                               +--------+
//! ```
#![forbid(unsafe_code)]

mod config;
mod connection;
mod effect;
mod retry;
mod stage;

pub use config::Config;
pub use connection::Connection;
pub use effect::{Command, Effect, PortPhase, Status};

pub use rasman_auth::eap::{NoTunnels, Tunnels};

use rasman_core::{Credentials, Entry, Rng};
use std::sync::Arc;

/// What a dial is to do.
pub struct DialPlan {
    /// The entry, already [validated](Entry::validate).
    pub entry: Arc<Entry>,
    /// Who dials.
    pub credentials: Credentials,
    /// A notification handler was named: the dial is held from each notification until
    /// [`Command::HandlerDone`] (clauses A24, A25).
    pub handler: bool,
    /// Questions may pause the dial (RDEOPT_PausedStates); otherwise a question is an error (clause A43).
    pub paused_states: bool,
    /// Time limits.
    pub config: Config,
    /// Where the TLS inside EAP comes from.
    pub tunnels: Arc<dyn Tunnels>,
}

/// Makes a random source for each layer of a connection.
pub type RngSource = Box<dyn FnMut() -> Box<dyn Rng + Send> + Send>;

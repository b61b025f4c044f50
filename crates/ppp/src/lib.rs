//! PPP without I/O, both roles: RFC 1661 automaton, LCP, authentication phase, IPCP.
#![forbid(unsafe_code)]

mod config;
mod event;
mod ppp;

pub use config::{ClientConfig, Echo, Negotiation, ServerConfig};
pub use event::Event;
pub use ppp::Ppp;
pub use rasman_auth::{Account, AccountState, Accounts, Authenticated};

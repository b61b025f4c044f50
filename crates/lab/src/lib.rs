//! The answering half of every medium, with faults on demand: for demos, tests, benches, and whoever needs a peer.
//!
//! Today that is SSTP, and [modems](modem) with PPP on a telephone line. A client that dials in with [`DEFAULT_USER`] gets an address and finds behind it, at the
//! gateway's address, ICMP echo, a name server and a small web server:
//!
//! ```text
//! GET  /              a page
//! GET  /bulk/<bytes>  so many pseudo-random bytes, their SHA-256 in the header X-Sha256; see `bulk`
//! POST /sink          {"sha256":"...","length":...} of the body
//! ```
//!
//! ```text
//! TCP --TLS--> Pump --> sstp::Server --> Ppp (server) --> Stack --> http, dns
//!  |            Gate (faults, delays) <-- sstp::Server <-- Ppp <-- Stack
//! ```
//!
//! [`spawn`] starts a lab on a thread of its own; [`run`] and [`main_process`] make a process of it.
#![forbid(unsafe_code)]

pub mod bulk;
mod call;
mod certificates;
mod config;
mod dns;
mod event;
mod facts;
pub mod faults;
mod flags;
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod http;
mod impostor;
mod inner;
mod judge;
mod lab;
pub mod modem;
mod pap;
pub mod pem;
mod pool;
mod process;
pub mod radius;
mod running;
mod session;
mod stats;
mod told;
mod users;
mod wrong_keys;

pub use config::{Config, DEFAULT_PASSWORD, DEFAULT_USER};
pub use event::{Event, SessionEvent};
pub use facts::Facts;
pub use faults::Faults;
pub use flags::{FLAGS, main_process};
pub use pool::Pool;
pub use process::run;
pub use rasman_auth::AccountState;
pub use rasman_ppp::{CallbackPolicy, FarIpv6, FarNetwork, MppeStrength};
pub use running::{Running, spawn, spawn_local};
pub use stats::Stats;
pub use users::{InvalidUser, User};

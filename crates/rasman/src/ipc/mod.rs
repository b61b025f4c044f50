//! The manager over a socket: Varlink, in both directions.
//!
//! The contract is [`DESCRIPTION`], the interface in Varlink's own language; [`wire`] has it as types, and a test
//! compares the two. Messages are JSON between NUL bytes ([`Frames`]), descriptors travel beside them, and a secret
//! travels as one: a sealed memory file ([`secret`]).
//!
//! ```text
//! program -> Manager -> daemon::Remote --calls---> rasmand     one call at a time, by the calling thread
//!                            ^---------channel---- rasmand     events of all its dials, read by one thread
//! ```

mod frames;
pub mod message;
pub mod scope;
pub mod secret;
pub mod section;
mod socket;
pub mod wire;

pub use frames::{Frames, TooLong};
pub use socket::{Wire, receive_into, send_all, send_some, send_some_with};

/// The interface in Varlink's language; the contract.
pub const DESCRIPTION: &str = include_str!("io.rasman.Manager.varlink");
/// The interface's name.
pub const INTERFACE: &str = "io.rasman.Manager";
/// The interface that every Varlink service has.
pub const SERVICE: &str = "org.varlink.service";
/// What `org.varlink.service` is, in Varlink's language.
pub const SERVICE_DESCRIPTION: &str = include_str!("org.varlink.service.varlink");

/// The longest message that a client may send, in bytes.
pub const CALL_MAX: usize = 1 << 20;
/// The longest message that a client accepts: a list of very many connections.
pub const REPLY_MAX: usize = 64 << 20;
/// The most descriptors that are kept of what came with a message.
pub const DESCRIPTORS_MAX: usize = 4;

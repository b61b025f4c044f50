//! TLS inside EAP, both ends: rustls fed with bytes, for [`rasman_auth::eap`].
//!
//! ```text
//! EAP fragments -> Tunnel::input -> rustls -> plain
//! EAP fragments <- Tunnel::output <- rustls <- Tunnel::send
//! ```

mod identity;
mod key;
mod peer;
mod server;
mod tunnel;

pub use peer::EapTunnels;
#[cfg(test)]
pub(super) use peer::judged_for_test;
pub use server::EapAcceptor;

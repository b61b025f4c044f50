//! Authentication for PPP and IKE, without I/O.
//!
//! Every method ends in the same two things: an [`Authenticated`] token, which only a completed and verified exchange
//! can make and which the network negotiation demands, and the session keys
//! ([`SessionKeys`](rasman_core::SessionKeys)) as seen from this end.
#![forbid(unsafe_code)]

mod account;
mod chap;
pub mod chap_md5;
pub mod eap;
pub mod mschapv2;
pub mod pap;
#[cfg(test)]
mod testing;
mod token;
mod weak;

pub use account::{Account, AccountState, Accounts};
pub use chap::ChapPacket;
pub use token::Authenticated;

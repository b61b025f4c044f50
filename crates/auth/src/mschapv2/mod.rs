//! MS-CHAPv2 (RFC 2759) with the keys of RFC 3079.
//!
//! ```text
//! client                                    server
//!    |  <---- Challenge: 16 octets ------------  |   Server::challenge
//!    |  ----- Response: 16 + 24 octets, name ->  |   Attempt::new          Server::response
//!    |  <---- Success: S= proof of the server -  |   Attempt::verify  ->  Authenticated + SessionKeys
//!    |  <---- Failure: E= R= C= ---------------  |   Refusal::parse;  R=1: Attempt::new with the challenge in C=
//! ```
//!
//! Both ends prove that they know the password; a client that gets a wrong proof has no token and no keys.

mod change;
mod client;
mod hash;
mod keys;
mod message;
mod server;

pub use change::Change;
pub use client::{Attempt, Refusal};
pub use hash::{
    challenge_hash, check_authenticator_response, generate_authenticator_response, generate_nt_response,
    hash_nt_password_hash, nt_password_hash, unicode,
};
pub use keys::{get_asymmetric_start_key, get_master_key, session_keys};
pub use message::{FailureMessage, ResponseValue};
pub use server::{Server, Verdict};

/// The most octets of a user name (RFC 2759 4: "up to 256 octets").
pub const NAME_MAX: usize = 256;

/// Gives the user name without a domain, as the hashes want it (RFC 2759 4: `DOMAIN\user`).
pub(crate) fn without_domain(name: &[u8]) -> &[u8] {
    let at = name.iter().rposition(|octet| *octet == b'\\').map_or(0, |at| at + 1);
    &name[at..]
}

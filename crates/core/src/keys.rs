//! Session keys that authentication hands to whoever binds or encrypts.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The keys that an authentication method derived, as seen from this end.
///
/// Zeroed on drop; no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionKeys {
    /// The key for what this end sends (RFC 3079 3.3 MasterSendKey; 16 bytes for MS-CHAPv2).
    pub master_send: Vec<u8>,
    /// The key for what this end receives (RFC 3079 3.3 MasterReceiveKey).
    pub master_receive: Vec<u8>,
}

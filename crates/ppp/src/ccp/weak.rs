//! Primitives that are broken as such and that MPPE is built from: RC4 and SHA-1.
//!
//! Nothing else in this crate may use them; that is why this module is private and named so. RC4 leaks its key stream's
//! bias, nothing authenticates a packet, and a bit that is turned on the way is a bit that is turned in the clear: what
//! MPPE carries is hidden from a passer-by and no more.

use rc4::{KeyInit, StreamCipher};

/// RC4 with its state.
pub(super) struct Rc4(rc4::Rc4);

impl Rc4 {
    /// Makes the tables of a key of 8 or 16 octets.
    pub(super) fn new(key: &[u8]) -> Self {
        Self(rc4::Rc4::new_from_slice(key).expect("RC4 takes keys of 1 to 256 octets"))
    }

    /// Encrypts or decrypts in place.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

/// SHA-1 (FIPS 180) of the parts, one after the other.
pub(super) fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    use sha1::Digest;
    let mut hash = sha1::Sha1::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

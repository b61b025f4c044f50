//! The answer of OCSP that a server sends with its certificate (RFC 6066 8, RFC 8446 4.4.2.1).

use super::leaf_of;
use std::sync::{Mutex, PoisonError};

/// The last one that came, and the SHA-256 digest of the leaf beside it. A session that is resumed brings none, so the one before
/// counts for as long as it says.
#[derive(Debug, Default)]
pub(super) struct Staple(Mutex<Option<([u8; 32], Vec<u8>)>>);

impl Staple {
    pub(super) fn set(&self, leaf: [u8; 32], answer: &[u8]) {
        if !answer.is_empty() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((leaf, answer.to_vec()));
        }
    }

    /// Gives the answer that came with this leaf.
    pub(super) fn of(&self, leaf: &[u8]) -> Option<Vec<u8>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(digest, _)| *digest == leaf_of(leaf).sha256).map(|(_, answer)| answer.clone())
    }
}

//! Crypto binding ([MS-SSTP] 3.2.5.2): the proof that TLS and the authentication inside end at the same two parties.
//!
//! ```text
//! HLAK = client's MasterSendKey | MasterReceiveKey, cut or padded with zeros to 32 bytes      3.2.5.2.4
//! CMK  = HMAC(HLAK, "SSTP inner method derived CMK" | LEN (16 bits, little-endian) | 0x01)
//! MAC  = HMAC(CMK, the Call Connected message with zeros in place of the MAC)
//! ```
//!
//! A man in the middle who ends TLS with a certificate of his own and relays the authentication cannot make the MAC:
//! it covers the certificate that the client saw, under a key that only the two ends of the authentication know.

use super::wire::{Binding, BindingRequest, HashProtocols, Message};
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use rasman_core::{Batch, Leaf, SessionKeys};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The Higher-Layer Authentication Key; zeroed on drop, no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Hlak([u8; 32]);

impl Hlak {
    /// As the client makes it. Without keys it is zero ([MS-SSTP] 3.2.5.2.4).
    pub(super) fn of_client(keys: &SessionKeys) -> Self {
        Self::join(&keys.master_send, &keys.master_receive)
    }

    /// As the server makes it: the same bytes.
    pub(super) fn of_server(keys: &SessionKeys) -> Self {
        Self::join(&keys.master_receive, &keys.master_send)
    }

    fn join(first: &[u8], second: &[u8]) -> Self {
        let mut hlak = Self([0; 32]);
        hlak.0.iter_mut().zip(first.iter().chain(second)).for_each(|(to, from)| *to = *from);
        hlak
    }
}

/// Chooses the strongest of the offered hash protocols ([MS-SSTP] 3.2.5.3.2).
pub(super) fn choose(offered: HashProtocols) -> Option<HashProtocols> {
    [HashProtocols::SHA256, HashProtocols::SHA1].into_iter().find(|hash| offered.has(*hash))
}

/// Makes the client's proof.
pub(super) fn prove(hash: HashProtocols, request: &BindingRequest, leaf: &Leaf, hlak: &Hlak) -> Binding {
    let mut binding = Binding { hash, nonce: request.nonce, cert_hash: cert_hash(hash, leaf), mac: [0; 32] };
    binding.mac = compound_mac(&binding, hlak);
    binding
}

/// Checks the client's proof ([MS-SSTP] 3.3.5.2.3).
pub(super) fn verify(binding: &Binding, request: &BindingRequest, leaf: &Leaf, hlak: &Hlak) -> Result<(), Flaw> {
    if choose(binding.hash) != Some(binding.hash) || !request.hashes.has(binding.hash) {
        return Err(Flaw::Hash);
    }
    if !same(&binding.nonce, &request.nonce) {
        return Err(Flaw::Nonce);
    }
    if !same(&binding.cert_hash, &cert_hash(binding.hash, leaf)) {
        return Err(Flaw::Certificate);
    }
    if !same(&binding.mac, &compound_mac(binding, hlak)) {
        return Err(Flaw::Mac);
    }
    Ok(())
}

/// What is wrong with a proof.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// A hash protocol that was not offered.
    Hash,
    /// Another nonce.
    Nonce,
    /// The digest of another certificate: somebody sits between.
    Certificate,
    /// Another key: somebody relayed the authentication, or the keys differ.
    Mac,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hash => "the crypto binding uses a hash that was not offered",
            Self::Nonce => "the crypto binding has another nonce",
            Self::Certificate => "the crypto binding names another certificate",
            Self::Mac => "the crypto binding was made with other keys",
        })
    }
}

fn cert_hash(hash: HashProtocols, leaf: &Leaf) -> [u8; 32] {
    if hash == HashProtocols::SHA256 { leaf.sha256 } else { padded(&leaf.sha1) }
}

fn compound_mac(binding: &Binding, hlak: &Hlak) -> [u8; 32] {
    let mut message = Batch::with_capacity(128);
    Message::CallConnected(Binding { mac: [0; 32], ..*binding }).emit(&mut message);
    if binding.hash == HashProtocols::SHA256 {
        keyed::<Hmac<Sha256>, 32>(hlak, message.as_bytes())
    } else {
        keyed::<Hmac<Sha1>, 20>(hlak, message.as_bytes())
    }
}

/// Derives the CMK by one round of PRF+ (its length is one digest) and authenticates the message with it.
fn keyed<M: Mac + KeyInit, const LEN: u16>(hlak: &Hlak, message: &[u8]) -> [u8; 32] {
    let new = |key: &[u8]| <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    let mut cmk = new(&hlak.0);
    cmk.update(b"SSTP inner method derived CMK");
    cmk.update(&LEN.to_le_bytes());
    cmk.update(&[0x01]);
    let mut cmk = padded(&cmk.finalize().into_bytes());
    let mut mac = new(&cmk[..usize::from(LEN)]);
    cmk.zeroize();
    mac.update(message);
    padded(&mac.finalize().into_bytes())
}

fn padded(digest: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    out
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests;

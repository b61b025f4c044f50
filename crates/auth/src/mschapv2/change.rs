//! Change of an expired password (RFC 2759 7): the packet, and the computations of sections 8.9 to 8.13.
//!
//! ```text
//! client                                             server
//!    | <- Failure: E=648 C= V=3 --------------------  |
//!    | -- Change-Password: new password under the --> |   Change::new        Change::open
//!    |    old one's hash, old hash under the new      |
//!    |    one's, response of the new password to C=   |
//!    | <- Success: S=  /  Failure: E= --------------- |
//! ```

use super::hash::{nt_password_hash, unicode};
use super::{ResponseValue, message};
use crate::weak;
use rasman_core::{Malformed, Reader, Rng, Secret};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The value of a Change-Password packet: 582 octets.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The new password under the hash of the old one (RFC 2759 8.9).
    pub encrypted_password: [u8; 516],
    /// The hash of the old password under that of the new one (RFC 2759 8.12).
    pub encrypted_hash: [u8; 16],
    /// The response of the new password.
    pub response: ResponseValue,
}

impl Change {
    /// Makes the value; `None` if the new password has more than 256 characters.
    #[must_use]
    pub fn new(old: &[u8], new: &[u8], response: ResponseValue, rng: &mut dyn Rng) -> Option<Self> {
        let mut padding = Zeroizing::new([0; 512]);
        rng.fill(&mut *padding);
        let encrypted_password = encrypt_password(new, &nt_password_hash(old), &padding)?;
        let encrypted_hash = encrypt_hash(&nt_password_hash(old), &nt_password_hash(new));
        Some(Self { encrypted_password, encrypted_hash, response })
    }

    /// Reads the value. Flags are not looked at (RFC 2759 7: they must be zero).
    ///
    /// # Errors
    /// What was expected and where.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        let encrypted_password = reader.array("516 octets of Encrypted-Password")?;
        let encrypted_hash = reader.array("16 octets of Encrypted-Hash")?;
        let peer_challenge = reader.array("16 octets of Peer-Challenge")?;
        reader.take(8, "8 reserved octets")?;
        let nt_response = reader.array("24 octets of NT-Response")?;
        reader.u16("Flags")?;
        if !reader.is_empty() {
            return Err(reader.malformed("the end of a Change-Password value of 582 octets"));
        }
        Ok(Self { encrypted_password, encrypted_hash, response: ResponseValue { peer_challenge, nt_response } })
    }

    /// Writes the value.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(VALUE);
        value.extend_from_slice(&self.encrypted_password);
        value.extend_from_slice(&self.encrypted_hash);
        value.extend_from_slice(&self.response.peer_challenge);
        value.extend_from_slice(&[0; 8]);
        value.extend_from_slice(&self.response.nt_response);
        value.extend_from_slice(&[0; 2]);
        value
    }

    /// Opens the value with the old password: gives the new one in UTF-8, if both hashes fit.
    #[must_use]
    pub fn open(&self, old: &[u8]) -> Option<Secret> {
        let old_hash = nt_password_hash(old);
        let mut block = Zeroizing::new(self.encrypted_password);
        weak::rc4(&old_hash, &mut *block);
        let length = usize::try_from(u32::from_le_bytes(block[512..].try_into().ok()?)).ok()?;
        if length > 512 || !length.is_multiple_of(2) {
            return None;
        }
        let new = message::from_unicode(&block[512 - length..512])?;
        let expected = encrypt_hash(&old_hash, &nt_password_hash(new.expose()));
        bool::from(expected.ct_eq(&self.encrypted_hash)).then_some(new)
    }
}

/// RFC 2759 8.9 NewPasswordEncryptedWithOldNtPasswordHash, by way of 8.10 EncryptPwBlockWithPasswordHash: the password
/// stands at the end of the padding, its length in octets behind it.
fn encrypt_password(new: &[u8], old_hash: &[u8; 16], padding: &[u8; 512]) -> Option<[u8; 516]> {
    let new = unicode(new);
    let start = padding.len().checked_sub(new.len())?;
    let mut block = Zeroizing::new([0; 516]);
    block[..start].copy_from_slice(&padding[..start]);
    block[start..512].copy_from_slice(&new);
    block[512..].copy_from_slice(&u32::try_from(new.len()).ok()?.to_le_bytes());
    weak::rc4(old_hash, &mut *block);
    Some(*block)
}

/// RFC 2759 8.13 NtPasswordHashEncryptedWithBlock: each half under seven octets of the other hash.
fn encrypt_hash(hash: &[u8; 16], block: &[u8; 16]) -> [u8; 16] {
    let mut out = [0; 16];
    for half in 0..2 {
        let clear = core::array::from_fn(|i| hash[half * 8 + i]);
        let key = Zeroizing::new(core::array::from_fn(|i| block[half * 7 + i]));
        out[half * 8..half * 8 + 8].copy_from_slice(&weak::des(&key, &clear));
    }
    out
}

/// RFC 2759 7: the packet has 586 octets, four of them CHAP's header.
const VALUE: usize = 582;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counter;

    fn change(new: &str) -> Option<Change> {
        let response = ResponseValue { peer_challenge: [1; 16], nt_response: [2; 24] };
        Change::new(b"MyPw", new.as_bytes(), response, &mut Counter(0))
    }

    #[test]
    fn rfc_2759_9_3_hash_of_the_old_password_under_that_of_the_new() {
        // RFC 2759 9.3 gives the hashes of "MyPw" and of "clientPass"; the DES of each half was computed with OpenSSL.
        let old = 0xFC156AF7EDCD6C0EDDE3337D427F4EAC_u128.to_be_bytes();
        assert_eq!(*nt_password_hash(b"MyPw"), old);
        let encrypted = encrypt_hash(&old, &nt_password_hash(b"clientPass"));
        assert_eq!(encrypted, 0x541C7CFCF62B50A7AB045A388A154861_u128.to_be_bytes());
    }

    #[test]
    fn a_change_survives_emit_and_parse_and_opens_with_the_old_password_alone() {
        for new in ["clientPass", "", "aß€😀", &"x".repeat(256)] {
            let value = change(new).unwrap().emit();
            assert_eq!(value.len(), VALUE);
            let parsed = Change::parse(&value).unwrap();
            assert!(parsed.open(b"MyPw").is_some_and(|opened| opened.same(&Secret::from(new))), "{new}");
            assert!(parsed.open(b"other").is_none());
        }
        assert!(change(&"x".repeat(257)).is_none());
        assert!(Change::parse(&[0; VALUE - 1]).is_err() && Change::parse(&[0; VALUE + 1]).is_err());
    }

    #[test]
    fn a_hash_that_does_not_fit_is_refused() {
        let mut change = change("clientPass").unwrap();
        change.encrypted_hash[0] ^= 1;
        assert!(change.open(b"MyPw").is_none());
    }
}

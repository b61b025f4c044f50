//! The computations of RFC 2759 section 8, under the RFC's names.

use crate::weak;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Turns a password into little-endian UTF-16, the form that RFC 2759 calls Unicode. A password that is not UTF-8 is
/// taken as Latin-1.
#[must_use]
pub fn unicode(password: &[u8]) -> Zeroizing<Vec<u8>> {
    // Reserved at once: a vector that grows would leave copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(password.len() * 2));
    match core::str::from_utf8(password) {
        Ok(text) => text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_le_bytes())),
        Err(_) => password.iter().for_each(|octet| out.extend_from_slice(&[*octet, 0])),
    }
    out
}

/// RFC 2759 8.1 GenerateNTResponse; `password` in UTF-8, `user` without domain.
#[must_use]
pub fn generate_nt_response(authenticator: &[u8; 16], peer: &[u8; 16], user: &[u8], password: &[u8]) -> [u8; 24] {
    let challenge = challenge_hash(peer, authenticator, user);
    challenge_response(&challenge, &nt_password_hash(password))
}

/// RFC 2759 8.2 ChallengeHash; `user` without domain.
#[must_use]
pub fn challenge_hash(peer: &[u8; 16], authenticator: &[u8; 16], user: &[u8]) -> [u8; 8] {
    let digest = weak::sha1(&[peer, authenticator, user]);
    core::array::from_fn(|i| digest[i])
}

/// RFC 2759 8.3 NtPasswordHash; `password` in UTF-8.
#[must_use]
pub fn nt_password_hash(password: &[u8]) -> Zeroizing<[u8; 16]> {
    Zeroizing::new(weak::md4(&unicode(password)))
}

/// RFC 2759 8.4 HashNtPasswordHash.
#[must_use]
pub fn hash_nt_password_hash(password_hash: &[u8; 16]) -> Zeroizing<[u8; 16]> {
    Zeroizing::new(weak::md4(password_hash))
}

/// RFC 2759 8.5 ChallengeResponse.
fn challenge_response(challenge: &[u8; 8], password_hash: &[u8; 16]) -> [u8; 24] {
    let mut padded = Zeroizing::new([0; 21]);
    padded[..16].copy_from_slice(password_hash);
    let mut response = [0; 24];
    for (third, out) in response.chunks_exact_mut(8).enumerate() {
        let key = Zeroizing::new(core::array::from_fn(|i| padded[third * 7 + i]));
        out.copy_from_slice(&weak::des(&key, challenge));
    }
    response
}

/// RFC 2759 8.7 GenerateAuthenticatorResponse, before it is written as `S=` and 40 hexadecimal digits.
#[must_use]
pub fn generate_authenticator_response(
    password: &[u8],
    nt_response: &[u8; 24],
    peer: &[u8; 16],
    authenticator: &[u8; 16],
    user: &[u8],
) -> [u8; 20] {
    let hash_hash = hash_nt_password_hash(&nt_password_hash(password));
    let digest = weak::sha1(&[&*hash_hash, nt_response, MAGIC_1]);
    let challenge = challenge_hash(peer, authenticator, user);
    weak::sha1(&[&digest, &challenge, MAGIC_2])
}

/// RFC 2759 8.8 CheckAuthenticatorResponse, in constant time.
#[must_use]
pub fn check_authenticator_response(expected: &[u8; 20], received: &[u8; 20]) -> bool {
    expected.ct_eq(received).into()
}

const MAGIC_1: &[u8] = b"Magic server to client signing constant";
const MAGIC_2: &[u8] = b"Pad to make it do more than one iteration";

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    // RFC 2759 9.2.
    pub(crate) const USER: &[u8] = b"User";
    pub(crate) const PASSWORD: &[u8] = b"clientPass";
    pub(crate) const AUTHENTICATOR: [u8; 16] = 0x5B5D7C7D7B3F2F3E3C2C602132262628_u128.to_be_bytes();
    pub(crate) const PEER: [u8; 16] = 0x21402324255E262A28295F2B3A337C7E_u128.to_be_bytes();
    pub(crate) const NT_RESPONSE: [u8; 24] = [
        0x82, 0x30, 0x9E, 0xCD, 0x8D, 0x70, 0x8B, 0x5E, 0xA0, 0x8F, 0xAA, 0x39, 0x81, 0xCD, 0x83, 0x54, 0x42, 0x33,
        0x11, 0x4A, 0x3D, 0x85, 0xD6, 0xDF,
    ];

    #[test]
    fn rfc_2759_9_2_challenge() {
        assert_eq!(challenge_hash(&PEER, &AUTHENTICATOR, USER), 0xD02E4386BCE91226_u64.to_be_bytes());
    }

    #[test]
    fn rfc_2759_9_2_password_hash() {
        let hash = nt_password_hash(PASSWORD);
        assert_eq!(*hash, 0x44EBBA8D5312B8D611474411F56989AE_u128.to_be_bytes());
        assert_eq!(*hash_nt_password_hash(&hash), 0x41C00C584BD2D91C4017A2A12FA59F3F_u128.to_be_bytes());
    }

    #[test]
    fn rfc_2759_9_2_nt_response() {
        assert_eq!(generate_nt_response(&AUTHENTICATOR, &PEER, USER, PASSWORD), NT_RESPONSE);
    }

    #[test]
    fn rfc_2759_9_2_authenticator_response() {
        let s = generate_authenticator_response(PASSWORD, &NT_RESPONSE, &PEER, &AUTHENTICATOR, USER);
        let hex: String = s.iter().map(|octet| format!("{octet:02X}")).collect();
        assert_eq!(hex, "407A5589115FD0D6209F510FE9C04566932CDA56");
        assert!(check_authenticator_response(&s, &s));
        assert!(!check_authenticator_response(&s, &[0; 20]));
    }

    #[test]
    fn rfc_2759_9_3_des_keys_with_parity_bits_give_the_same_response() {
        // RFC 2759 9.3: the password "MyPw", challenge 10 2D B5 DF 08 5D 30 41.
        let hash = nt_password_hash(b"MyPw");
        assert_eq!(*hash, 0xFC156AF7EDCD6C0EDDE3337D427F4EAC_u128.to_be_bytes());
        let response = challenge_response(&0x102DB5DF085D3041_u64.to_be_bytes(), &hash);
        assert_eq!(response[..8], 0x4E9D3C8F9CFD385D_u64.to_be_bytes());
        assert_eq!(response[8..16], 0x5BF4D3246791956C_u64.to_be_bytes());
        assert_eq!(response[16..], 0xA4C351AB409A3D61_u64.to_be_bytes());
    }

    #[test]
    fn passwords_become_utf_16() {
        assert_eq!(*unicode("aß€😀".as_bytes()), [0x61, 0, 0xDF, 0, 0xAC, 0x20, 0x3D, 0xD8, 0x00, 0xDE]);
        assert_eq!(*unicode(b"\xff"), [0xff, 0]);
    }
}

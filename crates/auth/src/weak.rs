//! Primitives that are broken as such and that MS-CHAPv2 is built from: MD4, DES, SHA-1.
//!
//! Nothing else in rasman may use them; that is why this module is private and named so. What they give is as strong
//! as the password and no stronger: an eavesdropper can try all DES keys, so MS-CHAPv2 belongs inside TLS or IPsec.

use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::Digest;

/// MD4 (RFC 1320).
pub(crate) fn md4(data: &[u8]) -> [u8; 16] {
    md4::Md4::digest(data).into()
}

/// SHA-1 (FIPS 180) of the parts, one after the other.
pub(crate) fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hash = sha1::Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// RFC 2759 8.6 DesEncrypt: DES with a key of 56 bits, without its parity bits.
pub(crate) fn des(key: &[u8; 7], clear: &[u8; 8]) -> [u8; 8] {
    let mut block = (*clear).into();
    des::Des::new(&with_parity(key).into()).encrypt_block(&mut block);
    block.into()
}

/// Spreads 56 key bits over 8 octets; the low bit of each, DES's parity, is ignored by the cipher.
fn with_parity(key: &[u8; 7]) -> [u8; 8] {
    let bits = key.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    core::array::from_fn(|i| ((bits >> (49 - 7 * i)) as u8 & 0x7f) << 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1320_a5_md4() {
        assert_eq!(md4(b"abc"), 0xa448017aaf21d8525fc10ae87aa6729d_u128.to_be_bytes());
    }

    #[test]
    fn key_bits_keep_their_order() {
        assert_eq!(with_parity(&[0xff; 7]), [0xfe; 8]);
        assert_eq!(with_parity(&[0x80, 0, 0, 0, 0, 0, 0x01]), [0x80, 0, 0, 0, 0, 0, 0, 0x02]);
    }
}

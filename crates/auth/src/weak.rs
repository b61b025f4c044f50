//! Primitives that are broken as such and that the old methods are built from: MD4, MD5, DES, RC4, SHA-1.
//!
//! Nothing else in rasman may use them; that is why this module is private and named so. What they give is as strong
//! as the password and no stronger: an eavesdropper can try all DES keys, so MS-CHAPv2 belongs inside TLS or IPsec.

use des::cipher::{BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use md4::Digest;
use rc4::{Rc4, StreamCipher};

/// MD4 (RFC 1320).
pub(crate) fn md4(data: &[u8]) -> [u8; 16] {
    md4::Md4::digest(data).into()
}

/// MD5 (RFC 1321) of the parts, one after the other.
pub(crate) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = md5::Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA1 (RFC 2104) of the parts, one after the other.
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac = <Hmac<sha1::Sha1> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// RC4 from the start of its key stream, in place; encrypts and decrypts.
pub(crate) fn rc4(key: &[u8; 16], data: &mut [u8]) {
    Rc4::new_from_slice(key).expect("RC4 takes keys of 16 octets").apply_keystream(data);
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
    fn rfc_1321_a5_md5() {
        assert_eq!(md5(&[b"mess", b"age digest"]), 0xf96b697d7cb7938d525a2f31aaf161d0_u128.to_be_bytes());
    }

    #[test]
    fn rfc_2202_3_hmac_sha1() {
        let mac = hmac_sha1(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(mac[..4], [0xef, 0xfc, 0xdf, 0x6a]);
        assert_eq!(mac[16..], [0x25, 0x9a, 0x7c, 0x79]);
    }

    #[test]
    fn rfc_6229_2_rc4_128() {
        let mut stream = [0; 16];
        rc4(&0x0102030405060708090a0b0c0d0e0f10_u128.to_be_bytes(), &mut stream);
        assert_eq!(stream, 0x9ac7cc9a609d1ef7b2932899cde41b97_u128.to_be_bytes());
    }

    #[test]
    fn key_bits_keep_their_order() {
        assert_eq!(with_parity(&[0xff; 7]), [0xfe; 8]);
        assert_eq!(with_parity(&[0x80, 0, 0, 0, 0, 0, 0x01]), [0x80, 0, 0, 0, 0, 0, 0, 0x02]);
    }
}

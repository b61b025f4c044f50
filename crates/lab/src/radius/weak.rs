//! MD5 and HMAC-MD5, which are broken as such and which all of RADIUS is built from. Its packets are as safe as the network
//! that they cross.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// MD5 (RFC 1321) of the parts, one after the other.
pub(super) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// HMAC-MD5 (RFC 2104).
pub(super) fn hmac_md5(key: &[u8], data: &[u8]) -> [u8; 16] {
    let mac = <Hmac<Md5> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(data).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_2202_2_hmac_md5() {
        assert_eq!(
            hmac_md5(b"Jefe", b"what do ya want for nothing?"),
            0x750c783e6ab0b503eaa86e310a5db738_u128.to_be_bytes()
        );
    }
}

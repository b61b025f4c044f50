//! The keys that MS-CHAPv2 leaves behind (RFC 3079 section 3).

use super::hash::hash_nt_password_hash;
use crate::weak;
use rasman_core::SessionKeys;
use zeroize::Zeroizing;

/// RFC 3079 3.4 GetMasterKey.
#[must_use]
pub fn get_master_key(password_hash_hash: &[u8; 16], nt_response: &[u8; 24]) -> Zeroizing<[u8; 16]> {
    let digest = Zeroizing::new(weak::sha1(&[password_hash_hash, nt_response, MAGIC_1]));
    Zeroizing::new(core::array::from_fn(|i| digest[i]))
}

/// RFC 3079 3.4 GetAsymmetricStartKey for keys of 128 bits.
#[must_use]
pub fn get_asymmetric_start_key(master_key: &[u8; 16], is_send: bool, is_server: bool) -> Zeroizing<[u8; 16]> {
    // "if IsSend and IsServer, or neither: Magic3, otherwise Magic2"
    let magic = if is_send == is_server { MAGIC_3 } else { MAGIC_2 };
    let digest = Zeroizing::new(weak::sha1(&[master_key, &[0; 40], magic, &[0xf2; 40]]));
    Zeroizing::new(core::array::from_fn(|i| digest[i]))
}

/// Gives the keys as one end sees them: what the client sends with is what the server receives with.
#[must_use]
pub fn session_keys(password_hash: &[u8; 16], nt_response: &[u8; 24], is_server: bool) -> SessionKeys {
    let master = get_master_key(&hash_nt_password_hash(password_hash), nt_response);
    SessionKeys {
        master_send: get_asymmetric_start_key(&master, true, is_server).to_vec(),
        master_receive: get_asymmetric_start_key(&master, false, is_server).to_vec(),
    }
}

const MAGIC_1: &[u8] = b"This is the MPPE Master Key";
const MAGIC_2: &[u8] = b"On the client side, this is the send key; on the server side, it is the receive key.";
const MAGIC_3: &[u8] = b"On the client side, this is the receive key; on the server side, it is the send key.";

#[cfg(test)]
mod tests {
    use super::super::hash::nt_password_hash;
    use super::super::hash::tests::{NT_RESPONSE, PASSWORD};
    use super::*;

    #[test]
    fn rfc_3079_3_5_3_master_key() {
        let hash_hash = hash_nt_password_hash(&nt_password_hash(PASSWORD));
        let master = get_master_key(&hash_hash, &NT_RESPONSE);
        assert_eq!(*master, 0xFDECE3717A8C838CB388E527AE3CDD31_u128.to_be_bytes());
    }

    #[test]
    fn rfc_3079_3_5_3_send_start_key_128() {
        let master = 0xFDECE3717A8C838CB388E527AE3CDD31_u128.to_be_bytes();
        let key = get_asymmetric_start_key(&master, true, true);
        assert_eq!(*key, 0x8B7CDC149B993A1BA118CB153F56DCCB_u128.to_be_bytes());
    }

    #[test]
    fn the_ends_mirror_each_other() {
        let hash = nt_password_hash(PASSWORD);
        let client = session_keys(&hash, &NT_RESPONSE, false);
        let server = session_keys(&hash, &NT_RESPONSE, true);
        assert_eq!(client.master_send, server.master_receive);
        assert_eq!(client.master_receive, server.master_send);
        assert_ne!(client.master_send, client.master_receive);
    }
}

//! The keys that an Access-Accept hands over (RFC 2548 2.4).

use super::packet::VENDOR_SPECIFIC;
use super::{Packet, weak};
use rasman_core::SessionKeys;
use zeroize::Zeroizing;

impl Packet {
    /// Gives the keys of an Access-Accept as the authenticator sees them; nothing if one is missing or broken. `request` is
    /// the authenticator of the request.
    #[must_use]
    pub fn mppe_keys(&self, secret: &[u8], request: &[u8; 16]) -> Option<SessionKeys> {
        let key = |kind: u8| self.microsoft(kind).and_then(|hidden| reveal(hidden, secret, request));
        Some(SessionKeys { master_send: key(MPPE_SEND_KEY)?, master_receive: key(MPPE_RECV_KEY)? })
    }

    /// Appends the keys to an Access-Accept, as the authenticator sees them; [`authenticator`](Self::authenticator) is
    /// the request's.
    ///
    /// # Panics
    /// If a key has more than 223 octets.
    pub fn push_mppe_keys(&mut self, keys: &SessionKeys, secret: &[u8]) {
        // RFC 2548 2.4.2: the first bit of a salt is set, and no two are the same.
        for (kind, key, salt) in
            [(MPPE_RECV_KEY, &keys.master_receive, 0x8001_u16), (MPPE_SEND_KEY, &keys.master_send, 0x8002)]
        {
            let hidden = hide(key, salt.to_be_bytes(), secret, &self.authenticator);
            let length = u8::try_from(hidden.len() + 2).expect("a short key");
            self.push(VENDOR_SPECIFIC, &[&MICROSOFT[..], &[kind, length], &hidden].concat());
        }
    }

    /// Finds an attribute of Microsoft's: several may share a Vendor-Specific one (RFC 2865 5.26).
    fn microsoft(&self, wanted: u8) -> Option<&[u8]> {
        let ours = self.all(VENDOR_SPECIFIC).filter_map(|value| value.strip_prefix(&MICROSOFT));
        ours.filter_map(|attributes| find(attributes, wanted)).next()
    }
}

fn find(mut attributes: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [kind, length, ..] = attributes {
        let (attribute, rest) = attributes.split_at_checked(usize::from(*length))?;
        let value = attribute.get(2..)?;
        if *kind == wanted {
            return Some(value);
        }
        attributes = rest;
    }
    None
}

/// RFC 2548 2.4.2: salt, then the key with its length under a chain of MD5.
fn hide(key: &[u8], salt: [u8; 2], secret: &[u8], request: &[u8; 16]) -> Vec<u8> {
    let mut plain = Zeroizing::new(vec![u8::try_from(key.len()).expect("a short key")]);
    plain.extend_from_slice(key);
    let padded = plain.len().next_multiple_of(BLOCK);
    plain.resize(padded, 0);
    let mut out = salt.to_vec();
    let mut pad = weak::md5(&[secret, request, &salt]);
    for block in plain.chunks(BLOCK) {
        let hidden: Vec<u8> = block.iter().zip(pad).map(|(plain, pad)| plain ^ pad).collect();
        pad = weak::md5(&[secret, &hidden]);
        out.extend_from_slice(&hidden);
    }
    out
}

fn reveal(hidden: &[u8], secret: &[u8], request: &[u8; 16]) -> Option<Vec<u8>> {
    let (salt, blocks) = hidden.split_at_checked(2)?;
    let mut plain = Zeroizing::new(Vec::new());
    let mut pad = weak::md5(&[secret, request, salt]);
    for block in blocks.chunks_exact(BLOCK) {
        plain.extend(block.iter().zip(pad).map(|(hidden, pad)| hidden ^ pad));
        pad = weak::md5(&[secret, block]);
    }
    let length = usize::from(*plain.first()?);
    plain.get(1..=length).map(<[u8]>::to_vec)
}

/// IANA's number of Microsoft.
const MICROSOFT: [u8; 4] = 311_u32.to_be_bytes();
/// RFC 2548 2.4.2.
const MPPE_SEND_KEY: u8 = 16;
/// RFC 2548 2.4.3.
const MPPE_RECV_KEY: u8 = 17;
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::packet::ACCESS_ACCEPT;
    use super::*;

    fn keys(length: usize) -> SessionKeys {
        SessionKeys { master_send: vec![1; length], master_receive: vec![2; length] }
    }

    #[test]
    fn keys_come_back_as_they_were() {
        for length in [0, 15, 16, 32] {
            let mut packet = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
            packet.push_mppe_keys(&keys(length), b"s");
            let read = packet.mppe_keys(b"s", &[9; 16]).unwrap();
            assert_eq!((&read.master_send, &read.master_receive), (&vec![1; length], &vec![2; length]));
            assert!(
                !packet.mppe_keys(b"t", &[9; 16]).is_some_and(|read| read.master_send == vec![1; length] && length > 0)
            );
        }
    }

    #[test]
    fn both_may_stand_in_one_attribute_and_broken_ones_are_none() {
        let mut apart = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
        apart.push_mppe_keys(&keys(32), b"s");
        let values: Vec<u8> = apart.all(VENDOR_SPECIFIC).flat_map(|value| value[4..].to_vec()).collect();
        let mut together = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
        together.push(VENDOR_SPECIFIC, &[&MICROSOFT[..], &values].concat());
        assert!(together.mppe_keys(b"s", &[9; 16]).is_some_and(|read| read.master_send == [1; 32]));
        for bad in [&[16, 1][..], &[16, 9, 0], &[16, 3, 0], &[16], &[]] {
            let mut packet = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
            packet.push(VENDOR_SPECIFIC, &[&MICROSOFT[..], bad].concat());
            assert!(packet.mppe_keys(b"s", &[9; 16]).is_none(), "{bad:?}");
        }
    }
}

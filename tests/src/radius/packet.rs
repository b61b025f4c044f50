//! Packets of RADIUS and their attributes.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// RFC 2865 3.
pub const ACCESS_REQUEST: u8 = 1;
/// RFC 2865 3.
pub const ACCESS_ACCEPT: u8 = 2;
/// RFC 2865 3.
pub const ACCESS_REJECT: u8 = 3;
/// RFC 2865 3.
pub const ACCESS_CHALLENGE: u8 = 11;

pub(super) const USER_NAME: u8 = 1;
pub(super) const FRAMED_MTU: u8 = 12;
pub(super) const STATE: u8 = 24;
const VENDOR_SPECIFIC: u8 = 26;
/// RFC 3579 3.1.
const EAP_MESSAGE: u8 = 79;
/// RFC 3579 3.2.
const MESSAGE_AUTHENTICATOR: u8 = 80;
/// RFC 2548 2.4: Microsoft, MS-MPPE-Send-Key, MS-MPPE-Recv-Key.
const MICROSOFT: [u8; 4] = [0, 0, 1, 0x37];
const MPPE_SEND_KEY: u8 = 16;
const MPPE_RECV_KEY: u8 = 17;

/// A packet of RADIUS.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What it is.
    pub code: u8,
    /// Matches a reply to its request.
    pub identifier: u8,
    /// The request's authenticator, also while a reply is being made.
    pub authenticator: [u8; 16],
    attributes: Vec<(u8, Vec<u8>)>,
}

impl Packet {
    /// Makes a packet without attributes.
    #[must_use]
    pub fn new(code: u8, identifier: u8, authenticator: [u8; 16]) -> Self {
        Self { code, identifier, authenticator, attributes: Vec::new() }
    }

    /// Reads a packet.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [code, identifier, high, low, rest @ ..] = bytes else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(20)?;
        let (authenticator, mut rest) = rest.split_at_checked(16)?;
        let mut packet = Self::new(*code, *identifier, authenticator.try_into().ok()?);
        rest = rest.get(..length)?;
        while let [kind, length, ..] = rest {
            let (attribute, behind) = rest.split_at_checked(usize::from(*length))?;
            packet.attributes.push((*kind, attribute.get(2..)?.to_vec()));
            rest = behind;
        }
        Some(packet)
    }

    /// Appends an attribute of at most 253 octets.
    pub fn push(&mut self, kind: u8, value: &[u8]) {
        self.attributes.push((kind, value.to_vec()));
    }

    /// Appends an EAP packet, in pieces (RFC 3579 3.1).
    pub fn push_eap(&mut self, eap: &[u8]) {
        eap.chunks(253).for_each(|piece| self.push(EAP_MESSAGE, piece));
    }

    /// Gives the EAP packet.
    #[must_use]
    pub fn eap(&self) -> Vec<u8> {
        self.all(EAP_MESSAGE).flatten().copied().collect()
    }

    /// Gives the first attribute of a kind.
    #[must_use]
    pub fn find(&self, kind: u8) -> Option<&[u8]> {
        self.all(kind).next().map(Vec::as_slice)
    }

    fn all(&self, kind: u8) -> impl Iterator<Item = &Vec<u8>> {
        self.attributes.iter().filter(move |(k, _)| *k == kind).map(|(_, value)| value)
    }

    /// Writes a request with its Message-Authenticator (RFC 3579 3.2).
    #[must_use]
    pub fn signed_request(&self, secret: &[u8]) -> Vec<u8> {
        self.with_message_authenticator(secret)
    }

    /// Writes a reply with its Message-Authenticator and its Response Authenticator (RFC 2865 3).
    #[must_use]
    pub fn signed_reply(&self, secret: &[u8]) -> Vec<u8> {
        let mut bytes = self.with_message_authenticator(secret);
        let response: [u8; 16] = Md5::new().chain_update(&bytes).chain_update(secret).finalize().into();
        bytes[4..20].copy_from_slice(&response);
        bytes
    }

    fn with_message_authenticator(&self, secret: &[u8]) -> Vec<u8> {
        let mut signed = self.clone();
        signed.push(MESSAGE_AUTHENTICATOR, &[0; 16]);
        let mut bytes = signed.bytes();
        let mut mac = <Hmac<Md5> as KeyInit>::new_from_slice(secret).expect("a key of any length");
        mac.update(&bytes);
        let at = bytes.len() - 16;
        bytes[at..].copy_from_slice(&mac.finalize().into_bytes());
        bytes
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.code, self.identifier, 0, 0];
        bytes.extend_from_slice(&self.authenticator);
        for (kind, value) in &self.attributes {
            bytes.push(*kind);
            bytes.push(u8::try_from(value.len() + 2).expect("attributes are short"));
            bytes.extend_from_slice(value);
        }
        let length = u16::try_from(bytes.len()).expect("packets are short").to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    }

    /// Gives the keys of an Access-Accept: the authenticator's receiving key, which the peer sends with, and its sending
    /// key.
    #[must_use]
    pub fn mppe_keys(&self, secret: &[u8], request: &[u8; 16]) -> Option<(Vec<u8>, Vec<u8>)> {
        let key = |kind: u8| {
            let hidden = self.all(VENDOR_SPECIFIC).find_map(|value| match value.split_at_checked(4)? {
                (vendor, [k, length, hidden @ ..]) if vendor == MICROSOFT && *k == kind => {
                    hidden.get(..usize::from(*length).checked_sub(2)?)
                }
                _ => None,
            })?;
            reveal(hidden, secret, request)
        };
        Some((key(MPPE_RECV_KEY)?, key(MPPE_SEND_KEY)?))
    }

    /// Appends the keys of an Access-Accept.
    pub fn push_mppe_keys(&mut self, receive: &[u8], send: &[u8], secret: &[u8]) {
        for (kind, key, salt) in [(MPPE_RECV_KEY, receive, 0x8001_u16), (MPPE_SEND_KEY, send, 0x8002)] {
            let hidden = hide(key, salt.to_be_bytes(), secret, &self.authenticator);
            let mut value = MICROSOFT.to_vec();
            value.extend_from_slice(&[kind, u8::try_from(hidden.len() + 2).expect("a short key")]);
            value.extend_from_slice(&hidden);
            self.push(VENDOR_SPECIFIC, &value);
        }
    }
}

/// RFC 2548 2.4.2: salt, then the key with its length under a chain of MD5.
fn hide(key: &[u8], salt: [u8; 2], secret: &[u8], request: &[u8; 16]) -> Vec<u8> {
    let mut plain = vec![u8::try_from(key.len()).expect("a short key")];
    plain.extend_from_slice(key);
    plain.resize(plain.len().next_multiple_of(16), 0);
    let mut last = [&request[..], &salt].concat();
    let mut out = salt.to_vec();
    for block in plain.chunks(16) {
        let pad = Md5::new().chain_update(secret).chain_update(&last).finalize();
        last = block.iter().zip(pad).map(|(plain, pad)| plain ^ pad).collect();
        out.extend_from_slice(&last);
    }
    out
}

fn reveal(hidden: &[u8], secret: &[u8], request: &[u8; 16]) -> Option<Vec<u8>> {
    let (salt, blocks) = hidden.split_at_checked(2)?;
    let mut last = [&request[..], salt].concat();
    let mut plain = Vec::new();
    for block in blocks.chunks_exact(16) {
        let pad = Md5::new().chain_update(secret).chain_update(&last).finalize();
        plain.extend(block.iter().zip(pad).map(|(hidden, pad)| hidden ^ pad));
        last = block.to_vec();
    }
    let length = usize::from(*plain.first()?);
    plain.get(1..=length).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_messages_come_back_as_they_were() {
        let mut packet = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
        packet.push_eap(&[3; 600]);
        packet.push_mppe_keys(&[1; 32], &[2; 32], b"s");
        let parsed = Packet::parse(&packet.signed_reply(b"s")).unwrap();
        assert_eq!(parsed.eap(), [3; 600]);
        assert_eq!(parsed.mppe_keys(b"s", &[9; 16]), Some((vec![1; 32], vec![2; 32])));
        assert!(Packet::parse(&[1, 2, 0, 19]).is_none());
    }
}

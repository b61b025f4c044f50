//! Packets of RADIUS and their attributes (RFC 2865 3, 5).

use super::weak;
use rasman_core::{Malformed, Reader};
use subtle::ConstantTimeEq;

/// RFC 2865 3.
pub const ACCESS_REQUEST: u8 = 1;
/// RFC 2865 3.
pub const ACCESS_ACCEPT: u8 = 2;
/// RFC 2865 3.
pub const ACCESS_REJECT: u8 = 3;
/// RFC 2865 3.
pub const ACCESS_CHALLENGE: u8 = 11;

/// RFC 2865 5.1.
pub const USER_NAME: u8 = 1;
/// RFC 2865 5.6.
pub const SERVICE_TYPE: u8 = 6;
/// RFC 2865 5.7.
pub const FRAMED_PROTOCOL: u8 = 7;
/// RFC 2865 5.12.
pub const FRAMED_MTU: u8 = 12;
/// RFC 2865 5.18.
pub const REPLY_MESSAGE: u8 = 18;
/// RFC 2865 5.24.
pub const STATE: u8 = 24;
/// RFC 2865 5.26.
pub const VENDOR_SPECIFIC: u8 = 26;
/// RFC 2865 5.32.
pub const NAS_IDENTIFIER: u8 = 32;
/// RFC 2865 5.41.
pub const NAS_PORT_TYPE: u8 = 61;
/// RFC 3579 3.1.
pub const EAP_MESSAGE: u8 = 79;
/// RFC 3579 3.2.
pub const MESSAGE_AUTHENTICATOR: u8 = 80;

/// A packet of RADIUS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// What it is.
    pub code: u8,
    /// Matches a reply to its request.
    pub identifier: u8,
    /// As it stands in the packet; while a reply is being made, the request's.
    pub authenticator: [u8; 16],
    attributes: Vec<(u8, Vec<u8>)>,
}

impl Packet {
    /// Makes a packet without attributes.
    #[must_use]
    pub fn new(code: u8, identifier: u8, authenticator: [u8; 16]) -> Self {
        Self { code, identifier, authenticator, attributes: Vec::new() }
    }

    /// Reads a packet; what stands behind its length is padding (RFC 2865 3).
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (code, identifier) = (reader.u8("Code")?, reader.u8("Identifier")?);
        let length = usize::from(reader.u16("Length")?);
        let authenticator = reader.array("Authenticator")?;
        let rest = length.checked_sub(HEADER).filter(|_| length <= LENGTH_MAX);
        let rest = rest.ok_or_else(|| reader.malformed("a Length of 20 to 4096"))?;
        let mut packet = Self::new(code, identifier, authenticator);
        let mut attributes = Reader::new(reader.take(rest, "attributes")?);
        while !attributes.is_empty() {
            let (kind, length) = (attributes.u8("attribute's Type")?, attributes.u8("attribute's Length")?);
            let length = usize::from(length).checked_sub(2);
            let length = length.ok_or_else(|| attributes.malformed("an attribute's Length of 2 or more"))?;
            packet.attributes.push((kind, attributes.take(length, "attribute's Value")?.to_vec()));
        }
        Ok(packet)
    }

    /// Appends an attribute.
    ///
    /// # Panics
    /// If it has more than 253 octets.
    pub fn push(&mut self, kind: u8, value: &[u8]) {
        assert!(value.len() <= VALUE_MAX, "an attribute of {} octets", value.len());
        self.attributes.push((kind, value.to_vec()));
    }

    /// Appends an EAP packet, in pieces (RFC 3579 3.1).
    pub fn push_eap(&mut self, eap: &[u8]) {
        eap.chunks(VALUE_MAX).for_each(|piece| self.push(EAP_MESSAGE, piece));
    }

    /// Gives the EAP packet, empty if there is none.
    #[must_use]
    pub fn eap(&self) -> Vec<u8> {
        self.all(EAP_MESSAGE).flatten().copied().collect()
    }

    /// Gives the first attribute of a kind.
    #[must_use]
    pub fn find(&self, kind: u8) -> Option<&[u8]> {
        self.all(kind).next()
    }

    /// Gives all attributes of a kind, in their order.
    pub fn all(&self, kind: u8) -> impl Iterator<Item = &[u8]> {
        self.attributes.iter().filter(move |(k, _)| *k == kind).map(|(_, value)| value.as_slice())
    }

    /// Writes a request with its Message-Authenticator (RFC 3579 3.2).
    #[must_use]
    pub fn signed_request(&self, secret: &[u8]) -> Vec<u8> {
        let mut bytes = self.emit(Some(&[0; 16]));
        let mac = weak::hmac_md5(secret, &bytes);
        bytes[MAC_AT..MAC_AT + 16].copy_from_slice(&mac);
        bytes
    }

    /// Writes a reply with its Message-Authenticator and its Response Authenticator (RFC 2865 3).
    #[must_use]
    pub fn signed_reply(&self, secret: &[u8]) -> Vec<u8> {
        let mut bytes = self.signed_request(secret);
        let response = weak::md5(&[&bytes, secret]);
        bytes[4..HEADER].copy_from_slice(&response);
        bytes
    }

    /// Tells whether this is a reply of who has the secret to the request with this authenticator: by its Response
    /// Authenticator, and by its Message-Authenticator, which it must have (RFC 3579 3.2; the former alone can be forged).
    #[must_use]
    pub fn answers(&self, request: &[u8; 16], secret: &[u8]) -> bool {
        let asked = Self { authenticator: *request, ..self.clone() };
        let response = weak::md5(&[&asked.emit(None), secret]);
        let right = response.ct_eq(&self.authenticator);
        let zeroed = |(kind, value): &(u8, Vec<u8>)| match *kind {
            MESSAGE_AUTHENTICATOR => (*kind, vec![0; value.len()]),
            kind => (kind, value.clone()),
        };
        let unsigned = Self { attributes: self.attributes.iter().map(zeroed).collect(), ..asked };
        let mac = weak::hmac_md5(secret, &unsigned.emit(None));
        let mut macs = self.all(MESSAGE_AUTHENTICATOR);
        let (Some(theirs), None) = (macs.next(), macs.next()) else { return false };
        bool::from(right & mac.ct_eq(theirs))
    }

    /// Writes the packet as it is, with a Message-Authenticator before all else if there is one.
    fn emit(&self, message_authenticator: Option<&[u8; 16]>) -> Vec<u8> {
        let mut bytes = vec![self.code, self.identifier, 0, 0];
        bytes.extend_from_slice(&self.authenticator);
        let mac = message_authenticator.map(|mac| (MESSAGE_AUTHENTICATOR, mac.as_slice()));
        let attributes = self.attributes.iter().map(|(kind, value)| (*kind, value.as_slice()));
        for (kind, value) in mac.into_iter().chain(attributes) {
            bytes.extend_from_slice(&[kind, u8::try_from(value.len() + 2).expect("attributes are short")]);
            bytes.extend_from_slice(value);
        }
        let length = u16::try_from(bytes.len()).expect("the attributes of one packet").to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    }
}

const HEADER: usize = 20;
/// RFC 2865 3.
const LENGTH_MAX: usize = 4096;
/// RFC 2865 5: an octet of length counts type and length as well.
const VALUE_MAX: usize = 253;
/// The first attribute's value.
const MAC_AT: usize = HEADER + 2;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"xyzzy5461";

    fn reply() -> Packet {
        let mut packet = Packet::new(ACCESS_ACCEPT, 7, [9; 16]);
        packet.push_eap(&[3; 600]);
        packet
    }

    #[test]
    fn rfc_2865_7_1_response_authenticator() {
        let request = 0x0f403f9473978057bd83d5cb98f4227a_u128.to_be_bytes();
        let mut accept = Packet::new(ACCESS_ACCEPT, 0, request);
        accept.push(SERVICE_TYPE, &1_u32.to_be_bytes());
        accept.push(15, &0_u32.to_be_bytes());
        accept.push(14, &[192, 168, 1, 3]);
        let response = weak::md5(&[&accept.emit(None), SECRET]);
        assert_eq!(response, 0x86fe220e7624ba2a1005f6bf9b55e0b2_u128.to_be_bytes());
    }

    #[test]
    fn what_is_written_is_read_and_taken_for_the_answer_that_it_is() {
        let bytes = reply().signed_reply(SECRET);
        let parsed = Packet::parse(&bytes).unwrap();
        assert_eq!((parsed.eap(), parsed.find(STATE)), (vec![3; 600], None));
        assert!(parsed.answers(&[9; 16], SECRET));
        assert!(!parsed.answers(&[8; 16], SECRET) && !parsed.answers(&[9; 16], b"xyzzy5462"));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(!Packet::parse(&bad).is_ok_and(|bad| bad.answers(&[9; 16], SECRET)), "octet {at}");
        }
    }

    #[test]
    fn a_reply_needs_one_message_authenticator() {
        let mut bytes = reply().emit(None);
        let response = weak::md5(&[&bytes, SECRET]);
        bytes[4..20].copy_from_slice(&response);
        assert!(!Packet::parse(&bytes).unwrap().answers(&[9; 16], SECRET), "without one");
        let mut twice = reply();
        twice.push(MESSAGE_AUTHENTICATOR, &[0; 16]);
        assert!(!Packet::parse(&twice.signed_reply(SECRET)).unwrap().answers(&[9; 16], SECRET));
    }

    #[test]
    fn lengths_are_checked() {
        for bad in [
            &[1, 2, 0, 19][..],
            &[[1, 2, 0, 19].as_slice(), &[0; 16]].concat(),
            &[[1, 2, 0, 21].as_slice(), &[0; 16], &[1]].concat(),
            &[[1, 2, 0, 22].as_slice(), &[0; 16], &[1, 1]].concat(),
            &[[1, 2, 0, 22].as_slice(), &[0; 16], &[1, 3]].concat(),
            &[[1, 2, 0xff, 0xff].as_slice(), &[0; 16]].concat(),
        ] {
            assert!(Packet::parse(bad).is_err(), "{bad:?}");
        }
        let padded = [[1, 2, 0, 20].as_slice(), &[0; 16], &[1, 2, 3]].concat();
        assert!(Packet::parse(&padded).is_ok());
    }
}

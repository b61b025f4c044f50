//! Packets of EAP (RFC 3748 4) and numbers of its methods.

use core::fmt;
use rasman_core::{Malformed, Reader};

/// The number of a method of EAP (RFC 3748 5); unknown ones are ordinary values.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EapType(pub u8);

impl EapType {
    /// RFC 3748 5.1.
    pub const IDENTITY: Self = Self(1);
    /// RFC 3748 5.2.
    pub const NOTIFICATION: Self = Self(2);
    /// RFC 3748 5.3.1: a response alone.
    pub const NAK: Self = Self(3);
    /// RFC 3748 5.4.
    pub const MD5: Self = Self(4);
    /// RFC 5216.
    pub const TLS: Self = Self(13);
    /// RFC 5281.
    pub const TTLS: Self = Self(21);
    /// [MS-PEAP].
    pub const PEAP: Self = Self(25);
    /// draft-kamath-pppext-eap-mschapv2.
    pub const MS_CHAP_V2: Self = Self(26);
    /// [MS-PEAP] 2.2.8.1: TLVs inside PEAP.
    pub const EXTENSIONS: Self = Self(33);
    /// RFC 3748 5.7.
    pub const EXPANDED: Self = Self(254);
}

impl fmt::Display for EapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match *self {
            Self::IDENTITY => "Identity",
            Self::NOTIFICATION => "Notification",
            Self::NAK => "Nak",
            Self::MD5 => "EAP-MD5",
            Self::TLS => "EAP-TLS",
            Self::TTLS => "EAP-TTLS",
            Self::PEAP => "PEAP",
            Self::MS_CHAP_V2 => "EAP-MSCHAPv2",
            Self::EXTENSIONS => "PEAP extensions",
            Self::EXPANDED => "a method of a vendor",
            Self(number) => return write!(f, "EAP method {number}"),
        })
    }
}

impl fmt::Debug for EapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A packet of EAP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EapPacket<'a> {
    /// The authenticator asks.
    Request {
        /// Matches the response to it.
        id: u8,
        /// The method.
        kind: EapType,
        /// What belongs to the method.
        data: &'a [u8],
    },
    /// The peer answers.
    Response {
        /// The identifier of the request.
        id: u8,
        /// The method.
        kind: EapType,
        /// What belongs to the method.
        data: &'a [u8],
    },
    /// RFC 3748 4.2: the peer is let in.
    Success {
        /// The identifier of the last response.
        id: u8,
    },
    /// RFC 3748 4.2: the peer is not let in.
    Failure {
        /// The identifier of the last response.
        id: u8,
    },
}

impl<'a> EapPacket<'a> {
    /// Reads a packet: the information field of a PPP frame. Octets behind its Length are padding.
    ///
    /// # Errors
    /// What was expected and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut header = Reader::new(bytes);
        let code = header.u8("EAP code")?;
        let id = header.u8("EAP identifier")?;
        let length = usize::from(header.u16("EAP length")?);
        let body = length.checked_sub(HEADER).ok_or(Malformed { expected: "EAP length of 4 or more", at: 2 })?;
        let mut body = Reader::new(header.take(body, "EAP packet of its length")?);
        match code {
            REQUEST => Ok(Self::Request { id, kind: EapType(body.u8("EAP type")?), data: body.rest() }),
            RESPONSE => Ok(Self::Response { id, kind: EapType(body.u8("EAP type")?), data: body.rest() }),
            SUCCESS => Ok(Self::Success { id }),
            FAILURE => Ok(Self::Failure { id }),
            _ => Err(Malformed { expected: "EAP code of 1 to 4", at: 0 }),
        }
    }

    /// Writes the packet as bytes; what goes beyond a length of 16 bits is cut off.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let (code, id, body) = match *self {
            Self::Request { id, kind, data } => (REQUEST, id, Some((kind, data))),
            Self::Response { id, kind, data } => (RESPONSE, id, Some((kind, data))),
            Self::Success { id } => (SUCCESS, id, None),
            Self::Failure { id } => (FAILURE, id, None),
        };
        let mut out = vec![code, id, 0, 0];
        if let Some((kind, data)) = body {
            out.push(kind.0);
            out.extend_from_slice(&data[..data.len().min(usize::from(u16::MAX) - HEADER - 1)]);
        }
        let length = u16::try_from(out.len()).expect("cut to 16 bits");
        out[2..4].copy_from_slice(&length.to_be_bytes());
        out
    }
}

/// Octets before the type.
pub(crate) const HEADER: usize = 4;

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_survive_emit_and_parse() {
        for packet in [
            EapPacket::Request { id: 1, kind: EapType::IDENTITY, data: b"" },
            EapPacket::Response { id: 1, kind: EapType::IDENTITY, data: b"alice" },
            EapPacket::Success { id: 7 },
            EapPacket::Failure { id: 255 },
        ] {
            let mut bytes = packet.emit();
            assert_eq!(EapPacket::parse(&bytes), Ok(packet));
            bytes.extend_from_slice(b"padding");
            assert_eq!(EapPacket::parse(&bytes), Ok(packet));
        }
    }

    #[test]
    fn short_and_lying_packets_are_malformed() {
        for bytes in [&[][..], &[1, 1, 0, 4], &[1, 1, 0, 6, 1], &[3, 1, 0, 3], &[5, 1, 0, 4], &[0, 1, 0, 4]] {
            assert!(EapPacket::parse(bytes).is_err(), "{bytes:?}");
        }
    }
}

//! PPP frames without HDLC (RFC 1661 2): address, control, protocol, information.
//!
//! ```text
//! | FF | 03 | protocol, 2 octets | information: up to MRU octets |
//! ```
//!
//! SSTP, L2TP and PPPoE carry frames this way, without flags and checksums. The address and control octets are
//! optional in what comes and always sent: SoftEther ignores frames without them.

use core::fmt;
use core::ops::Range;
use rasman_core::{Malformed, Reader};

/// A PPP protocol number (RFC 1661 2); unknown ones are ordinary values.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u16);

impl Protocol {
    /// IPv4 packets.
    pub const IPV4: Self = Self(0x0021);
    /// IPv6 packets.
    pub const IPV6: Self = Self(0x0057);
    /// IPCP (RFC 1332).
    pub const IPCP: Self = Self(0x8021);
    /// IPV6CP (RFC 5072).
    pub const IPV6CP: Self = Self(0x8057);
    /// CCP (RFC 1962).
    pub const CCP: Self = Self(0x80fd);
    /// LCP (RFC 1661).
    pub const LCP: Self = Self(0xc021);
    /// PAP (RFC 1334).
    pub const PAP: Self = Self(0xc023);
    /// CHAP (RFC 1994) and its dialects.
    pub const CHAP: Self = Self(0xc223);
    /// EAP (RFC 3748).
    pub const EAP: Self = Self(0xc227);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IPV4 => f.pad("IPv4"),
            Self::IPV6 => f.pad("IPv6"),
            Self::IPCP => f.pad("IPCP"),
            Self::IPV6CP => f.pad("IPV6CP"),
            Self::CCP => f.pad("CCP"),
            Self::LCP => f.pad("LCP"),
            Self::PAP => f.pad("PAP"),
            Self::CHAP => f.pad("CHAP"),
            Self::EAP => f.pad("EAP"),
            Self(number) => write!(f, "protocol 0x{number:04x}"),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Reads a frame: gives its protocol and where its information field stands.
///
/// A frame with a protocol field of one octet is malformed: compression of that field is never negotiated here.
///
/// # Errors
/// What was expected and where.
pub fn parse(frame: &[u8]) -> Result<(Protocol, Range<usize>), Malformed> {
    let mut reader = Reader::new(frame);
    if frame.starts_with(&ADDRESS_AND_CONTROL) {
        reader.take(ADDRESS_AND_CONTROL.len(), "address and control")?;
    }
    let number = reader.u16("PPP protocol of two octets")?;
    // RFC 1661 2: "the least significant bit of the least significant octet MUST equal 1, and ... the least
    // significant bit of the most significant octet equals 0"; others are read and rejected as unknown, but an odd
    // first octet is how a compressed field looks.
    if number & 0x0100 != 0 {
        return Err(Malformed { expected: "an even first octet of the PPP protocol", at: reader.position() - 2 });
    }
    Ok((Protocol(number), reader.position()..frame.len()))
}

/// Gives what stands before the information field of a frame that we send.
#[must_use]
pub fn header(protocol: Protocol) -> [u8; 4] {
    let [high, low] = protocol.0.to_be_bytes();
    let [address, control] = ADDRESS_AND_CONTROL;
    [address, control, high, low]
}

/// RFC 1662 3.1: All-Stations address and Unnumbered Information.
const ADDRESS_AND_CONTROL: [u8; 2] = [0xff, 0x03];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_and_control_are_optional() {
        assert_eq!(parse(&[0xff, 0x03, 0xc0, 0x21, 1, 2]), Ok((Protocol::LCP, 4..6)));
        assert_eq!(parse(&[0xc0, 0x21, 1, 2]), Ok((Protocol::LCP, 2..4)));
        assert_eq!(parse(&[0x00, 0x21]), Ok((Protocol::IPV4, 2..2)));
    }

    #[test]
    fn a_compressed_protocol_field_is_malformed() {
        assert!(parse(&[0xff, 0x03, 0x21, 0x45]).is_err());
        assert!(parse(&[0x21]).is_err());
        assert!(parse(&[]).is_err());
        assert!(parse(&[0xff, 0x03]).is_err());
    }

    #[test]
    fn what_is_sent_can_be_read() {
        for protocol in [Protocol::LCP, Protocol::IPV4, Protocol(0x4242)] {
            assert_eq!(parse(&header(protocol)), Ok((protocol, 4..4)));
        }
    }
}

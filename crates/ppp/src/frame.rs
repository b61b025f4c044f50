//! PPP frames without HDLC (RFC 1661 2): address, control, protocol, information.
//!
//! ```text
//! | FF | 03 | protocol, 2 octets | information: up to MRU octets |
//! ```
//!
//! SSTP, L2TP and PPPoE carry frames this way, without flags and checksums. The address and control octets are
//! optional in what comes, and so is the first octet of a protocol below 0x100 (RFC 1661 6.5, 6.6). Both are always
//! sent unless the peer has agreed to do without: SoftEther ignores frames without address and control.

use crate::Framing;
use core::fmt;
use core::ops::Range;
use rasman_core::{Malformed, Reader};

/// A PPP protocol number (RFC 1661 2); unknown ones are ordinary values.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u16);

impl Protocol {
    /// IPv4 packets.
    pub const IPV4: Self = Self(0x0021);
    /// IPv4 packets whose TCP header is compressed (RFC 1144, RFC 1332 4).
    pub const VJ_COMPRESSED: Self = Self(0x002d);
    /// IPv4 packets that tell a slot their TCP header.
    pub const VJ_UNCOMPRESSED: Self = Self(0x002f);
    /// IPv6 packets.
    pub const IPV6: Self = Self(0x0057);
    /// IPCP (RFC 1332).
    pub const IPCP: Self = Self(0x8021);
    /// IPV6CP (RFC 5072).
    pub const IPV6CP: Self = Self(0x8057);
    /// What CCP agreed on: encrypted packets here (RFC 1962, RFC 3078).
    pub const COMPRESSED: Self = Self(0x00fd);
    /// CCP (RFC 1962).
    pub const CCP: Self = Self(0x80fd);
    /// LCP (RFC 1661).
    pub const LCP: Self = Self(0xc021);
    /// PAP (RFC 1334).
    pub const PAP: Self = Self(0xc023);
    /// CHAP (RFC 1994) and its dialects.
    pub const CHAP: Self = Self(0xc223);
    /// CBCP (\[MS-CBCP\]).
    pub const CBCP: Self = Self(0xc029);
    /// EAP (RFC 3748).
    pub const EAP: Self = Self(0xc227);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IPV4 => f.pad("IPv4"),
            Self::VJ_COMPRESSED => f.pad("compressed TCP"),
            Self::VJ_UNCOMPRESSED => f.pad("uncompressed TCP"),
            Self::IPV6 => f.pad("IPv6"),
            Self::IPCP => f.pad("IPCP"),
            Self::IPV6CP => f.pad("IPV6CP"),
            Self::COMPRESSED => f.pad("compressed or encrypted data"),
            Self::CCP => f.pad("CCP"),
            Self::LCP => f.pad("LCP"),
            Self::PAP => f.pad("PAP"),
            Self::CHAP => f.pad("CHAP"),
            Self::CBCP => f.pad("CBCP"),
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
/// A protocol field of one octet is taken whether it was negotiated or not: its odd first octet tells it.
///
/// # Errors
/// What was expected and where.
pub fn parse(frame: &[u8]) -> Result<(Protocol, Range<usize>), Malformed> {
    let skipped = if frame.starts_with(&ADDRESS_AND_CONTROL) { ADDRESS_AND_CONTROL.len() } else { 0 };
    let (protocol, range) = parse_protocol(&frame[skipped..])?;
    Ok((protocol, range.start + skipped..frame.len()))
}

/// Reads what begins with a protocol number, of one octet or two.
pub(crate) fn parse_protocol(bytes: &[u8]) -> Result<(Protocol, Range<usize>), Malformed> {
    let mut reader = Reader::new(bytes);
    // RFC 1661 2: "the least significant bit of the least significant octet MUST equal 1, and ... the least
    // significant bit of the most significant octet equals 0". So an odd first octet is the last one (6.5); an even
    // last one is read and rejected as an unknown protocol.
    let first = reader.u8("PPP protocol")?;
    let number = match first & 1 {
        1 => u16::from(first),
        _ => u16::from_be_bytes([first, reader.u8("second octet of the PPP protocol")?]),
    };
    Ok((Protocol(number), reader.position()..bytes.len()))
}

/// What stands before the information field of a frame that we send, as short as the peer lets it be.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Header {
    octets: [u8; 4],
    from: usize,
    to: usize,
}

impl Header {
    /// Makes the header of a protocol's frames. LCP has its own: see [`header`].
    #[must_use]
    pub fn new(protocol: Protocol, framing: Framing) -> Self {
        let octets = header(protocol);
        match (framing.compress_address, framing.compress_protocol && octets[2] == 0) {
            (false, false) => Self { octets, from: 0, to: 4 },
            (true, false) => Self { octets, from: 2, to: 4 },
            (true, true) => Self { octets, from: 3, to: 4 },
            (false, true) => Self { octets: [octets[0], octets[1], octets[3], 0], from: 0, to: 3 },
        }
    }

    /// Gives the octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[self.from..self.to]
    }
}

/// Gives what stands before the information field of a frame that we send, in full.
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
    fn a_compressed_protocol_field_is_taken() {
        assert_eq!(parse(&[0xff, 0x03, 0x21, 0x45]), Ok((Protocol::IPV4, 3..4)));
        assert_eq!(parse(&[0x21]), Ok((Protocol::IPV4, 1..1)));
        for short in [&[][..], &[0xff, 0x03], &[0xff, 0x03, 0xc0], &[0xc0]] {
            assert!(parse(short).is_err(), "{short:?}");
        }
    }

    #[test]
    fn headers_are_as_short_as_agreed_and_can_be_read() {
        let framing =
            |compress_address, compress_protocol| Framing { compress_protocol, compress_address, ..Framing::default() };
        let shapes: [(_, &[u8], &[u8]); 4] = [
            (framing(false, false), &[0xff, 3, 0, 0x21], &[0xff, 3, 0x80, 0x21]),
            (framing(false, true), &[0xff, 3, 0x21], &[0xff, 3, 0x80, 0x21]),
            (framing(true, false), &[0, 0x21], &[0x80, 0x21]),
            (framing(true, true), &[0x21], &[0x80, 0x21]),
        ];
        for (framing, ipv4, ipcp) in shapes {
            for (protocol, octets) in [(Protocol::IPV4, ipv4), (Protocol::IPCP, ipcp)] {
                let header = Header::new(protocol, framing);
                assert_eq!(header.as_bytes(), octets);
                assert_eq!(parse(octets), Ok((protocol, octets.len()..octets.len())));
            }
        }
    }

    #[test]
    fn what_is_sent_can_be_read() {
        for protocol in [Protocol::LCP, Protocol::IPV4, Protocol(0x4242)] {
            assert_eq!(parse(&header(protocol)), Ok((protocol, 4..4)));
        }
    }
}

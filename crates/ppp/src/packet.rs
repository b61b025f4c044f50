//! Packets of LCP and the NCPs (RFC 1661 5): code, identifier, length, data.

use rasman_core::{Malformed, Reader};

/// The code of a control packet (RFC 1661 5); unknown ones are ordinary values.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct PacketCode(pub(crate) u8);

impl PacketCode {
    pub(crate) const CONFIGURE_REQUEST: Self = Self(1);
    pub(crate) const CONFIGURE_ACK: Self = Self(2);
    pub(crate) const CONFIGURE_NAK: Self = Self(3);
    pub(crate) const CONFIGURE_REJECT: Self = Self(4);
    pub(crate) const TERMINATE_REQUEST: Self = Self(5);
    pub(crate) const TERMINATE_ACK: Self = Self(6);
    pub(crate) const CODE_REJECT: Self = Self(7);
    // LCP only.
    pub(crate) const PROTOCOL_REJECT: Self = Self(8);
    pub(crate) const ECHO_REQUEST: Self = Self(9);
    pub(crate) const ECHO_REPLY: Self = Self(10);
    pub(crate) const DISCARD_REQUEST: Self = Self(11);
    // RFC 1962 5, CCP only.
    pub(crate) const RESET_REQUEST: Self = Self(14);
    pub(crate) const RESET_ACK: Self = Self(15);
    // RFC 1570, LCP only.
    pub(crate) const IDENTIFICATION: Self = Self(12);
    pub(crate) const TIME_REMAINING: Self = Self(13);
}

/// A control packet.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) code: PacketCode,
    pub(crate) id: u8,
    pub(crate) data: &'a [u8],
    /// The packet with its header and without padding, for rejects.
    pub(crate) whole: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet. RFC 1661 5: octets behind its Length are padding; a Length beyond the frame is malformed.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let code = PacketCode(reader.u8("control packet code")?);
        let id = reader.u8("control packet identifier")?;
        let length = usize::from(reader.u16("control packet length")?);
        let data = length.checked_sub(HEADER).ok_or(Malformed { expected: "length of 4 or more", at: 2 })?;
        let data = reader.take(data, "control packet of its length")?;
        Ok(Self { code, id, data, whole: &bytes[..length] })
    }
}

/// Octets before the data.
pub(crate) const HEADER: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_cut_and_short_packets_are_malformed() {
        let packet = Packet::parse(&[1, 7, 0, 6, 0xaa, 0xbb, 0, 0]).unwrap();
        assert_eq!((packet.code, packet.id, packet.data), (PacketCode::CONFIGURE_REQUEST, 7, &[0xaa, 0xbb][..]));
        assert_eq!(packet.whole.len(), 6);
        for bytes in [&[][..], &[1, 7, 0], &[1, 7, 0, 3], &[1, 7, 0, 5], &[1, 7, 0xff, 0xff]] {
            assert!(Packet::parse(bytes).is_err());
        }
    }
}

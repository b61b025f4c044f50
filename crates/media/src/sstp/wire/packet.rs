//! Packets on the stream ([MS-SSTP] 2.2.1 to 2.2.3).

use core::ops::Range;

/// The length of a packet's header, in bytes.
pub const HEADER_LEN: usize = 4;

/// The length of the longest packet, in bytes: what the 12-bit field can say.
pub const PACKET_MAX: usize = 0x0fff;

/// The only version ([MS-SSTP] 2.2.1: MUST be 0x10).
pub(in crate::sstp) const VERSION: u8 = 0x10;

/// The bit that tells a control packet.
pub(in crate::sstp) const CONTROL: u8 = 0x01;

/// The packet at the front of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Whether it is a control packet.
    pub control: bool,
    /// Where its contents stand, after the header.
    pub contents: Range<usize>,
}

/// The stream cannot be told apart into packets any more.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Broken;

/// Finds the packet at the front of `stream`; `None` if not all of it is there yet.
///
/// # Errors
/// If there stands no packet. [MS-SSTP] 3.1.5.1: then the connection ends without a further message.
pub fn split(stream: &[u8]) -> Result<Option<Packet>, Broken> {
    let Some(&version) = stream.first() else { return Ok(None) };
    if version != VERSION {
        return Err(Broken);
    }
    let Some(&[_, flags, high, low]) = stream.first_chunk() else { return Ok(None) };
    // 2.2.1: the bits beside C and the four bits before the length are ignored on receipt.
    let length = usize::from(u16::from_be_bytes([high, low])) & PACKET_MAX;
    if length < HEADER_LEN {
        return Err(Broken);
    }
    let packet = Packet { control: flags & CONTROL != 0, contents: HEADER_LEN..length };
    Ok((length <= stream.len()).then_some(packet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_found_once_all_of_it_is_there() {
        let bytes = [0x10, 0, 0, 6, 0xff, 0x03, 0x10];
        (0..6).for_each(|n| assert_eq!(split(&bytes[..n]), Ok(None)));
        assert_eq!(split(&bytes), Ok(Some(Packet { control: false, contents: 4..6 })));
    }

    #[test]
    fn reserved_bits_are_ignored() {
        assert_eq!(split(&[0x10, 0xff, 0xf0, 4]), Ok(Some(Packet { control: true, contents: 4..4 })));
    }

    #[test]
    fn another_version_or_a_length_below_the_header_breaks_the_stream() {
        assert_eq!(split(b"H"), Err(Broken));
        assert_eq!(split(&[0x11, 0, 0, 4]), Err(Broken));
        assert_eq!(split(&[0x10, 0, 0, 3]), Err(Broken));
        assert_eq!(split(&[0x10, 0, 0xf0, 0]), Err(Broken));
    }
}

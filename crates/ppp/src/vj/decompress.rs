//! The end that receives (RFC 1144 3.2.4, A.3).

use super::header::{ACKNO, CHECKSUM, Headers, ID, PSH, SEQ, URG, URP, WND};
use super::{
    ACKNOWLEDGEMENT, DIFFERENCES, ECHOED, IDENTIFICATION, ONE_WAY, PUSH, SEQUENCE, SLOT, Slots, URGENT, WINDOW,
};
use rasman_core::{DropReason, Malformed, Reader};

/// Makes long headers of short ones.
pub(crate) struct Decompressor {
    known: Vec<Option<Headers>>,
    /// The slot of a packet that names none; nothing after a loss, until one is named.
    current: Option<u8>,
    /// The packet that was made last.
    packet: Vec<u8>,
}

impl Decompressor {
    pub(crate) fn new(slots: Slots) -> Self {
        Self { known: vec![None; usize::from(slots.last) + 1], current: None, packet: Vec::new() }
    }

    /// Something was lost on the line: what names no slot may be of any (RFC 1144 4.1).
    pub(crate) fn lost(&mut self) {
        self.current = None;
    }

    /// Takes uncompressed TCP, and makes it the packet that it was.
    pub(crate) fn whole(&mut self, packet: &mut [u8]) -> Result<(), DropReason> {
        let taken = self.whole_of(packet);
        if taken.is_none() {
            self.lost();
        }
        taken.ok_or(DropReason::Malformed("a TCP segment with a slot"))
    }

    fn whole_of(&mut self, packet: &mut [u8]) -> Option<()> {
        let slot = *packet.get(9)?;
        let headers = Headers::of(packet, packet.len(), slot)?;
        packet[9] = headers.as_bytes()[9];
        *self.known.get_mut(usize::from(slot))? = Some(headers);
        self.current = Some(slot);
        Some(())
    }

    /// Takes compressed TCP, and makes the packet of it that [`packet`](Self::packet) gives.
    pub(crate) fn short(&mut self, octets: &[u8]) -> Result<(), DropReason> {
        let made = self.short_of(octets);
        if made.is_err() {
            self.lost();
        }
        made
    }

    fn short_of(&mut self, octets: &[u8]) -> Result<(), DropReason> {
        let mut reader = Reader::new(octets);
        let mask = reader.u8("the mask of a compressed header").map_err(malformed)?;
        if mask & SLOT != 0 {
            self.current = Some(reader.u8("the slot of a compressed header").map_err(malformed)?);
        }
        let slot = self.current.ok_or(DropReason::Unexpected("a compressed header after a loss"))?;
        let known = self.known.get_mut(usize::from(slot)).and_then(Option::as_mut);
        let known = known.ok_or(DropReason::Unexpected("a compressed header of an empty slot"))?;
        let mut headers = known.clone();
        change(&mut headers, mask, &mut reader).map_err(malformed)?;
        let data = reader.rest();
        let length = u16::try_from(headers.len() + data.len()).map_err(|_| DropReason::TooLarge)?;
        headers.set_length(length);
        self.packet.clear();
        self.packet.extend_from_slice(headers.as_bytes());
        self.packet.extend_from_slice(data);
        *known = headers;
        Ok(())
    }

    /// Gives the packet that was made last.
    pub(crate) fn packet(&mut self) -> &mut [u8] {
        &mut self.packet
    }
}

/// Makes the changes that the mask tells of, in the order of RFC 1144 A.3.
fn change(headers: &mut Headers, mask: u8, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let checksum = reader.u16("the TCP checksum of a compressed header")?;
    headers.set_tcp_u16(CHECKSUM, checksum);
    headers.set_flag(PSH, mask & PUSH != 0);
    // Where a usual case is told, there is nothing urgent.
    headers.set_flag(URG, false);
    let sent = headers.data_length();
    match mask & DIFFERENCES {
        ECHOED => {
            headers.grow_tcp_u32(ACKNO, sent);
            headers.grow_tcp_u32(SEQ, sent);
        }
        ONE_WAY => headers.grow_tcp_u32(SEQ, sent),
        _ => numbers(headers, mask, reader)?,
    }
    let by = if mask & IDENTIFICATION != 0 { difference(reader)? } else { 1 };
    headers.set_ip_u16(ID, headers.ip_u16(ID).wrapping_add(by));
    Ok(())
}

fn numbers(headers: &mut Headers, mask: u8, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    if mask & URGENT != 0 {
        headers.set_flag(URG, true);
        headers.set_tcp_u16(URP, difference(reader)?);
    }
    if mask & WINDOW != 0 {
        let window = headers.tcp_u16(WND).wrapping_add(difference(reader)?);
        headers.set_tcp_u16(WND, window);
    }
    if mask & ACKNOWLEDGEMENT != 0 {
        headers.grow_tcp_u32(ACKNO, difference(reader)?);
    }
    if mask & SEQUENCE != 0 {
        headers.grow_tcp_u32(SEQ, difference(reader)?);
    }
    Ok(())
}

/// RFC 1144 3.2.2: one octet, or 0 and two octets.
fn difference(reader: &mut Reader<'_>) -> Result<u16, Malformed> {
    match reader.u8("a difference")? {
        0 => reader.u16("a difference of two octets"),
        small => Ok(small.into()),
    }
}

fn malformed(malformed: Malformed) -> DropReason {
    DropReason::Malformed(malformed.expected)
}

//! The end that sends (RFC 1144 3.2.3, A.2).

use super::header::{ACK, ACKNO, CHECKSUM, HEADERS_MAX, Headers, ID, LENGTH, PSH, SEQ, TCP, URG, URP, WND};
use super::{
    ACKNOWLEDGEMENT, DIFFERENCES, ECHOED, IDENTIFICATION, ONE_WAY, PUSH, SEQUENCE, SLOT, Slots, URGENT, WINDOW,
};

/// Makes short headers of long ones.
pub(crate) struct Compressor {
    slots: Slots,
    /// The last header of each slot, the one used last in front.
    known: Vec<(u8, Headers)>,
    /// The slot that the other end takes a packet for that names none.
    current: Option<u8>,
}

/// What stands in place of a packet's headers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Compressed {
    /// The packet goes as it is.
    Not,
    /// It goes as uncompressed TCP: the slot stands in place of the IP protocol.
    Slot(u8),
    /// `octets[..length]` stand in place of the first `replaced` octets.
    Short { octets: [u8; SHORT_MAX], length: usize, replaced: usize },
}

/// Mask, slot, checksum, and five differences of three octets.
pub(crate) const SHORT_MAX: usize = 1 + 1 + 2 + 5 * 3;

impl Compressor {
    pub(crate) fn new(mut slots: Slots) -> Self {
        // More would cost memory and time, and nothing forces us to use all that the other end has.
        slots.last = slots.last.min(Slots::OURS.last);
        Self { slots, known: Vec::with_capacity(usize::from(slots.last) + 1), current: None }
    }

    /// Tells what goes in place of the headers of the packet that is `header` followed by `payload`.
    pub(crate) fn compress(&mut self, header: &[u8], payload: &[u8]) -> Compressed {
        let mut front = [0; HEADERS_MAX];
        let length = front_of(&mut front, header, payload);
        let Some(headers) = Headers::of(&front[..length], header.len() + payload.len(), TCP) else {
            return Compressed::Not;
        };
        // RFC 1144 3.2.3: those that begin and end a connection, whose other end has to see them whole.
        if headers.flags() & !(PSH | URG) != ACK {
            return Compressed::Not;
        }
        let Some(at) = self.known.iter().position(|(_, known)| known.is_of(&headers)) else {
            return self.first(headers);
        };
        // The one used last goes to the front, so the last is the one to give up.
        self.known[..=at].rotate_right(1);
        let (slot, known) = &mut self.known[0];
        let slot = *slot;
        let (short, replaced) = (Short::between(known, &headers), headers.len());
        *known = headers;
        match short {
            Some(short) => self.named(slot, &short, replaced),
            None => self.whole(slot),
        }
    }

    /// Gives a slot to a connection.
    fn first(&mut self, headers: Headers) -> Compressed {
        let slot = match u8::try_from(self.known.len()) {
            Ok(count) if count <= self.slots.last => count,
            _ => self.known.pop().map_or(0, |(slot, _)| slot),
        };
        self.known.insert(0, (slot, headers));
        self.whole(slot)
    }

    fn whole(&mut self, slot: u8) -> Compressed {
        self.current = Some(slot);
        Compressed::Slot(slot)
    }

    fn named(&mut self, slot: u8, short: &Short, replaced: usize) -> Compressed {
        let is_current = self.current.replace(slot) == Some(slot);
        let named = (!(is_current && self.slots.may_omit)).then_some(slot);
        let (octets, length) = short.write(named);
        Compressed::Short { octets, length, replaced }
    }
}

fn front_of(front: &mut [u8; HEADERS_MAX], header: &[u8], payload: &[u8]) -> usize {
    let mut length = 0;
    for (to, from) in front.iter_mut().zip(header.iter().chain(payload)) {
        *to = *from;
        length += 1;
    }
    length
}

/// The differences between two headers of a connection.
struct Short {
    mask: u8,
    checksum: u16,
    /// In the order in which they are written.
    differences: [Option<u16>; 5],
}

impl Short {
    /// Gives what has changed, if it can be said.
    fn between(old: &Headers, new: &Headers) -> Option<Self> {
        if !new.is_alike(old) {
            return None;
        }
        let urgent = (new.flags() & URG != 0).then(|| new.tcp_u16(URP));
        if urgent.is_none() && new.tcp_u16(URP) != old.tcp_u16(URP) {
            return None;
        }
        let window = changed(new.tcp_u16(WND).wrapping_sub(old.tcp_u16(WND)));
        let acknowledgement = grown(old, new, ACKNO)?;
        let sequence = grown(old, new, SEQ)?;
        let identification = Some(new.ip_u16(ID).wrapping_sub(old.ip_u16(ID))).filter(|by| *by != 1);
        let mut short = Self {
            mask: 0,
            checksum: new.tcp_u16(CHECKSUM),
            differences: [urgent, window, acknowledgement, sequence, identification],
        };
        short.mask = short.bits();
        short.special(old, new)?;
        if new.flags() & PSH != 0 {
            short.mask |= PUSH;
        }
        Some(short)
    }

    fn bits(&self) -> u8 {
        let bits = [URGENT, WINDOW, ACKNOWLEDGEMENT, SEQUENCE, IDENTIFICATION];
        bits.into_iter().zip(self.differences).filter_map(|(bit, there)| there.map(|_| bit)).sum()
    }

    /// Has the usual cases take no room; none of what would be taken for one of them.
    fn special(&mut self, old: &Headers, new: &Headers) -> Option<()> {
        const BOTH: u8 = SEQUENCE | ACKNOWLEDGEMENT;
        let sent = old.data_length();
        let [_, _, acknowledgement, sequence, _] = self.differences;
        let special = match self.mask & DIFFERENCES {
            // Data after none are an answer; anything else is a repetition, or asks for an answer to what was lost.
            0 if new.ip_u16(LENGTH) != old.ip_u16(LENGTH) && sent == 0 => return Some(()),
            0 | ECHOED | ONE_WAY => return None,
            // Some take the flag of the header before where a usual case is told.
            _ if old.flags() & URG != 0 => return Some(()),
            BOTH if sequence == acknowledgement && sequence == Some(sent) => ECHOED,
            SEQUENCE if sequence == Some(sent) => ONE_WAY,
            _ => return Some(()),
        };
        self.differences[2..4].fill(None);
        self.mask = self.mask & !DIFFERENCES | special;
        Some(())
    }

    fn write(&self, slot: Option<u8>) -> ([u8; SHORT_MAX], usize) {
        let mut octets = [0; SHORT_MAX];
        let mut length = 0;
        let mut push = |octet: u8| {
            octets[length] = octet;
            length += 1;
        };
        push(self.mask | if slot.is_some() { SLOT } else { 0 });
        slot.into_iter().for_each(&mut push);
        self.checksum.to_be_bytes().into_iter().for_each(&mut push);
        for difference in self.differences.into_iter().flatten() {
            match difference.to_be_bytes() {
                [0, low] if low != 0 => push(low),
                [high, low] => [0, high, low].into_iter().for_each(&mut push),
            }
        }
        (octets, length)
    }
}

fn changed(by: u16) -> Option<u16> {
    (by != 0).then_some(by)
}

/// Gives by how much a number of TCP has grown; nothing at all if it is more than can be said, as where it has shrunk.
#[expect(clippy::option_option, reason = "whether it can be said, and whether there is anything to be said")]
fn grown(old: &Headers, new: &Headers, at: usize) -> Option<Option<u16>> {
    u16::try_from(new.tcp_u32(at).wrapping_sub(old.tcp_u32(at))).ok().map(changed)
}

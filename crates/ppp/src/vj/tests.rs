use super::compress::SHORT_MAX;
use super::compress::{Compressed, Compressor};
use super::decompress::Decompressor;
use super::*;
use rasman_core::DropReason;
use rasman_testkit::SeededRng;

/// A segment from 10.0.0.2:1000 to 10.0.0.1:`port`.
#[derive(Clone)]
struct Segment {
    port: u16,
    id: u16,
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    window: u16,
    urgent: u16,
    options: Vec<u8>,
    data: Vec<u8>,
}

const ACK: u8 = 0x10;
const PSH: u8 = 0x08;
const URG: u8 = 0x20;

impl Segment {
    fn to(port: u16) -> Self {
        let (options, data) = (Vec::new(), Vec::new());
        Self { port, id: 1, sequence: 1000, acknowledgement: 5000, flags: ACK, window: 8000, urgent: 0, options, data }
    }

    fn bytes(&self) -> Vec<u8> {
        let length = (40 + self.options.len() + self.data.len()) as u16;
        let mut ip = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
        ip[2..4].copy_from_slice(&length.to_be_bytes());
        ip[4..6].copy_from_slice(&self.id.to_be_bytes());
        let sum: u32 = ip.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        ip.extend(1000_u16.to_be_bytes());
        ip.extend(self.port.to_be_bytes());
        ip.extend(self.sequence.to_be_bytes());
        ip.extend(self.acknowledgement.to_be_bytes());
        ip.extend([(5 + self.options.len() as u8 / 4) << 4, self.flags]);
        ip.extend(self.window.to_be_bytes());
        // Nobody computes the checksum of TCP here: it passes as it is.
        ip.extend((self.sequence as u16 ^ 0x5a5a).to_be_bytes());
        ip.extend(self.urgent.to_be_bytes());
        ip.extend(&self.options);
        ip.extend(&self.data);
        ip
    }

    /// The next one in the same direction.
    fn sends(&mut self, data: &[u8]) -> Vec<u8> {
        self.id = self.id.wrapping_add(1);
        self.sequence = self.sequence.wrapping_add(self.data.len() as u32);
        self.data = data.to_vec();
        self.bytes()
    }
}

struct Line {
    compressor: Compressor,
    decompressor: Decompressor,
}

impl Line {
    fn new() -> Self {
        Self { compressor: Compressor::new(Slots::OURS), decompressor: Decompressor::new(Slots::OURS) }
    }

    /// What goes over the line in place of the packet, with its kind.
    fn compress(&mut self, packet: &[u8]) -> (Option<bool>, Vec<u8>) {
        // The place where the parts meet must not matter.
        let (header, payload) = packet.split_at(packet.len().min(7));
        match self.compressor.compress(header, payload) {
            Compressed::Not => (None, packet.to_vec()),
            Compressed::Slot(slot) => {
                let mut packet = packet.to_vec();
                packet[9] = slot;
                (Some(false), packet)
            }
            Compressed::Short { octets, length, replaced } => {
                (Some(true), [&octets[..length], &packet[replaced..]].concat())
            }
        }
    }

    fn undo(&mut self, kind: Option<bool>, mut octets: Vec<u8>) -> Result<Vec<u8>, DropReason> {
        match kind {
            None => Ok(octets),
            Some(false) => self.decompressor.whole(&mut octets).map(|()| octets),
            Some(true) => self.decompressor.short(&octets).map(|()| self.decompressor.packet().to_vec()),
        }
    }

    /// Carries a packet over the line; gives how many octets its headers took.
    fn carry(&mut self, packet: &[u8]) -> usize {
        let (kind, octets) = self.compress(packet);
        let length = octets.len();
        assert_eq!(self.undo(kind, octets).unwrap(), packet);
        let data = packet.len() - 20 - usize::from(packet[32] >> 4) * 4;
        length - data
    }
}

#[test]
fn a_transfer_takes_three_octets_a_header() {
    let (mut line, mut segment) = (Line::new(), Segment::to(80));
    assert_eq!(line.carry(&segment.bytes()), 40);
    // The first data after none: the sequence stays, so they are told by the length.
    assert_eq!(line.carry(&segment.sends(&[7; 512])), 3);
    for _ in 0..5 {
        // RFC 1144 3.2.3: mask and checksum.
        assert_eq!(line.carry(&segment.sends(&[7; 512])), 3);
    }
}

#[test]
fn an_echoed_keystroke_takes_three_octets_as_well() {
    let (mut line, mut segment) = (Line::new(), Segment::to(23));
    segment.data = vec![b'x'];
    line.carry(&segment.bytes());
    segment.acknowledgement += 1;
    let packet = segment.sends(b"y");
    let (kind, octets) = line.compress(&packet);
    assert_eq!((kind, octets[0], octets.len()), (Some(true), ECHOED, 4));
    assert_eq!(line.undo(kind, octets).unwrap(), packet);
}

#[test]
fn differences_are_told_in_the_order_of_the_rfc() {
    let (mut line, mut segment) = (Line::new(), Segment::to(80));
    line.carry(&segment.bytes());
    segment.id += 0x101;
    (segment.sequence, segment.acknowledgement) = (segment.sequence + 0x1234, segment.acknowledgement + 3);
    (segment.window, segment.urgent, segment.flags) = (segment.window - 1, 9, ACK | PSH | URG);
    let packet = segment.bytes();
    let (kind, octets) = line.compress(&packet);
    let checksum = (segment.sequence as u16 ^ 0x5a5a).to_be_bytes();
    let all = IDENTIFICATION | PUSH | ACKNOWLEDGEMENT | SEQUENCE | WINDOW | URGENT;
    let expected = [all, checksum[0], checksum[1], 9, 0, 0xff, 0xff, 3, 0, 0x12, 0x34, 0, 1, 1];
    assert_eq!(all & DIFFERENCES, ONE_WAY, "which means something else");
    assert_eq!((kind, octets.len()), (Some(false), packet.len()));
    line.undo(kind, octets).unwrap();

    // Without the window it is none of the usual cases.
    segment.id += 0x101;
    (segment.sequence, segment.acknowledgement) = (segment.sequence + 0x1234, segment.acknowledgement + 3);
    let packet = segment.bytes();
    let (kind, octets) = line.compress(&packet);
    let checksum = (segment.sequence as u16 ^ 0x5a5a).to_be_bytes();
    let mut without = expected.to_vec();
    (without[0], without[1], without[2]) = (all & !WINDOW, checksum[0], checksum[1]);
    without.drain(4..7);
    assert_eq!((kind, &octets), (Some(true), &without));
    assert_eq!(line.undo(kind, octets).unwrap(), packet);
}

#[test]
fn what_begins_ends_or_is_no_tcp_goes_as_it_is() {
    let mut line = Line::new();
    for flags in [0x02, 0x12, 0x11, 0x14, 0x04, 0x00, 0x50, 0x90] {
        let packet = Segment { flags, ..Segment::to(80) }.bytes();
        assert_eq!(line.compress(&packet).0, None, "{flags:#x}");
    }
    let whole = Segment::to(80).bytes();
    for change in [
        (|p| p[9] = 17) as fn(&mut Vec<u8>),
        |p| p[6] = 0x20,  // more fragments
        |p| p[7] = 1,     // a later fragment
        |p| p[3] += 1,    // shorter than it says
        |p| p.push(0),    // longer than it says
        |p| p[32] = 0x40, // a TCP header of four words
        |p| p[32] = 0xf0, // longer than the packet
        |p| p[0] = 0x44,  // an IP header of four words
        |p| p[0] = 0x65,  // IPv6
        |p| p.truncate(39),
        |p| p.clear(),
    ] {
        let mut packet = whole.clone();
        change(&mut packet);
        assert_eq!(line.compress(&packet).0, None);
    }
}

#[test]
fn what_differences_cannot_say_goes_whole() {
    let base = Segment { urgent: 5, data: vec![1; 8], ..Segment::to(80) };
    for change in [
        (|p| p[1] = 4) as fn(&mut Vec<u8>), // type of service
        |p| p[8] = 63,                      // time to live
        |p| p[6] = 0,                       // may be fragmented
        |p| p[24] = 1,                      // a sequence number far ahead
        |p| p[27] -= 1,                     // one behind
        |p| p[28] = 1,                      // likewise acknowledged
        |p| p[39] = 6,                      // an urgent pointer without its flag
        |_| (),                             // a repetition
        |p| p[32] |= 1,                     // a reserved bit of TCP
    ] {
        let mut line = Line::new();
        assert_eq!(line.compress(&base.bytes()).0, Some(false));
        let mut packet = base.bytes();
        change(&mut packet);
        assert_eq!(line.compress(&packet).0, Some(false));
    }
    let mut line = Line::new();
    line.carry(&base.bytes());
    let options = Segment { options: vec![1; 4], ..base.clone() };
    assert_eq!(line.compress(&options.bytes()).0, Some(false), "another length of the header");
    let others = Segment { options: vec![1, 1, 1, 0], ..base };
    assert_eq!(line.compress(&others.bytes()).0, Some(false), "other options");
}

#[test]
fn slots_are_given_up_by_the_connection_that_was_silent_longest() {
    let mut line = Line::new();
    let mut segments: Vec<_> = (0..17).map(Segment::to).collect();
    segments[..16].iter().for_each(|segment| assert_eq!(line.carry(&segment.bytes()), 40));
    assert_eq!(line.carry(&segments[0].sends(b"a")), 4, "with its slot");
    assert_eq!(line.carry(&segments[0].sends(b"a")), 3, "without");
    assert_eq!(line.carry(&segments[16].sends(b"a")), 40, "in the slot of the second");
    assert_eq!(line.carry(&segments[0].sends(b"a")), 4);
    assert_eq!(line.carry(&segments[1].sends(b"a")), 40);
}

#[test]
fn the_other_ends_slots_are_kept_to() {
    let slots = Slots { last: 0, may_omit: false };
    let mut line = Line { compressor: Compressor::new(slots), decompressor: Decompressor::new(slots) };
    let mut segment = Segment::to(80);
    line.carry(&segment.bytes());
    assert_eq!(line.carry(&segment.sends(b"a")), 4, "it is named each time");
    assert_eq!(line.carry(&Segment::to(81).bytes()), 40);
    assert_eq!(line.carry(&segment.sends(b"a")), 40, "there is one slot");
}

#[test]
fn after_a_loss_nothing_is_made_until_a_slot_is_named() {
    let (mut line, mut a, mut b) = (Line::new(), Segment::to(80), Segment::to(81));
    line.carry(&a.bytes());
    line.carry(&b.bytes());
    let (kind, lost) = line.compress(&a.sends(b"1"));
    assert_eq!((kind, lost[0] & SLOT), (Some(true), SLOT));
    line.decompressor.lost();
    let (kind, octets) = line.compress(&a.sends(b"2"));
    assert!(line.undo(kind, octets).is_err(), "of whom it is, the lost one said");
    assert_eq!(line.carry(&b.sends(b"3")), 4);
    assert_eq!(line.carry(&b.sends(b"4")), 3);
}

#[test]
fn nothing_is_made_of_what_is_cut_short_or_of_no_slot() {
    let mut line = Line::new();
    let drops = |line: &mut Line, octets: &[u8]| line.decompressor.short(octets).unwrap_err();
    assert!(matches!(drops(&mut line, &[0, 1, 2]), DropReason::Unexpected(_)));
    assert!(matches!(drops(&mut line, &[SLOT, 3, 1, 2]), DropReason::Unexpected(_)));
    assert!(matches!(drops(&mut line, &[SLOT, 16, 1, 2]), DropReason::Unexpected(_)));
    line.carry(&Segment::to(80).bytes());
    for octets in
        [&[][..], &[SLOT], &[SLOT, 0], &[SLOT, 0, 1], &[SLOT | WINDOW, 0, 1, 2], &[SLOT | WINDOW, 0, 1, 2, 0, 9]]
    {
        assert!(matches!(drops(&mut line, octets), DropReason::Malformed(_)), "{octets:?}");
        assert!(matches!(drops(&mut line, &[0, 1, 2]), DropReason::Unexpected(_)), "{octets:?} is a loss");
    }
    assert_eq!(drops(&mut line, &[&[SLOT, 0, 1, 2][..], &[0; 65_500]].concat()), DropReason::TooLarge);
    for change in [(|p| p[9] = 16) as fn(&mut Vec<u8>), |p| p.truncate(39), |p| p[0] = 0x4f, |p| p[32] = 0xf0] {
        let mut packet = Segment::to(80).bytes();
        packet[9] = 0;
        change(&mut packet);
        assert!(line.decompressor.whole(&mut packet).is_err());
    }
}

/// Twenty connections at random over a line that loses a packet now and then. What rests on a lost one is dropped or comes
/// out wrong, which the checksum of TCP tells; everything else is as it was sent.
#[test]
fn a_line_that_loses_packets_carries_on() {
    let mut rng = SeededRng::new(1144);
    let mut die = |sides: u32| rng.below(sides.into()) as u32;
    let mut line = Line::new();
    let mut segments: Vec<_> = (0..20).map(Segment::to).collect();
    let (mut short, mut wrong, mut sent) = (0, 0, 0);
    for _ in 0..20_000 {
        let segment = &mut segments[die(20) as usize % (1 + die(20) as usize)];
        match die(8) {
            0 => segment.acknowledgement = segment.acknowledgement.wrapping_add(die(70_000)),
            1 => segment.window = die(65_536) as u16,
            2 => segment.id = segment.id.wrapping_add(die(600) as u16),
            3 => (segment.flags, segment.urgent) = (segment.flags ^ URG, die(300) as u16),
            4 => segment.flags ^= PSH,
            5 => segment.sequence = segment.sequence.wrapping_sub(die(3)),
            6 => segment.acknowledgement = segment.acknowledgement.wrapping_add(segment.data.len() as u32),
            _ => {}
        }
        let data = vec![die(256) as u8; die(40) as usize * die(2) as usize];
        let packet = segment.sends(&data);
        let (kind, octets) = line.compress(&packet);
        assert!(octets.len() < data.len() + 40 + SHORT_MAX);
        if die(100) == 0 {
            line.decompressor.lost();
            continue;
        }
        sent += 1;
        short += u32::from(kind == Some(true));
        // A difference to what was lost gives a wrong header, which the checksum of TCP tells.
        match line.undo(kind, octets) {
            Ok(made) if made == packet => {}
            _ => wrong += 1,
        }
    }
    assert!(short > sent / 4, "{short} of {sent}");
    assert!(wrong < sent / 2, "{wrong} of {sent}");
}

#[test]
fn without_losses_nothing_is_lost_at_random_either() {
    let mut rng = SeededRng::new(7);
    let mut die = |sides: u32| rng.below(sides.into()) as u32;
    let mut line = Line::new();
    let mut segments: Vec<_> = (0..20).map(Segment::to).collect();
    for _ in 0..20_000 {
        let segment = &mut segments[die(20) as usize];
        segment.acknowledgement = segment.acknowledgement.wrapping_add(die(2) * die(70_000));
        segment.window = segment.window.wrapping_add((die(2) * die(300)) as u16);
        segment.id = segment.id.wrapping_add((die(2) * die(600)) as u16);
        if die(5) == 0 {
            (segment.flags, segment.urgent) = (segment.flags ^ URG, die(300) as u16);
        }
        segment.flags ^= (die(2) as u8) * PSH;
        segment.sequence = segment.sequence.wrapping_add(die(2) * die(70_000));
        let packet = segment.sends(&vec![1; die(40) as usize * die(2) as usize]);
        line.carry(&packet);
    }
}

#[test]
fn the_option_names_slots() {
    assert_eq!(Slots::parse(&[0, 0x2d, 15, 1]), Some(Slots::OURS));
    assert_eq!(Slots::OURS.value(), [0, 0x2d, 15, 1]);
    for other in [&[0, 0x2d][..], &[0, 0x37, 15, 1], &[0, 0x61, 0, 15], &[0, 0x2d, 15, 1, 0], &[]] {
        assert_eq!(Slots::parse(other), None);
    }
}

//! Packets for the kernel, merged where they follow one another (GRO): it takes 64 KiB for little more than the price of
//! one packet.
//!
//! Segments of a flow are merged that differ in nothing but sequence number, payload and PSH, as the kernel's own GRO
//! has it. A super-packet tells the kernel that its checksums are right, so each of them is checked before.

use super::packets::is_ipv4;
use tun_rs::{VIRTIO_NET_HDR_LEN, checksum, checksum_no_fold};

/// Packets on their way to the kernel.
pub(super) struct Merge {
    slots: Vec<Slot>,
    /// Slots that are in use, in the order in which they were begun.
    used: Vec<usize>,
    single: Vec<u8>,
}

/// A super-packet in the making, behind room for the kernel's header.
struct Slot {
    bytes: Vec<u8>,
    shape: Shape,
    /// The sequence number that goes on.
    next: u32,
    /// Bytes of payload of each segment but the last.
    size: usize,
    segments: usize,
    /// A shorter segment or PSH has ended it.
    closed: bool,
}

/// Where a TCP segment's parts stand.
#[derive(Copy, Clone)]
struct Shape {
    transport: usize,
    payload: usize,
}

impl Merge {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), used: Vec::with_capacity(SLOTS), single: Vec::new() }
    }

    /// Takes a packet; `write` gets what has to go to the kernel now.
    pub(super) fn push(&mut self, packet: &[u8], write: &mut (impl FnMut(&[u8]) + ?Sized)) {
        let segment = Shape::of(packet);
        let same = |slot: &Slot| segment.is_some_and(|shape| slot.is_of_flow(shape, packet));
        let found = self.used.iter().position(|index| same(&self.slots[*index]));
        let fit = segment.filter(|shape| shape.is_plain_data(packet));
        match (found, fit) {
            (Some(at), Some(shape)) if self.slots[self.used[at]].append(shape, packet) => {}
            (found, fit) => {
                // What is behind in its flow must not go before.
                if let Some(at) = found {
                    self.write_slot(at, write);
                }
                match fit {
                    Some(shape) => self.begin(shape, packet, write),
                    None => self.write_single(packet, write),
                }
            }
        }
    }

    /// Hands everything to the kernel.
    pub(super) fn flush(&mut self, write: &mut (impl FnMut(&[u8]) + ?Sized)) {
        while !self.used.is_empty() {
            self.write_slot(0, write);
        }
    }

    fn begin(&mut self, shape: Shape, packet: &[u8], write: &mut (impl FnMut(&[u8]) + ?Sized)) {
        if self.used.len() == SLOTS {
            self.write_slot(0, write);
        }
        let free = (0..SLOTS).find(|index| !self.used.contains(index)).expect("one was written if none was free");
        if free == self.slots.len() {
            self.slots.push(Slot::new());
        }
        self.slots[free].begin(shape, packet);
        self.used.push(free);
    }

    fn write_slot(&mut self, at: usize, write: &mut (impl FnMut(&[u8]) + ?Sized)) {
        let index = self.used.remove(at);
        write(self.slots[index].finish());
    }

    fn write_single(&mut self, packet: &[u8], write: &mut (impl FnMut(&[u8]) + ?Sized)) {
        self.single.clear();
        self.single.resize(VIRTIO_NET_HDR_LEN, 0);
        self.single.extend_from_slice(packet);
        write(&self.single);
    }
}

/// Tells how many packets a write of ours has: a header of the kernel's as [`Merge`] makes it stands before them.
pub(super) fn packets_in(bytes: &[u8]) -> u64 {
    let word = |at: usize| bytes.get(at..at + 2).map_or(0, |word| usize::from(u16::from_ne_bytes([word[0], word[1]])));
    let (headers, size) = (VIRTIO_NET_HDR_LEN + word(2), word(4));
    // A packet by itself has no size of segments.
    if size == 0 { 1 } else { bytes.len().saturating_sub(headers).div_ceil(size) as u64 }
}

impl Slot {
    fn new() -> Self {
        let bytes = Vec::with_capacity(VIRTIO_NET_HDR_LEN + PACKET_MAX);
        let shape = Shape { transport: 0, payload: 0 };
        Self { bytes, shape, next: 0, size: 0, segments: 0, closed: false }
    }

    fn begin(&mut self, shape: Shape, packet: &[u8]) {
        self.bytes.clear();
        self.bytes.resize(VIRTIO_NET_HDR_LEN, 0);
        self.bytes.extend_from_slice(packet);
        self.shape = shape;
        self.size = packet.len() - shape.payload;
        self.segments = 1;
        self.next = shape.sequence(packet).wrapping_add(self.size as u32);
        self.closed = shape.flags(packet) & PSH != 0;
    }

    fn packet(&self) -> &[u8] {
        &self.bytes[VIRTIO_NET_HDR_LEN..]
    }

    /// Tells whether a segment belongs to the same two sockets.
    fn is_of_flow(&self, shape: Shape, packet: &[u8]) -> bool {
        let (own, transport) = (self.packet(), self.shape.transport);
        transport == shape.transport
            && own[0] >> 4 == packet[0] >> 4
            && own[addresses(own)] == packet[addresses(packet)]
            && own[transport..transport + 4] == packet[transport..transport + 4]
    }

    /// Appends a segment of the same flow, if it follows; tells whether it did.
    fn append(&mut self, shape: Shape, packet: &[u8]) -> bool {
        let size = packet.len() - shape.payload;
        let (own, at) = (self.packet(), shape.transport);
        let follows = !self.closed
            && self.next == shape.sequence(packet)
            && self.shape.payload == shape.payload
            && size <= self.size
            && own.len() + size <= PACKET_MAX
            && self.segments < SEGMENTS_MAX
            // Acknowledgement, and flags but for PSH with the window.
            && own[at + 8..at + 13] == packet[at + 8..at + 13]
            && (own[at + 13] ^ packet[at + 13]) & !PSH == 0
            && own[at + 14..at + 16] == packet[at + 14..at + 16]
            // The urgent pointer, though nothing is urgent, and the options.
            && own[at + 18..shape.payload] == packet[at + 18..shape.payload]
            && self.same_network(packet);
        if !follows {
            return false;
        }
        let push = packet[at + 13] & PSH;
        self.bytes.extend_from_slice(&packet[shape.payload..]);
        self.bytes[VIRTIO_NET_HDR_LEN + at + 13] |= push;
        self.segments += 1;
        self.next = self.next.wrapping_add(size as u32);
        self.closed = push != 0 || size < self.size;
        true
    }

    /// Compares what the headers of IP say beside lengths, identifiers and checksums.
    fn same_network(&self, packet: &[u8]) -> bool {
        let own = self.packet();
        match own[0] >> 4 {
            // Service, fragmentation, time to live.
            4 => own[1] == packet[1] && own[6..9] == packet[6..9],
            // Traffic class and flow label, hop limit.
            _ => own[..4] == packet[..4] && own[7] == packet[7],
        }
    }

    /// Makes the headers right; gives what the kernel is to be given.
    fn finish(&mut self) -> &[u8] {
        if self.segments > 1 {
            self.finish_headers();
        }
        &self.bytes
    }

    fn finish_headers(&mut self) {
        let Shape { transport, payload } = self.shape;
        let (header, packet) = self.bytes.split_at_mut(VIRTIO_NET_HDR_LEN);
        let is_v6 = packet[0] >> 4 == 6;
        // All of it is at most 65,535 bytes.
        let length = packet.len() as u16;
        if is_v6 {
            packet[4..6].copy_from_slice(&(length - 40).to_be_bytes());
        } else {
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            packet[10..12].fill(0);
            let sum = !checksum(&packet[..transport], 0);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        // The kernel completes the checksum, or does without: what stands there is the pseudo header's part.
        let rest = u64::from(length) - transport as u64;
        let pseudo = checksum_no_fold(&packet[addresses(packet)], rest + u64::from(TCP));
        let pseudo = checksum(&[], pseudo);
        packet[transport + CHECKSUM..transport + CHECKSUM + 2].copy_from_slice(&pseudo.to_be_bytes());
        header[0] = NEEDS_CHECKSUM;
        header[1] = if is_v6 { GSO_TCP_V6 } else { GSO_TCP_V4 };
        for (at, value) in [(2, payload), (4, self.size), (6, transport), (8, CHECKSUM)] {
            header[at..at + 2].copy_from_slice(&(value as u16).to_ne_bytes());
        }
    }
}

impl Shape {
    /// Finds the parts of a TCP segment that is no fragment and whose IP header has no options.
    fn of(packet: &[u8]) -> Option<Self> {
        let transport = match packet.first()? {
            0x45 if is_ipv4(packet) && packet[9] == TCP && (packet[6] & 0x3f, packet[7]) == (0, 0) => 20,
            first if first >> 4 == 6 && packet.len() > 40 && packet[6] == TCP => 40,
            _ => return None,
        };
        let payload = transport + usize::from(packet.get(transport + 12)? >> 4) * 4;
        (payload >= transport + 20 && payload <= packet.len()).then_some(Self { transport, payload })
    }

    /// Tells whether it is data and nothing else, with right checksums.
    fn is_plain_data(self, packet: &[u8]) -> bool {
        let data = packet.len() > self.payload && self.flags(packet) & !PSH == ACK;
        data && self.network_is_right(packet) && self.sum_is_right(packet)
    }

    fn network_is_right(self, packet: &[u8]) -> bool {
        match packet[0] >> 4 {
            4 => checksum(&packet[..self.transport], 0) == 0xffff,
            _ => usize::from(u16::from_be_bytes([packet[4], packet[5]])) + 40 == packet.len(),
        }
    }

    fn sum_is_right(self, packet: &[u8]) -> bool {
        let segment = &packet[self.transport..];
        let pseudo = checksum_no_fold(&packet[addresses(packet)], segment.len() as u64 + u64::from(TCP));
        checksum(segment, pseudo) == 0xffff
    }

    fn sequence(self, packet: &[u8]) -> u32 {
        let at = self.transport + 4;
        u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
    }

    fn flags(self, packet: &[u8]) -> u8 {
        packet[self.transport + 13]
    }
}

/// Where source and destination stand.
fn addresses(packet: &[u8]) -> core::ops::Range<usize> {
    if packet[0] >> 4 == 4 { 12..20 } else { 8..40 }
}

/// Flows that are merged at one time; with more of them the one that was begun first goes.
const SLOTS: usize = 8;
/// The longest packet of IP, in bytes.
const PACKET_MAX: usize = 65_535;
/// The kernel's own limit of a super-packet's fragments is no concern here; this one bounds what a loss costs.
const SEGMENTS_MAX: usize = 128;
const TCP: u8 = 6;
const CHECKSUM: usize = 16;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
// virtio 1.2, 5.1.6.
const NEEDS_CHECKSUM: u8 = 1;
const GSO_TCP_V4: u8 = 1;
const GSO_TCP_V6: u8 = 4;

#[cfg(test)]
mod tests {
    use super::super::gso::Read;
    use super::super::gso::tests::super_packet;
    use super::*;

    /// Segments as a tunnel delivers them: what a super-packet of the kernel is split into.
    fn segments(is_v6: bool, size: u16, payload: usize, from: u16) -> Vec<Vec<u8>> {
        let mut read = super_packet(is_v6, false, size, payload);
        let ip = if is_v6 { 40 } else { 20 };
        let at = VIRTIO_NET_HDR_LEN + ip;
        read[at..at + 2].copy_from_slice(&from.to_be_bytes());
        read[at + 13] = ACK | PSH;
        let read = Read::parse(&mut read).unwrap();
        let packet = |index| {
            let mut packet = vec![0; read.len(index)];
            read.write(index, &mut packet);
            packet
        };
        (0..read.count()).map(packet).collect()
    }

    fn merged(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let (mut merge, mut written) = (Merge::new(), Vec::new());
        for packet in packets {
            merge.push(packet, &mut |bytes| written.push(bytes.to_vec()));
        }
        merge.flush(&mut |bytes| written.push(bytes.to_vec()));
        written
    }

    /// What the kernel makes of it, which is what was delivered.
    fn split(written: &mut [Vec<u8>]) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for bytes in written {
            let read = Read::parse(bytes).unwrap();
            for index in 0..read.count() {
                let mut packet = vec![0; read.len(index)];
                read.write(index, &mut packet);
                packets.push(packet);
            }
        }
        packets
    }

    #[test]
    fn segments_that_follow_one_another_are_one_and_come_apart_as_they_were() {
        for is_v6 in [false, true] {
            let packets = segments(is_v6, 1000, 60_500, 80);
            let mut written = merged(&packets);
            assert_eq!(written.len(), 1);
            assert_eq!(split(&mut written), packets);
        }
        let packets = segments(false, 1000, 200_000 % 65_000, 80);
        assert_eq!(split(&mut merged(&packets)), packets);
    }

    #[test]
    fn flows_are_merged_side_by_side_and_each_keeps_its_order() {
        let flows: Vec<_> = (0..10).map(|flow| segments(false, 500, 5_000, 1_000 + flow)).collect();
        let mixed: Vec<_> = (0..10).flat_map(|at| flows.iter().map(move |flow| flow[at].clone())).collect();
        let mut written = merged(&mixed);
        let split = split(&mut written);
        for flow in &flows {
            let own: Vec<_> = split.iter().filter(|packet| packet[20..22] == flow[0][20..22]).cloned().collect();
            assert_eq!(&own, flow);
        }
        let few: Vec<_> = (0..10).flat_map(|at| flows[..3].iter().map(move |flow| flow[at].clone())).collect();
        assert_eq!(merged(&few).len(), 3);
    }

    #[test]
    fn what_differs_is_not_merged_and_stays_in_order() {
        let good = segments(false, 1000, 3_000, 80);
        let finish = |packet: &mut Vec<u8>| {
            packet[10..12].fill(0);
            let sum = !checksum(&packet[..20], 0);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            packet[36..38].fill(0);
            let pseudo = checksum_no_fold(&packet[12..20], packet.len() as u64 - 20 + u64::from(TCP));
            let sum = !checksum(&packet[20..], pseudo);
            packet[36..38].copy_from_slice(&sum.to_be_bytes());
        };
        let changes: [fn(&mut Vec<u8>); 8] = [
            |packet| packet[1] = 4,        // service
            |packet| packet[8] = 3,        // time to live
            |packet| packet[6] = 0x40,     // fragmentation
            |packet| packet[24] ^= 1,      // sequence
            |packet| packet[31] ^= 1,      // acknowledgement
            |packet| packet[35] ^= 1,      // window
            |packet| packet[45] ^= 1,      // an option
            |packet| packet[33] = ACK | 1, // FIN
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut packets = good.clone();
            change(&mut packets[1]);
            finish(&mut packets[1]);
            let mut written = merged(&packets);
            assert!(written.len() >= 2, "{index}");
            assert_eq!(split(&mut written), packets, "{index}");
        }
        // A wrong checksum is for the kernel to see.
        let mut packets = good.clone();
        packets[1][60] ^= 1;
        assert_eq!(split(&mut merged(&packets)), packets);
        // PSH ends it.
        let two = [segments(false, 1000, 2_000, 80), good].concat();
        assert_eq!(split(&mut merged(&two)), two);
    }

    #[test]
    fn anything_may_come() {
        let good = segments(false, 100, 300, 80);
        for length in 0..good[0].len() {
            let cut = good[0][..length].to_vec();
            let written = merged(&[good[0].clone(), cut.clone()]);
            assert!(written.iter().any(|bytes| bytes[VIRTIO_NET_HDR_LEN..] == cut), "{length}");
        }
        for at in 0..60 {
            for value in 0..=255 {
                let mut odd = good[1].clone();
                odd[at] = value;
                let written = merged(&[good[0].clone(), odd, good[2].clone()]);
                let total: usize = written.iter().map(|bytes| bytes.len() - VIRTIO_NET_HDR_LEN).sum();
                assert!(total <= good.iter().map(Vec::len).sum(), "{at} {value}");
            }
        }
    }
}

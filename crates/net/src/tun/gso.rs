//! Super-packets of the kernel (GSO): one read, split into packets that are written straight to where they go.
//!
//! ```text
//! | virtio header, 10 octets | IP header | TCP or UDP header | payload of many packets |
//! ```
//!
//! What stands in the header is checked like anything from outside: whoever may write packets to a device of the system
//! may write lengths and offsets that are wrong.

use super::packets::is_ip;
use tun_rs::{VIRTIO_NET_HDR_LEN, checksum, checksum_no_fold};

/// What one read of the device gave: a packet, or one that stands for many.
pub(super) struct Read<'a> {
    bytes: &'a [u8],
    split: Option<Split>,
}

/// How a super-packet is split.
#[derive(Copy, Clone)]
struct Split {
    is_v6: bool,
    is_udp: bool,
    /// Where the header of TCP or UDP begins.
    transport: usize,
    /// Where the payload begins.
    payload: usize,
    /// Bytes of payload of each packet but the last.
    size: usize,
    count: usize,
    /// The pseudo header's part of the checksum, but for the length.
    pseudo: u64,
}

/// A read that is no packet, or more than fits: it is discarded and counted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Unfit;

impl<'a> Read<'a> {
    /// Looks at what was read: the virtio header and what follows. A single packet gets its checksum here.
    pub(super) fn parse(read: &'a mut [u8]) -> Result<Self, Unfit> {
        let (header, bytes) = read.split_at_mut_checked(VIRTIO_NET_HDR_LEN).ok_or(Unfit)?;
        // The kernel writes it in the machine's own order (TUNSETVNETLE is not used).
        let word = |at: usize| usize::from(u16::from_ne_bytes([header[at], header[at + 1]]));
        let (flags, kind, size) = (header[0], header[1] & !GSO_ECN, word(4));
        let (start, offset) = (word(6), word(8));
        if kind == GSO_NONE {
            if flags & NEEDS_CHECKSUM != 0 {
                complete(bytes, start, offset)?;
            }
            return Ok(Self { bytes, split: None });
        }
        let split = Split::new(bytes, kind, size, start, offset)?;
        Ok(Self { bytes, split: Some(split) })
    }

    /// Tells whether it is IPv4 or IPv6, whole, and as long as it says.
    pub(super) fn is_ip(&self) -> bool {
        is_ip(self.bytes)
    }

    /// Gives the first byte of each packet.
    pub(super) fn first(&self) -> u8 {
        self.bytes.first().copied().unwrap_or(0)
    }

    /// Tells how many packets there are.
    pub(super) fn count(&self) -> usize {
        self.split.map_or(1, |split| split.count)
    }

    /// Tells how long a packet is, in bytes.
    pub(super) fn len(&self, index: usize) -> usize {
        match &self.split {
            None => self.bytes.len(),
            Some(split) => split.payload + split.range(self.bytes, index).len(),
        }
    }

    /// Writes a packet to `out`, which is as long as it.
    pub(super) fn write(&self, index: usize, out: &mut [u8]) {
        match &self.split {
            None => out.copy_from_slice(self.bytes),
            Some(split) => split.write(self.bytes, index, out),
        }
    }
}

impl Split {
    fn new(bytes: &[u8], kind: u8, size: usize, transport: usize, offset: usize) -> Result<Self, Unfit> {
        let is_v6 = bytes.first().ok_or(Unfit)? >> 4 == 6;
        let (is_udp, field) = match kind {
            GSO_TCP_V4 if !is_v6 => (false, TCP_CHECKSUM),
            GSO_TCP_V6 if is_v6 => (false, TCP_CHECKSUM),
            GSO_UDP => (true, UDP_CHECKSUM),
            _ => return Err(Unfit),
        };
        let (shortest, addresses) = if is_v6 { (40, 8..40) } else { (20, 12..20) };
        // The transport's header begins within the packet, and IPv4 says so itself.
        let header = if is_v6 { transport } else { usize::from(bytes[0] & 0x0f) * 4 };
        if offset != field || transport < shortest || header != transport || bytes.len() < transport + UDP_HEADER {
            return Err(Unfit);
        }
        let length = match is_udp {
            true => UDP_HEADER,
            false => usize::from(bytes.get(transport + 12).ok_or(Unfit)? >> 4) * 4,
        };
        let payload = transport + length;
        if (!is_udp && length < 20) || size == 0 || bytes.len() <= payload {
            return Err(Unfit);
        }
        let protocol = if is_udp { UDP } else { TCP };
        let pseudo = checksum_no_fold(bytes.get(addresses).ok_or(Unfit)?, u64::from(protocol));
        let count = (bytes.len() - payload).div_ceil(size);
        Ok(Self { is_v6, is_udp, transport, payload, size, count, pseudo })
    }

    /// Gives where the payload of a packet stands.
    fn range(&self, bytes: &[u8], index: usize) -> core::ops::Range<usize> {
        let start = self.payload + index * self.size;
        start..(start + self.size).min(bytes.len())
    }

    fn write(&self, bytes: &[u8], index: usize, out: &mut [u8]) {
        let is_last = index + 1 == self.count;
        let (headers, payload) = out.split_at_mut(self.payload);
        headers.copy_from_slice(&bytes[..self.payload]);
        payload.copy_from_slice(&bytes[self.range(bytes, index)]);
        let (ip, transport) = out.split_at_mut(self.transport);
        // Both are at most 65,535: the kernel gives no more in one read.
        let (index, length) = (index as u32, (ip.len() + transport.len()) as u16);
        if self.is_v6 {
            ip[4..6].copy_from_slice(&(length - 40).to_be_bytes());
        } else {
            // RFC 6864 4: packets that may be fragmented need identifiers of their own.
            let id = u16::from_be_bytes([ip[4], ip[5]]).wrapping_add(index as u16);
            ip[2..4].copy_from_slice(&length.to_be_bytes());
            ip[4..6].copy_from_slice(&id.to_be_bytes());
            ip[10..12].fill(0);
            let sum = !checksum(ip, 0);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        if self.is_udp {
            self.finish_udp(transport);
        } else {
            self.finish_tcp(index, is_last, transport);
        }
    }

    fn finish_tcp(&self, index: u32, is_last: bool, tcp: &mut [u8]) {
        let sequence = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
        let sequence = sequence.wrapping_add(index.wrapping_mul(self.size as u32));
        tcp[4..8].copy_from_slice(&sequence.to_be_bytes());
        if index > 0 {
            // RFC 3168 6.1.2: one CWR for one reduction.
            tcp[13] &= !CWR;
        }
        if !is_last {
            tcp[13] &= !(FIN | PSH);
        }
        let sum = self.sum(tcp, TCP_CHECKSUM);
        tcp[TCP_CHECKSUM..TCP_CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    }

    fn finish_udp(&self, udp: &mut [u8]) {
        let length = (udp.len() as u16).to_be_bytes();
        udp[4..6].copy_from_slice(&length);
        // RFC 768: 0 would mean that there is none.
        let sum = match self.sum(udp, UDP_CHECKSUM) {
            0 => u16::MAX,
            sum => sum,
        };
        udp[UDP_CHECKSUM..UDP_CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    }

    fn sum(&self, transport: &mut [u8], field: usize) -> u16 {
        transport[field..field + 2].fill(0);
        !checksum(transport, self.pseudo + transport.len() as u64)
    }
}

/// Completes the checksum of a packet whose field has the pseudo header's part.
fn complete(bytes: &mut [u8], start: usize, offset: usize) -> Result<(), Unfit> {
    let at = start + offset;
    let field = bytes.get(at..at + 2).ok_or(Unfit)?;
    let begun = u16::from_be_bytes([field[0], field[1]]);
    bytes[at..at + 2].fill(0);
    let sum = match !checksum(&bytes[start..], u64::from(begun)) {
        // For UDP 0 would mean that there is none; for TCP both mean the same.
        0 => u16::MAX,
        sum => sum,
    };
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

// The header's numbers, as of virtio 1.2, 5.1.6.
const NEEDS_CHECKSUM: u8 = 1;
const GSO_NONE: u8 = 0;
const GSO_TCP_V4: u8 = 1;
const GSO_TCP_V6: u8 = 4;
const GSO_UDP: u8 = 5;
const GSO_ECN: u8 = 0x80;

const TCP: u8 = 6;
const UDP: u8 = 17;
const TCP_CHECKSUM: usize = 16;
const UDP_CHECKSUM: usize = 6;
const UDP_HEADER: usize = 8;
const FIN: u8 = 0x01;
const PSH: u8 = 0x08;
const CWR: u8 = 0x80;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A read of the device: the kernel's header, and a packet of `payload` bytes.
    pub(in crate::tun) fn super_packet(is_v6: bool, is_udp: bool, size: u16, payload: usize) -> Vec<u8> {
        let transport = if is_udp { 8 } else { 32 };
        let ip = if is_v6 { 40 } else { 20 };
        let kind = match (is_udp, is_v6) {
            (true, _) => GSO_UDP,
            (false, true) => GSO_TCP_V6,
            (false, false) => GSO_TCP_V4,
        };
        let mut read = vec![NEEDS_CHECKSUM, kind, 0, 0];
        read.extend(size.to_ne_bytes());
        read.extend((ip as u16).to_ne_bytes());
        read.extend((if is_udp { 6_u16 } else { 16 }).to_ne_bytes());
        let mut packet = vec![0; ip];
        let protocol = if is_udp { UDP } else { TCP };
        if is_v6 {
            (packet[0], packet[6], packet[7]) = (0x60, protocol, 64);
            packet[8..40].copy_from_slice(&[0x20; 32]);
        } else {
            (packet[0], packet[8], packet[9]) = (0x45, 64, protocol);
            packet[2..4].copy_from_slice(&((ip + transport + payload) as u16).to_be_bytes());
            packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        }
        let at = packet.len();
        packet.resize(at + transport, 0);
        packet[at..at + 4].copy_from_slice(&[0x12, 0x34, 0, 80]);
        if !is_udp {
            packet[at + 4..at + 8].copy_from_slice(&[0xff, 0xff, 0xff, 0xf0]);
            (packet[at + 12], packet[at + 13]) = (8 << 4, CWR | PSH | FIN | 0x10);
        }
        packet.extend((0..payload).map(|at| (at * 7 + at / 256) as u8));
        read.extend(packet);
        read
    }

    fn packets(read: &Read<'_>) -> Vec<Vec<u8>> {
        let packet = |index| {
            let mut packet = vec![0xEE; read.len(index)];
            read.write(index, &mut packet);
            packet
        };
        (0..read.count()).map(packet).collect()
    }

    /// The checksum over a packet's transport from the definition: 0xffff if it is right.
    fn whole_sum(packet: &[u8]) -> u32 {
        let v6 = packet[0] >> 4 == 6;
        let (addresses, header, protocol) = if v6 { (8..40, 40, packet[6]) } else { (12..20, 20, packet[9]) };
        let mut bytes = packet[addresses].to_vec();
        bytes.extend([0, protocol]);
        bytes.extend(((packet.len() - header) as u16).to_be_bytes());
        bytes.extend(&packet[header..]);
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        let sum = bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1])).sum::<u32>();
        let once = (sum & 0xffff) + (sum >> 16);
        (once & 0xffff) + (once >> 16)
    }

    #[test]
    fn tcp_is_split_with_the_right_numbers_and_sums() {
        for is_v6 in [false, true] {
            let mut read = super_packet(is_v6, false, 1000, 2500);
            let whole = read[VIRTIO_NET_HDR_LEN..].to_vec();
            let split = packets(&Read::parse(&mut read).unwrap());
            let ip = if is_v6 { 40 } else { 20 };
            assert_eq!(split.iter().map(Vec::len).collect::<Vec<_>>(), [ip + 1032, ip + 1032, ip + 532]);
            let payload: Vec<u8> = split.iter().flat_map(|packet| packet[ip + 32..].to_vec()).collect();
            assert_eq!(payload, whole[ip + 32..]);
            for (index, packet) in split.iter().enumerate() {
                assert_eq!(whole_sum(packet), 0xffff, "{index}");
                let sequence = u32::from_be_bytes(packet[ip + 4..ip + 8].try_into().unwrap());
                assert_eq!(sequence, 0xffff_fff0_u32.wrapping_add(1000 * index as u32));
                let length = u16::from_be_bytes([packet[if is_v6 { 4 } else { 2 }], packet[if is_v6 { 5 } else { 3 }]]);
                assert_eq!(usize::from(length), packet.len() - if is_v6 { 40 } else { 0 });
            }
            let flags: Vec<u8> = split.iter().map(|packet| packet[ip + 13]).collect();
            assert_eq!(flags, [CWR | 0x10, 0x10, PSH | FIN | 0x10]);
            if !is_v6 {
                assert!(split.iter().all(|packet| checksum(&packet[..20], 0) == 0xffff));
                assert_eq!(split.iter().map(|packet| packet[5]).collect::<Vec<_>>(), [0, 1, 2]);
            }
        }
    }

    #[test]
    fn udp_is_split_with_the_right_lengths_and_sums() {
        for is_v6 in [false, true] {
            let mut read = super_packet(is_v6, true, 500, 1001);
            let split = packets(&Read::parse(&mut read).unwrap());
            let ip = if is_v6 { 40 } else { 20 };
            assert_eq!(split.iter().map(|packet| packet.len() - ip).collect::<Vec<_>>(), [508, 508, 9]);
            assert!(split.iter().all(|packet| whole_sum(packet) == 0xffff));
            assert!(split.iter().all(|p| usize::from(u16::from_be_bytes([p[ip + 4], p[ip + 5]])) == p.len() - ip));
        }
    }

    #[test]
    fn a_single_packet_is_completed() {
        let mut read = super_packet(false, false, 0, 99);
        read[1] = GSO_NONE;
        let pseudo = checksum(&[10, 0, 0, 1, 10, 0, 0, 2, 0, TCP, 0, 131], 0);
        let at = VIRTIO_NET_HDR_LEN + 36;
        read[at..at + 2].copy_from_slice(&pseudo.to_be_bytes());
        let read = Read::parse(&mut read).unwrap();
        assert_eq!((read.count(), read.len(0)), (1, 151));
        assert_eq!(whole_sum(&packets(&read)[0]), 0xffff);
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let good = super_packet(false, false, 1000, 2500);
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut read = good.clone();
            change(&mut read);
            Read::parse(&mut read).is_err()
        };
        let word =
            |at: usize, value: u16| move |read: &mut Vec<u8>| read[at..at + 2].copy_from_slice(&value.to_ne_bytes());
        assert!(!refused(&|_| ()));
        assert!(!refused(&word(2, 0xffff)), "the length of the headers is read from them");
        assert!(refused(&word(4, 0)), "no size");
        for start in [0, 19, 21, 24, 2551, 2552, 0xffff] {
            assert!(refused(&word(6, start)), "{start}");
        }
        for offset in [0, 6, 15, 0xffff] {
            assert!(refused(&word(8, offset)), "{offset}");
        }
        for kind in [2, 3, GSO_TCP_V6, 6, 0x7f] {
            assert!(refused(&|read| read[1] = kind), "{kind}");
        }
        assert!(refused(&|read| read[VIRTIO_NET_HDR_LEN] = 0x46), "IPv4 says another length");
        assert!(refused(&|read| read[VIRTIO_NET_HDR_LEN + 32] = 0x40), "a TCP header of 16");
        assert!(refused(&|read| read.truncate(VIRTIO_NET_HDR_LEN + 52)), "no payload");
        for length in 0..VIRTIO_NET_HDR_LEN + 52 {
            assert!(refused(&|read| read.truncate(length)), "{length}");
        }
        let single = |start: u16, offset: u16| {
            refused(&|read| {
                read[1] = GSO_NONE;
                word(6, start)(read);
                word(8, offset)(read);
            })
        };
        assert!(!single(20, 16));
        assert!(single(2552, 0) && single(2551, 0) && single(0xffff, 0xffff));
    }
}

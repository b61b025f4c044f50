//! The few IP packets that the host part sends and reads: UDP over both versions, ICMPv6.

use core::net::{Ipv4Addr, Ipv6Addr};
use rasman_core::Reader;

/// A UDP datagram over IPv4.
pub(crate) struct Udp4<'a> {
    pub(crate) from: (Ipv4Addr, u16),
    pub(crate) to: (Ipv4Addr, u16),
    pub(crate) payload: &'a [u8],
}

impl<'a> Udp4<'a> {
    /// Reads a whole packet; nothing of a fragment, of another protocol, or with a wrong checksum.
    pub(crate) fn parse(packet: &'a [u8]) -> Option<Self> {
        let header_len = usize::from(packet.first()? & 0x0f) * 4;
        let header = packet.get(..header_len).filter(|header| header.len() >= 20)?;
        let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
        // RFC 791 3.1: the offset and the bit for more fragments.
        let whole = u16::from_be_bytes([header[6], header[7]]) & 0x3fff == 0;
        if packet[0] >> 4 != 4 || header[9] != UDP || !whole || checksum(&[header]) != 0 {
            return None;
        }
        let mut reader = Reader::new(header.get(12..20)?);
        let from = Ipv4Addr::from(reader.array::<4>("source").ok()?);
        let to = Ipv4Addr::from(reader.array::<4>("destination").ok()?);
        let udp = packet.get(header_len..total)?;
        let (ports, payload) = split_udp(udp, &[&from.octets(), &to.octets(), &[0, UDP]])?;
        Some(Self { from: (from, ports.0), to: (to, ports.1), payload })
    }

    /// Writes the packet.
    pub(crate) fn emit(&self) -> Vec<u8> {
        let (from, to) = (self.from.0.octets(), self.to.0.octets());
        let udp = udp(self.from.1, self.to.1, self.payload, &[&from, &to, &[0, UDP]]);
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, TTL, UDP, 0, 0];
        packet.extend(from.into_iter().chain(to));
        let total = u16::try_from(packet.len() + udp.len()).unwrap_or(u16::MAX);
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        let sum = checksum(&[&packet]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.extend(udp);
        packet
    }
}

/// What an IPv6 packet carries.
pub(crate) struct Packet6<'a> {
    pub(crate) from: Ipv6Addr,
    pub(crate) to: Ipv6Addr,
    pub(crate) hop_limit: u8,
    pub(crate) body: Body6<'a>,
}

pub(crate) enum Body6<'a> {
    Udp {
        ports: (u16, u16),
        payload: &'a [u8],
    },
    /// Type, code and checksum included.
    Icmp(&'a [u8]),
}

impl<'a> Packet6<'a> {
    /// Reads a whole packet without extension headers; nothing of any other or with a wrong checksum.
    pub(crate) fn parse(packet: &'a [u8]) -> Option<Self> {
        let (header, rest) = packet.split_first_chunk::<40>()?;
        let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let rest = rest.get(..length)?;
        if header[0] >> 4 != 6 {
            return None;
        }
        let from: [u8; 16] = header[8..24].try_into().ok()?;
        let to: [u8; 16] = header[24..40].try_into().ok()?;
        let pseudo: [&[u8]; 3] = [&from, &to, &[0, header[6]]];
        let body = match header[6] {
            UDP => split_udp(rest, &pseudo).map(|(ports, payload)| Body6::Udp { ports, payload })?,
            ICMPV6 if rest.len() >= 4 && transport_checksum(rest, &pseudo) == 0 => Body6::Icmp(rest),
            _ => return None,
        };
        Some(Self { from: from.into(), to: to.into(), hop_limit: header[7], body })
    }

    /// Writes the packet; an ICMPv6 body's checksum is filled in.
    pub(crate) fn emit(&self) -> Vec<u8> {
        let (from, to) = (self.from.octets(), self.to.octets());
        let (next, body) = match self.body {
            Body6::Udp { ports, payload } => (UDP, udp(ports.0, ports.1, payload, &[&from, &to, &[0, UDP]])),
            Body6::Icmp(message) => (ICMPV6, icmp(message, &[&from, &to, &[0, ICMPV6]])),
        };
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, self.hop_limit];
        packet.extend(from.into_iter().chain(to).chain(body));
        packet
    }
}

fn icmp(message: &[u8], pseudo: &[&[u8]]) -> Vec<u8> {
    let mut message = message.to_vec();
    message[2..4].fill(0);
    let sum = transport_checksum(&message, pseudo);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    message
}

fn udp(from: u16, to: u16, payload: &[u8], pseudo: &[&[u8]]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).unwrap_or(u16::MAX);
    let mut udp: Vec<u8> = [from, to, length, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    udp.extend_from_slice(payload);
    let sum = match transport_checksum(&udp, pseudo) {
        // RFC 768: zero means that there is none.
        0 => 0xffff,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    udp
}

/// Takes a UDP datagram apart: ports, payload.
fn split_udp<'a>(udp: &'a [u8], pseudo: &[&[u8]]) -> Option<((u16, u16), &'a [u8])> {
    let (header, _) = udp.split_first_chunk::<8>()?;
    let [from, to, length, sum] = core::array::from_fn(|i| u16::from_be_bytes([header[2 * i], header[2 * i + 1]]));
    let udp = udp.get(..usize::from(length)).filter(|udp| udp.len() >= 8)?;
    (sum == 0 || transport_checksum(udp, pseudo) == 0).then(|| ((from, to), &udp[8..]))
}

/// RFC 768, RFC 8200 8.1: the sum over addresses, protocol, length and the data.
fn transport_checksum(data: &[u8], pseudo: &[&[u8]]) -> u16 {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut parts = pseudo.to_vec();
    parts.extend([&length[..], data]);
    checksum(&parts)
}

/// RFC 1071; every part but the last has an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = words.map(|w| u32::from(w[0]) << 8 | u32::from(w.get(1).copied().unwrap_or(0))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    !(((sum & 0xffff) + (sum >> 16)) as u16)
}

const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const TTL: u8 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_a_turned_bit_is_noticed() {
        for payload in [&b""[..], b"odd", b"even"] {
            let (from, to) = ((Ipv4Addr::new(10, 0, 0, 1), 68), (Ipv4Addr::BROADCAST, 67));
            let bytes = Udp4 { from, to, payload }.emit();
            let back = Udp4::parse(&bytes).unwrap();
            assert_eq!((back.from, back.to, back.payload), (from, to, payload));
            for at in 0..bytes.len() {
                let mut bad = bytes.clone();
                bad[at] ^= 0x20;
                assert!(Udp4::parse(&bad).is_none(), "octet {at}");
                assert!(Udp4::parse(&bytes[..at]).is_none());
            }
            let body = Body6::Udp { ports: (546, 547), payload };
            let bytes = Packet6 { from: Ipv6Addr::LOCALHOST, to: Ipv6Addr::LOCALHOST, hop_limit: 9, body }.emit();
            let back = Packet6::parse(&bytes).unwrap();
            assert!(matches!(back.body, Body6::Udp { ports: (546, 547), payload: p } if p == payload));
            assert_eq!(back.hop_limit, 9);
            (0..bytes.len()).for_each(|n| assert!(Packet6::parse(&bytes[..n]).is_none()));
        }
        let body = Body6::Icmp(&[133, 0, 0, 0, 0, 0, 0, 0]);
        let mut bytes = Packet6 { from: Ipv6Addr::LOCALHOST, to: Ipv6Addr::LOCALHOST, hop_limit: 255, body }.emit();
        assert!(matches!(Packet6::parse(&bytes).unwrap().body, Body6::Icmp([133, 0, _, _, 0, 0, 0, 0])));
        bytes[47] ^= 1;
        assert!(Packet6::parse(&bytes).is_none());
    }
}

//! Bodies of the fuzz targets for what programs and the kernel hand over: super-packets, and the doors' requests.

use rasman_core::ProxyLogin;
use rasman_net::fuzzing::{connect_request, merge, socks_answer, socks_datagram, split};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The kernel's header before what a device gives, in bytes.
const HEADER: usize = 10;

/// A read of a device: what is not refused comes apart into packets with right sums that hold all of its payload.
pub fn gso_split(data: &[u8]) {
    let mut read = data.to_vec();
    let Some(packets) = split(&mut read) else { return };
    if data[1] & 0x7f == 0 {
        assert!(packets.len() == 1 && packets[0].len() == data.len() - HEADER);
        return;
    }
    let whole = &data[HEADER..];
    let (transport, is_tcp) = (usize::from(u16::from_ne_bytes([data[6], data[7]])), data[1] & 0x7f != 5);
    let payload = transport + if is_tcp { usize::from(whole[transport + 12] >> 4) * 4 } else { 8 };
    let joined: Vec<u8> = packets.iter().flat_map(|packet| &packet[payload..]).copied().collect();
    assert_eq!(joined, whole[payload..]);
    for packet in &packets {
        // RFC 768: zero would say that there is none, and then it is written as all ones, which sums up the same.
        assert_eq!(transport_sum(packet, transport, if is_tcp { 6 } else { 17 }), 0xffff);
        assert!(packet[0] >> 4 == 6 || sum(0, &packet[..transport]) == 0xffff);
    }
}

/// Packets from a tunnel: merged or not, the kernel gets each of them, those of a flow in their order.
pub fn gro_merge(data: &[u8]) {
    let packets = script(data);
    let mut came: Vec<Vec<u8>> = Vec::new();
    for mut written in merge(&packets) {
        came.extend(split(&mut written).expect("what we write is right"));
    }
    for flow in 0..=u8::MAX {
        let of = |packets: &[Vec<u8>]| -> Vec<Vec<u8>> {
            packets.iter().filter(|packet| is_segment_of(packet, flow)).map(|packet| plain(packet)).collect()
        };
        assert_eq!(of(&came), of(&packets), "flow {flow}");
    }
    let all = |packets: &[Vec<u8>]| {
        let mut all: Vec<_> = packets.iter().map(|packet| plain(packet)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(all(&came), all(&packets));
}

/// Packets of a script: `0 n` and n raw bytes; else a segment of a flow that goes on where its last one ended, with one
/// byte changed if asked for.
fn script(mut data: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut next) = (Vec::new(), [0_u32; 256]);
    while let [what, flow, rest @ ..] = data {
        data = rest;
        if *what == 0 {
            let (raw, rest) = data.split_at(usize::from(*flow).min(data.len()));
            data = rest;
            packets.push(raw.to_vec());
            continue;
        }
        let sequence = &mut next[usize::from(*flow)];
        let mut packet = segment(*flow, *sequence, usize::from(*what) * 8);
        *sequence = sequence.wrapping_add(u32::from(*what) * 8);
        if let [at, value, mends, rest @ ..] = data
            && *at > 0
        {
            let at = usize::from(*at) % packet.len();
            packet[at] = *value;
            if mends & 1 == 1 {
                mend(&mut packet);
            }
            data = rest;
        } else {
            data = data.get(1..).unwrap_or_default();
        }
        packets.push(packet);
    }
    packets
}

/// A segment of a flow: even ones are IPv4, odd ones IPv6.
fn segment(flow: u8, sequence: u32, length: usize) -> Vec<u8> {
    let mut packet = if flow & 1 == 0 { vec![0; 20] } else { vec![0; 40] };
    if flow & 1 == 0 {
        (packet[0], packet[8], packet[9]) = (0x45, 64, 6);
        packet[2..4].copy_from_slice(&((40 + length) as u16).to_be_bytes());
        packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    } else {
        (packet[0], packet[6], packet[7]) = (0x60, 6, 64);
        packet[4..6].copy_from_slice(&((20 + length) as u16).to_be_bytes());
    }
    packet.extend([0, flow, 0, 80]);
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    packet.extend((0..length).map(|at| at as u8));
    mend(&mut packet);
    packet
}

/// Makes the sums right.
fn mend(packet: &mut [u8]) {
    let transport = if packet[0] >> 4 == 6 { 40 } else { 20 };
    if packet.len() < transport + 20 {
        return;
    }
    if transport == 20 {
        packet[10..12].fill(0);
        let header = !sum(0, &packet[..20]);
        packet[10..12].copy_from_slice(&header.to_be_bytes());
    }
    packet[transport + 16..transport + 18].fill(0);
    let whole = !transport_sum(packet, transport, 6);
    packet[transport + 16..transport + 18].copy_from_slice(&whole.to_be_bytes());
}

/// Tells whether it is one of a flow's segments, whose order is kept.
fn is_segment_of(packet: &[u8], flow: u8) -> bool {
    let model = segment(flow, 0, 8);
    let transport = if flow & 1 == 0 { 20 } else { 40 };
    let (addresses, protocol) = if flow & 1 == 0 { (12..20, 9) } else { (8..40, 6) };
    packet.len() > transport + 20
        && packet[0] == model[0]
        && packet[protocol] == 6
        && (flow & 1 == 1 || (packet[6..8] == [0, 0] && packet[2..4] == (packet.len() as u16).to_be_bytes()))
        && packet[addresses.clone()] == model[addresses]
        && packet[transport..transport + 4] == model[transport..transport + 4]
        && (5..=(packet.len() - transport) / 4).contains(&usize::from(packet[transport + 12] >> 4))
}

/// A packet without what merging may change: IPv4's identifier and sum, and the two ways to write a sum of zero.
fn plain(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    let transport = match packet.first() {
        Some(0x45) if packet.len() >= 40 => 20,
        Some(first) if first >> 4 == 6 && packet.len() >= 60 => 40,
        _ => return packet,
    };
    if transport == 20 {
        packet[4..6].fill(0);
        packet[10..12].fill(0);
    }
    if packet[transport + 16..transport + 18] == [0xff, 0xff] {
        packet[transport + 16..transport + 18].fill(0);
    }
    packet
}

/// A request to the HTTP door: the host and the port stand in its head, and what is refused has an answer.
pub fn proxy_head(data: &[u8]) {
    let login = ProxyLogin { user: "bob".into(), password: "builder".into() };
    let asked = [connect_request(data, None), connect_request(data, Some(&login))];
    for asked in &asked {
        match asked {
            Ok((host, port, length)) => {
                let head = &data[..*length];
                assert!(head.windows(8).any(|bytes| bytes == b"CONNECT "));
                assert!(host.is_empty() || head.windows(host.len()).any(|bytes| bytes == host.as_bytes()));
                assert!(*port == 0 || head.iter().any(u8::is_ascii_digit));
            }
            Err(answer) => assert!(answer.starts_with('4') && answer.ends_with("\r\n")),
        }
    }
    // Whoever is let in with a password is let in without one.
    if let [open, Ok(with)] = &asked {
        assert_eq!(open.as_ref(), Ok(with));
        assert!(data.windows(16).any(|bytes| bytes == b"Ym9iOmJ1aWxkZXI="));
    }
}

/// A datagram to the SOCKS5 door (RFC 1928 7), and the header of an answer that is read again.
pub fn socks_udp(data: &[u8]) {
    if let Some((_, payload)) = socks_datagram(data) {
        assert!(data[2] == 0 && data.ends_with(payload), "a fragment, or bytes from elsewhere");
        let header = match data[3] {
            1 => 10,
            3 => 7 + usize::from(data[4]),
            4 => 22,
            other => panic!("address type {other}"),
        };
        assert_eq!(payload.len(), data.len() - header);
    }
    let Some((start, payload)) = data.split_first_chunk::<18>() else { return };
    let port = u16::from_be_bytes([start[0], start[1]]);
    let long: [u8; 16] = start[2..].try_into().expect("16 bytes");
    let short: [u8; 4] = start[2..6].try_into().expect("4 bytes");
    for from in [IpAddr::V4(Ipv4Addr::from(short)), IpAddr::V6(Ipv6Addr::from(long))] {
        let from = SocketAddr::new(from, port);
        let answer = socks_answer(payload, from);
        assert_eq!(socks_datagram(&answer), Some((from.to_string(), payload)));
    }
}

/// The sum over a transport and its pseudo header (RFC 9293 3.1, RFC 8200 8.1): all ones if it is right.
fn transport_sum(packet: &[u8], transport: usize, protocol: u32) -> u16 {
    let addresses = if packet[0] >> 4 == 6 { 8..40 } else { 12..20 };
    let length = (packet.len() - transport) as u32;
    sum(protocol + length + u32::from(sum(0, &packet[addresses])), &packet[transport..])
}

/// RFC 1071, not complemented.
fn sum(start: u32, bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0)));
    let mut sum = start + words.sum::<u32>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

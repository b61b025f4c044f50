//! The MSS clamp: no TCP segment in the tunnel is larger than its packets.
//!
//! A host behind us, or one behind the server, does not know the tunnel's MTU and may never hear of it, where ICMP is
//! filtered. But it believes the maximum segment size that its peer's SYN tells, so we lower that one.

/// Lowers the maximum segment size that a TCP SYN in an IPv4 or IPv6 packet tells to what fits `mtu`; tells whether it
/// did.
///
/// The checksum must be complete: of a packet whose checksum is left to offload it has to be completed before. Anything
/// but a whole or first SYN, and anything malformed, stays as it is.
pub fn clamp(packet: &mut [u8], mtu: u16) -> bool {
    let Some((version, tcp)) = syn(packet) else { return false };
    let largest = mtu.saturating_sub(version.headers).max(version.smallest);
    let Some(at) = mss_option(tcp) else { return false };
    let told = u16::from_be_bytes([tcp[at], tcp[at + 1]]);
    if told <= largest {
        return false;
    }
    tcp[at..at + 2].copy_from_slice(&largest.to_be_bytes());
    // The option may stand at an odd place: its octets then count the other way round (RFC 1071 2 (B)).
    let swap = |value: u16| if at % 2 == 0 { value } else { value.swap_bytes() };
    let sum = u16::from_be_bytes([tcp[CHECKSUM], tcp[CHECKSUM + 1]]);
    let sum = updated(sum, swap(told), swap(largest));
    tcp[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    true
}

/// What the two versions of IP have different.
struct Version {
    /// IP and TCP without options: what RFC 6691 takes off the MTU.
    headers: u16,
    /// What every host can take (RFC 9293 3.7.1).
    smallest: u16,
}

const V4: Version = Version { headers: 40, smallest: 536 };
const V6: Version = Version { headers: 60, smallest: 1220 };

/// Gives the TCP header of a SYN, with all its options.
fn syn(packet: &mut [u8]) -> Option<(Version, &mut [u8])> {
    let (version, header) = match packet.first()? >> 4 {
        4 => (V4, v4_header(packet)?),
        6 => (V6, v6_headers(packet)?),
        _ => return None,
    };
    let tcp = packet.get_mut(header..)?;
    if tcp.len() < 20 || tcp[13] & SYN == 0 {
        return None;
    }
    let length = usize::from(tcp[12] >> 4) * 4;
    if length < 20 { None } else { Some((version, tcp.get_mut(..length)?)) }
}

/// Gives the length of an IPv4 header that TCP follows; of fragments only the first has that.
fn v4_header(packet: &[u8]) -> Option<usize> {
    let header = usize::from(packet[0] & 0x0f) * 4;
    let is_tcp = header >= 20 && packet.len() >= header && packet[9] == TCP;
    (is_tcp && u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff == 0).then_some(header)
}

/// Gives the length of the IPv6 header and its extensions that TCP follows (RFC 8200 4).
fn v6_headers(packet: &[u8]) -> Option<usize> {
    let (mut next, mut at) = (*packet.get(6)?, 40);
    for _ in 0..EXTENSIONS_MAX {
        let extension: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        let length = match next {
            TCP => return Some(at),
            HOP_BY_HOP | ROUTING | DESTINATION => (usize::from(extension[1]) + 1) * 8,
            // Only the first fragment has the header.
            FRAGMENT if u16::from_be_bytes([extension[2], extension[3]]) & 0xfff8 == 0 => 8,
            _ => return None,
        };
        (next, at) = (extension[0], at + length);
    }
    None
}

/// Finds the value of the option (RFC 9293 3.2).
fn mss_option(tcp: &[u8]) -> Option<usize> {
    let mut at = 20;
    loop {
        match *tcp.get(at..)? {
            [0, ..] => return None,
            [1, ..] => at += 1,
            [2, 4, _, _, ..] => return Some(at + 2),
            [_, length, ..] if length >= 2 => at += usize::from(length),
            _ => return None,
        }
    }
}

/// RFC 1624 3, equation 3.
fn updated(sum: u16, old: u16, new: u16) -> u16 {
    let mut wide = u32::from(!sum) + u32::from(!old) + u32::from(new);
    while wide > 0xffff {
        wide = (wide & 0xffff) + (wide >> 16);
    }
    // At most 16 bits are left.
    !(wide as u16)
}

/// More than any host sends.
const EXTENSIONS_MAX: usize = 8;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION: u8 = 60;
const TCP: u8 = 6;
const SYN: u8 = 0x02;
const CHECKSUM: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN with these options, its checksum right.
    fn packet(flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let length = 20 + options.len();
        assert_eq!(length % 4, 0);
        let mut tcp = vec![0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0, flags, 0xff, 0xff, 0, 0, 0, 0];
        tcp[12] = (length as u8 / 4) << 4;
        tcp.extend(options);
        tcp.extend(payload);
        let total = (20 + tcp.len()) as u16;
        let mut ip = vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, TCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        ip[2..4].copy_from_slice(&total.to_be_bytes());
        ip.extend(tcp);
        let sum = checksum(&ip);
        ip[36..38].copy_from_slice(&sum.to_be_bytes());
        ip
    }

    /// The whole sum from the definition; 0 over a packet whose checksum is right.
    fn checksum(ip: &[u8]) -> u16 {
        let mut bytes = ip[12..20].to_vec();
        bytes.extend([0, TCP]);
        bytes.extend(((ip.len() - 20) as u16).to_be_bytes());
        bytes.extend(&ip[20..]);
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    fn mss(packet: &[u8], at: usize) -> u16 {
        u16::from_be_bytes([packet[40 + at], packet[40 + at + 1]])
    }

    #[test]
    fn a_large_segment_size_is_lowered_and_the_checksum_stays_right() {
        for (options, at) in [
            (&[2, 4, 0x05, 0xb4][..], 2),
            (&[1, 1, 2, 4, 0x23, 0x28, 1, 0], 4),
            // At an odd place.
            (&[1, 2, 4, 0xff, 0xff, 1, 1, 0], 3),
            (&[8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 0x05, 0xb4, 0, 0], 12),
        ] {
            for flags in [0x02, 0x12] {
                let mut syn = packet(flags, options, b"odd");
                assert_eq!(checksum(&syn), 0);
                assert!(clamp(&mut syn, 1400));
                assert_eq!((mss(&syn, at), checksum(&syn)), (1360, 0), "{options:?}");
                assert!(!clamp(&mut syn, 1400), "once");
            }
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let large = [2, 4, 0x05, 0xb4];
        let mut fragment = packet(0x02, &large, b"");
        fragment[7] = 1;
        let mut udp = packet(0x02, &large, b"");
        udp[9] = 17;
        let mut v5 = packet(0x02, &large, b"");
        v5[0] = 0x55;
        for mut same in [
            packet(0x10, &large, b"data"),
            packet(0x02, &[2, 4, 0x02, 0x18], b""),
            packet(0x02, &[0, 2, 4, 0xff, 0xff, 0, 0, 0], b""),
            packet(0x02, &[8, 0, 2, 4], b""),
            packet(0x02, &[1, 1, 1, 2], b""),
            fragment,
            udp,
            v5,
        ] {
            let before = same.clone();
            assert!(!clamp(&mut same, 1400));
            assert_eq!(same, before);
        }
        let mut small = packet(0x02, &large, b"");
        assert!(clamp(&mut small, 100));
        assert_eq!((mss(&small, 2), checksum(&small)), (536, 0), "never below what every host takes");
    }

    #[test]
    fn a_packet_that_is_cut_short_anywhere_does_no_harm() {
        let whole = packet(0x02, &[1, 1, 2, 4, 0x23, 0x28, 1, 0], b"");
        for length in 0..whole.len() {
            let mut cut = whole[..length].to_vec();
            assert!(!clamp(&mut cut, 1400), "{length}");
        }
        // Whatever one octet says, nothing is written but the option and the checksum.
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut odd = whole.clone();
                odd[at] = value;
                let before = odd.clone();
                clamp(&mut odd, 600);
                let changed: Vec<usize> = (0..odd.len()).filter(|i| odd[*i] != before[*i]).collect();
                assert!(changed.len() <= 4, "{at} {value}: {changed:?}");
            }
        }
    }

    /// The same SYN in IPv6, behind these extensions: kind and octets.
    fn v6_packet(extensions: &[(u8, Vec<u8>)], mss: u16) -> Vec<u8> {
        let mut tcp = packet(0x02, &[2, 4, (mss >> 8) as u8, mss as u8], b"")[20..].to_vec();
        tcp[16..18].fill(0);
        let mut pseudo = vec![0x20; 32];
        pseudo.extend([0, TCP, 0, tcp.len() as u8]);
        let sum = !tun_rs::checksum(&tcp, tun_rs::checksum_no_fold(&pseudo, 0));
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        let mut kinds: Vec<u8> = extensions.iter().map(|(kind, _)| *kind).collect();
        kinds.push(TCP);
        let mut ip = vec![0x60, 0, 0, 0, 0, 0, kinds[0], 64];
        ip.extend([0x20; 32]);
        for ((_, octets), next) in extensions.iter().zip(&kinds[1..]) {
            ip.push(*next);
            ip.extend(octets);
        }
        ip.extend(tcp);
        ip
    }

    #[test]
    fn ipv6_is_clamped_behind_its_extensions() {
        let options = |eights: u8| {
            let mut octets = vec![0; usize::from(eights) * 8 + 7];
            octets[0] = eights;
            octets
        };
        let fragment = |offset: u8| vec![0, 0, offset, 0, 0, 0, 1];
        for extensions in [
            vec![],
            vec![(HOP_BY_HOP, options(0)), (DESTINATION, options(2))],
            vec![(ROUTING, options(1)), (FRAGMENT, fragment(0))],
        ] {
            let mut syn = v6_packet(&extensions, 1440);
            assert!(clamp(&mut syn, 1400), "{extensions:?}");
            let expected = v6_packet(&extensions, 1340);
            assert_eq!(syn, expected, "the checksum is as if it had been so from the start");
            assert!(!clamp(&mut syn, 1400), "once");
        }
        assert!(!clamp(&mut v6_packet(&[], 1200), 1280), "small enough");
        assert!(clamp(&mut v6_packet(&[], 9000), 1280));
        for not_ours in [vec![(FRAGMENT, fragment(8))], vec![(50, options(0))], vec![(HOP_BY_HOP, options(0)); 9]] {
            assert!(!clamp(&mut v6_packet(&not_ours, 1440), 1400), "{not_ours:?}");
        }
        let whole = v6_packet(&[(HOP_BY_HOP, options(0))], 1440);
        for length in 0..whole.len() {
            assert!(!clamp(&mut whole[..length].to_vec(), 1400), "{length}");
        }
    }
}

//! The MSS clamp: no TCP segment in the tunnel is larger than its packets.
//!
//! A host behind us, or one behind the server, does not know the tunnel's MTU and may never hear of it, where ICMP is
//! filtered. But it believes the maximum segment size that its peer's SYN tells, so we lower that one.

/// Lowers the maximum segment size that a TCP SYN in an IPv4 packet tells to what fits `mtu`; tells whether it did.
///
/// The checksum must be complete: of a packet whose checksum is left to offload it has to be completed before. Anything
/// but a whole or first SYN, and anything malformed, stays as it is.
pub fn clamp(packet: &mut [u8], mtu: u16) -> bool {
    let Some(tcp) = syn(packet) else { return false };
    let largest = mtu.saturating_sub(HEADERS).max(SMALLEST);
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

/// Gives the TCP header of a SYN, with all its options.
fn syn(packet: &mut [u8]) -> Option<&mut [u8]> {
    let [first, ..] = *packet else { return None };
    let header = usize::from(first & 0x0f) * 4;
    let is_tcp = first >> 4 == 4 && header >= 20 && packet.len() >= header && packet[9] == TCP;
    // Only the first fragment has the header.
    if !is_tcp || u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff != 0 {
        return None;
    }
    let tcp = &mut packet[header..];
    if tcp.len() < 20 || tcp[13] & SYN == 0 {
        return None;
    }
    let length = usize::from(tcp[12] >> 4) * 4;
    if length < 20 { None } else { tcp.get_mut(..length) }
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

/// IPv4 and TCP without options: what RFC 6691 takes off the MTU.
const HEADERS: u16 = 40;
/// What every IPv4 host can take (RFC 9293 3.7.1).
const SMALLEST: u16 = 536;
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
        let mut v6 = packet(0x02, &large, b"");
        v6[0] = 0x65;
        for mut same in [
            packet(0x10, &large, b"data"),
            packet(0x02, &[2, 4, 0x02, 0x18], b""),
            packet(0x02, &[0, 2, 4, 0xff, 0xff, 0, 0, 0], b""),
            packet(0x02, &[8, 0, 2, 4], b""),
            packet(0x02, &[1, 1, 1, 2], b""),
            fragment,
            udp,
            v6,
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
}

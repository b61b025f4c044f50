//! Packets between a device and the layers, many at a time.

use super::gro::Merge;
use std::cell::RefCell;
use tun_rs::VIRTIO_NET_HDR_LEN;

/// Memory for packets on their way. It is used within one call alone, so the connections of a worker share it.
pub(super) struct Buffers {
    /// A super-packet as the kernel hands it over.
    pub(super) whole: Vec<u8>,
    pub(super) merge: Merge,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::new());
}

impl Buffers {
    fn new() -> Self {
        Self { whole: vec![0; VIRTIO_NET_HDR_LEN + 65_535], merge: Merge::new() }
    }

    /// Uses the buffers of this thread.
    pub(super) fn with<R>(use_them: impl FnOnce(&mut Self) -> R) -> R {
        BUFFERS.with_borrow_mut(use_them)
    }
}

/// Tells whether a packet is an IPv4 packet, whole, and as long as it says.
pub(super) fn is_ipv4(packet: &[u8]) -> bool {
    let [first, _, high, low, ..] = *packet else { return false };
    let header = usize::from(first & 0x0f) * 4;
    let total = usize::from(u16::from_be_bytes([high, low]));
    first >> 4 == 4 && header >= 20 && total >= header && total == packet.len()
}

/// Tells whether a packet is one of IPv4 or IPv6, whole, and as long as it says. A jumbogram (RFC 2675) says that it has
/// nothing in it, so it is none.
pub(super) fn is_ip(packet: &[u8]) -> bool {
    match packet.first().map(|first| first >> 4) {
        Some(6) => {
            packet.len() >= IPV6_HEADER
                && usize::from(u16::from_be_bytes([packet[4], packet[5]])) + IPV6_HEADER == packet.len()
        }
        _ => is_ipv4(packet),
    }
}

const IPV6_HEADER: usize = 40;

/// The most segments that the kernel may put into one super-packet.
pub(super) const SEGMENTS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_as_long_as_they_say() {
        let mut packet = [0; 40];
        packet[0] = 0x45;
        packet[3] = 40;
        assert!(is_ipv4(&packet));
        assert!(!is_ipv4(&packet[..39]) && !is_ipv4(&[]) && !is_ipv4(&packet[..3]));
        for (at, value) in [(0, 0x65), (0, 0x44), (0, 0x4b), (3, 39), (3, 41), (2, 1)] {
            let mut odd = packet;
            odd[at] = value;
            assert!(!is_ipv4(&odd), "{at} {value}");
        }
        assert!(is_ip(&packet));
        let mut packet = [0; 60];
        (packet[0], packet[5]) = (0x60, 20);
        assert!(is_ip(&packet) && !is_ipv4(&packet));
        assert!(!is_ip(&packet[..59]) && !is_ip(&packet[..39]) && !is_ip(&[0x60]) && !is_ip(&[]));
        for (at, value) in [(0, 0x70), (5, 0), (5, 21), (4, 1)] {
            let mut odd = packet;
            odd[at] = value;
            assert!(!is_ip(&odd), "{at} {value}");
        }
    }
}

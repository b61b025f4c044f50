//! Arithmetic of networks: which routes lead into the tunnel when some addresses must not.

use rasman_core::{IpNet, Ipv4Net};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Gives what is left of `networks` without `holes`, as few networks as that takes.
pub(super) fn without(networks: &[IpNet], holes: &[IpNet]) -> BTreeSet<IpNet> {
    let mut left = BTreeSet::new();
    for network in networks {
        carve(*network, holes, &mut left);
    }
    left
}

fn carve(network: IpNet, holes: &[IpNet], left: &mut BTreeSet<IpNet>) {
    if holes.iter().any(|hole| hole.contains(network)) {
        return;
    }
    // A hole inside has more bits, so there are halves.
    match network.halves() {
        Some((lower, upper)) if holes.iter().any(|hole| network.contains(*hole)) => {
            carve(lower, holes, left);
            carve(upper, holes, left);
        }
        _ => {
            left.insert(network);
        }
    }
}

/// Gives those networks that are no default route in pieces: 0.0.0.0/1 and 128.0.0.0/1 together are one, and so are many
/// smaller ones. Nothing above the size of a class A is taken, and none at all if they cover half of all addresses.
pub(super) fn modest(networks: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let modest: Vec<_> = networks.iter().copied().filter(|network| network.prefix() >= CLASS_A).collect();
    if size(&modest) < 1 << 31 { modest } else { Vec::new() }
}

/// The same of IPv6: what is above the size of a 16-bit prefix is passed over, but for unique local addresses (RFC 4193),
/// which are nobody's way to the internet. So many of them as a link can name never come to a default route.
pub(super) fn modest_v6(networks: &[(Ipv6Addr, u8)]) -> Vec<IpNet> {
    let local = IpNet::new(UNIQUE_LOCAL.into(), 7).expect("7 bits are few enough");
    let known = networks.iter().filter_map(|(address, prefix)| IpNet::new((*address).into(), *prefix));
    known.filter(|network| network.prefix() >= LARGEST_V6 || local.contains(*network)).collect()
}

const UNIQUE_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0);
const LARGEST_V6: u8 = 16;

/// How many addresses are in at least one of the networks.
fn size(networks: &[Ipv4Net]) -> u64 {
    let sorted: BTreeSet<_> = networks.iter().copied().collect();
    // Networks lie within each other or apart, and the larger of two that begin alike is the first.
    let outermost = sorted.into_iter().scan(None, |last: &mut Option<Ipv4Net>, network| {
        let inside = last.is_some_and(|last| last.contains(network));
        Some((!inside).then(|| *last.insert(network)))
    });
    outermost.flatten().map(|network| 1 << (32 - network.prefix())).sum()
}

const CLASS_A: u8 = 8;

/// Gives the network of an address's class, as RAS routes it (RASEO2_DisableClassBasedStaticRoute).
pub(super) fn class_of(address: Ipv4Addr) -> Option<Ipv4Net> {
    let prefix = match address.octets()[0] {
        1..=126 => 8,
        128..=191 => 16,
        192..=223 => 24,
        _ => return None,
    };
    Ipv4Net::new(address, prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(text: &str) -> Vec<Ipv4Net> {
        text.split_whitespace().map(|net| net.parse().unwrap()).collect()
    }

    fn any(text: &str) -> Vec<IpNet> {
        text.split_whitespace().map(|net| net.parse().unwrap()).collect()
    }

    fn left(networks: &str, holes: &str) -> Vec<IpNet> {
        without(&any(networks), &any(holes)).into_iter().collect()
    }

    #[test]
    fn a_hole_leaves_the_rest() {
        assert_eq!(left("10.0.0.0/30", "10.0.0.1/32"), any("10.0.0.0/32 10.0.0.2/31"));
        assert_eq!(left("10.0.0.0/8", "10.0.0.0/8"), []);
        assert_eq!(left("10.1.0.0/16", "10.0.0.0/8"), []);
        assert_eq!(left("10.0.0.0/8 192.168.0.0/16", "172.16.0.1/32"), any("10.0.0.0/8 192.168.0.0/16"));
        assert_eq!(left("192.0.2.1/32", "192.0.2.1/32"), []);
        assert_eq!(
            left("2001:db8::/126 10.0.0.0/8", "2001:db8::1/128"),
            any("10.0.0.0/8 2001:db8::/128 2001:db8::2/127")
        );
    }

    #[test]
    fn nothing_is_lost_but_the_holes() {
        let holes = any("10.1.2.3/32 10.200.0.0/16 10.1.2.4/32");
        let left = without(&any("10.0.0.0/8"), &holes);
        let size = |nets: &mut dyn Iterator<Item = &IpNet>| nets.map(|net| 1_u64 << (32 - net.prefix())).sum::<u64>();
        assert_eq!(size(&mut left.iter()) + size(&mut holes.iter()), 1 << 24);
        assert!(left.iter().all(|net| !holes.iter().any(|hole| net.contains(*hole) || hole.contains(*net))));
        assert!(left.len() <= 3 * 24);
    }

    #[test]
    fn what_comes_to_a_default_route_of_ipv6_is_passed_over() {
        let kept = |text: &str| {
            let pair = |net: IpNet| match net.address() {
                std::net::IpAddr::V6(address) => (address, net.prefix()),
                std::net::IpAddr::V4(_) => unreachable!("they are of IPv6"),
            };
            modest_v6(&any(text).into_iter().map(pair).collect::<Vec<_>>())
        };
        assert_eq!(
            kept("::/0 ::/1 8000::/1 2000::/3 2001:db8::/32 fc00::/7 fd00::/8"),
            any("2001:db8::/32 fc00::/7 fd00::/8")
        );
    }

    #[test]
    fn a_default_route_in_pieces_is_passed_over() {
        let kept = |text: &str| modest(&nets(text));
        assert_eq!(kept("0.0.0.0/0 10.0.0.0/8"), nets("10.0.0.0/8"));
        assert_eq!(kept("0.0.0.0/1 128.0.0.0/1 10.1.0.0/16"), nets("10.1.0.0/16"));
        assert_eq!(kept("10.0.0.0/7"), []);
        let usual = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 192.0.2.1";
        assert_eq!(kept(usual), nets(usual));
        let many =
            |count: u8| (0..count).map(|n| Ipv4Net::new(Ipv4Addr::new(n, 0, 0, 0), 8).unwrap()).collect::<Vec<_>>();
        assert_eq!(modest(&many(127)), many(127));
        assert_eq!(modest(&many(128)), []);
        let half = |n: u8, upper: u8| Ipv4Net::new(Ipv4Addr::new(n, upper, 0, 0), 9).unwrap();
        let halves: Vec<_> = (0..128).flat_map(|n| [half(n, 0), half(n, 128)]).collect();
        assert_eq!(modest(&halves), []);
    }

    #[test]
    fn what_lies_within_another_is_counted_once() {
        assert_eq!(size(&nets("10.0.0.0/8 10.1.0.0/16 10.1.0.0/16 10.255.255.255 11.0.0.0/32")), (1 << 24) + 1);
        assert_eq!(size(&[]), 0);
    }

    #[test]
    fn classes() {
        let class = |a, b, c, d| class_of(Ipv4Addr::new(a, b, c, d)).map(|net| net.to_string());
        assert_eq!(class(10, 99, 0, 2).as_deref(), Some("10.0.0.0/8"));
        assert_eq!(class(172, 16, 5, 1).as_deref(), Some("172.16.0.0/16"));
        assert_eq!(class(192, 168, 7, 9).as_deref(), Some("192.168.7.0/24"));
        assert_eq!((class(127, 0, 0, 1), class(224, 0, 0, 1), class(0, 0, 0, 0)), (None, None, None));
    }
}

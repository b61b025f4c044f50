//! Ports of ours for streams, which nobody can guess and which come again late.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// Chooses ports by RFC 6056 3.3.3 (Simple Hash-Based Port Selection): towards each far end they begin at a secret place and go
/// up from there, so a port comes again only after all others. One chosen at random would by chance be one that a stream
/// had a moment ago, for which the far end may be in TIME-WAIT and not answer.
pub(super) struct Ports {
    secret: RandomState,
    /// How many were chosen, modulo [`COUNT`].
    next: u16,
}

impl Ports {
    pub(super) fn new() -> Self {
        Self { secret: RandomState::new(), next: 0 }
    }

    /// Chooses a port towards a far end; nothing if all are taken.
    pub(super) fn choose(&mut self, remote: (IpAddr, u16), is_free: impl Fn(u16) -> bool) -> Option<u16> {
        let offset = self.secret.hash_one(remote) as u16;
        for _ in 0..COUNT {
            let port = FIRST | (offset.wrapping_add(self.next) % COUNT);
            self.next = (self.next + 1) % COUNT;
            if is_free(port) {
                return Some(port);
            }
        }
        None
    }

    /// Has the next port be the one that was chosen last.
    #[cfg(test)]
    pub(super) fn again(&mut self) {
        self.next = (self.next + COUNT - 1) % COUNT;
    }
}

/// The dynamic ports (RFC 6335 6): 49152 to 65535.
const FIRST: u16 = 0xC000;
const COUNT: u16 = 0x4000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FAR: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 80);

    #[test]
    fn every_port_comes_before_one_comes_again() {
        let mut ports = Ports::new();
        let chosen: BTreeSet<_> = (0..COUNT).filter_map(|_| ports.choose(FAR, |_| true)).collect();
        assert_eq!((chosen.len(), chosen.first()), (usize::from(COUNT), Some(&FIRST)));
    }

    #[test]
    fn taken_ports_are_passed_over_and_where_all_are_there_is_none() {
        let mut ports = Ports::new();
        assert_eq!(ports.choose(FAR, |port| port == 50_000), Some(50_000));
        assert_eq!(ports.choose(FAR, |_| false), None);
        assert!(ports.choose(FAR, |port| port != 50_001).is_some_and(|port| port != 50_001));
    }

    #[test]
    fn where_they_begin_is_another_for_each_far_end_and_each_stack() {
        let first = |remote: (IpAddr, u16)| Ports::new().choose(remote, |_| true);
        let begun: BTreeSet<_> = (0..20).map(|_| first(FAR)).collect();
        assert!(begun.len() > 10, "{begun:?}");
        let mut ports = Ports::new();
        let towards: BTreeSet<_> = (0..20)
            .map(|port| {
                ports.next = 0;
                ports.choose((FAR.0, port), |_| true)
            })
            .collect();
        assert!(towards.len() > 10, "{towards:?}");
    }
}

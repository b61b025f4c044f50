//! Names that were resolved, for as long as the answers say.

use super::engine::Engine;
use rasman_core::Duration;
use smoltcp::wire::{
    DnsPacket, DnsQueryType, DnsQuestion, DnsRecord, DnsRecordData, IpProtocol, Ipv4Packet, Ipv6Packet, UdpPacket,
};
use std::collections::HashMap;
use std::net::IpAddr;
use tokio::time::Instant;

/// What names meant, by the kind of address that was asked for.
#[derive(Default)]
pub(super) struct NameCache {
    names: HashMap<Asked, Known>,
    /// Of answers that have come: how long they hold. The resolver tells addresses alone.
    holds: HashMap<Asked, Duration>,
}

/// A question: which addresses a name has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asked {
    /// In lower case, without the last dot.
    pub(super) name: String,
    pub(super) kind: AddressKind,
}

/// A kind of address.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum AddressKind {
    V4,
    V6,
}

impl AddressKind {
    /// RFC 1035 3.2.2, RFC 3596 2.1.
    pub(super) fn query(self) -> DnsQueryType {
        match self {
            Self::V4 => DnsQueryType::A,
            Self::V6 => DnsQueryType::Aaaa,
        }
    }
}

struct Known {
    addresses: Vec<IpAddr>,
    until: Instant,
}

/// The most names that are remembered; further ones are asked for each time.
const NAMES_MAX: usize = 1024;
/// The least and the most that a name is remembered, whatever its answer says: a page asks for the same name many
/// times at once, and a server that moves is to be found again soon.
const HOLD_MIN: Duration = Duration::from_secs(1);
const HOLD_MAX: Duration = Duration::from_secs(600);

impl NameCache {
    /// Gives what a name is known to mean.
    pub(super) fn get(&self, now: Instant, name: &Asked) -> Option<Vec<IpAddr>> {
        self.names.get(name).filter(|known| known.until > now).map(|known| known.addresses.clone())
    }

    /// Keeps the answer to a query.
    pub(super) fn put(&mut self, now: Instant, name: &Asked, addresses: &[IpAddr]) {
        let hold = self.holds.remove(name).unwrap_or(HOLD_MIN);
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(name) {
            self.names.retain(|_, known| known.until > now);
            if self.names.len() >= NAMES_MAX {
                return;
            }
        }
        self.names.insert(name.clone(), Known { addresses: addresses.to_vec(), until: now + hold });
    }

    /// Notes how long an answer holds. The resolver decides whether it is one.
    fn note(&mut self, name: Asked, hold: Duration) {
        // As many as there can be queries.
        if self.holds.len() < super::resolve::QUERIES_MAX || self.holds.contains_key(&name) {
            self.holds.insert(name, hold);
        }
    }

    /// Forgets what was noted for a query that has ended.
    pub(super) fn forget(&mut self, name: &Asked) {
        self.holds.remove(name);
    }

    /// Forgets what is of no use without IPv6.
    pub(super) fn forget_ipv6(&mut self) {
        self.names.retain(|asked, _| asked.kind == AddressKind::V4);
    }
}

impl Engine {
    /// Looks for the time that an answer of a name server holds.
    pub(super) fn note_answer(&mut self, packet: &[u8]) {
        if self.queries > 0
            && let Some((name, hold)) = hold_of(packet)
        {
            self.names.note(name, hold);
        }
    }
}

/// Reads the question and the smallest time to live of an answer.
fn hold_of(packet: &[u8]) -> Option<(Asked, Duration)> {
    let payload = match packet.first()? >> 4 {
        4 => Ipv4Packet::new_checked(packet).ok()?.payload(),
        _ => Ipv6Packet::new_checked(packet).ok().filter(|ip| ip.next_header() == IpProtocol::Udp)?.payload(),
    };
    let udp = UdpPacket::new_checked(payload).ok()?;
    let dns = DnsPacket::new_checked(udp.payload()).ok()?;
    let (mut rest, question) = DnsQuestion::parse(dns.payload()).ok()?;
    let kind = match question.type_ {
        DnsQueryType::A => AddressKind::V4,
        DnsQueryType::Aaaa => AddressKind::V6,
        _ => return None,
    };
    let mut name = String::new();
    for label in dns.parse_name(question.name) {
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&std::str::from_utf8(label.ok()?).ok()?.to_ascii_lowercase());
    }
    let mut hold = None;
    for _ in 0..dns.answer_record_count() {
        let (after, record) = DnsRecord::parse(rest).ok()?;
        rest = after;
        if matches!(record.data, DnsRecordData::A(_) | DnsRecordData::Aaaa(_) | DnsRecordData::Cname(_)) {
            let ttl = Duration::from_secs(record.ttl.into()).clamp(HOLD_MIN, HOLD_MAX);
            hold = Some(hold.map_or(ttl, |hold: Duration| hold.min(ttl)));
        }
    }
    Some((Asked { name, kind }, hold?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: impl Into<String>) -> Asked {
        Asked { name: name.into(), kind: AddressKind::V4 }
    }

    #[test]
    fn what_is_remembered_is_bounded_in_time_and_number() {
        let (mut cache, now) = (NameCache::default(), Instant::now());
        let address = [IpAddr::from([10, 0, 0, 1])];
        cache.note(asked("a"), Duration::from_secs(60));
        cache.put(now, &asked("a"), &address);
        assert_eq!(cache.get(now + Duration::from_secs(59), &asked("a")).as_deref(), Some(&address[..]));
        assert_eq!(cache.get(now + Duration::from_secs(60), &asked("a")), None);
        for number in 0..3 * NAMES_MAX {
            cache.note(asked(format!("n{number}")), HOLD_MAX);
            cache.put(now, &asked(format!("n{number}")), &address);
            cache.note(asked(format!("m{number}")), HOLD_MAX);
        }
        assert_eq!(cache.names.len(), NAMES_MAX);
        assert!(cache.holds.len() <= super::super::resolve::QUERIES_MAX);
        // What has passed makes room.
        let later = now + HOLD_MAX;
        cache.put(later, &asked("fresh"), &address);
        assert_eq!(cache.get(later, &asked("fresh")).as_deref(), Some(&address[..]));
    }
}

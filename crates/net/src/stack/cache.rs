//! Names that were resolved, for as long as the answers say.

use super::engine::Engine;
use rasman_core::Duration;
use smoltcp::wire::{DnsPacket, DnsQuestion, DnsRecord, DnsRecordData, Ipv4Packet, UdpPacket};
use std::collections::HashMap;
use std::net::IpAddr;
use tokio::time::Instant;

/// What names meant.
#[derive(Default)]
pub(super) struct NameCache {
    names: HashMap<String, Known>,
    /// Of answers that have come: how long they hold. The resolver tells addresses alone.
    holds: HashMap<String, Duration>,
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
    pub(super) fn get(&self, now: Instant, name: &str) -> Option<Vec<IpAddr>> {
        self.names.get(name).filter(|known| known.until > now).map(|known| known.addresses.clone())
    }

    /// Keeps the answer to a query.
    pub(super) fn put(&mut self, now: Instant, name: &str, addresses: &[IpAddr]) {
        let hold = self.holds.remove(name).unwrap_or(HOLD_MIN);
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(name) {
            self.names.retain(|_, known| known.until > now);
            if self.names.len() >= NAMES_MAX {
                return;
            }
        }
        self.names.insert(name.to_owned(), Known { addresses: addresses.to_vec(), until: now + hold });
    }

    /// Notes how long an answer holds. The resolver decides whether it is one.
    fn note(&mut self, name: String, hold: Duration) {
        // As many as there can be queries.
        if self.holds.len() < super::resolve::QUERIES_MAX || self.holds.contains_key(&name) {
            self.holds.insert(name, hold);
        }
    }

    /// Forgets what was noted for a query that has ended.
    pub(super) fn forget(&mut self, name: &str) {
        self.holds.remove(name);
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

/// Reads the question's name and the smallest time to live of an answer.
fn hold_of(packet: &[u8]) -> Option<(String, Duration)> {
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let udp = UdpPacket::new_checked(ip.payload()).ok()?;
    let dns = DnsPacket::new_checked(udp.payload()).ok()?;
    let (mut rest, question) = DnsQuestion::parse(dns.payload()).ok()?;
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
        if matches!(record.data, DnsRecordData::A(_) | DnsRecordData::Cname(_)) {
            let ttl = Duration::from_secs(record.ttl.into()).clamp(HOLD_MIN, HOLD_MAX);
            hold = Some(hold.map_or(ttl, |hold: Duration| hold.min(ttl)));
        }
    }
    Some((name, hold?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded_in_time_and_number() {
        let (mut cache, now) = (NameCache::default(), Instant::now());
        let address = [IpAddr::from([10, 0, 0, 1])];
        cache.note("a".into(), Duration::from_secs(60));
        cache.put(now, "a", &address);
        assert_eq!(cache.get(now + Duration::from_secs(59), "a").as_deref(), Some(&address[..]));
        assert_eq!(cache.get(now + Duration::from_secs(60), "a"), None);
        for number in 0..3 * NAMES_MAX {
            cache.note(format!("n{number}"), HOLD_MAX);
            cache.put(now, &format!("n{number}"), &address);
            cache.note(format!("m{number}"), HOLD_MAX);
        }
        assert_eq!(cache.names.len(), NAMES_MAX);
        assert!(cache.holds.len() <= super::super::resolve::QUERIES_MAX);
        // What has passed makes room.
        let later = now + HOLD_MAX;
        cache.put(later, "fresh", &address);
        assert_eq!(cache.get(later, "fresh").as_deref(), Some(&address[..]));
    }
}

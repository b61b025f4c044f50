//! DHCPv6 (RFC 8415) behind router advertisements: addresses where they are managed, further settings elsewhere.
//!
//! ```text
//! Other:      Information-Request -> Reply, again after its refresh time
//! Addresses:  Solicit -> Advertise -> Request -> Reply --T1--> Renew --T2--> Rebind --end--> Solicit
//!                 `-- Reply at once (Rapid Commit) --^
//! ```

use super::dhcp6_wire::{Address, Kind, Message, PORTS};
use super::ip::{Body6, Packet6};
use super::router::Managed;
use core::net::Ipv6Addr;
use rasman_core::{Duration, Instant, Ipv6Link, Ipv6Setup, Rng, Timeout};

/// The client's side.
pub(super) struct Dhcp6 {
    link: Ipv6Link,
    mode: Managed,
    exchange: Option<Exchange>,
    lease: Option<Lease>,
    dns: Vec<Ipv6Addr>,
    search: Vec<String>,
    refresh_at: Option<Instant>,
}

/// A request that waits for its answer.
struct Exchange {
    kind: Kind,
    xid: [u8; 3],
    /// The server that is asked, where one is.
    server: Option<Vec<u8>>,
    address: Option<Ipv6Addr>,
    started: Instant,
    next: Instant,
    wait: Duration,
    sent: u32,
}

struct Lease {
    server: Vec<u8>,
    address: Ipv6Addr,
    renew_at: Instant,
    rebind_at: Instant,
    valid_until: Option<Instant>,
}

impl Dhcp6 {
    pub(super) fn new(link: Ipv6Link) -> Self {
        Self {
            link,
            mode: Managed::No,
            exchange: None,
            lease: None,
            dns: Vec::new(),
            search: Vec::new(),
            refresh_at: None,
        }
    }

    /// Follows what the routers say. What runs goes on when they say less.
    pub(super) fn managed(&mut self, now: Instant, managed: Managed, rng: &mut dyn Rng) {
        match (self.mode, managed) {
            (Managed::No, Managed::Other) => self.ask(now, Kind::InformationRequest, rng),
            (Managed::No | Managed::Other, Managed::Addresses) => self.ask(now, Kind::Solicit, rng),
            _ => return,
        }
        self.mode = managed;
    }

    fn ask(&mut self, now: Instant, kind: Kind, rng: &mut dyn Rng) {
        let mut xid = [0; 3];
        rng.fill(&mut xid);
        let lease = self.lease.as_ref();
        self.exchange = Some(Exchange {
            kind,
            xid,
            server: lease.filter(|_| kind == Kind::Renew).map(|lease| lease.server.clone()),
            address: lease.map(|lease| lease.address),
            started: now,
            next: now,
            wait: limits(kind).0,
            sent: 0,
        });
    }

    /// Takes a packet if it answers the exchange that runs.
    pub(super) fn input(&mut self, now: Instant, packet: &Packet6<'_>, rng: &mut dyn Rng) -> bool {
        let Body6::Udp { ports, payload } = packet.body else { return false };
        if ports.1 != PORTS.0 {
            return false;
        }
        let (Some(message), Some(exchange)) = (Message::parse(payload), &self.exchange) else { return false };
        let for_us = message.xid == exchange.xid && message.client == duid(&self.link) && !message.server.is_empty();
        if for_us {
            self.answered(now, exchange.kind, message, rng);
        }
        for_us
    }

    fn answered(&mut self, now: Instant, asked: Kind, message: Message, rng: &mut dyn Rng) {
        match (asked, message.kind, message.address) {
            (Kind::Solicit, Kind::Advertise, Some(address)) => {
                // One server at the other end of a link: the first is the best.
                self.ask(now, Kind::Request, rng);
                if let Some(exchange) = &mut self.exchange {
                    exchange.server = Some(message.server);
                    exchange.address = Some(address.address);
                }
            }
            (Kind::InformationRequest, Kind::Reply, _) => {
                self.exchange = None;
                let refresh = message.refresh.unwrap_or(REFRESH_DEFAULT).max(REFRESH_MIN);
                self.refresh_at = (refresh != u32::MAX).then(|| now + Duration::from_secs(refresh.into()));
                self.settle(message.dns, message.search);
            }
            (Kind::Solicit, Kind::Reply, _) if !message.rapid_commit => {}
            (Kind::Solicit | Kind::Request | Kind::Renew | Kind::Rebind, Kind::Reply, Some(address)) => {
                self.exchange = None;
                self.lease = Some(Lease::new(now, message.server, &address));
                self.settle(message.dns, message.search);
            }
            // RFC 8415 18.2.10.1: an address that is refused (NoBinding, NotOnLink, NoAddrsAvail) is asked for anew.
            (Kind::Request | Kind::Renew | Kind::Rebind, Kind::Reply, None) => {
                self.lease = None;
                self.ask(now, Kind::Solicit, rng);
                // Not at once: two ends that disagree must not turn a wheel.
                if let Some(exchange) = &mut self.exchange {
                    exchange.next = now + REFUSED_PAUSE;
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, dns: Vec<Ipv6Addr>, search: Vec<String>) {
        self.dns = dns;
        self.search = search;
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, rng: &mut dyn Rng, out: &mut Vec<Vec<u8>>) {
        self.lease_timeout(now, rng);
        // What is asked for already goes first.
        if self.exchange.is_none() && self.refresh_at.take_if(|at| *at <= now).is_some() {
            self.ask(now, Kind::InformationRequest, rng);
        }
        let Some(exchange) = self.exchange.as_mut().filter(|exchange| exchange.next <= now) else { return };
        let (_, most, tries) = limits(exchange.kind);
        if tries.is_some_and(|tries| exchange.sent >= tries) {
            // RFC 8415 18.2.2: a server that does not answer its Request is left.
            return self.ask(now + most, Kind::Solicit, rng);
        }
        exchange.sent += 1;
        // RFC 8415 15, without the random part: nobody else is on this link.
        exchange.next = now + exchange.wait;
        exchange.wait = (exchange.wait * 2).min(most);
        let payload = exchange.write(now, &duid(&self.link));
        let body = Body6::Udp { ports: PORTS, payload: &payload };
        let from = self.link.local_address();
        out.push(Packet6 { from, to: ALL_SERVERS, hop_limit: 64, body }.emit());
    }

    fn lease_timeout(&mut self, now: Instant, rng: &mut dyn Rng) {
        let Some(lease) = &self.lease else { return };
        let asks = self.exchange.as_ref().map(|exchange| exchange.kind);
        if lease.valid_until.is_some_and(|until| until <= now) {
            self.lease = None;
            self.ask(now, Kind::Solicit, rng);
        } else if lease.rebind_at <= now && asks != Some(Kind::Rebind) {
            self.ask(now, Kind::Rebind, rng);
        } else if lease.renew_at <= now && asks.is_none() {
            self.ask(now, Kind::Renew, rng);
        }
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        let asks = self.exchange.as_ref().map(|exchange| exchange.kind);
        let lease = self.lease.as_ref().and_then(|lease| {
            let next = match asks {
                None => Some(lease.renew_at),
                Some(Kind::Rebind) => None,
                Some(_) => Some(lease.rebind_at),
            };
            // A server may name times behind the end of the lease.
            next.into_iter().chain(lease.valid_until).min()
        });
        let refresh = self.refresh_at.filter(|_| asks.is_none());
        let ats = [self.exchange.as_ref().map(|exchange| exchange.next), lease, refresh];
        ats.into_iter().flatten().min().map(|at| Timeout { at, why: "DHCPv6" })
    }

    /// Writes what is known into a setup; gives the suffixes.
    pub(super) fn tell(&self, setup: &mut Ipv6Setup) -> &[String] {
        if let Some(lease) = &self.lease {
            // RFC 8415 21.6 gives no prefix length: what is on the link, routers say.
            setup.addresses.push((lease.address, 128));
        }
        for server in &self.dns {
            if !setup.dns.contains(server) {
                setup.dns.push(*server);
            }
        }
        &self.search
    }
}

impl Exchange {
    fn write(&self, now: Instant, duid: &[u8]) -> Vec<u8> {
        let elapsed = u16::try_from(now.since(self.started).as_millis() / 10).unwrap_or(u16::MAX);
        let mut message = Message::new(self.kind, self.xid);
        message.client = duid.to_vec();
        message.server = self.server.clone().unwrap_or_default();
        message.rapid_commit = self.kind == Kind::Solicit;
        message.wants_address = self.kind != Kind::InformationRequest;
        message.address = self.address.map(Address::asked);
        message.elapsed = Some(elapsed);
        message.emit()
    }
}

impl Lease {
    fn new(now: Instant, server: Vec<u8>, given: &Address) -> Self {
        let span = |seconds: u32| now + Duration::from_secs(seconds.into());
        // RFC 8415 14.2, 21.4: times of 0 leave the choice to us: half and four fifths of the preferred lifetime.
        let [t1, t2] = match (given.t1, given.t2) {
            (t1, t2) if t1 > 0 && t2 >= t1 => [t1, t2],
            _ => [given.preferred / 2, (u64::from(given.preferred) * 4 / 5) as u32],
        };
        // A lease of a moment is not renewed without end.
        let [t1, t2] = [t1, t2].map(|t| t.max(RENEW_MIN));
        Self {
            server,
            address: given.address,
            renew_at: span(t1),
            rebind_at: span(t2.max(t1)),
            valid_until: (given.valid != u32::MAX).then(|| span(given.valid.max(RENEW_MIN))),
        }
    }
}

/// RFC 8415 11.4: a DUID of the link-layer address, which is the identifier that was negotiated (EUI-64, type 27).
fn duid(link: &Ipv6Link) -> Vec<u8> {
    [&[0, 3, 0, 27][..], &link.local].concat()
}

/// RFC 8415 7.6: the first wait, the longest, and after how many messages to give up.
fn limits(kind: Kind) -> (Duration, Duration, Option<u32>) {
    let seconds = Duration::from_secs;
    match kind {
        Kind::Request => (seconds(1), seconds(30), Some(10)),
        Kind::Renew | Kind::Rebind => (seconds(10), seconds(600), None),
        _ => (seconds(1), seconds(3_600), None),
    }
}

const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
/// RFC 8415 7.6: IRT_DEFAULT, IRT_MINIMUM.
const REFRESH_DEFAULT: u32 = 86_400;
const REFRESH_MIN: u32 = 600;
const RENEW_MIN: u32 = 60;
const REFUSED_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_testkit::SeededRng;

    fn client() -> (Dhcp6, SeededRng) {
        (Dhcp6::new(Ipv6Link { local: [1; 8], peer: [2; 8] }), SeededRng::new(1))
    }

    fn lease(t1: u32, valid: u32) -> Address {
        Address { address: Ipv6Addr::LOCALHOST, t1, t2: t1, preferred: valid, valid }
    }

    fn after(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn asks(client: &Dhcp6) -> Option<Kind> {
        client.exchange.as_ref().map(|exchange| exchange.kind)
    }

    #[test]
    fn a_refresh_waits_for_the_exchange_that_runs() {
        let (mut client, mut rng) = client();
        client.refresh_at = Some(after(10));
        client.ask(after(9), Kind::Solicit, &mut rng);
        let mut out = Vec::new();
        client.handle_timeout(after(10), &mut rng, &mut out);
        assert_eq!(asks(&client), Some(Kind::Solicit));
        let due = client.timeout().map(|due| due.at);
        assert!(due > Some(after(10)), "it does not turn a wheel: {due:?}");
        client.exchange = None;
        assert_eq!(client.timeout().map(|due| due.at), Some(after(10)));
        client.handle_timeout(after(20), &mut rng, &mut out);
        assert_eq!((asks(&client), client.refresh_at), (Some(Kind::InformationRequest), None));
    }

    #[test]
    fn a_lease_ends_in_time_whatever_its_renewal_says() {
        let (mut client, mut rng) = client();
        client.lease = Some(Lease::new(Instant::ZERO, vec![1], &lease(5_000, 100)));
        assert_eq!(client.timeout().map(|due| due.at), Some(after(100)));
        client.handle_timeout(after(100), &mut rng, &mut Vec::new());
        assert!(client.lease.is_none());
        assert_eq!(asks(&client), Some(Kind::Solicit));
    }
}

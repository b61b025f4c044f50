//! What a host does on a link that carries its packets: DHCPINFORM for routes and names, router advertisements and DHCPv6
//! for IPv6. The answering side answers all of them.
//!
//! ```text
//! projected  -> DHCPINFORM ........................... routes, suffix
//! IPV6CP up  -> router solicitation -> advertisement -> addresses, routes, name servers
//!                                          `-> DHCPv6 -> address (M), name servers (O)
//! ```
//!
//! Nobody has to answer: what does not come is no error. What comes is told by
//! [`Event::Learned`](crate::Event::Learned).

mod answers;
mod dhcp4;
mod dhcp6;
mod dhcp6_wire;
mod inform;
mod ip;
mod lasting;
mod names;
mod router;

use crate::FarNetwork;
use answers::Answers;
use core::net::Ipv4Addr;
use dhcp4::Told;
use dhcp6::Dhcp6;
use inform::Inform;
use ip::Packet6;
use rasman_core::{Duration, Instant, Ipv6Link, Ipv6Setup, Learned, Rng, Timeout};
use router::Router;

/// The host part of one end.
pub(crate) enum Host {
    Client(Box<Client>),
    Server(Box<Server>),
}

#[derive(Default)]
pub(crate) struct Client {
    informs: bool,
    inform: Inform,
    told: Option<Told>,
    ipv6: Option<(Ipv6Link, Router, Dhcp6)>,
    out: Vec<Vec<u8>>,
    last: Learned,
}

pub(crate) struct Server {
    answers: Answers,
    link: Option<Ipv6Link>,
    /// What has become of IPv6, until it is told.
    news: Option<Learned>,
    /// When the next unsolicited advertisement is due.
    advertise_at: Option<Instant>,
    out: Vec<Vec<u8>>,
}

impl Host {
    pub(crate) fn client(informs: bool) -> Self {
        Self::Client(Box::new(Client { informs, ..Client::default() }))
    }

    pub(crate) fn server(far: FarNetwork, local: Ipv4Addr, dns: Vec<Ipv4Addr>) -> Self {
        Self::Server(Box::new(Server {
            answers: Answers { far, local, dns },
            link: None,
            news: None,
            advertise_at: None,
            out: Vec::new(),
        }))
    }

    /// IPv4 packets flow.
    pub(crate) fn projected(&mut self, now: Instant, local: Ipv4Addr, rng: &mut dyn Rng) {
        if let Self::Client(client) = self
            && client.informs
        {
            client.inform.start(now, local, rng);
            self.handle_timeout(now, rng);
        }
    }

    /// IPv6 packets flow, or do not any more.
    pub(crate) fn ipv6(&mut self, now: Instant, link: Option<Ipv6Link>, rng: &mut dyn Rng) {
        match self {
            Self::Client(client) => {
                client.ipv6 = link.map(|link| (link, Router::start(now, link), Dhcp6::new(link)));
                self.handle_timeout(now, rng);
            }
            Self::Server(server) => {
                if server.link.is_some() || link.is_some() {
                    let mut news = Learned::default();
                    news.ipv6 = link.map(Ipv6Setup::new);
                    server.news = Some(news);
                }
                server.link = link;
                server.advertise_at = link.map(|_| now);
                self.handle_timeout(now, rng);
            }
        }
    }

    /// Nothing flows any more.
    pub(crate) fn down(&mut self) {
        match self {
            Self::Client(client) => **client = Client { informs: client.informs, ..Client::default() },
            Self::Server(server) => {
                server.link = None;
                server.news = None;
                server.advertise_at = None;
                server.out.clear();
            }
        }
    }

    /// Takes an IP packet that came if it is one of ours; tells whether it was. Most packets are passed by after a look
    /// at their protocol and port.
    pub(crate) fn input(&mut self, now: Instant, packet: &[u8], rng: &mut dyn Rng) -> bool {
        let Some(port) = well_known(packet) else { return false };
        match self {
            Self::Client(client) => client.input(now, port, packet, rng),
            Self::Server(server) => server.input(port, packet),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, rng: &mut dyn Rng) {
        let client = match self {
            Self::Client(client) => client,
            Self::Server(server) => return server.handle_timeout(now),
        };
        client.inform.handle_timeout(now, &mut client.out);
        if let Some((_, router, dhcp6)) = &mut client.ipv6 {
            router.handle_timeout(now, &mut client.out);
            dhcp6.handle_timeout(now, rng, &mut client.out);
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        let client = match self {
            Self::Client(client) => client,
            Self::Server(server) => return server.advertise_at.map(|at| Timeout { at, why: "router advertisement" }),
        };
        let ipv6 =
            client.ipv6.as_ref().and_then(|(_, router, dhcp6)| Timeout::earliest(router.timeout(), dhcp6.timeout()));
        Timeout::earliest(client.inform.timeout(), ipv6)
    }

    /// Takes the next packet to send.
    pub(crate) fn poll_packet(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Client(client) => client.out.pop(),
            Self::Server(server) => server.out.pop(),
        }
    }

    /// Gives what is known if it has changed since the last call.
    pub(crate) fn poll_learned(&mut self) -> Option<Learned> {
        let client = match self {
            Self::Client(client) => client,
            Self::Server(server) => return server.news.take(),
        };
        let learned = client.learned();
        if learned == client.last {
            return None;
        }
        client.last = learned.clone();
        Some(learned)
    }
}

impl Client {
    fn input(&mut self, now: Instant, port: Port, packet: &[u8], rng: &mut dyn Rng) -> bool {
        if port == Port::Dhcp4Client && self.inform.waits() {
            let told = self.inform.input(packet);
            let taken = told.is_some();
            self.told = told.or(self.told.take());
            return taken;
        }
        let (Port::Icmp6 | Port::Dhcp6Client, Some((_, router, dhcp6))) = (port, &mut self.ipv6) else { return false };
        let Some(packet) = Packet6::parse(packet) else { return false };
        let taken = match router.input(now, &packet) {
            Some(managed) => {
                dhcp6.managed(now, managed, rng);
                true
            }
            None => dhcp6.input(now, &packet, rng),
        };
        if taken {
            dhcp6.handle_timeout(now, rng, &mut self.out);
        }
        taken
    }

    fn learned(&self) -> Learned {
        let mut learned = Learned::default();
        if let Some(told) = &self.told {
            learned.routes = told.routes.clone();
            learned.dns = told.dns.clone();
            learned.domain = told.domain.clone();
            learned.search = told.search.clone();
        }
        if let Some((link, router, dhcp6)) = &self.ipv6 {
            let mut setup = Ipv6Setup::new(*link);
            let mut search = router.tell(&mut setup);
            search.extend_from_slice(dhcp6.tell(&mut setup));
            for name in search {
                if !learned.search.contains(&name) {
                    learned.search.push(name);
                }
            }
            learned.ipv6 = Some(setup);
        }
        learned
    }
}

impl Server {
    /// RFC 4861 6.2.4: routers advertise themselves unasked too.
    fn handle_timeout(&mut self, now: Instant) {
        if self.advertise_at.is_none_or(|at| at > now) {
            return;
        }
        let advertisement = self.link.as_ref().and_then(|link| self.answers.advertisement(link));
        self.advertise_at = advertisement.is_some().then(|| now + ADVERTISEMENT_INTERVAL);
        self.out.extend(advertisement);
    }

    fn input(&mut self, port: Port, packet: &[u8]) -> bool {
        let reply = match (port, &self.link) {
            (Port::Dhcp4Server, _) => self.answers.inform(packet),
            (Port::Icmp6 | Port::Dhcp6Server, Some(link)) => self.answers.ipv6(link, packet),
            _ => None,
        };
        let taken = reply.is_some();
        // A peer that floods us before we are polled has its answers lost.
        if self.out.len() < OUT_MAX {
            self.out.extend(reply);
        }
        taken
    }
}

/// What a packet may be for.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Port {
    Dhcp4Server,
    Dhcp4Client,
    Icmp6,
    Dhcp6Client,
    Dhcp6Server,
}

/// Looks at the protocol and the destination port, no more.
fn well_known(packet: &[u8]) -> Option<Port> {
    let first = *packet.first()?;
    match (first >> 4, packet.get(9), packet.get(6)) {
        (4, Some(17), _) => {
            let at = usize::from(first & 0x0f) * 4 + 2;
            match *packet.get(at..at + 2)? {
                [0, 67] => Some(Port::Dhcp4Server),
                [0, 68] => Some(Port::Dhcp4Client),
                _ => None,
            }
        }
        (6, _, Some(58)) => matches!(packet.get(40)?, 133 | 134).then_some(Port::Icmp6),
        (6, _, Some(17)) => match *packet.get(42..44)? {
            [2, 34] => Some(Port::Dhcp6Client),
            [2, 35] => Some(Port::Dhcp6Server),
            _ => None,
        },
        _ => None,
    }
}

/// RFC 4861 6.2.1 MaxRtrAdvInterval.
const ADVERTISEMENT_INTERVAL: Duration = Duration::from_secs(600);

const OUT_MAX: usize = 16;

//! Router advertisements (RFC 4861, RFC 4862, RFC 4191, RFC 8106): what is asked, what is taken.

use super::ip::{Body6, Packet6};
use super::lasting::Lasting;
use super::names;
use crate::FarIpv6;
use core::net::Ipv6Addr;
use rasman_core::{Duration, Instant, Ipv6Link, Ipv6Setup, Reader, Timeout, with_interface_id};

/// The host's side: solicits, and keeps what routers advertise.
pub(super) struct Router {
    link: Ipv6Link,
    /// When the next solicitation is due, and how many were sent.
    solicit: Option<(Instant, u32)>,
    prefixes: Lasting<Prefix>,
    routes: Lasting<(Ipv6Addr, u8)>,
    dns: Lasting<Ipv6Addr>,
    search: Lasting<String>,
    mtu: Option<u16>,
}

#[derive(Clone, PartialEq, Eq)]
struct Prefix {
    network: Ipv6Addr,
    bits: u8,
    /// RFC 4862 5.5.3: an address is made of it.
    makes_address: bool,
    /// RFC 4861 6.3.4: all of it is on the link.
    on_link: bool,
}

/// How DHCPv6 is to be used (RFC 4861 4.2: the bits M and O).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Managed {
    No,
    /// It has further settings, no addresses.
    Other,
    Addresses,
}

impl Router {
    /// Begins to solicit. RFC 5072 5: identifiers are unique on the link by the negotiation, so no address is probed.
    pub(super) fn start(now: Instant, link: Ipv6Link) -> Self {
        Self {
            link,
            solicit: Some((now, 0)),
            prefixes: Lasting::new(LIST_MAX),
            routes: Lasting::new(ROUTES_MAX),
            dns: Lasting::new(LIST_MAX),
            search: Lasting::new(LIST_MAX),
            mtu: None,
        }
    }

    /// Takes a packet if it is an advertisement of the peer; tells what it says of DHCPv6.
    pub(super) fn input(&mut self, now: Instant, packet: &Packet6<'_>) -> Option<Managed> {
        let Body6::Icmp(&[ADVERTISEMENT, 0, _, _, ref body @ ..]) = packet.body else { return None };
        // RFC 4861 6.1.2: from a link-local address, with a hop limit of 255: it has crossed no router.
        if packet.hop_limit != 255 || packet.from != self.link.peer_address() {
            return None;
        }
        let (head, options) = body.split_first_chunk::<12>()?;
        let lifetime = u16::from_be_bytes([head[2], head[3]]);
        self.routes.set(now, (Ipv6Addr::UNSPECIFIED, 0), lifetime.into());
        self.options(now, options);
        self.solicit = None;
        Some(match head[1] {
            flags if flags & MANAGED != 0 => Managed::Addresses,
            flags if flags & OTHER != 0 => Managed::Other,
            _ => Managed::No,
        })
    }

    fn options(&mut self, now: Instant, options: &[u8]) {
        let mut reader = Reader::new(options);
        while let (Ok(kind), Ok(units)) = (reader.u8("option"), reader.u8("length")) {
            // RFC 4861 4.6: "Nodes MUST silently discard an ND packet that contains an option with length zero"; what
            // was read before it stays, which harms nobody.
            let Some(length) = (usize::from(units) * 8).checked_sub(2) else { return };
            let Ok(value) = reader.take(length, "value") else { return };
            let _ = self.option(now, kind, value);
        }
    }

    fn option(&mut self, now: Instant, kind: u8, value: &[u8]) -> Option<()> {
        let mut reader = Reader::new(value);
        match kind {
            PREFIX => self.prefix(now, value)?,
            MTU => {
                let mtu = u32::from_be_bytes(value.get(2..6)?.try_into().ok()?);
                // RFC 8200 5: no link is below 1280.
                self.mtu = u16::try_from(mtu).ok().filter(|mtu| *mtu >= 1280);
            }
            ROUTE => {
                let bits = reader.u8("prefix length").ok()?;
                reader.u8("preference").ok()?;
                let seconds = reader.u32("lifetime").ok()?;
                self.routes.set(now, (network(value.get(6..)?, bits)?, bits), seconds);
            }
            DNS => {
                let seconds = u32::from_be_bytes(value.get(2..6)?.try_into().ok()?);
                let (addresses, _) = value.get(6..)?.as_chunks::<16>();
                addresses.iter().for_each(|address| self.dns.set(now, (*address).into(), seconds));
            }
            SEARCH => {
                let seconds = u32::from_be_bytes(value.get(2..6)?.try_into().ok()?);
                names::parse_list(value.get(6..)?).into_iter().for_each(|name| self.search.set(now, name, seconds));
            }
            _ => {}
        }
        Some(())
    }

    fn prefix(&mut self, now: Instant, value: &[u8]) -> Option<()> {
        let mut reader = Reader::new(value);
        let bits = reader.u8("prefix length").ok()?;
        let flags = reader.u8("flags").ok()?;
        let valid = reader.u32("valid lifetime").ok()?;
        let preferred = reader.u32("preferred lifetime").ok()?;
        let network = network(value.get(14..30)?, bits)?;
        // RFC 4862 5.5.3: never the link-local prefix; preferred not beyond valid; prefix and identifier make 128 bits.
        let is_link_local = network.is_unicast_link_local();
        let makes_address = flags & AUTONOMOUS != 0 && bits == 64 && preferred <= valid;
        if !is_link_local {
            self.prefixes.set(now, Prefix { network, bits, makes_address, on_link: flags & ON_LINK != 0 }, valid);
        }
        Some(())
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        self.prefixes.expire(now);
        self.routes.expire(now);
        self.dns.expire(now);
        self.search.expire(now);
        let Some((next, sent)) = self.solicit.filter(|(next, _)| *next <= now) else { return };
        // RFC 4861 6.3.7: three of them, four seconds apart.
        self.solicit = (sent + 1 < SOLICITATIONS).then_some((next.max(now) + SOLICITATION_INTERVAL, sent + 1));
        let body = Body6::Icmp(&[SOLICITATION, 0, 0, 0, 0, 0, 0, 0]);
        out.push(Packet6 { from: self.link.local_address(), to: ALL_ROUTERS, hop_limit: 255, body }.emit());
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        let ends = [self.prefixes.next(), self.routes.next(), self.dns.next(), self.search.next()];
        let end = ends.into_iter().flatten().min().map(|at| Timeout { at, why: "router advertisement" });
        Timeout::earliest(end, self.solicit.map(|(at, _)| Timeout { at, why: "router solicitation" }))
    }

    /// Writes what is known into a setup; gives the suffixes.
    pub(super) fn tell(&self, setup: &mut Ipv6Setup) -> Vec<String> {
        for prefix in self.prefixes.iter() {
            if prefix.makes_address {
                setup.addresses.push((with_interface_id(prefix.network, self.link.local), prefix.bits));
            }
            if prefix.on_link {
                setup.routes.push((prefix.network, prefix.bits));
            }
        }
        setup.routes.extend(self.routes.iter().filter(|route| !self.has_on_link(route)));
        setup.dns.extend(self.dns.iter());
        setup.mtu = self.mtu;
        self.search.iter().cloned().collect()
    }

    fn has_on_link(&self, (network, bits): &(Ipv6Addr, u8)) -> bool {
        self.prefixes.iter().any(|p| p.on_link && p.network == *network && p.bits == *bits)
    }
}

/// Reads the bits of a network that count; those beyond are cleared.
fn network(octets: &[u8], bits: u8) -> Option<Ipv6Addr> {
    let mut address = [0; 16];
    let given = octets.len().min(16);
    if bits > 128 || given * 8 < usize::from(bits) {
        return None;
    }
    address[..given].copy_from_slice(&octets[..given]);
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    Some(Ipv6Addr::from_bits(u128::from_be_bytes(address) & mask))
}

/// Tells whether a packet asks for an advertisement.
pub(super) fn is_solicitation(packet: &Packet6<'_>) -> bool {
    packet.hop_limit == 255 && matches!(packet.body, Body6::Icmp(&[SOLICITATION, 0, ..]))
}

/// Writes the advertisement of an answering side.
pub(super) fn advertise(link: &Ipv6Link, far: &FarIpv6, search: &[String]) -> Vec<u8> {
    let flags = if far.address.is_some() { MANAGED | OTHER } else { OTHER };
    let mut body = vec![ADVERTISEMENT, 0, 0, 0, 64, flags];
    body.extend(ROUTER_SECONDS.to_be_bytes());
    body.extend([0; 8]);
    let autonomous = if far.address.is_some() { 0 } else { AUTONOMOUS };
    option(&mut body, PREFIX, |value| {
        value.extend([64, ON_LINK | autonomous]);
        value.extend(LIFETIME.to_be_bytes().repeat(2));
        value.extend([0; 4]);
        value.extend(far.prefix.octets());
    });
    if let Some(mtu) = far.mtu {
        option(&mut body, MTU, |value| value.extend([0, 0, 0, 0, (mtu >> 8) as u8, mtu as u8]));
    }
    for (network, bits) in &far.routes {
        option(&mut body, ROUTE, |value| {
            value.extend([*bits, 0]);
            value.extend(LIFETIME.to_be_bytes());
            value.extend(network.octets());
        });
    }
    if !far.dns.is_empty() {
        option(&mut body, DNS, |value| {
            value.extend([0, 0]);
            value.extend(LIFETIME.to_be_bytes());
            value.extend(far.dns.iter().flat_map(|address| address.octets()));
        });
    }
    if !search.is_empty() {
        option(&mut body, SEARCH, |value| {
            value.extend([0, 0]);
            value.extend(LIFETIME.to_be_bytes());
            value.extend(names::emit_list(search));
        });
    }
    let body = Body6::Icmp(&body);
    Packet6 { from: link.local_address(), to: ALL_NODES, hop_limit: 255, body }.emit()
}

/// Appends an option, padded to units of eight octets.
fn option(body: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = body.len();
    body.extend([kind, 0]);
    write(body);
    let units = (body.len() - start).div_ceil(8);
    body.resize(start + units * 8, 0);
    body[start + 1] = units as u8;
}

const SOLICITATION: u8 = 133;
const ADVERTISEMENT: u8 = 134;
const PREFIX: u8 = 3;
const MTU: u8 = 5;
const ROUTE: u8 = 24;
const DNS: u8 = 25;
const SEARCH: u8 = 31;
const MANAGED: u8 = 0x80;
const OTHER: u8 = 0x40;
const ON_LINK: u8 = 0x80;
const AUTONOMOUS: u8 = 0x40;

const SOLICITATIONS: u32 = 3;
const SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// RFC 4861 6.2.1: what an answering side advertises lasts a day, and it a default router for half an hour.
const LIFETIME: u32 = 86_400;
const ROUTER_SECONDS: u16 = 1_800;
const LIST_MAX: usize = 8;
const ROUTES_MAX: usize = 64;

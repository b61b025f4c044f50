//! The answering side of the host part: DHCPINFORM, router solicitations and DHCPv6 are answered at once, and nothing is
//! remembered: what there is to give belongs to the link.

use super::dhcp4::{self, CLIENT_PORT, SERVER_PORT, Told};
use super::dhcp6_wire::{Address, Kind, Message, PORTS};
use super::ip::{Body6, Packet6, Udp4};
use super::router;
use crate::{FarIpv6, FarNetwork};
use core::net::Ipv4Addr;
use rasman_core::Ipv6Link;

/// What is told, and by whom.
pub(super) struct Answers {
    pub(super) far: FarNetwork,
    pub(super) local: Ipv4Addr,
    pub(super) dns: Vec<Ipv4Addr>,
}

impl Answers {
    /// Answers a DHCPINFORM; nothing if there is nothing to tell.
    pub(super) fn inform(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let udp = Udp4::parse(packet)?;
        let tells = !(self.far.routes.is_empty() && self.far.domain.is_empty() && self.far.search.is_empty());
        if !tells || (udp.from.1, udp.to.1) != (CLIENT_PORT, SERVER_PORT) {
            return None;
        }
        let (xid, address) = dhcp4::parse_inform(udp.payload)?;
        let told = Told {
            routes: self.far.routes.clone(),
            dns: self.dns.clone(),
            domain: self.far.domain.clone(),
            search: self.far.search.clone(),
        };
        let message = dhcp4::ack(xid, address, self.local, &told);
        Some(Udp4 { from: (self.local, SERVER_PORT), to: (address, CLIENT_PORT), payload: &message }.emit())
    }

    /// Gives what a router says of itself; nothing if there is no IPv6 to tell of.
    pub(super) fn advertisement(&self, link: &Ipv6Link) -> Option<Vec<u8>> {
        Some(router::advertise(link, self.far.ipv6.as_ref()?, &self.far.search))
    }

    /// Answers a router solicitation, or DHCPv6.
    pub(super) fn ipv6(&self, link: &Ipv6Link, packet: &[u8]) -> Option<Vec<u8>> {
        let far = self.far.ipv6.as_ref()?;
        let packet = Packet6::parse(packet)?;
        if router::is_solicitation(&packet) {
            return Some(router::advertise(link, far, &self.far.search));
        }
        let Body6::Udp { ports: (from, to), payload } = packet.body else { return None };
        if to != PORTS.1 {
            return None;
        }
        let reply = self.dhcp6(link, far, &Message::parse(payload)?)?.emit();
        let body = Body6::Udp { ports: (to, from), payload: &reply };
        Some(Packet6 { from: link.local_address(), to: packet.from, hop_limit: 64, body }.emit())
    }

    fn dhcp6(&self, link: &Ipv6Link, far: &FarIpv6, asked: &Message) -> Option<Message> {
        let ours = [&[0, 3, 0, 27][..], &link.local].concat();
        let named = asked.server.is_empty() || asked.server == ours;
        let kind = match asked.kind {
            Kind::Solicit if !asked.rapid_commit => Kind::Advertise,
            Kind::Solicit | Kind::Request | Kind::Renew | Kind::Rebind | Kind::InformationRequest => Kind::Reply,
            Kind::Advertise | Kind::Reply => return None,
        };
        let mut reply = Message::new(kind, asked.xid);
        reply.client = asked.client.clone();
        reply.server = ours;
        reply.rapid_commit = asked.rapid_commit;
        reply.wants_address = asked.wants_address;
        let given = |address| Address { address, t1: 1_800, t2: 2_880, preferred: 3_600, valid: 7_200 };
        reply.address = far.address.filter(|_| asked.wants_address).map(given);
        reply.dns = far.dns.clone();
        reply.search = self.far.search.clone();
        named.then_some(reply)
    }
}

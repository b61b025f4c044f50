//! The kernel's links, addresses, routes and rules, by rtnetlink: the one place that speaks it.
//!
//! The kernel carries a request out while it takes it, so the answer is there when `send` returns and waiting for it
//! in another way would gain nothing. So everything here is a plain call, and works where nothing can wait: in `drop`,
//! and before there is a runtime.

use super::family::Family;
use super::rule::{Rule, Slot, What};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use rasman_core::IpNet;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A socket to the kernel's tables, of the network namespace of the thread that opened it.
pub(super) struct Netlink {
    socket: Socket,
    sequence: u32,
}

/// The table of a route.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Table {
    /// The one that everybody uses.
    Main,
    /// A connection's own.
    Own(Slot),
}

/// A route into a device.
pub(super) struct Route {
    pub(super) table: Table,
    pub(super) to: IpNet,
    pub(super) index: u32,
    /// 0 for the kernel's own.
    pub(super) metric: u32,
    /// The largest packet, in bytes, if it is less than the device's.
    pub(super) mtu: Option<u16>,
}

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Sets what a device takes, and switches it on.
    pub(super) fn set_link(&mut self, index: u32, mtu: u16, segments: u32) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        link.attributes.push(LinkAttribute::Mtu(mtu.into()));
        link.attributes.push(LinkAttribute::TxQueueLen(QUEUE));
        link.attributes.push(LinkAttribute::GsoMaxSegs(segments));
        self.request(RouteNetlinkMessage::SetLink(link), 0)
    }

    pub(super) fn add_address(&mut self, index: u32, local: Ipv4Addr, peer: Ipv4Addr) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewAddress(address(index, local, peer)), NLM_F_CREATE | NLM_F_REPLACE)
    }

    pub(super) fn remove_address(&mut self, index: u32, local: Ipv4Addr, peer: Ipv4Addr) -> io::Result<()> {
        self.request(RouteNetlinkMessage::DelAddress(address(index, local, peer)), 0)
    }

    /// Lets the device have no address of IPv6 but those that are added: the kernel's own link-local one would not be
    /// that which was negotiated (RFC 5072 4.1). Where the kernel has no IPv6 it is refused.
    pub(super) fn no_own_ipv6(&mut self, index: u32) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        let none = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(In6AddrGenMode::None)]);
        link.attributes.push(LinkAttribute::AfSpecUnspec(vec![none]));
        self.request(RouteNetlinkMessage::SetLink(link), 0)
    }

    pub(super) fn add_address6(&mut self, index: u32, address: Ipv6Addr) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewAddress(address6(index, address)), NLM_F_CREATE | NLM_F_REPLACE)
    }

    pub(super) fn remove_address6(&mut self, index: u32, address: Ipv6Addr) -> io::Result<()> {
        self.request(RouteNetlinkMessage::DelAddress(address6(index, address)), 0)
    }

    pub(super) fn add_route(&mut self, to: &Route) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewRoute(route(to)), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Adds a route, or puts it in the place of the one to the same network.
    pub(super) fn set_route(&mut self, to: &Route) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewRoute(route(to)), NLM_F_CREATE | NLM_F_REPLACE)
    }

    pub(super) fn remove_route(&mut self, to: &Route) -> io::Result<()> {
        self.request(RouteNetlinkMessage::DelRoute(route(to)), 0)
    }

    pub(super) fn add_rule(&mut self, to: &Rule) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewRule(rule(to)), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Removes a rule; one that is not there is no error.
    pub(super) fn remove_rule(&mut self, to: &Rule) -> io::Result<()> {
        match self.request(RouteNetlinkMessage::DelRule(rule(to)), 0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Gives the slots whose tables a rule leads to, whoever added it.
    pub(super) fn slots_in_use(&mut self) -> io::Result<BTreeSet<Slot>> {
        let mut all = RuleMessage::default();
        all.header.family = AddressFamily::Inet;
        self.send(RouteNetlinkMessage::GetRule(all), NLM_F_DUMP)?;
        let mut used = BTreeSet::new();
        self.answers(|message| {
            if let RouteNetlinkMessage::NewRule(rule) = message {
                used.extend(rule.attributes.iter().filter_map(|attribute| match attribute {
                    RuleAttribute::Table(table) => Slot::of_table(*table),
                    _ => None,
                }));
            }
        })?;
        Ok(used)
    }

    fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.send(message, NLM_F_ACK | flags)?;
        self.answers(|_| {})
    }

    fn send(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = NetlinkMessage::from(message);
        message.header.flags = NLM_F_REQUEST | flags;
        message.header.sequence_number = self.sequence;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map(drop)
    }

    /// Reads to the end of the answers to what was sent last.
    fn answers(&self, mut each: impl FnMut(RouteNetlinkMessage)) -> io::Result<()> {
        let mut buffer = vec![0; ANSWER_MAX];
        loop {
            let size = self.socket.recv(&mut &mut buffer[..], 0)?;
            let mut rest = buffer.get(..size).ok_or_else(|| io::Error::other("an answer of the kernel is too long"))?;
            while !rest.is_empty() {
                let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(io::Error::other)?;
                // Messages are padded to four octets; one without length would be read for ever.
                let length = (message.header.length as usize).next_multiple_of(4).clamp(4, rest.len());
                rest = &rest[length..];
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::Done(_) => return Ok(()),
                    NetlinkPayload::Error(error) if error.code.is_none() => return Ok(()),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::InnerMessage(message) => each(message),
                    _ => {}
                }
            }
        }
    }
}

fn address(index: u32, local: Ipv4Addr, peer: Ipv4Addr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = 32;
    message.header.index = index;
    message.attributes.push(AddressAttribute::Local(IpAddr::V4(local)));
    message.attributes.push(AddressAttribute::Address(IpAddr::V4(peer)));
    message
}

fn address6(index: u32, address: Ipv6Addr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet6;
    // With the prefix of the link-local one comes the route to the peer's; all other routes are ours.
    message.header.prefix_len = if address.is_unicast_link_local() { 64 } else { 128 };
    // RFC 5072 5: identifiers are unique by the negotiation.
    message.header.flags = AddressHeaderFlags::Nodad;
    message.header.index = index;
    message.attributes.push(AddressAttribute::Local(IpAddr::V6(address)));
    message.attributes.push(AddressAttribute::Address(IpAddr::V6(address)));
    message
}

fn route(route: &Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = family(Family::of(route.to));
    header.destination_prefix_length = route.to.prefix();
    header.protocol = RouteProtocol::Other(PROTOCOL);
    // There is no next hop to be resolved: what goes into the device goes to the server.
    header.scope = RouteScope::Link;
    header.kind = RouteType::Unicast;
    match route.table {
        Table::Main => header.table = RouteHeader::RT_TABLE_MAIN,
        Table::Own(slot) => message.attributes.push(RouteAttribute::Table(slot.table())),
    }
    if route.to.prefix() > 0 {
        message.attributes.push(RouteAttribute::Destination(RouteAddress::from(route.to.address())));
    }
    message.attributes.push(RouteAttribute::Oif(route.index));
    if route.metric > 0 {
        message.attributes.push(RouteAttribute::Priority(route.metric));
    }
    if let Some(mtu) = route.mtu {
        message.attributes.push(RouteAttribute::Metrics(vec![RouteMetric::Mtu(mtu.into())]));
    }
    message
}

fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}

fn rule(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(rule.what.family());
    message.header.action = RuleAction::ToTable;
    message.attributes.push(RuleAttribute::Priority(rule.priority()));
    message.attributes.push(RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL)));
    let main = || RuleAttribute::Table(RouteHeader::RT_TABLE_MAIN.into());
    if let What::Outside(network) | What::Never(network) = rule.what {
        message.header.dst_len = network.prefix();
        message.attributes.push(RuleAttribute::Destination(network.address()));
    }
    match rule.what {
        What::Outside(_) => message.attributes.push(main()),
        What::Never(_) | What::Held => message.header.action = RuleAction::Unreachable,
        What::Local(_) => {
            message.attributes.push(main());
            message.attributes.push(RuleAttribute::SuppressPrefixLen(0));
        }
        What::Inside(_) => message.attributes.push(RuleAttribute::Table(rule.slot.table())),
    }
    message
}

/// Who made a route or rule, as the kernel shows it (`proto 114`): a number that nobody has registered.
const PROTOCOL: u8 = 114;
/// Packets that may wait for us: the system's 500 are too few for a program that sends at once.
const QUEUE: u32 = 5000;
/// The kernel's answers are at most as long as what it is given, up to 32 KiB.
const ANSWER_MAX: usize = 32 * 1024;

//! The kernel's links, addresses, routes and rules, by rtnetlink: the one place that speaks it.
//!
//! The kernel carries a request out while it takes it, so the answer is there when `send` returns and waiting for it
//! in another way would gain nothing. So everything here is a plain call, and works where nothing can wait: in `drop`,
//! and before there is a runtime.

use super::rule::{Rule, Slot, What};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use rasman_core::Ipv4Net;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

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

    pub(super) fn add_route(&mut self, table: Table, to: Ipv4Net, index: u32, metric: u32) -> io::Result<()> {
        self.request(RouteNetlinkMessage::NewRoute(route(table, to, index, metric)), NLM_F_CREATE | NLM_F_EXCL)
    }

    pub(super) fn remove_route(&mut self, table: Table, to: Ipv4Net, index: u32, metric: u32) -> io::Result<()> {
        self.request(RouteNetlinkMessage::DelRoute(route(table, to, index, metric)), 0)
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

fn route(table: Table, to: Ipv4Net, index: u32, metric: u32) -> RouteMessage {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = AddressFamily::Inet;
    header.destination_prefix_length = to.prefix();
    header.protocol = RouteProtocol::Other(PROTOCOL);
    // There is no next hop to be resolved: what goes into the device goes to the server.
    header.scope = RouteScope::Link;
    header.kind = RouteType::Unicast;
    match table {
        Table::Main => header.table = RouteHeader::RT_TABLE_MAIN,
        Table::Own(slot) => message.attributes.push(RouteAttribute::Table(slot.table())),
    }
    if to.prefix() > 0 {
        message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(to.address())));
    }
    message.attributes.push(RouteAttribute::Oif(index));
    if metric > 0 {
        message.attributes.push(RouteAttribute::Priority(metric));
    }
    message
}

fn rule(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.action = RuleAction::ToTable;
    message.attributes.push(RuleAttribute::Priority(rule.priority()));
    message.attributes.push(RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL)));
    let main = || RuleAttribute::Table(RouteHeader::RT_TABLE_MAIN.into());
    if let What::Outside(network) | What::Never(network) = rule.what {
        message.header.dst_len = network.prefix();
        message.attributes.push(RuleAttribute::Destination(IpAddr::V4(network.address())));
    }
    match rule.what {
        What::Outside(_) => message.attributes.push(main()),
        What::Never(_) => message.header.action = RuleAction::Unreachable,
        What::Local => {
            message.attributes.push(main());
            message.attributes.push(RuleAttribute::SuppressPrefixLen(0));
        }
        What::Inside => message.attributes.push(RuleAttribute::Table(rule.slot.table())),
    }
    message
}

/// Who made a route or rule, as the kernel shows it (`proto 114`): a number that nobody has registered.
const PROTOCOL: u8 = 114;
/// Packets that may wait for us: the system's 500 are too few for a program that sends at once.
const QUEUE: u32 = 5000;
/// The kernel's answers are at most as long as what it is given, up to 32 KiB.
const ANSWER_MAX: usize = 32 * 1024;

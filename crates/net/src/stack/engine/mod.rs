//! The machine: flows, the queue of those that have something to send, and timers.

mod egress;
mod ingress;

use super::StackConfig;
use super::cache::NameCache;
use super::classify::FlowKey;
use super::device::{Port, Replies};
use super::flow::{Flow, Kind, clock};
use super::listener::Listener;
use super::ports::Ports;
use rasman_core::{Instant, Projection};
use smoltcp::iface::{Config, Interface};
use smoltcp::socket::dns;
use smoltcp::wire::{HardwareAddress, IpCidr};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::Waker;

/// All of a stack but for the wake-ups between tasks.
pub(super) struct Engine {
    pub(super) config: StackConfig,
    pub(super) address: Ipv4Addr,
    /// Our address of IPv6, while the tunnel carries it.
    pub(super) address6: Option<Ipv6Addr>,
    pub(super) interface: Interface,
    mtu: usize,
    /// When the owner called last: what a task does in between happens at an unknown later time.
    now: Instant,
    flows: Vec<Option<Box<Flow>>>,
    free: Vec<usize>,
    by_key: HashMap<FlowKey, usize>,
    pub(super) pings: HashMap<u16, usize>,
    /// UDP sockets by our port.
    pub(super) udp: HashMap<u16, usize>,
    pub(super) dns: Option<usize>,
    /// Name servers that are reached by IPv4.
    servers: Vec<Ipv4Addr>,
    pub(super) names: NameCache,
    /// Names that are being resolved.
    pub(super) queries: usize,
    pub(super) listeners: HashMap<u16, Listener>,
    pub(super) ports: Ports,
    /// Flows that may have something to send, in turn.
    ready: VecDeque<usize>,
    timers: BTreeSet<(Instant, usize)>,
    time_wait: VecDeque<usize>,
    memory: usize,
    replies: Replies,
    /// A packet whose version is known only once it is written; reused.
    scratch: Vec<u8>,
}

/// RFC 791: every network carries 68 bytes; less would leave no room for a TCP segment.
const MTU_MIN: u16 = 68;
/// RFC 8200 5.
const MTU_MIN_V6: usize = 1280;

impl Engine {
    pub(super) fn new(projection: &Projection, config: StackConfig, now: Instant) -> Self {
        let mtu = usize::from(projection.mtu.max(MTU_MIN));
        let mut settings = Config::new(HardwareAddress::Ip);
        settings.random_seed = getrandom::u64().unwrap_or_else(|_| now.as_micros());
        let mut port = Port { mtu, incoming: None, outlet: &mut Replies::default() };
        let mut interface = Interface::new(settings, &mut port, clock(now));
        let address = projection.local;
        // Anything else than a host's address would make the interface panic; with none it is merely deaf.
        if is_host(address.into()) {
            interface.update_ip_addrs(|addresses| {
                let _ = addresses.push(IpCidr::new(address.into(), 32));
            });
            let gateway = projection.peer.filter(|peer| is_host((*peer).into())).unwrap_or(address);
            let _ = interface.routes_mut().add_default_ipv4_route(gateway);
        }
        let mut engine = Self {
            config,
            address,
            address6: None,
            interface,
            mtu,
            now,
            flows: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            pings: HashMap::new(),
            udp: HashMap::new(),
            dns: None,
            servers: projection.dns.iter().copied().filter(|server| is_host((*server).into())).collect(),
            names: NameCache::default(),
            queries: 0,
            listeners: HashMap::new(),
            ports: Ports::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            time_wait: VecDeque::new(),
            memory: 0,
            replies: Replies::default(),
            scratch: Vec::new(),
        };
        engine.set_servers(&[]);
        engine
    }

    /// Asks the servers that are reached by IPv4 and these, in this order.
    fn set_servers(&mut self, by_ipv6: &[Ipv6Addr]) {
        let by_ipv4 = self.servers.iter().map(|server| IpAddr::from(*server));
        let servers: Vec<_> = by_ipv4.chain(by_ipv6.iter().map(|server| (*server).into())).map(Into::into).collect();
        match self.dns {
            Some(index) => {
                if let Some(flow) = self.flow(index) {
                    flow.dns().update_servers(&servers);
                }
            }
            None if !servers.is_empty() => {
                self.dns = Some(self.insert(Flow::new(dns::Socket::new(&servers, Vec::new()), Kind::Dns)));
            }
            None => {}
        }
    }

    /// Carries IPv6 from this address, and asks these name servers as well; without one nothing of IPv6 goes on.
    ///
    /// A link below 1280 bytes carries none (RFC 8200 5).
    pub(super) fn set_ipv6(&mut self, address: Option<Ipv6Addr>, servers: &[Ipv6Addr]) {
        let address = address.filter(|address| is_host((*address).into()) && self.mtu >= MTU_MIN_V6);
        let servers: Vec<_> = servers.iter().copied().filter(|server| is_host((*server).into())).collect();
        self.set_servers(if address.is_some() { &servers } else { &[] });
        if core::mem::replace(&mut self.address6, address) == address {
            return;
        }
        self.end_ipv6();
        self.interface.update_ip_addrs(|addresses| {
            addresses.retain(|known| matches!(known, IpCidr::Ipv4(_)));
            if let Some(address) = address {
                let _ = addresses.push(IpCidr::new(address.into(), 128));
            }
        });
        self.interface.routes_mut().remove_default_ipv6_route();
        if let Some(address) = address {
            let _ = self.interface.routes_mut().add_default_ipv6_route(address);
        }
    }

    /// Breaks the streams of an address that we do not have any more.
    fn end_ipv6(&mut self) {
        self.names.forget_ipv6();
        let of_ipv6 = self.by_key.iter().filter(|(key, _)| key.remote.is_ipv6()).map(|(_, index)| *index);
        for index in of_ipv6.collect::<Vec<_>>() {
            let Some(flow) = self.flow(index) else { continue };
            flow.tcp().abort();
            let Kind::Tcp(tcp) = &mut flow.kind else { continue };
            tcp.failed = tcp.failed.or(Some(std::io::ErrorKind::ConnectionReset));
            if !tcp.owned {
                self.remove(index);
            }
        }
    }

    /// Gives our address towards somebody.
    pub(super) fn address_towards(&self, remote: IpAddr) -> Option<IpAddr> {
        match remote {
            IpAddr::V4(_) => Some(self.address.into()),
            IpAddr::V6(_) => self.address6.map(IpAddr::from),
        }
    }

    pub(super) fn flow(&mut self, index: usize) -> Option<&mut Flow> {
        self.flows.get_mut(index)?.as_deref_mut()
    }

    /// Gives the flow together with the interface, which some calls of smoltcp want as well.
    pub(super) fn flow_and_interface(&mut self, index: usize) -> Option<(&mut Flow, &mut Interface)> {
        Some((self.flows.get_mut(index)?.as_deref_mut()?, &mut self.interface))
    }

    pub(super) fn mtu(&self) -> usize {
        self.mtu
    }

    /// Chooses a port of ours for a stream to a far end.
    pub(super) fn free_port(&mut self, remote: IpAddr, remote_port: u16) -> Option<u16> {
        let (by_key, listeners) = (&self.by_key, &self.listeners);
        self.ports.choose((remote, remote_port), |local_port| {
            let key = FlowKey { local_port, remote, remote_port };
            !by_key.contains_key(&key) && !listeners.contains_key(&local_port)
        })
    }

    pub(super) fn streams(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn insert(&mut self, flow: Flow) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.flows.push(None);
            self.flows.len() - 1
        });
        self.flows[index] = Some(Box::new(flow));
        index
    }

    /// Forgets a flow at once.
    pub(super) fn remove(&mut self, index: usize) {
        let Some(flow) = self.flows.get_mut(index).and_then(Option::take) else { return };
        if let Some(at) = flow.timer {
            self.timers.remove(&(at, index));
        }
        if flow.queued {
            self.ready.retain(|queued| *queued != index);
        }
        match flow.kind {
            Kind::Dns => self.dns = None,
            Kind::Udp { port } => {
                self.udp.remove(&port);
            }
            Kind::Ping { ident, .. } => {
                self.pings.remove(&ident);
            }
            Kind::Tcp(tcp) => {
                self.by_key.remove(&tcp.key);
                self.memory -= tcp.memory;
                if tcp.time_wait {
                    self.time_wait.retain(|waiting| *waiting != index);
                }
                if let Some(port) = tcp.half_open {
                    self.half_closed(port);
                } else if tcp.accepting
                    && let Some(listener) = self.listeners.get_mut(&tcp.key.local_port)
                {
                    listener.forget(index);
                }
            }
        }
        self.free.push(index);
    }

    /// Forgets a closed flow that its owner has dropped, once its reset has left.
    pub(super) fn remove_or_reset(&mut self, index: usize) {
        if let Some(Flow { kind: Kind::Tcp(tcp), .. }) = self.flow(index) {
            tcp.owned = false;
        }
        if !self.mark_if_eager(index) && self.flow(index).is_some_and(|flow| !flow.queued) {
            self.remove(index);
        }
    }

    /// Ends everything; all wakers are woken.
    pub(super) fn shut(&mut self) {
        let mut wakers: Vec<Waker> = self.listeners.values_mut().filter_map(|listener| listener.waker.take()).collect();
        self.listeners.clear();
        for index in 0..self.flows.len() {
            let Some(flow) = self.flow(index) else { continue };
            if let Kind::Tcp(_) = flow.kind {
                // Aborting wakes whoever reads or writes.
                flow.tcp().abort();
            }
            self.remove(index);
        }
        wakers.drain(..).for_each(Waker::wake);
    }
}

/// Tells whether an address can belong to one host that is reached by a route. A link-local address cannot: its link is
/// not told with it.
pub(super) fn is_host(address: IpAddr) -> bool {
    let is_for_all = match address {
        IpAddr::V4(address) => address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.to_ipv4_mapped().is_some(),
    };
    !(is_for_all || address.is_unspecified() || address.is_multicast() || address.is_loopback())
}

//! The machine: flows, the queue of those that have something to send, and timers.

use super::classify::{Class, FlowKey, classify};
use super::device::{Outlet, Port, Replies, Sink};
use super::flow::{Flow, Kind, Tcp, buffer_size, clock, from_clock, tcp_socket};
use super::listener::Listener;
use super::{Polled, StackConfig};
use rasman_core::{Duration, Instant, Projection};
use smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketSet};
use smoltcp::socket::dns;
use smoltcp::socket::tcp::State;
use smoltcp::wire::{HardwareAddress, IpCidr, IpListenEndpoint};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::Ipv4Addr;
use std::task::Waker;

/// All of a stack but for the wake-ups between tasks.
pub(super) struct Engine {
    pub(super) config: StackConfig,
    pub(super) address: Ipv4Addr,
    pub(super) interface: Interface,
    mtu: usize,
    /// When the owner called last: what a task does in between happens at an unknown later time.
    now: Instant,
    flows: Vec<Option<Box<Flow>>>,
    free: Vec<usize>,
    by_key: HashMap<FlowKey, usize>,
    pub(super) pings: HashMap<u16, usize>,
    pub(super) dns: Option<usize>,
    /// Names that are being resolved.
    pub(super) queries: usize,
    pub(super) listeners: HashMap<u16, Listener>,
    /// Flows that may have something to send, in turn.
    ready: VecDeque<usize>,
    timers: BTreeSet<(Instant, usize)>,
    time_wait: VecDeque<usize>,
    memory: usize,
    replies: Replies,
    scratch: Vec<u8>,
}

/// Packets that a flow may send before the next one has its turn.
const BURST: usize = 8;
/// The most streams in TIME-WAIT; beyond that the oldest is forgotten early.
const TIME_WAIT_MAX: usize = 256;
/// A flow that claims to have something to send, and sends nothing, is asked again after this time.
const STUCK: Duration = Duration::from_millis(1);
/// RFC 791: every network carries 68 bytes; less would leave no room for a TCP segment.
const MTU_MIN: u16 = 68;

impl Engine {
    pub(super) fn new(projection: &Projection, config: StackConfig, now: Instant) -> Self {
        let mtu = usize::from(projection.mtu.max(MTU_MIN));
        let mut settings = Config::new(HardwareAddress::Ip);
        settings.random_seed = getrandom::u64().unwrap_or_else(|_| now.as_micros());
        let mut port = Port { mtu, incoming: None, outlet: &mut Replies::default() };
        let mut interface = Interface::new(settings, &mut port, clock(now));
        let address = projection.local;
        // Anything else than a host's address would make the interface panic; with none it is merely deaf.
        if is_host(address) {
            interface.update_ip_addrs(|addresses| {
                let _ = addresses.push(IpCidr::new(address.into(), 32));
            });
            let gateway = projection.peer.filter(|peer| is_host(*peer)).unwrap_or(address);
            let _ = interface.routes_mut().add_default_ipv4_route(gateway);
        }
        let mut engine = Self {
            config,
            address,
            interface,
            mtu,
            now,
            flows: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            pings: HashMap::new(),
            dns: None,
            queries: 0,
            listeners: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            time_wait: VecDeque::new(),
            memory: 0,
            replies: Replies::default(),
            scratch: Vec::new(),
        };
        let servers: Vec<_> = projection.dns.iter().filter(|server| is_host(**server)).map(|s| (*s).into()).collect();
        if !servers.is_empty() {
            engine.dns = Some(engine.insert(Flow::new(dns::Socket::new(&servers, Vec::new()), Kind::Dns)));
        }
        engine
    }

    pub(super) fn receive(&mut self, now: Instant, packet: &[u8]) {
        self.now = now;
        match classify(packet, self.address) {
            Class::Tcp { key, opens } => match self.by_key.get(&key) {
                Some(index) => self.ingress(*index, packet),
                None if opens && self.listeners.contains_key(&key.local_port) => self.answer_syn(key, packet),
                None => self.ingress_for_nobody(packet),
            },
            Class::Dns => match self.dns {
                Some(index) => self.ingress(index, packet),
                None => self.ingress_for_nobody(packet),
            },
            Class::EchoReply(ident) => {
                if let Some(index) = self.pings.get(&ident) {
                    self.ingress(*index, packet);
                }
            }
            Class::Other => self.ingress_for_nobody(packet),
            Class::Drop => {}
        }
    }

    /// Lets the interface answer by itself: a reset, an echo reply, an ICMP error.
    fn ingress_for_nobody(&mut self, packet: &[u8]) {
        let mut port = Port { mtu: self.mtu, incoming: Some(packet), outlet: &mut self.replies };
        let _ = self.interface.poll_ingress_single(clock(self.now), &mut port, &mut SocketSet::new(&mut [][..]));
    }

    fn ingress(&mut self, index: usize, packet: &[u8]) {
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        let before = matches!(flow.kind, Kind::Tcp(_)).then(|| flow.tcp().state());
        let mut port = Port { mtu: self.mtu, incoming: Some(packet), outlet: &mut self.replies };
        let result = self.interface.poll_ingress_single(clock(self.now), &mut port, &mut flow.set);
        if result != PollIngressSingleResult::None {
            self.heard(index, before);
            self.mark(index);
        }
    }

    /// Keeps the books after a flow has got a packet.
    fn heard(&mut self, index: usize, before: Option<State>) {
        let now = self.now;
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        let after = before.map(|_| flow.tcp().state());
        match &mut flow.kind {
            Kind::Dns => {}
            Kind::Ping { replied, .. } => *replied = replied.or(Some(now)),
            Kind::Tcp(tcp) => {
                tcp.heard = now;
                if after == Some(State::Closed) && tcp.failed.is_none() {
                    tcp.failed = match before {
                        Some(State::SynSent) => Some(io::ErrorKind::ConnectionRefused),
                        Some(State::LastAck | State::Closing | State::TimeWait | State::Closed) => None,
                        _ => Some(io::ErrorKind::ConnectionReset),
                    };
                }
                let open = !matches!(after, Some(State::SynReceived | State::Listen | State::Closed));
                if let (true, Some(port)) = (open, tcp.half_open) {
                    tcp.half_open = None;
                    tcp.since = now;
                    match self.listeners.get_mut(&port) {
                        Some(listener) => listener.established(index),
                        // It stopped listening meanwhile.
                        None => flow.tcp().abort(),
                    }
                }
            }
        }
    }

    /// Takes the first segment of a handshake to a port that is listened on.
    fn answer_syn(&mut self, key: FlowKey, packet: &[u8]) {
        let Some(listener) = self.listeners.get_mut(&key.local_port).filter(|listener| listener.has_room()) else {
            // The peer tries again by itself.
            return;
        };
        let endpoint = IpListenEndpoint { addr: Some(self.address.into()), port: key.local_port };
        listener.half_open += 1;
        match self.open_tcp(key, Some(key.local_port)) {
            Ok(index) => {
                let flow = self.flow(index).expect("it was made just now");
                let _ = flow.tcp().listen(endpoint);
                self.ingress(index, packet);
                self.settle(index);
            }
            Err(_) => self.half_closed(key.local_port),
        }
    }

    /// A half-open stream is none any more.
    fn half_closed(&mut self, port: u16) {
        if let Some(listener) = self.listeners.get_mut(&port) {
            listener.half_open = listener.half_open.saturating_sub(1);
        }
    }

    /// Makes a flow with a closed TCP socket.
    pub(super) fn open_tcp(&mut self, key: FlowKey, half_open: Option<u16>) -> io::Result<usize> {
        let full = || io::Error::new(io::ErrorKind::ResourceBusy, "too many streams in the tunnel");
        let buffer = buffer_size(&self.config, self.memory, self.streams()).ok_or_else(full)?;
        let socket = tcp_socket(buffer);
        let (since, memory, owned) = (self.now, 2 * buffer, half_open.is_none());
        let tcp = Tcp {
            key,
            memory,
            owned,
            half_open,
            accepting: !owned,
            failed: None,
            since,
            heard: since,
            unstamped: true,
            time_wait: false,
        };
        let index = self.insert(Flow::new(socket, Kind::Tcp(tcp)));
        self.by_key.insert(key, index);
        self.memory += memory;
        Ok(index)
    }

    pub(super) fn poll(&mut self, now: Instant, room: usize, sink: impl FnMut(&[u8])) -> Polled {
        self.now = now;
        let mut scratch = core::mem::take(&mut self.scratch);
        let mut out = Sink { scratch: &mut scratch, sink, packets: 0, bytes: 0 };
        let mut more = false;
        while let Some(reply) = self.replies.front() {
            if out.bytes + reply.len() > room {
                more = true;
                break;
            }
            out.give(reply);
            self.replies.pop();
        }
        while let Some((at, index)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, index));
            if let Some(flow) = self.flow(index) {
                flow.timer = None;
            }
            self.expire(index);
            self.mark(index);
        }
        while !more && let Some(index) = self.ready.pop_front() {
            more = !self.turn(index, room, &mut out);
        }
        let polled = Polled { packets: out.packets, bytes: out.bytes, more };
        self.scratch = scratch;
        polled
    }

    /// Lets one flow send a burst; returns whether there was room.
    fn turn<F: FnMut(&[u8])>(&mut self, index: usize, room: usize, out: &mut Sink<'_, F>) -> bool {
        for sent in 0..BURST {
            if out.bytes + self.mtu > room {
                // Whoever has had something of this room is the last to have something of the next.
                if sent == 0 {
                    self.ready.push_front(index)
                } else {
                    self.ready.push_back(index)
                }
                return false;
            }
            if !self.egress(index, out) {
                if let Some(flow) = self.flow(index) {
                    flow.queued = false;
                }
                self.settle(index);
                return true;
            }
        }
        self.ready.push_back(index);
        true
    }

    /// Lets one flow send one packet; returns whether it did.
    fn egress(&mut self, index: usize, outlet: &mut impl Outlet) -> bool {
        let now = self.now;
        let Some(flow) = self.flows[index].as_deref_mut() else { return false };
        let mut port = Port { mtu: self.mtu, incoming: None, outlet };
        let sent = self.interface.poll_egress(clock(now), &mut port, &mut flow.set) == PollResult::SocketStateChanged;
        if let (true, Kind::Ping { sent, .. }) = (sent, &mut flow.kind) {
            *sent = sent.or(Some(now));
        }
        sent
    }

    /// Ends a TCP flow whose peer has been silent for too long.
    fn expire(&mut self, index: usize) {
        let (now, config) = (self.now, &self.config);
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        flow.stamp(now);
        if flow.deadline(config).is_some_and(|deadline| deadline <= now) {
            flow.tcp().abort();
            if let Kind::Tcp(tcp) = &mut flow.kind {
                tcp.failed = tcp.failed.or(Some(io::ErrorKind::TimedOut));
            }
        }
    }

    /// Sets the timer of a flow that has nothing to send, or forgets it if nobody wants it any more.
    fn settle(&mut self, index: usize) {
        let now = self.now;
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        flow.stamp(now);
        if let Kind::Tcp(Tcp { owned, half_open, .. }) = flow.kind {
            let state = flow.tcp().state();
            let over = match state {
                State::Closed => !owned,
                // A listening socket that was reset listens again; ours serve one peer only.
                State::Listen => true,
                _ => false,
            };
            if over && (half_open.is_some() || !owned) {
                return self.remove(index);
            }
            if state == State::TimeWait {
                self.enter_time_wait(index);
            }
        }
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        let poll_at = self.interface.poll_at(clock(now), &flow.set).map(|at| from_clock(at).max(now + STUCK));
        let deadline = flow.deadline(&self.config);
        let Some(at) = poll_at.into_iter().chain(deadline).min() else { return };
        // A timer that fires too early costs less than one that is moved with every packet.
        match flow.timer {
            Some(timer) if timer <= at => return,
            Some(timer) => {
                self.timers.remove(&(timer, index));
            }
            None => {}
        }
        flow.timer = Some(at);
        self.timers.insert((at, index));
    }

    fn enter_time_wait(&mut self, index: usize) {
        let Some(Flow { kind: Kind::Tcp(tcp), .. }) = self.flows[index].as_deref_mut() else { return };
        if core::mem::replace(&mut tcp.time_wait, true) {
            return;
        }
        self.time_wait.push_back(index);
        if self.time_wait.len() > TIME_WAIT_MAX
            && let Some(oldest) = self.time_wait.pop_front()
            && let Some(flow) = self.flow(oldest)
        {
            let Kind::Tcp(tcp) = &mut flow.kind else { return };
            tcp.time_wait = false;
            if !tcp.owned {
                self.remove(oldest);
            }
        }
    }

    pub(super) fn next_poll(&self, now: Instant) -> Option<Duration> {
        if !self.ready.is_empty() || !self.replies.is_empty() {
            return Some(Duration::ZERO);
        }
        self.timers.first().map(|(at, _)| at.since(now))
    }

    /// Puts a flow at the end of the ready queue.
    pub(super) fn mark(&mut self, index: usize) {
        if let Some(flow) = self.flows[index].as_deref_mut()
            && !core::mem::replace(&mut flow.queued, true)
        {
            self.ready.push_back(index);
        }
    }

    /// Puts a flow into the ready queue if its socket wants to send now; tells whether it does.
    pub(super) fn mark_if_eager(&mut self, index: usize) -> bool {
        let now = clock(self.now);
        let Some(flow) = self.flows[index].as_deref_mut() else { return false };
        let eager = !flow.queued && self.interface.poll_at(now, &flow.set).is_some_and(|at| at <= now);
        if eager {
            self.mark(index);
        }
        eager
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

    pub(super) fn has_key(&self, key: &FlowKey) -> bool {
        self.by_key.contains_key(key)
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

/// Tells whether an address can belong to one host.
pub(super) fn is_host(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_broadcast() || address.is_multicast() || address.is_loopback())
}

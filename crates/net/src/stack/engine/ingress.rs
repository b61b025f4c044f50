//! Packets from the tunnel, on their way to a flow.

use super::super::classify::{Class, FlowKey, classify};
use super::super::device::Port;
use super::super::flow::{Flow, Kind, Tcp, buffer_size, clock, tcp_socket};
use super::Engine;
use rasman_core::Instant;
use smoltcp::iface::{PollIngressSingleResult, SocketSet};
use smoltcp::socket::tcp::State;
use smoltcp::wire::IpListenEndpoint;
use std::io;
use std::net::IpAddr;

impl Engine {
    pub(in crate::stack) fn receive(&mut self, now: Instant, packet: &[u8]) {
        self.now = now;
        match classify(packet, self.address, self.address6) {
            Class::Tcp { key, opens } => match self.flow_of(&key, opens) {
                Some(index) => self.ingress(index, packet),
                None if opens && self.listeners.contains_key(&key.local_port) => self.answer_syn(key, packet),
                None => self.ingress_for_nobody(packet),
            },
            Class::Udp { local_port, from_name_server } => match (self.udp.get(&local_port), self.dns) {
                (Some(index), _) => self.ingress(*index, packet),
                (None, Some(index)) if from_name_server => {
                    self.note_answer(packet);
                    self.ingress(index, packet);
                }
                _ => self.ingress_for_nobody(packet),
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

    /// Finds the flow that a segment belongs to. One that only waits for old segments gives way to a peer that opens a new
    /// stream from the same port (RFC 1122 4.2.2.13): the peer would get no answer until the wait is over.
    fn flow_of(&mut self, key: &FlowKey, opens: bool) -> Option<usize> {
        let index = *self.by_key.get(key)?;
        if opens
            && self.listeners.contains_key(&key.local_port)
            && let Some(flow) = self.flow(index)
            && matches!(&flow.kind, Kind::Tcp(tcp) if !tcp.owned)
            && flow.tcp().state() == State::TimeWait
        {
            self.remove(index);
            return None;
        }
        Some(index)
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
            Kind::Dns | Kind::Udp { .. } => {}
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
        let own = match key.remote {
            IpAddr::V4(_) => Some(self.address.into()),
            IpAddr::V6(_) => self.address6.map(IpAddr::from),
        };
        let endpoint = IpListenEndpoint { addr: own.map(Into::into), port: key.local_port };
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
    pub(super) fn half_closed(&mut self, port: u16) {
        if let Some(listener) = self.listeners.get_mut(&port) {
            listener.half_open = listener.half_open.saturating_sub(1);
        }
    }

    /// Makes a flow with a closed TCP socket.
    pub(in crate::stack) fn open_tcp(&mut self, key: FlowKey, half_open: Option<u16>) -> io::Result<usize> {
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
}

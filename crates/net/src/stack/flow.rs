//! One socket and what we keep beside it.

use super::StackConfig;
use super::classify::FlowKey;
use rasman_core::{Duration, Instant};
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{CongestionControl, SocketBuffer, State};
use smoltcp::socket::{AnySocket, dns, icmp, tcp, udp};
use std::io;

/// One socket in a set of its own.
pub(super) struct Flow {
    pub(super) set: SocketSet<'static>,
    handle: SocketHandle,
    pub(super) kind: Kind,
    /// It stands in the ready queue.
    pub(super) queued: bool,
    /// When it stands in the timers, if it does.
    pub(super) timer: Option<Instant>,
}

/// What a flow is.
pub(super) enum Kind {
    /// The resolver of the whole stack.
    Dns,
    /// One echo request.
    Ping {
        /// Its identifier.
        ident: u16,
        /// When it was sent, and when the reply came.
        sent: Option<Instant>,
        replied: Option<Instant>,
    },
    /// A UDP socket on this port of ours.
    Udp { port: u16 },
    /// A TCP stream.
    Tcp(Tcp),
}

/// What we know of a TCP stream beside its socket.
pub(super) struct Tcp {
    pub(super) key: FlowKey,
    /// Bytes of its buffers.
    pub(super) memory: usize,
    /// A [`StackStream`](super::StackStream) is there, or will be.
    pub(super) owned: bool,
    /// The port whose listener has not been told of it yet.
    pub(super) half_open: Option<u16>,
    /// It came to a listener and nobody has taken it yet.
    pub(super) accepting: bool,
    /// Why it ended before its time.
    pub(super) failed: Option<io::ErrorKind>,
    /// When it began or last changed sides: opened, established, dropped by its owner.
    pub(super) since: Instant,
    /// When the peer was last heard, or data began to wait.
    pub(super) heard: Instant,
    /// A task did something that both times above are to tell, and only the owner knows the time.
    pub(super) unstamped: bool,
    /// It stands in the list of those in TIME-WAIT.
    pub(super) time_wait: bool,
}

impl Tcp {
    /// Tells whether it is open on `port` and nobody has taken it yet.
    pub(super) fn awaits_accept(&self, port: u16) -> bool {
        !self.owned && self.half_open.is_none() && self.accepting && self.key.local_port == port
    }
}

impl Flow {
    pub(super) fn new<S: AnySocket<'static>>(socket: S, kind: Kind) -> Self {
        let mut set = SocketSet::new(Vec::with_capacity(1));
        let handle = set.add(socket);
        Self { set, handle, kind, queued: false, timer: None }
    }

    /// Gives the first byte of each packet that it sends, if that is always the same.
    pub(super) fn first(&mut self) -> Option<u8> {
        match &self.kind {
            Kind::Tcp(Tcp { key, .. }) => Some(if key.remote.is_ipv4() { IPV4_FIRST } else { IPV6_FIRST }),
            Kind::Ping { .. } => Some(IPV4_FIRST),
            // They speak to anybody.
            Kind::Dns | Kind::Udp { .. } => None,
        }
    }

    /// Sets the times that a task left open.
    pub(super) fn stamp(&mut self, now: Instant) {
        if let Kind::Tcp(tcp) = &mut self.kind
            && core::mem::take(&mut tcp.unstamped)
        {
            (tcp.since, tcp.heard) = (now, now);
        }
    }

    /// The socket of a TCP flow.
    pub(super) fn tcp(&mut self) -> &mut tcp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    /// The socket of the resolver.
    pub(super) fn dns(&mut self) -> &mut dns::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    /// The socket of a ping.
    pub(super) fn icmp(&mut self) -> &mut icmp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    /// The socket of a UDP flow.
    pub(super) fn udp(&mut self) -> &mut udp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    /// Tells when a TCP flow has waited long enough for its peer.
    pub(super) fn deadline(&mut self, config: &StackConfig) -> Option<Instant> {
        let Kind::Tcp(Tcp { owned, since, heard, .. }) = self.kind else { return None };
        let socket = self.tcp();
        match socket.state() {
            State::Closed | State::Listen | State::TimeWait => None,
            State::SynSent | State::SynReceived => Some(since + config.connect_limit),
            _ if !owned => Some(since + config.close_limit),
            _ if socket.send_queue() > 0 => Some(heard + config.silence_limit),
            State::FinWait1 | State::Closing | State::LastAck => Some(heard + config.silence_limit),
            State::Established | State::CloseWait | State::FinWait2 => None,
        }
    }
}

/// Makes a TCP socket with two buffers of `buffer` bytes.
pub(super) fn tcp_socket(buffer: usize) -> tcp::Socket<'static> {
    let mut socket = tcp::Socket::new(SocketBuffer::new(vec![0; buffer]), SocketBuffer::new(vec![0; buffer]));
    socket.set_congestion_control(CongestionControl::Cubic);
    // Writers hand over what they have; holding the tail back only adds a round trip.
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(Some(smoltcp::time::Duration::from_millis(10)));
    socket
}

/// Version 4, a header without options; version 6.
const IPV4_FIRST: u8 = 0x45;
const IPV6_FIRST: u8 = 0x60;
/// The least buffer of a TCP stream; every stream up to the limit is sure to get it.
const BUFFER_MIN: usize = 16 * 1024;
/// Each stream takes one in so many parts of what is not reserved.
const SHARE: usize = 32;

/// Tells how large the buffers of one more stream may be, with `used` bytes in use by `streams` others.
pub(super) fn buffer_size(config: &StackConfig, used: usize, streams: usize) -> Option<usize> {
    if streams >= config.max_streams {
        return None;
    }
    let left = config.memory.saturating_sub(used);
    let reserved = (config.max_streams - streams - 1).saturating_mul(2 * BUFFER_MIN);
    let size = (left.saturating_sub(reserved) / SHARE).clamp(BUFFER_MIN, config.tcp_buffer.max(BUFFER_MIN));
    (2 * size <= left).then_some(size)
}

/// The clock of smoltcp.
pub(super) fn clock(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}

/// The time of smoltcp's clock.
pub(super) fn from_clock(at: smoltcp::time::Instant) -> Instant {
    Instant::ZERO + Duration::from_micros(u64::try_from(at.total_micros()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_gets_a_buffer_and_memory_is_kept() {
        let config = StackConfig::default();
        let (mut used, mut streams) = (0, 0);
        let mut sizes = Vec::new();
        while let Some(size) = buffer_size(&config, used, streams) {
            used += 2 * size;
            streams += 1;
            sizes.push(size);
        }
        assert_eq!(streams, config.max_streams);
        assert!(used <= config.memory);
        assert!(sizes[..32].iter().all(|size| *size == config.tcp_buffer), "{:?}", &sizes[..40]);
        assert!(sizes.is_sorted_by(|a, b| a >= b));
        assert_eq!(sizes.last(), Some(&BUFFER_MIN));
    }

    #[test]
    fn odd_limits_do_no_harm() {
        let config =
            |tcp_buffer, memory, max_streams| StackConfig { tcp_buffer, memory, max_streams, ..StackConfig::default() };
        assert_eq!(buffer_size(&config(0, 0, 0), 0, 0), None);
        assert_eq!(buffer_size(&config(0, 40_000, 1), 0, 0), Some(BUFFER_MIN));
        assert_eq!(buffer_size(&config(usize::MAX, usize::MAX, usize::MAX), 0, 0), Some(BUFFER_MIN));
        assert_eq!(buffer_size(&config(1, 10, usize::MAX), 0, 0), None);
    }
}

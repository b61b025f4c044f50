//! A user-space IP stack for one connection.

use rasman_core::{Duration, Instant, Projection};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Limits of a stack.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// Bytes of each of the two buffers of a TCP stream, while memory is plenty.
    pub tcp_buffer: usize,
    /// Bytes that all buffers may have together; streams get smaller buffers as it is used up.
    pub memory: usize,
    /// The most TCP streams at one time, closing ones included.
    pub max_streams: usize,
    /// How long a connect may take.
    pub connect_limit: Duration,
}

impl Default for StackConfig {
    fn default() -> Self {
        Self { tcp_buffer: 1 << 20, memory: 256 << 20, max_streams: 4096, connect_limit: Duration::from_secs(30) }
    }
}

/// The owner's side: packets in, packets out, time.
pub struct Stack {}

/// What a [`Stack::poll`] did.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Polled {
    /// Packets given to the sink.
    pub packets: usize,
    /// Bytes given to the sink.
    pub bytes: usize,
    /// Whether it stopped for want of room although there is more to send.
    pub more: bool,
}

impl Stack {
    /// Makes a stack with the projection's address, MTU and name servers.
    #[must_use]
    pub fn new(projection: &Projection, config: StackConfig, now: Instant) -> Self {
        let _ = (projection, config, now);
        unimplemented!()
    }

    /// Gives a handle for tasks of the same thread.
    #[must_use]
    pub fn handle(&self) -> StackHandle {
        unimplemented!()
    }

    /// Takes one IP packet from the tunnel. Replies leave with the next [`poll`](Self::poll).
    pub fn receive(&mut self, now: Instant, packet: &[u8]) {
        let _ = (now, packet);
        unimplemented!()
    }

    /// Gives packets to `sink` until nothing is left or `room` bytes are used up.
    ///
    /// Call it after every batch of [`receive`](Self::receive), when [`notified`](Self::notified) wakes, and when
    /// [`next_poll`](Self::next_poll) is due.
    pub fn poll(&mut self, now: Instant, room: usize, sink: impl FnMut(&[u8])) -> Polled {
        let _ = (now, room, sink);
        unimplemented!()
    }

    /// Tells when to call [`poll`](Self::poll) next; zero if it has something to send already.
    ///
    /// While there is no room to send, wait for room and not for this.
    #[must_use]
    pub fn next_poll(&mut self, now: Instant) -> Option<Duration> {
        let _ = now;
        unimplemented!()
    }

    /// Waits until a task has given the stack something to send; may be dropped at any time.
    pub async fn notified(&self) {
        unimplemented!()
    }
}

/// The side of tasks that open streams. It outlives the [`Stack`], but then only gives errors.
#[derive(Clone)]
pub struct StackHandle {}

impl StackHandle {
    /// Opens a stream to an address inside the tunnel.
    ///
    /// # Errors
    /// Refused, timed out, no address family, too many streams, stack gone.
    pub async fn connect(&self, to: SocketAddr) -> io::Result<StackStream> {
        let _ = to;
        unimplemented!()
    }

    /// Resolves `host` inside the tunnel and opens a stream to it.
    ///
    /// # Errors
    /// Those of [`resolve`](Self::resolve) and [`connect`](Self::connect).
    pub async fn connect_host(&self, host: &str, port: u16) -> io::Result<StackStream> {
        let _ = (host, port);
        unimplemented!()
    }

    /// Resolves a name by the name servers inside the tunnel; a literal address is answered at once.
    ///
    /// # Errors
    /// No name server, no such name, no answer, stack gone.
    pub async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let _ = host;
        unimplemented!()
    }

    /// Listens on a port of the stack's own address.
    ///
    /// # Errors
    /// The port is taken, or the stack is gone.
    pub fn listen(&self, port: u16) -> io::Result<StackListener> {
        let _ = port;
        unimplemented!()
    }

    /// Sends one ICMP echo request and gives the time to its reply; drop the future to give up.
    ///
    /// # Errors
    /// The payload is too long, too many pings, stack gone.
    pub async fn ping(&self, to: Ipv4Addr, payload: &[u8]) -> io::Result<Duration> {
        let _ = (to, payload);
        unimplemented!()
    }

    /// Waits until the stack is gone.
    pub async fn closed(&self) {
        unimplemented!()
    }

    /// Gives the stack's own address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        unimplemented!()
    }
}

/// Accepts streams on one port of the stack.
pub struct StackListener {}

impl StackListener {
    /// Waits for the next stream; may be dropped at any time.
    ///
    /// # Errors
    /// The stack is gone.
    pub async fn accept(&mut self) -> io::Result<(StackStream, SocketAddr)> {
        unimplemented!()
    }
}

/// A TCP stream through the tunnel. Shut down, it ends in good order; dropped before that, it is reset.
pub struct StackStream {}

impl StackStream {
    /// Gives our address and port inside the tunnel.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        unimplemented!()
    }

    /// Gives the peer's address and port.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        unimplemented!()
    }
}

impl AsyncRead for StackStream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        unimplemented!()
    }
}

impl AsyncWrite for StackStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        unimplemented!()
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unimplemented!()
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unimplemented!()
    }
}

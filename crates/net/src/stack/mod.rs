//! A user-space IP stack for one connection.
//!
//! ```text
//!   doors, HTTP server (local tasks)          owner (the connection's task)
//!   StackStream ── read, write ──┐      ┌── receive(packet) <── decap <── TLS
//!   StackHandle ── connect ──────┤      │
//!                                v      v
//!                          flows: one smoltcp socket each
//!                          ready queue, round robin ── poll(room, sink) ──> encap ──> TLS
//! ```
//!
//! Nothing runs by itself: the owner hands packets and the time in, and takes packets out, as many as it has room
//! for. Each stream is a flow with a socket set of its own, found by its addresses in a table. So the cost of a packet
//! does not grow with the number of streams, those that have something to send take turns, and idle ones cost nothing.
//!
//! IPv4, and IPv6 from one address once the far network has given one: whole packets (no fragments, no IPv6 extension
//! headers), TCP, UDP, ICMP echo and DNS; everything else is answered as RFC 1122 and RFC 4443 want.

mod cache;
pub(crate) mod classify;
mod device;
mod engine;
mod flow;
mod handle;
mod listener;
mod ping;
mod ports;
mod resolve;
mod stream;
mod udp;

pub use handle::StackHandle;
pub use listener::StackListener;
pub use stream::StackStream;
pub use udp::StackUdp;

use engine::Engine;
use rasman_core::{Duration, Instant, Ipv6Setup, Projection};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::sync::Notify;

/// Limits of a stack.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// Bytes of each of the two buffers of a TCP stream, while memory is plenty: the window that a fast path needs.
    pub tcp_buffer: usize,
    /// Bytes that all buffers may have together; later streams get smaller buffers as it is used up.
    pub memory: usize,
    /// The most TCP streams at one time, closing ones included.
    pub max_streams: usize,
    /// How long a TCP handshake may take.
    pub connect_limit: Duration,
    /// How long a stream waits for the peer while data is unacknowledged.
    pub silence_limit: Duration,
    /// How long a stream that was shut down and dropped may take to end in good order.
    pub close_limit: Duration,
}

impl Default for StackConfig {
    fn default() -> Self {
        Self {
            tcp_buffer: 1 << 20,
            memory: 256 << 20,
            max_streams: 4096,
            connect_limit: Duration::from_secs(30),
            silence_limit: Duration::from_secs(180),
            close_limit: Duration::from_secs(60),
        }
    }
}

/// The owner's side: packets in, packets out, time.
///
/// Dropping it ends every stream; handles and streams that are left only give errors.
pub struct Stack {
    shared: Rc<Shared>,
}

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

/// What owner, handles and streams have in common; all on one thread.
struct Shared {
    engine: RefCell<Engine>,
    /// The owner is to poll.
    work: Notify,
    /// The stack is gone: set first, then told.
    gone: Cell<bool>,
    goodbye: Notify,
}

impl Stack {
    /// Makes a stack with the projection's address, MTU and name servers.
    #[must_use]
    pub fn new(projection: &Projection, config: StackConfig, now: Instant) -> Self {
        let engine = RefCell::new(Engine::new(projection, config, now));
        let shared = Shared { engine, work: Notify::new(), gone: Cell::new(false), goodbye: Notify::new() };
        Self { shared: Rc::new(shared) }
    }

    /// Gives a handle for tasks of the same thread.
    #[must_use]
    pub fn handle(&self) -> StackHandle {
        StackHandle::new(Rc::clone(&self.shared))
    }

    /// Carries IPv6 as the far network has set it up, from the first address of it that is no link-local one; with none,
    /// or no setup, not any more. Streams of an address that changes are broken.
    pub fn set_ipv6(&mut self, setup: Option<&Ipv6Setup>) {
        let addresses = setup.map_or(&[][..], |setup| &setup.addresses);
        let address = addresses.iter().map(|(address, _)| *address).find(|address| !address.is_unicast_link_local());
        let servers = setup.map_or(&[][..], |setup| &setup.dns);
        self.shared.engine.borrow_mut().set_ipv6(address, servers);
        self.shared.work.notify_one();
    }

    /// Takes one IP packet from the tunnel. Replies leave with the next [`poll`](Self::poll).
    pub fn receive(&mut self, now: Instant, packet: &[u8]) {
        self.shared.engine.borrow_mut().receive(now, packet);
    }

    /// Gives packets to `sink` until nothing is left or less than one MTU of the `room` in bytes.
    ///
    /// Call it after every batch of [`receive`](Self::receive), when [`notified`](Self::notified) wakes, and when
    /// [`next_poll`](Self::next_poll) is due.
    pub fn poll(&mut self, now: Instant, room: usize, mut sink: impl FnMut(&[u8])) -> Polled {
        let mut packet = Vec::new();
        self.poll_into(now, room, |_, length, write| {
            packet.clear();
            packet.resize(length, 0);
            write(&mut packet);
            sink(&packet);
        })
    }

    /// Does the same without a copy: `sink` gets the first byte and the length of each packet, and what writes it to where
    /// it goes. A packet that is not written is lost.
    pub fn poll_into(
        &mut self,
        now: Instant,
        room: usize,
        sink: impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8])),
    ) -> Polled {
        self.shared.engine.borrow_mut().poll(now, room, sink)
    }

    /// Tells how long to wait before the next [`poll`](Self::poll): zero if it has something to send already, nothing
    /// if only a packet or a task can give it something.
    ///
    /// While there is no room to send, wait for room and not for this.
    #[must_use]
    pub fn next_poll(&self, now: Instant) -> Option<Duration> {
        self.shared.engine.borrow().next_poll(now)
    }

    /// Waits until a task has given the stack something to send; may be dropped at any time. It does not tell about
    /// time or about what is left over for want of room.
    pub async fn notified(&self) {
        self.shared.work.notified().await;
    }

    /// Tells how many TCP streams there are, closing ones included.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.shared.engine.borrow().streams()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.shared.gone.set(true);
        self.shared.engine.borrow_mut().shut();
        self.shared.goodbye.notify_waiters();
    }
}

impl Shared {
    /// Waits until the stack is gone.
    async fn gone(&self) {
        let goodbye = self.goodbye.notified();
        if !self.gone.get() {
            goodbye.await;
        }
    }
}

#[cfg(test)]
mod tests;

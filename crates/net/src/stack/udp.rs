//! UDP through the tunnel.

use super::Shared;
use super::engine::{Engine, is_host};
use super::flow::{Flow, Kind};
use super::handle::no_ipv6;
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;

/// The most sockets at one time.
const SOCKETS_MAX: usize = 256;
/// Bytes and datagrams that wait in each direction; further ones are lost, as UDP may lose them.
const BYTES_MAX: usize = 64 * 1024;
const DATAGRAMS_MAX: usize = 128;
/// Bytes of the header of UDP, and of those of IP.
const HEADER: usize = 8;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;

/// A UDP socket of the stack's own addresses, on a port of its own. Dropped, it is closed.
pub struct StackUdp {
    shared: Rc<Shared>,
    index: usize,
    port: u16,
}

impl StackUdp {
    pub(super) fn new(shared: &Rc<Shared>) -> io::Result<Self> {
        shared.alive()?;
        let mut engine = shared.engine.borrow_mut();
        if engine.udp.len() >= SOCKETS_MAX {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "too many UDP sockets in the tunnel"));
        }
        let port = free_port(&engine)?;
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; DATAGRAMS_MAX], vec![0; BYTES_MAX]);
        let mut socket = Socket::new(buffer(), buffer());
        let no_address = |_| io::Error::from(io::ErrorKind::AddrNotAvailable);
        socket.bind(port).map_err(no_address)?;
        let index = engine.insert(Flow::new(socket, Kind::Udp { port }));
        engine.udp.insert(port, index);
        drop(engine);
        Ok(Self { shared: Rc::clone(shared), index, port })
    }

    /// Gives our address of IPv4 and port inside the tunnel.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        (self.shared.engine.borrow().address, self.port).into()
    }

    /// Queues a datagram; it is lost where the queue is full.
    ///
    /// # Errors
    /// `Unsupported` for IPv6 without it, `AddrNotAvailable` for what is no host, `InvalidInput` for more than fits into one
    /// packet, `WouldBlock` if it was lost, `NotConnected` if the stack is gone.
    pub fn send_to(&self, payload: &[u8], to: SocketAddr) -> io::Result<()> {
        self.shared.alive()?;
        let address = to.ip().to_canonical();
        if !is_host(address) || to.port() == 0 {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "not the address of a host in the tunnel"));
        }
        let mut engine = self.shared.engine.borrow_mut();
        engine.address_towards(address).ok_or_else(no_ipv6)?;
        let headers = HEADER + if address.is_ipv4() { IPV4_HEADER } else { IPV6_HEADER };
        if payload.len() + headers > engine.mtu() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "more than one packet carries"));
        }
        let Some(flow) = engine.flow(self.index) else { return Err(io::ErrorKind::NotConnected.into()) };
        let sent = flow.udp().send_slice(payload, (address, to.port()));
        sent.map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        engine.mark(self.index);
        drop(engine);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Waits for a datagram and hands it to `take` with its sender; may be dropped at any time.
    ///
    /// # Errors
    /// `NotConnected` if the stack is gone.
    pub async fn receive<T>(&self, mut take: impl FnMut(&[u8], SocketAddr) -> T) -> io::Result<T> {
        let received = poll_fn(|cx| {
            let mut engine = self.shared.engine.borrow_mut();
            let Some(flow) = engine.flow(self.index) else { return Poll::Ready(None) };
            let socket = flow.udp();
            match socket.recv() {
                Ok((payload, from)) => {
                    let address = IpAddr::from(from.endpoint.addr);
                    Poll::Ready(Some(take(payload, SocketAddr::new(address, from.endpoint.port))))
                }
                Err(_) => {
                    socket.register_recv_waker(cx.waker());
                    Poll::Pending
                }
            }
        });
        tokio::select! {
            biased;
            () = self.shared.gone() => Err(io::ErrorKind::NotConnected.into()),
            received = received => received.ok_or_else(|| io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Drop for StackUdp {
    fn drop(&mut self) {
        if !self.shared.gone.get() {
            self.shared.engine.borrow_mut().remove(self.index);
        }
    }
}

/// Chooses a port of ours at random, so that nobody can guess it (RFC 6056).
fn free_port(engine: &Engine) -> io::Result<u16> {
    for _ in 0..64 {
        let port = 0xC000 | getrandom::u32().map_err(io::Error::other)? as u16;
        if !engine.udp.contains_key(&port) {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port"))
}

//! ICMP echo requests.

use super::Shared;
use super::engine::is_host;
use super::flow::{Flow, Kind};
use rasman_core::Duration;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::{Endpoint, PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr};
use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::task::Poll;

/// The most pings at one time.
const PINGS_MAX: usize = 64;
/// Bytes of the headers of IPv4 and ICMP.
const HEADERS: usize = 20 + 8;

/// Sends one echo request and gives the time to its reply.
pub(super) async fn ping(shared: &Shared, to: Ipv4Addr, payload: &[u8]) -> io::Result<Duration> {
    shared.alive()?;
    let ping = Ping::start(shared, to, payload)?;
    tokio::select! {
        biased;
        () = shared.gone() => Err(io::ErrorKind::NotConnected.into()),
        time = ping.wait() => Ok(time),
    }
}

/// A request on its way; its flow goes when this is dropped.
struct Ping<'a> {
    shared: &'a Shared,
    index: usize,
}

impl<'a> Ping<'a> {
    fn start(shared: &'a Shared, to: Ipv4Addr, payload: &[u8]) -> io::Result<Self> {
        let mut engine = shared.engine.borrow_mut();
        if !is_host(to.into()) || payload.len() + HEADERS > engine.mtu() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if engine.pings.len() >= PINGS_MAX {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let ident = loop {
            let ident = getrandom::u32().map_err(io::Error::other)? as u16;
            if !engine.pings.contains_key(&ident) {
                break ident;
            }
        };
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 1], vec![0; payload.len() + 8]);
        let mut socket = Socket::new(buffer(), buffer());
        let request = Icmpv4Repr::EchoRequest { ident, seq_no: 1, data: payload };
        let sent = socket.bind(Endpoint::Ident(ident)).is_ok()
            && socket
                .send(request.buffer_len(), to.into())
                .map(|bytes| request.emit(&mut Icmpv4Packet::new_unchecked(bytes), &ChecksumCapabilities::default()))
                .is_ok();
        if !sent {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let index = engine.insert(Flow::new(socket, Kind::Ping { ident, sent: None, replied: None }));
        engine.pings.insert(ident, index);
        engine.mark(index);
        drop(engine);
        shared.work.notify_one();
        Ok(Self { shared, index })
    }

    async fn wait(&self) -> Duration {
        poll_fn(|cx| {
            let mut engine = self.shared.engine.borrow_mut();
            let Some(flow) = engine.flow(self.index) else { return Poll::Pending };
            let socket = flow.icmp();
            socket.register_recv_waker(cx.waker());
            match (socket.can_recv(), &flow.kind) {
                (true, Kind::Ping { sent: Some(sent), replied: Some(replied), .. }) => {
                    Poll::Ready(replied.since(*sent))
                }
                _ => Poll::Pending,
            }
        })
        .await
    }
}

impl Drop for Ping<'_> {
    fn drop(&mut self) {
        if !self.shared.gone.get() {
            self.shared.engine.borrow_mut().remove(self.index);
        }
    }
}

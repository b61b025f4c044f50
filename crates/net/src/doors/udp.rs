//! SOCKS5's UDP ASSOCIATE (RFC 1928 7).
//!
//! ```text
//! client -- UDP: header with the target, payload --> local socket --> stack --> tunnel
//! ```

use crate::stack::{StackHandle, StackUdp};
use fast_socks5::util::target_addr::{TargetAddr, ToTargetAddr};
use fast_socks5::{new_udp_header, parse_udp_request};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// A client's way to send datagrams; it lasts as long as the TCP connection that asked for it.
pub(super) struct Association {
    stack: StackHandle,
    inside: Rc<StackUdp>,
    outside: UdpSocket,
    /// Who asked: nobody else's datagrams are taken.
    client: IpAddr,
    /// From which port it sends; known with the first datagram.
    from: Option<SocketAddr>,
    /// Datagrams that wait for their target's address.
    resolving: JoinSet<()>,
}

impl Association {
    /// Opens both sockets, for a client that has reached us at the address `local`.
    pub(super) async fn open(stack: &StackHandle, local: IpAddr, client: IpAddr) -> io::Result<Self> {
        let inside = Rc::new(stack.udp()?);
        let outside = UdpSocket::bind(SocketAddr::new(local, 0)).await?;
        Ok(Self { stack: stack.clone(), inside, outside, client, from: None, resolving: JoinSet::new() })
    }

    /// Tells where the client is to send its datagrams.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.outside.local_addr()
    }

    /// Carries datagrams until the client closes `control`, or the stack is gone.
    pub(super) async fn run(mut self, mut control: TcpStream) -> io::Result<()> {
        let mut datagram = vec![0; DATAGRAM_MAX];
        let mut answer = Vec::new();
        loop {
            tokio::select! {
                // RFC 1928 7: it ends with the TCP connection. What else comes there means nothing.
                read = control.read_u8() => drop(read?),
                received = self.outside.recv_from(&mut datagram) => {
                    // An error is ICMP's word about an earlier datagram.
                    if let Ok((len, from)) = received {
                        self.send(&datagram[..len], from);
                    }
                }
                received = self.inside.receive(|payload, from| encapsulate(payload, from, &mut answer)) => {
                    received?;
                    if let Some(client) = self.from {
                        // A client that does not read loses it.
                        let _ = self.outside.try_send_to(&answer, client);
                    }
                }
                Some(_) = self.resolving.join_next(), if !self.resolving.is_empty() => {}
            }
        }
    }

    fn send(&mut self, datagram: &[u8], from: SocketAddr) {
        let own = from.ip().to_canonical() == self.client && self.from.is_none_or(|known| known == from);
        // One that fills the buffer may have been longer.
        if !own || datagram.len() == DATAGRAM_MAX {
            return;
        }
        let Some((target, payload)) = parse(datagram) else { return };
        self.from = Some(from);
        match target {
            // What does not go is lost.
            TargetAddr::Ip(to) => drop(self.inside.send_to(payload, to)),
            TargetAddr::Domain(name, port) => self.send_to_name(name, port, payload),
        }
    }

    fn send_to_name(&mut self, name: String, port: u16, payload: &[u8]) {
        if self.resolving.len() >= RESOLVING_MAX {
            return;
        }
        let (stack, inside, payload) = (self.stack.clone(), Rc::clone(&self.inside), payload.to_vec());
        self.resolving.spawn_local(async move {
            if let Some(address) = stack.resolve(&name).await.ok().and_then(|found| found.first().copied()) {
                let _ = inside.send_to(&payload, SocketAddr::new(address, port));
            }
        });
    }
}

/// Takes the header off a datagram; gives its target and what is to be carried there.
pub(super) fn parse(datagram: &[u8]) -> Option<(TargetAddr, &[u8])> {
    // It reads from memory, so nothing waits.
    let parsed = pin!(parse_udp_request(datagram)).poll(&mut Context::from_waker(Waker::noop()));
    match parsed {
        Poll::Ready(Ok((0, target, payload))) => Some((target, payload)),
        // RFC 1928 7: who does not put fragments together drops them.
        _ => None,
    }
}

/// Puts the header with the sender before a datagram.
pub(super) fn encapsulate(payload: &[u8], from: SocketAddr, out: &mut Vec<u8>) {
    out.clear();
    if let Ok(header) = from.to_target_addr().map_err(drop).and_then(|from| new_udp_header(from).map_err(drop)) {
        out.extend_from_slice(&header);
        out.extend_from_slice(payload);
    }
}

/// More than any tunnel carries, with the longest header.
const DATAGRAM_MAX: usize = 4096 + 262;
/// How many datagrams of one client may wait for a name.
const RESOLVING_MAX: usize = 16;

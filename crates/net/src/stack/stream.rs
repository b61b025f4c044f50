//! A TCP stream through the tunnel.

use super::Shared;
use super::classify::FlowKey;
use super::flow::{Flow, Kind};
use smoltcp::socket::tcp::{RecvError, State};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A TCP stream through the tunnel.
///
/// Shut down and then dropped, it ends in good order behind the scenes; dropped before that, it is reset, so that
/// the peer never takes half of something for the whole.
pub struct StackStream {
    shared: Rc<Shared>,
    index: usize,
    key: FlowKey,
    local: IpAddr,
}

impl StackStream {
    /// Takes a flow over. From here on it stays in its place until this is dropped.
    pub(super) fn new(shared: Rc<Shared>, index: usize, key: FlowKey) -> Self {
        let own = shared.engine.borrow().address_towards(key.remote);
        // Without IPv6 a stream of it is broken already.
        let local = own.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        Self { shared, index, key, local }
    }

    /// Gives our address and port inside the tunnel.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        (self.local, self.key.local_port).into()
    }

    /// Gives the peer's address and port.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        (self.key.remote, self.key.remote_port).into()
    }

    /// Waits for the end of the handshake.
    pub(super) async fn connected(&self) -> io::Result<()> {
        poll_fn(|cx| {
            self.with(|flow| match flow.tcp().state() {
                State::SynSent | State::SynReceived => {
                    flow.tcp().register_send_waker(cx.waker());
                    Poll::Pending
                }
                State::Closed => Poll::Ready(Err(failure(flow))),
                _ => Poll::Ready(Ok(())),
            })
        })
        .await
    }

    /// Hands the bytes that have come to `take`, which tells how many it took; 0 means that the peer has ended its
    /// direction.
    ///
    /// # Errors
    /// Those of `take`, `WouldBlock` among them; that the stream broke.
    pub(crate) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.with(|flow| {
            let socket = flow.tcp();
            if socket.recv_queue() == 0 && socket.may_recv() {
                socket.register_recv_waker(cx.waker());
                return Poll::Pending;
            }
            let taken = socket.recv(|bytes| match take(bytes) {
                Ok(len) => (len.min(bytes.len()), Ok(len)),
                Err(error) => (0, Err(error)),
            });
            match taken {
                Ok(result) => Poll::Ready(result),
                Err(RecvError::Finished) => Poll::Ready(Ok(0)),
                Err(RecvError::InvalidState) => Poll::Ready(Err(failure(flow))),
            }
        })
    }

    /// Lets `fill` write bytes to be sent, once there is room; 0 means that it has no more, and nothing is sent.
    ///
    /// # Errors
    /// Those of `fill`, `WouldBlock` among them; that the stream broke or that [`end`](Self::end) was called.
    pub(crate) fn poll_fill(
        &self,
        cx: &mut Context<'_>,
        mut fill: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.with(|flow| {
            let socket = flow.tcp();
            if socket.send_queue() == socket.send_capacity() && socket.may_send() {
                socket.register_send_waker(cx.waker());
                return Poll::Pending;
            }
            let filled = socket.send(|space| match fill(space) {
                Ok(len) => (len.min(space.len()), Ok(len)),
                Err(error) => (0, Err(error)),
            });
            match filled {
                Ok(result) => Poll::Ready(result),
                Err(_) if socket.state() == State::Closed => Poll::Ready(Err(failure(flow))),
                Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        })
    }

    /// Ends our direction behind everything written; the peer's direction stays open.
    ///
    /// # Errors
    /// The stack is gone.
    pub(crate) fn end(&self) -> io::Result<()> {
        let ended = self.with(|flow| {
            flow.tcp().close();
            Poll::Ready(Ok(()))
        });
        match ended {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Runs `f` on the flow, and then asks the owner to poll if the socket has something to send.
    fn with<T>(&self, f: impl FnOnce(&mut Flow) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.shared.alive()?;
        let mut engine = self.shared.engine.borrow_mut();
        let Some(flow) = engine.flow(self.index) else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let idle = flow.tcp().send_queue() == 0;
        let result = f(flow);
        if idle
            && flow.tcp().send_queue() > 0
            && let Kind::Tcp(tcp) = &mut flow.kind
        {
            // The peer has nothing to answer before this moment.
            tcp.unstamped = true;
        }
        if engine.mark_if_eager(self.index) {
            self.shared.work.notify_one();
        }
        result
    }
}

/// Tells why a stream is closed.
fn failure(flow: &mut Flow) -> io::Error {
    let failed = if let Kind::Tcp(tcp) = &flow.kind { tcp.failed } else { None };
    failed.unwrap_or(io::ErrorKind::ConnectionAborted).into()
}

impl AsyncRead for StackStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.with(|flow| {
            let socket = flow.tcp();
            // The ring may hold its bytes in two pieces.
            let before = buf.filled().len();
            let read = loop {
                let piece = socket.recv(|bytes| {
                    let len = bytes.len().min(buf.remaining());
                    buf.put_slice(&bytes[..len]);
                    (len, len)
                });
                match piece {
                    Ok(0) => break Ok(()),
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
            };
            match read {
                _ if buf.filled().len() > before => Poll::Ready(Ok(())),
                Ok(()) => {
                    socket.register_recv_waker(cx.waker());
                    Poll::Pending
                }
                Err(RecvError::Finished) => Poll::Ready(Ok(())),
                Err(RecvError::InvalidState) => Poll::Ready(Err(failure(flow))),
            }
        })
    }
}

impl AsyncWrite for StackStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|flow| {
            let socket = flow.tcp();
            if bytes.is_empty() {
                return Poll::Ready(Ok(0));
            }
            match socket.send_slice(bytes) {
                Ok(0) => {
                    socket.register_send_waker(cx.waker());
                    Poll::Pending
                }
                Ok(len) => Poll::Ready(Ok(len)),
                Err(_) if socket.state() == State::Closed => Poll::Ready(Err(failure(flow))),
                Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        })
    }

    /// What is written is on its way as soon as the owner polls.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends our direction behind everything written; the peer's direction stays open.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end())
    }
}

impl Drop for StackStream {
    fn drop(&mut self) {
        if self.shared.gone.get() {
            return;
        }
        let mut engine = self.shared.engine.borrow_mut();
        let Some(flow) = engine.flow(self.index) else { return };
        let socket = flow.tcp();
        let in_good_order = match socket.state() {
            State::Closed => return engine.remove_or_reset(self.index),
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait => {
                socket.recv_queue() == 0
            }
            State::Listen | State::SynSent | State::SynReceived | State::Established | State::CloseWait => false,
        };
        if !in_good_order {
            socket.abort();
        }
        if let Kind::Tcp(tcp) = &mut flow.kind {
            tcp.owned = false;
            tcp.unstamped = true;
        }
        engine.mark(self.index);
        drop(engine);
        self.shared.work.notify_one();
    }
}

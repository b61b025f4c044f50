//! Accepting streams from inside the tunnel.

use super::classify::FlowKey;
use super::flow::Kind;
use super::{Shared, StackStream};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Streams on their way to an accept, of one port.
#[derive(Default)]
pub(super) struct Listener {
    /// Handshakes that are not done.
    pub(super) half_open: usize,
    /// Streams that are open.
    established: VecDeque<usize>,
    pub(super) waker: Option<Waker>,
}

/// The most streams that wait for an accept, open and half open.
const BACKLOG: usize = 256;

impl Listener {
    pub(super) fn has_room(&self) -> bool {
        self.half_open + self.established.len() < BACKLOG
    }

    pub(super) fn established(&mut self, index: usize) {
        self.half_open = self.half_open.saturating_sub(1);
        self.established.push_back(index);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// A stream that waited is gone.
    pub(super) fn forget(&mut self, index: usize) {
        self.established.retain(|waiting| *waiting != index);
    }
}

/// Accepts streams on one port of the stack.
pub struct StackListener {
    shared: Rc<Shared>,
    port: u16,
}

impl StackListener {
    pub(super) fn new(shared: Rc<Shared>, port: u16) -> io::Result<Self> {
        if port == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a port to listen on cannot be 0"));
        }
        let mut engine = shared.engine.borrow_mut();
        if engine.listeners.contains_key(&port) {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there already"));
        }
        engine.listeners.insert(port, Listener::default());
        drop(engine);
        Ok(Self { shared, port })
    }

    /// Waits for the next stream; may be dropped at any time.
    ///
    /// # Errors
    /// `NotConnected` if the stack is gone.
    pub async fn accept(&mut self) -> io::Result<(StackStream, SocketAddr)> {
        let (index, key) = poll_fn(|cx| {
            self.shared.alive()?;
            if let Some(taken) = self.take() {
                return Poll::Ready(Ok::<_, io::Error>(taken));
            }
            if let Some(listener) = self.shared.engine.borrow_mut().listeners.get_mut(&self.port) {
                listener.waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
        .await?;
        let stream = StackStream::new(Rc::clone(&self.shared), index, key);
        let peer = stream.peer();
        Ok((stream, peer))
    }

    /// Takes the next stream that waits and makes it owned.
    fn take(&self) -> Option<(usize, FlowKey)> {
        let mut engine = self.shared.engine.borrow_mut();
        while let Some(index) = engine.listeners.get_mut(&self.port)?.established.pop_front() {
            let Some(flow) = engine.flow(index) else { continue };
            if let Kind::Tcp(tcp) = &mut flow.kind
                && tcp.awaits_accept(self.port)
            {
                (tcp.owned, tcp.accepting) = (true, false);
                return Some((index, tcp.key));
            }
        }
        None
    }
}

impl Drop for StackListener {
    fn drop(&mut self) {
        if self.shared.gone.get() {
            return;
        }
        while let Some((index, key)) = self.take() {
            drop(StackStream::new(Rc::clone(&self.shared), index, key));
        }
        // Handshakes that are not done end with a reset of their next segment, or with time.
        self.shared.engine.borrow_mut().listeners.remove(&self.port);
    }
}

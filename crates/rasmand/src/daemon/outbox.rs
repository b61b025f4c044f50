//! What a client is sent, without ever waiting for it.

use rasman::ipc::send_some;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::Notify;

/// The way to one client.
///
/// Any thread may send: what the socket takes at once goes at once, so that a worker's notification reaches the client
/// without waking another thread of ours. What it does not take is queued, up to a bound; the client's own task sends
/// it when the socket has room. A client beyond the bound is cut off.
pub(super) struct Outbox {
    socket: Arc<UnixStream>,
    queue: Mutex<Queue>,
    /// There is something to send, or the client is to be cut off.
    wake: Notify,
    /// The queue is empty again.
    drained: Notify,
    /// Replies to one call are being sent; the next call waits.
    streaming: AtomicBool,
    stream_ended: Notify,
}

#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    cut_off: bool,
}

impl Outbox {
    pub(super) fn new(socket: Arc<UnixStream>) -> Self {
        Self {
            socket,
            queue: Mutex::default(),
            wake: Notify::new(),
            drained: Notify::new(),
            streaming: AtomicBool::new(false),
            stream_ended: Notify::new(),
        }
    }

    /// Sends a message or queues it.
    pub(super) fn send(&self, message: &[u8]) {
        let mut queue = self.queue();
        if queue.cut_off {
            return;
        }
        let mut rest = message;
        if queue.bytes.is_empty() {
            match send_some(&*self.socket, rest) {
                Ok(sent) => rest = &rest[sent..],
                // The client's task learns of it by reading.
                Err(_) => return,
            }
        }
        if rest.is_empty() {
            return;
        }
        if queue.bytes.len() + rest.len() > QUEUE_MAX {
            *queue = Queue { bytes: VecDeque::new(), cut_off: true };
        } else {
            queue.bytes.extend(rest);
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// How many bytes the client has not taken.
    pub(super) fn pending(&self) -> usize {
        self.queue().bytes.len()
    }

    /// Closes the connection.
    pub(super) fn cut_off(&self) {
        *self.queue() = Queue { bytes: VecDeque::new(), cut_off: true };
        self.wake.notify_one();
    }

    /// Sends what is queued, for as long as the client lives; `drained` is called whenever all of it is sent.
    ///
    /// Ends when the client is to be cut off, or its socket has failed.
    pub(super) async fn run(&self, mut drained: impl FnMut()) {
        loop {
            self.wake.notified().await;
            loop {
                if self.queue().cut_off {
                    return;
                }
                let sent = self.socket.async_io(Interest::WRITABLE, || self.send_queued()).await;
                match sent {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(_) => return,
                }
            }
            self.drained.notify_waiters();
            drained();
        }
    }

    /// Waits until less than the mark is queued.
    pub(super) async fn below(&self, mark: usize) {
        loop {
            let drained = self.drained.notified();
            if self.pending() < mark {
                return;
            }
            drained.await;
        }
    }

    pub(super) fn begin_stream(&self) {
        self.streaming.store(true, Relaxed);
    }

    pub(super) fn end_stream(&self) {
        self.streaming.store(false, Relaxed);
        self.stream_ended.notify_one();
    }

    /// Waits until no call has replies to come.
    pub(super) async fn between_streams(&self) {
        while self.streaming.load(Relaxed) {
            self.stream_ended.notified().await;
        }
    }

    /// Sends the front of the queue; tells whether nothing is left.
    fn send_queued(&self) -> io::Result<bool> {
        let mut queue = self.queue();
        let (front, _) = queue.bytes.as_slices();
        if front.is_empty() {
            return Ok(true);
        }
        let sent = send_some(&*self.socket, front)?;
        if sent == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        queue.bytes.drain(..sent);
        if queue.bytes.is_empty() {
            queue.bytes = VecDeque::new();
        }
        Ok(queue.bytes.is_empty())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than an honest client can owe: the list of all connections, several times.
const QUEUE_MAX: usize = 4 << 20;

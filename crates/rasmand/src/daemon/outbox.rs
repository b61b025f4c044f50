//! What a client is sent, without ever waiting for it.

use super::budget::{Budget, Charge};
use rasman::ipc::{send_some, send_some_with};
use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
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

struct Queue {
    bytes: VecDeque<u8>,
    cut_off: bool,
    charge: Charge,
}

impl Queue {
    /// Keeps what the socket did not take, at the expense of the client's user; a client beyond the bound is cut off.
    fn keep(&mut self, rest: &[u8]) {
        // One message may be longer than the bound: the list of very many connections.
        let length = self.bytes.len() + rest.len();
        if self.bytes.len() > QUEUE_MAX || !self.charge.set(length) {
            self.cut_off();
        } else {
            self.bytes.extend(rest);
        }
    }

    fn cut_off(&mut self) {
        self.cut_off = true;
        self.bytes = VecDeque::new();
        self.charge.set(0);
    }
}

impl Outbox {
    pub(super) fn new(socket: Arc<UnixStream>, budget: Arc<Budget>) -> Self {
        let queue = Queue { bytes: VecDeque::new(), cut_off: false, charge: Charge::new(budget) };
        Self {
            socket,
            queue: Mutex::new(queue),
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
        queue.keep(rest);
        drop(queue);
        self.wake.notify_one();
    }

    /// Sends a message with a descriptor, at once or not at all; tells whether it did.
    ///
    /// A client to which nothing can be sent now has to read first.
    pub(super) fn send_with(&self, message: &[u8], descriptor: BorrowedFd<'_>) -> bool {
        let mut queue = self.queue();
        if queue.cut_off || !queue.bytes.is_empty() {
            return queue.cut_off;
        }
        match send_some_with(&*self.socket, message, &[descriptor]) {
            Ok(0) => false,
            Ok(sent) => {
                queue.keep(&message[sent..]);
                drop(queue);
                self.wake.notify_one();
                true
            }
            // The client's task learns of it by reading.
            Err(_) => true,
        }
    }

    /// How many bytes the client has not taken.
    pub(super) fn pending(&self) -> usize {
        self.queue().bytes.len()
    }

    /// Closes the connection.
    pub(super) fn cut_off(&self) {
        self.queue().cut_off();
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
        let length = queue.bytes.len();
        queue.charge.set(length);
        if queue.bytes.is_empty() {
            queue.bytes = VecDeque::new();
        }
        Ok(queue.bytes.is_empty())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than an honest client can owe.
const QUEUE_MAX: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_may_be_longer_than_the_bound_and_nothing_comes_behind_it() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let outbox = Outbox::new(Arc::new(ours), Arc::default());
        outbox.send(&vec![b'x'; 2 * QUEUE_MAX]);
        assert!(outbox.pending() > QUEUE_MAX, "the list of very many connections");
        outbox.send(b"more");
        assert!(outbox.queue().cut_off && outbox.pending() == 0);
    }

    #[tokio::test]
    async fn clients_of_one_user_share_a_bound() {
        let budget = Arc::<Budget>::default();
        let streams: Vec<_> = (0..20).map(|_| UnixStream::pair().unwrap()).collect();
        let outboxes: Vec<_> = streams
            .into_iter()
            .map(|(ours, theirs)| (Outbox::new(Arc::new(ours), Arc::clone(&budget)), theirs))
            .collect();
        for (outbox, _) in &outboxes {
            outbox.send(&vec![b'x'; QUEUE_MAX + (1 << 20)]);
        }
        let kept = outboxes.iter().filter(|(outbox, _)| outbox.pending() > 0).count();
        assert!((8..16).contains(&kept), "{kept} of 20");
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let modest = Outbox::new(Arc::new(ours), budget);
        modest.send(&vec![b'x'; 4096]);
        assert!(!modest.queue().cut_off, "one that owes little is not cut off for the others");
    }

    #[tokio::test]
    async fn the_rest_of_a_reply_with_a_descriptor_is_charged() {
        let budget = Arc::<Budget>::default();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let outbox = Outbox::new(Arc::new(ours), Arc::clone(&budget));
        let file = std::fs::File::open("/dev/null").unwrap();
        let message = vec![b'x'; QUEUE_MAX];
        assert!(outbox.send_with(&message, std::os::fd::AsFd::as_fd(&file)));
        assert!(outbox.pending() > 0, "the socket takes less");
        assert_eq!(budget.held(), outbox.pending());
        outbox.cut_off();
        assert_eq!(budget.held(), 0);
    }
}

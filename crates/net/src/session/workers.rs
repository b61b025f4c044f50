//! The worker threads.

use super::{Session, driver};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet};

/// A fixed set of session workers.
///
/// Dropped, the workers end by themselves once their connections have.
pub struct Workers {
    senders: Vec<mpsc::Sender<Session>>,
    threads: Vec<JoinHandle<()>>,
    done: watch::Receiver<()>,
    next: AtomicUsize,
}

/// The threads of workers that were told to stop.
pub struct Stopping {
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads, at least one.
    ///
    /// # Errors
    /// The system refused a thread or a runtime.
    pub fn start(count: usize) -> io::Result<Self> {
        let (guard, done) = watch::channel(());
        let guard = Arc::new(guard);
        let mut senders = Vec::new();
        let mut threads = Vec::new();
        for index in 0..count.max(1) {
            let (sender, receiver) = mpsc::channel(QUEUE_MAX);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let guard = Arc::clone(&guard);
            let thread = std::thread::Builder::new().name(format!("rasman-{index}")).spawn(move || {
                LocalSet::new().block_on(&runtime, work(receiver));
                // A name lookup that the system does not let us cancel must not keep the thread.
                runtime.shutdown_timeout(Duration::from_millis(1));
                drop(guard);
            })?;
            senders.push(sender);
            threads.push(thread);
        }
        Ok(Self { senders, threads, done, next: AtomicUsize::new(0) })
    }

    /// Hands a session to a worker, the workers taking turns.
    ///
    /// # Errors
    /// The session itself, if every worker's queue is full.
    pub fn run(&self, session: Session) -> Result<(), Box<Session>> {
        let first = self.next.fetch_add(1, Relaxed);
        let mut session = session;
        for turn in 0..self.senders.len() {
            let sender = &self.senders[first.wrapping_add(turn) % self.senders.len()];
            match sender.try_send(session) {
                Ok(()) => return Ok(()),
                Err(error) => session = error.into_inner(),
            }
        }
        Err(Box::new(session))
    }

    /// Gives a channel that closes when the last worker has ended.
    #[must_use]
    pub fn done(&self) -> watch::Receiver<()> {
        self.done.clone()
    }

    /// Takes no more sessions; the workers end with their last one.
    #[must_use]
    pub fn stop(self) -> Stopping {
        Stopping { threads: self.threads }
    }
}

impl Stopping {
    /// Waits for the threads themselves, a moment after the last session has ended.
    pub fn join(self) {
        for thread in self.threads {
            // A worker that panicked has told so already.
            let _ = thread.join();
        }
    }
}

/// Runs sessions until no more can come and the last has ended.
async fn work(mut sessions: mpsc::Receiver<Session>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            session = sessions.recv() => match session {
                Some(session) => {
                    running.spawn_local(driver::run(session));
                }
                None => break,
            },
            // One that panicked has dropped its observer, which tells of its end.
            Some(_) = running.join_next(), if !running.is_empty() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// How many dials may wait for one worker to take them.
const QUEUE_MAX: usize = 4096;

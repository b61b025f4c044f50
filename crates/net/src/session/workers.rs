//! The worker threads.

use super::{Session, driver};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet};

/// A fixed set of session workers.
///
/// Dropped, the workers end by themselves once their connections have.
pub struct Workers {
    senders: Vec<mpsc::Sender<Session>>,
    threads: Vec<JoinHandle<()>>,
    done: oneshot::Receiver<()>,
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
        let (guard, done) = Guard::new();
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
    /// The session itself, if the worker's queue is full.
    pub fn run(&self, session: Session) -> Result<(), Box<Session>> {
        let index = self.next.fetch_add(1, Relaxed) % self.senders.len();
        self.senders[index].try_send(session).map_err(|error| Box::new(error.into_inner()))
    }

    /// Takes no more sessions; tells when the last one has ended.
    #[must_use]
    pub fn stop(self) -> (oneshot::Receiver<()>, Stopping) {
        (self.done, Stopping { threads: self.threads })
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

/// Tells when the last worker has dropped it.
struct Guard(Option<oneshot::Sender<()>>);

impl Guard {
    fn new() -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, done) = oneshot::channel();
        (Arc::new(Self(Some(sender))), done)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
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

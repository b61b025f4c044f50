//! A lab on a thread of its own.

use crate::stats::Counters;
use crate::{Config, Facts, Faults, SessionEvent, Stats};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{broadcast, mpsc};

/// Starts a lab on a thread of its own, ready to be dialled when this returns.
///
/// # Errors
/// The address cannot be listened on, or the system refused a thread, a runtime or a key.
pub fn spawn(config: Config) -> io::Result<Running> {
    let _ = config;
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// A lab on a thread of its own. Dropped, it stops as by [`stop`](Self::stop).
pub struct Running {
    facts: Facts,
    counters: Arc<Counters>,
    control: mpsc::UnboundedSender<Control>,
    events: broadcast::Sender<SessionEvent>,
    thread: Option<JoinHandle<()>>,
}

/// What a running lab may be told.
pub(crate) enum Control {
    /// These faults from the next connection on.
    Faults(Faults),
    /// Every client is sent away.
    HangUp,
    /// Everything ends.
    Stop,
}

impl Running {
    /// Gives what a client has to know.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Gives what was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Tells of every session from now on; a receiver that falls behind by more than 4096 events is told that it
    /// lagged. In a thread without a runtime use its `blocking_recv`.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<SessionEvent> {
        self.events.subscribe()
    }

    /// Sets what goes wrong from the next connection on. [`Faults::first`] counts from here.
    pub fn set_faults(&self, faults: Faults) {
        // A lab that has stopped has nobody to be faulty to.
        let _ = self.control.send(Control::Faults(faults));
    }

    /// Sends every client away by a Call Disconnect.
    pub fn hang_up_all(&self) {
        let _ = self.control.send(Control::HangUp);
    }

    /// Sends every client away, waits for the goodbyes (half a second at the most) and for the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.control.send(Control::Stop);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

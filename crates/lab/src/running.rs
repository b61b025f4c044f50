//! A lab on a thread of its own.

use crate::certificates::Certificates;
use crate::lab::{Lab, PresentFaults, facts, serve};
use crate::modem::ModemConfig;
use crate::stats::Counters;
use crate::{Config, Facts, Faults, SessionEvent, Stats};
use rasman_net::port::pty::Pty;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::{Arc, mpsc::SyncSender};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::task::LocalSet;

/// Starts a lab on a thread of its own, ready to be dialled when this returns.
///
/// # Errors
/// The address cannot be listened on, or the system refused a thread, a runtime or a key.
pub fn spawn(config: Config) -> io::Result<Running> {
    let (mut running, start) = prepare(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name("rasman-lab".to_owned()).spawn(move || {
        LocalSet::new().block_on(&runtime, async {
            match start.run() {
                Ok(serving) => serving.await,
                Err(error) => tracing::error!(%error, "the lab cannot listen"),
            }
        });
    })?;
    running.thread = Some(thread);
    Ok(running)
}

/// Starts a lab on the present thread, as a task of the present [`LocalSet`].
///
/// # Errors
/// As [`spawn`].
///
/// # Panics
/// Outside a [`LocalSet`].
pub fn spawn_local(config: Config) -> io::Result<Running> {
    let (running, start) = prepare(config)?;
    tokio::task::spawn_local(start.run()?);
    Ok(running)
}

fn prepare(config: Config) -> io::Result<(Running, Start)> {
    if config.radius.is_some() == config.radius_secret.is_empty() {
        let words = "--radius and --radius-secret-file go together, and the secret is not empty";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let listener = TcpListener::bind(config.listen)?;
    listener.set_nonblocking(true)?;
    let mut modems = Vec::new();
    for modem in &config.modems {
        modems.push((modem.clone(), Pty::open(modem.link.as_deref())?));
    }
    let certificates = Certificates::make(&config.name, config.tls12_only)?;
    let mut facts = facts(&config, &certificates, listener.local_addr()?);
    facts.modems = modems.iter().map(|(_, pty)| pty.path().to_owned()).collect();
    let (control, orders) = mpsc::unbounded_channel();
    let events = broadcast::Sender::new(EVENTS_MAX);
    let counters = Arc::new(Counters::default());
    let faults = Arc::new(PresentFaults::new(config.faults.clone()));
    let running = Running {
        facts,
        counters: Arc::clone(&counters),
        faults: Arc::clone(&faults),
        control,
        events: events.clone(),
        thread: None,
    };
    Ok((running, Start { config, certificates, counters, faults, events, listener, modems, orders }))
}

/// All that a lab needs, on its way to the thread that owns it.
struct Start {
    config: Config,
    certificates: Certificates,
    counters: Arc<Counters>,
    faults: Arc<PresentFaults>,
    events: broadcast::Sender<SessionEvent>,
    listener: TcpListener,
    modems: Vec<(ModemConfig, Pty)>,
    orders: mpsc::UnboundedReceiver<Control>,
}

impl Start {
    fn run(self) -> io::Result<impl Future<Output = ()> + 'static> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let (calls, called) = mpsc::unbounded_channel();
        let lab = Lab::new(self.config, self.certificates, self.counters, self.events, self.faults, calls);
        Ok(serve(Rc::new(lab), listener, self.modems, called, self.orders))
    }
}

/// A lab that runs. Dropped, it stops as by [`stop`](Self::stop).
pub struct Running {
    facts: Facts,
    counters: Arc<Counters>,
    faults: Arc<PresentFaults>,
    control: mpsc::UnboundedSender<Control>,
    events: broadcast::Sender<SessionEvent>,
    thread: Option<JoinHandle<()>>,
}

/// What a running lab may be told.
pub(crate) enum Control {
    /// Every client is sent away.
    HangUp,
    /// Say so once everything that has reached the lab by now was dealt with.
    Settle(SyncSender<()>),
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

    /// Gives what was counted, once everything that had reached the lab's thread before is: a client that has hung up
    /// is gone from it. It blocks for some milliseconds, so a lab on the same thread is not asked this way.
    #[must_use]
    pub fn settled_stats(&self) -> Stats {
        let (done, settled) = std::sync::mpsc::sync_channel(1);
        if self.thread.is_some() && self.control.send(Control::Settle(done)).is_ok() {
            // Late or gone: what is known must do.
            let _ = settled.recv_timeout(SETTLE_LIMIT);
        }
        self.stats()
    }

    /// Tells of every session from now on; a receiver that falls behind by more than 4096 events is told that it
    /// lagged. In a thread without a runtime use its `blocking_recv`.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<SessionEvent> {
        self.events.subscribe()
    }

    /// Sets what goes wrong from the next connection on. [`Faults::first`] counts from here.
    pub fn set_faults(&self, faults: Faults) {
        self.faults.set(faults, self.stats().accepted);
    }

    /// Sends every client away by a Call Disconnect.
    pub fn hang_up_all(&self) {
        let _ = self.control.send(Control::HangUp);
    }

    /// Sends every client away, waits for the goodbyes (half a second at the most) and for the thread. A lab on the
    /// present thread is only told to stop.
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

/// How many events a receiver may fall behind.
const EVENTS_MAX: usize = 4096;
/// How long a lab may take to settle.
const SETTLE_LIMIT: Duration = Duration::from_secs(1);

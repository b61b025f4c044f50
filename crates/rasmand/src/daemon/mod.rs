//! The manager as a daemon.
//!
//! ```text
//! clients ──Varlink──> Server (one thread, a task a client) ──> Table, sessions on workers
//!    ^                    | hub: one task that tells watchers
//!    └── Outbox <─────────┴── DialLog <── TableObserver (a worker writes to the client's socket itself)
//! ```
//!
//! A connection belongs to the user that dialled it; a dial belongs to a process until Connected is published, and is
//! hung up when that ends (clauses A44, A48).

mod budget;
mod clerks;
mod hub;
mod idle;
mod limits;
mod listener;
mod log;
mod methods;
mod outbox;
mod peer;
mod process;
mod refusals;
mod server;
mod state;

pub use process::main_process;

use crate::activation::ServiceManager;
use crate::embedded::{self, Settings};
use crate::sandbox::{self, Plan};
use listener::{Bound, Listening};
use rasman::Error;
use rasman::ipc::scope::Place;
use rasman_core::{Cause, Code, LayerName};
use server::Server;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// How to run the daemon.
pub struct Options {
    /// Where it listens.
    pub place: Place,
    /// End after this long with nobody connected and nothing dialled; nothing for never.
    pub idle: Option<Duration>,
    /// The group whose members see and hang up everybody's connections, by name or number.
    pub admins: String,
    /// Entries and limits.
    pub settings: Settings,
    /// What this process keeps of its rights; nothing for all of them.
    pub sandbox: Option<Plan>,
    /// Called once clients can connect.
    pub ready: Box<dyn FnOnce() + Send>,
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// 711 with one clear line if it cannot start.
pub fn run(options: Options) -> Result<(), Error> {
    let bound = listener::open(&options.place)?;
    let service = ServiceManager::from_environment();
    // Before there is another thread; what it forbids has been done by now.
    if let Some(plan) = &options.sandbox {
        sandbox::apply(plan).log();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| cannot_start("made the event loop", &error))?;
    let result = LocalSet::new().block_on(&runtime, serve(options, bound, &service));
    // A name lookup that the system does not let us cancel must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(10));
    result
}

async fn serve(options: Options, bound: Bound, service: &ServiceManager) -> Result<(), Error> {
    let Options { place, idle, admins, settings, ready, .. } = options;
    let listening = bound.listen()?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| cannot_start("asked for signals", &error))?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| cannot_start("asked for signals", &error))?;
    let embedded = Arc::new(embedded::start(settings)?);
    let changes = embedded.table().number_changes();
    let (stop, mut stopped) = mpsc::channel(1);
    let admins = admins.parse().ok().or_else(|| peer::group_number(&admins));
    let limits = limits::Limits::default();
    let server = Rc::new(Server::new(embedded, place.scope, limits, admins, stop));
    let hub = tokio::task::spawn_local(hub::run(Rc::clone(&server), changes));
    tracing::info!(scope = %place.scope, folder = %place.folder.display(), "ready");
    ready();
    service.ready("serving clients");
    let why = tokio::select! {
        never = accept(&server, &listening) => never,
        () = service.keep_alive() => "the service manager is gone",
        () = idle::wait(&server, idle, &listening) => "nobody is connected and nothing is dialled",
        _ = stopped.recv() => "told to stop by a client",
        _ = interrupted.recv() => "told to stop",
        _ = terminated.recv() => "told to stop",
    };
    tracing::info!("ending: {why}");
    service.stopping(why);
    // From here on the next manager may start, or the service manager keep those who call.
    listening.close();
    shut_down(&server, hub, interrupted.recv()).await;
    Ok(())
}

/// Hangs up everything, and ends when all of it is told, or at once if told to stop again.
async fn shut_down(server: &Rc<Server>, hub: tokio::task::JoinHandle<()>, again: impl Future) {
    let _done = rasman::Backend::shut_down(&*server.embedded);
    tokio::select! {
        // It ends behind the end of the last connection.
        _ = hub => {}
        _ = again => {}
        () = tokio::time::sleep(SHUT_DOWN_LIMIT) => tracing::warn!("some connections were left without a goodbye"),
    }
    written(server).await;
    let clients: Vec<_> = server.state().clients.values().cloned().collect();
    let told = async {
        for client in &clients {
            client.outbox.below(1).await;
        }
    };
    // A client that reads nothing is not waited for.
    let _ = tokio::time::timeout(TELL_LIMIT, told).await;
}

/// Waits until what was to be written is: calls under way, credentials of dials that have connected (clause K8).
async fn written(server: &Rc<Server>) {
    let (embedded, clerks) = (Arc::clone(&server.embedded), server.clerks.clone());
    let (done, all) = tokio::sync::oneshot::channel();
    let waiter = std::thread::Builder::new().name("rasman-last".to_owned()).spawn(move || {
        clerks.wait();
        rasman::Backend::join(&*embedded);
        let _ = done.send(());
    });
    if waiter.is_ok() && tokio::time::timeout(WRITE_LIMIT, all).await.is_err() {
        tracing::warn!("a phone book or stored credentials were not written in time");
    }
}

async fn accept(server: &Rc<Server>, listening: &Listening) -> ! {
    loop {
        match listening.accept().await {
            Ok(stream) => server.accept(stream),
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                // No descriptors or no memory: nothing tells when there are some again.
                tracing::warn!("cannot take on a client: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// A client that went away before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

fn cannot_start(did: &str, error: &impl std::fmt::Display) -> Error {
    Error(Cause::new(Code::RASMAN_CANNOT_INITIALIZE, LayerName::Manager).did(format!("{did}: {error}")))
}

/// The longest time for goodbyes when the daemon stops.
const SHUT_DOWN_LIMIT: Duration = Duration::from_millis(4500);
/// The longest time for files to be written when the daemon stops; each is whole at any moment.
const WRITE_LIMIT: Duration = Duration::from_secs(2);
/// The longest time for clients to take what they are told last.
const TELL_LIMIT: Duration = Duration::from_millis(300);

//! What a notification costs from a worker to the thread that waits for it, beside a bare round trip that comes as rarely.

use super::{Lab, Results, answer, connect, fresh_folder, named, options, round_trip, timed};
use crate::{hang_up, start};
use rasman::ConnState;
use rasman_tests::harness;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a notification takes from its publication to the program that dialled: the daemon runs on threads of this
/// process, so that both have one clock, and what they log says when the worker publishes.
pub(crate) async fn notifications(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&["--fault", "delay=tls:10ms", "--fault", "delay=auth:10ms"])?;
    let folder = fresh_folder("notify");
    let (ready, is_ready) = std::sync::mpsc::channel();
    let options_of = options(
        folder.clone(),
        named(&harness::entry_to(&lab.facts), 1),
        Box::new(move || {
            let _ = ready.send(());
        }),
    );
    let daemon = std::thread::spawn(move || rasmand::daemon::run(options_of));
    let _ = is_ready.recv();
    let _ = tracing::subscriber::set_global_default(Published);
    let manager = connect(&folder)?;
    let mut bare = echo_beside(&folder)?;
    let (mut trips, mut samples) = (Vec::new(), Vec::new());
    for _ in 0..NOTIFIED_DIALS {
        let mut dialling = start(&manager, 0)?;
        let connection = dialling.connection();
        // One that blocks on its thread, as a program without an event loop does.
        let reader = std::thread::spawn(move || {
            let mut arrivals = Vec::new();
            while let Some(notification) = dialling.blocking_next() {
                let arrived = Instant::now();
                // The server holds its answers back, so that nothing else goes on while these travel.
                if matches!(notification.state, ConnState::ConnectDevice | ConnState::Authenticate) {
                    arrivals.push(Published::since(notification.seq, arrived));
                }
            }
            std::mem::forget(dialling);
            arrivals
        });
        samples.extend(reader.join().unwrap_or_default());
        // As rare as the notifications: both threads have slept, and so have their cores.
        for _ in 0..2 {
            std::thread::sleep(PAUSE);
            trips.push(timed(|| round_trip(&mut bare))?);
        }
        hang_up(&connection).await?;
    }
    results.add("daemon_notify_us_p50", 0.5, &mut samples);
    results.add("socket_round_trip_rare_us_p50", 0.5, &mut trips);
    results.ratio("daemon_notify_ratio", "daemon_notify_us_p50", "socket_round_trip_rare_us_p50");
    manager.stop().await.map_err(io::Error::other)?;
    let _ = daemon.join();
    let _ = std::fs::remove_dir_all(folder);
    lab.stop()
}

/// Lets a thread of this process echo, as the daemon's threads are threads of this process.
fn echo_beside(folder: &Path) -> io::Result<UnixStream> {
    let socket = folder.join("echo");
    let listener = UnixListener::bind(&socket)?;
    std::thread::spawn(move || answer(listener));
    UnixStream::connect(socket)
}

/// Remembers when workers published, by the number of the notification within the one dial that runs.
struct Published;

static BEGINNING: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
static TIMES: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

impl Published {
    /// Microseconds since the notification with this number was published.
    fn since(seq: u64, arrived: Instant) -> f64 {
        let published = Duration::from_nanos(TIMES[seq as usize % TIMES.len()].load(Relaxed));
        arrived.duration_since(*BEGINNING).saturating_sub(published).as_secs_f64() * 1e6
    }
}

impl tracing::Subscriber for Published {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("rasmand::observer")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Seq(Option<u64>);
        impl tracing::field::Visit for Seq {
            fn record_u64(&mut self, field: &tracing::field::Field, value: u64) {
                if field.name() == "seq" {
                    self.0 = Some(value);
                }
            }

            fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
        }
        let mut seq = Seq(None);
        event.record(&mut seq);
        if let Seq(Some(seq)) = seq {
            let now = u64::try_from(BEGINNING.elapsed().as_nanos()).unwrap_or(0);
            TIMES[seq as usize % TIMES.len()].store(now, Relaxed);
        }
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

const NOTIFIED_DIALS: usize = 100;
/// How long the server holds each of its answers back.
const PAUSE: Duration = Duration::from_millis(10);

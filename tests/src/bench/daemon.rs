//! The daemon's rows: what a call and a notification through its socket cost beside a bare round trip over one, and
//! what many idle connections and watchers cost.

use super::{Lab, Results, forget};
use rasman::daemon::{Connector, Scope};
use rasman::ipc::scope::Place;
use rasman::{ConnState, Entry, Manager};
use rasman_tests::harness;
use rasmand::daemon::Options;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The daemon's half: a manager that knows some entries, or a bare echo beside it; ends with its standard input.
pub(crate) fn process(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut next = || arguments.next().and_then(|argument| argument.into_string().ok()).unwrap_or_default();
    let (folder, entries, facts) = (PathBuf::from(next()), next(), next());
    let _ = std::thread::Builder::new().spawn({
        let socket = folder.join("echo");
        move || echo(&socket)
    });
    let entries = match (entries.parse(), serde_json::from_str(&facts)) {
        (Ok(count), Ok(facts)) => named(&harness::entry_to(&facts), count),
        _ => Vec::new(),
    };
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    match rasmand::daemon::run(options(folder, entries, Box::new(|| println!("ready")))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Answers every message with a shorter one, with nothing between two blocking calls.
fn echo(socket: &Path) {
    while !socket.parent().is_some_and(Path::exists) {
        std::thread::yield_now();
    }
    let Ok(listener) = UnixListener::bind(socket) else { return };
    for mut stream in listener.incoming().map_while(Result::ok) {
        std::thread::spawn(move || {
            let mut message = [0; MESSAGE];
            while stream.read_exact(&mut message).is_ok() && stream.write_all(&message[..REPLY]).is_ok() {}
        });
    }
}

/// A bare round trip and a dial by turns, so that both meet the same machine.
pub(crate) async fn calls(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&["--fault", "silent=http"])?;
    let daemon = Daemon::start(&lab, ENTRIES)?;
    let manager = daemon.manager()?;
    let mut bare = UnixStream::connect(daemon.folder.join("echo"))?;
    let (mut trips, mut calls, mut dials) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..SAMPLES + WARM_UP {
        // Each follows an exchange with the same thread, so that neither wakes a core that sleeps.
        round_trip(&mut bare)?;
        let trip = timed(|| round_trip(&mut bare))?;
        std::hint::black_box(manager.ended(rasman::Handle(0)));
        let call = timed(|| {
            std::hint::black_box(manager.ended(rasman::Handle(0)));
            Ok(())
        })?;
        let mut dialling = None;
        let dial = timed(|| {
            dialling = Some(super::start(&manager, round % ENTRIES)?);
            Ok(())
        })?;
        forget(dialling.into_iter().collect()).await;
        if round >= WARM_UP {
            trips.push(trip);
            calls.push(call);
            dials.push(dial);
        }
    }
    results.add("socket_round_trip_us_p50", 0.5, &mut trips);
    results.add("daemon_call_us_p50", 0.5, &mut calls);
    results.add("daemon_dial_return_us_p50", 0.5, &mut dials);
    results.add("daemon_dial_return_us_p99", 0.99, &mut dials);
    results.ratio("daemon_dial_return_ratio", "daemon_dial_return_us_p50", "socket_round_trip_us_p50");
    drop(manager);
    daemon.stop()?;
    lab.stop()
}

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
    let mut samples = Vec::new();
    for _ in 0..NOTIFIED_DIALS {
        let mut dialling = super::start(&manager, 0)?;
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
        super::hang_up(&connection).await?;
    }
    results.add("daemon_notify_us_p50", 0.5, &mut samples);
    results.ratio("daemon_notify_ratio", "daemon_notify_us_p50", "socket_round_trip_us_p50");
    manager.stop().await.map_err(io::Error::other)?;
    let _ = daemon.join();
    let _ = std::fs::remove_dir_all(folder);
    lab.stop()
}

/// 1,000 idle connections with 100 watchers: memory, and the share of one core over some seconds. Then what a watcher
/// that does not read changes for a program that dials.
pub(crate) async fn crowd(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&[])?;
    let daemon = Daemon::start(&lab, IDLE + 1)?;
    let manager = daemon.manager()?;
    let before = daemon.memory_kb()?;
    let mut connections = Vec::new();
    for first in (0..IDLE).step_by(50) {
        let dials: Vec<_> = (first..first + 50).map(|entry| super::start(&manager, entry)).collect::<Result<_, _>>()?;
        for dial in dials {
            connections.push(dial.finish().await.map_err(io::Error::other)?);
        }
    }
    let managers: Vec<Manager> = (0..WATCHERS).map(|_| daemon.manager()).collect::<Result<_, _>>()?;
    let mut watches: Vec<_> = managers.iter().map(Manager::watch).collect();
    for watch in &mut watches {
        watch.next().await;
    }
    let (memory, cpu) = (daemon.memory_kb()?, daemon.cpu_ticks()?);
    tokio::time::sleep(IDLE_TIME).await;
    let ticks = daemon.cpu_ticks()? - cpu;
    results.0.insert("daemon_1000_idle_mb".to_owned(), memory / 1e3);
    results.0.insert("daemon_idle_connection_kb".to_owned(), (memory - before) / IDLE as f64);
    // A tick is a hundredth of a second.
    results.0.insert("daemon_1000_idle_cpu_percent".to_owned(), ticks / IDLE_TIME.as_secs_f64());
    let mut healthy = dial_and_hang_up(&manager).await?;
    let mut stuck = Raw::watch(&daemon.folder)?;
    let mut hindered = dial_and_hang_up(&manager).await?;
    stuck.0.write_all(b"{}\0").unwrap_or(());
    results.add("daemon_dial_p99_us", 0.99, &mut healthy);
    results.add("daemon_dial_stuck_watcher_p99_us", 0.99, &mut hindered);
    results.ratio("daemon_stuck_watcher_ratio", "daemon_dial_stuck_watcher_p99_us", "daemon_dial_p99_us");
    drop(watches);
    drop(connections);
    daemon.stop()?;
    lab.stop()
}

/// Dials that fail to begin nothing: the entry leads to the lab, and each is hung up at once.
async fn dial_and_hang_up(manager: &Manager) -> io::Result<Vec<f64>> {
    let mut samples = Vec::new();
    for _ in 0..CROWD_DIALS {
        let start = Instant::now();
        let dialling = super::start(manager, IDLE)?;
        samples.push(start.elapsed().as_secs_f64() * 1e6);
        forget(vec![dialling]).await;
    }
    Ok(samples)
}

/// A watcher that reads nothing.
struct Raw(UnixStream);

impl Raw {
    fn watch(folder: &Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(folder.join("socket"))?;
        stream.write_all(b"{\"method\":\"io.rasman.Manager.Watch\",\"more\":true}\0")?;
        Ok(Self(stream))
    }
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

/// The daemon in a process of its own, with an echo beside it.
pub(crate) struct Daemon {
    child: Child,
    folder: PathBuf,
}

impl Daemon {
    fn start(lab: &Lab, entries: usize) -> io::Result<Self> {
        Self::start_in(fresh_folder("daemon"), lab, entries)
    }

    /// Starts one in this folder, which does not exist yet.
    pub(crate) fn start_in(folder: PathBuf, lab: &Lab, entries: usize) -> io::Result<Self> {
        let facts = serde_json::to_string(&lab.facts)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("daemon")
            .arg(&folder)
            .args([entries.to_string(), facts])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().ok_or_else(|| io::Error::other("the daemon has no output"))?;
        BufReader::new(stdout).read_line(&mut line)?;
        // The echo is there a moment later.
        while !folder.join("echo").exists() {
            std::thread::yield_now();
        }
        Ok(Self { child, folder })
    }

    fn manager(&self) -> io::Result<Manager> {
        connect(&self.folder)
    }

    fn memory_kb(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().unwrap_or_default().parse().map_err(io::Error::other)
    }

    fn cpu_ticks(&self) -> io::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // The 14th and 15th of proc(5), of which the first two are cut off.
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        Ok(ticks(11) + ticks(12))
    }

    pub(crate) fn stop(mut self) -> io::Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        std::fs::remove_dir_all(&self.folder)
    }
}

fn options(folder: PathBuf, entries: Vec<Entry>, ready: Box<dyn FnOnce() + Send>) -> Options {
    let settings = rasmand::Settings { entries, ..Default::default() };
    let place = Place { scope: Scope::User, folder };
    Options { place, idle: None, admins: String::new(), settings, sandbox: None, ready }
}

fn connect(folder: &Path) -> io::Result<Manager> {
    Connector::new(Scope::User).folder(folder).start(false).connect().map_err(io::Error::other)
}

fn named(model: &Entry, count: usize) -> Vec<Entry> {
    (0..count).map(|index| Entry { name: super::name(index), ..model.clone() }).collect()
}

fn round_trip(stream: &mut UnixStream) -> io::Result<()> {
    stream.write_all(&[b'x'; MESSAGE])?;
    stream.read_exact(&mut [0; REPLY])
}

fn timed(work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64() * 1e6)
}

pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rasman-bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

const ENTRIES: usize = 1_000;
const SAMPLES: usize = 2_000;
const WARM_UP: usize = 100;
const NOTIFIED_DIALS: usize = 100;
const IDLE: usize = 1_000;
const WATCHERS: usize = 100;
const CROWD_DIALS: usize = 1_000;
const IDLE_TIME: Duration = Duration::from_secs(5);
/// Bytes of a call that dials, and of its reply.
const MESSAGE: usize = 220;
const REPLY: usize = 110;

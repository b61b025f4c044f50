//! The daemon's rows: what a call and a notification through its socket cost beside a bare round trip over one, and
//! what many idle connections and watchers cost.

mod calls;
mod crowd;
mod notifications;
mod watchers;

pub(crate) use calls::calls;
pub(crate) use crowd::{crowd, many_at_a_time};
pub(crate) use notifications::notifications;
pub(crate) use watchers::stuck_watcher;

use crate::{Lab, Results};
use rasman::daemon::{Connector, Scope};
use rasman::ipc::scope::Place;
use rasman::{Entry, Manager};
use rasman_tests::harness;
use rasmand::daemon::Options;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// The daemon's half: a manager that knows some entries, or a bare echo beside it; ends with its standard input.
pub(crate) fn process(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut next = || arguments.next().and_then(|argument| argument.into_string().ok()).unwrap_or_default();
    let (folder, entries, facts) = (PathBuf::from(next()), next(), next());
    for (name, serve) in [("echo", answer as fn(UnixListener)), ("runtime-echo", answer_by_readiness)] {
        let socket = folder.join(name);
        std::thread::spawn(move || echo(&socket, serve));
    }
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

/// Listens beside the daemon, in its folder.
fn echo(socket: &Path, serve: fn(UnixListener)) {
    while !socket.parent().is_some_and(Path::exists) {
        std::thread::yield_now();
    }
    if let Ok(listener) = UnixListener::bind(socket) {
        serve(listener);
    }
}

/// Answers every message with a shorter one, with nothing between two blocking calls.
fn answer(listener: UnixListener) {
    for mut stream in listener.incoming().map_while(Result::ok) {
        std::thread::spawn(move || {
            let mut message = [0; MESSAGE];
            while stream.read_exact(&mut message).is_ok() && stream.write_all(&message[..REPLY]).is_ok() {}
        });
    }
}

/// The same in the daemon's shape: a task a client on a runtime of one thread, which is told what can be read.
fn answer_by_readiness(listener: UnixListener) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let _ = tokio::task::LocalSet::new().block_on(&runtime, async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::UnixListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::task::spawn_local(answer_one(stream));
        }
        #[allow(unreachable_code)] // It says of what type the errors are.
        io::Result::Ok(())
    });
}

async fn answer_one(stream: tokio::net::UnixStream) -> io::Result<()> {
    let mut message = [0; MESSAGE];
    loop {
        let mut length = 0;
        while length < MESSAGE {
            stream.readable().await?;
            match stream.try_read(&mut message[length..]) {
                Ok(0) => return Ok(()),
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        // An empty socket takes it.
        stream.try_write(&message[..REPLY])?;
    }
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
        // Those beside it are there a moment later.
        while !folder.join("echo").exists() || !folder.join("runtime-echo").exists() {
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
    (0..count).map(|index| Entry { name: crate::name(index), ..model.clone() }).collect()
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

/// Names a folder that does not exist, another one each time.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("rasman-bench-{name}-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Bytes of a call that dials, and of its reply.
const MESSAGE: usize = 220;
const REPLY: usize = 110;

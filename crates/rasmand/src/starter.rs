//! Starts the user's daemon in the background.
//!
//! The first client runs `rasmand start` and waits for it. It starts the daemon, waits until clients can connect, and
//! ends: so the daemon is nobody's child, and the client's process has no child left.

use rasman::ipc::scope::{Place, Scope};
use rustix::fs::{FlockOperation, Mode};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Starts a daemon, unless one is there, and returns when clients can connect.
#[must_use]
pub fn start(place: &Place, idle: Option<Option<Duration>>) -> ExitCode {
    match try_start(place, idle) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("rasmand: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Leaves the terminal and the folder of whoever started the daemon.
pub fn detach() {
    // That fails for the leader of a group, who has no terminal to lose then.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    // What a user's manager makes is the user's, whatever the first client thought of what it made itself.
    rustix::process::umask(Mode::from_raw_mode(0o077));
}

/// Lets go of what the starter reads, once it has read enough. A log is kept for those who ask for one.
pub fn let_go_of_output() {
    let Ok(null) = File::options().read(true).write(true).open("/dev/null") else { return };
    let _ = rustix::stdio::dup2_stdout(&null);
    if std::env::var_os("RASMAN_LOG").is_none() {
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// What is meant for whoever starts the manager, and not for all who will call it later: what the service manager
/// handed to that service, its credentials too, and code to be run within that program.
const NOT_OURS: [&str; 11] = [
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "CREDENTIALS_DIRECTORY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LD_PRELOAD",
    "LD_AUDIT",
];

fn try_start(place: &Place, idle: Option<Option<Duration>>) -> Result<(), String> {
    // Two first clients: the second waits here, and finds the manager of the first.
    let _lock = lock(place).map_err(|error| format!("{}: {error}", place.folder.display()))?;
    if std::os::unix::net::UnixStream::connect(place.socket()).is_ok() {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(|error| format!("cannot find my own program: {error}"))?;
    let mut command = Command::new(program);
    // The program may be one file with several names, and this is the one that is meant.
    command.arg0("rasmand");
    command.arg("--detached").arg("--scope").arg(place.scope.to_string()).arg("--folder").arg(&place.folder);
    match idle {
        Some(Some(idle)) => drop(command.arg("--idle").arg(idle.as_secs_f64().to_string())),
        Some(None) => drop(command.arg("--idle").arg("never")),
        None => {}
    }
    for variable in NOT_OURS {
        command.env_remove(variable);
    }
    rasman_net::activation::keep_from_programs().map_err(|error| format!("cannot list my descriptors: {error}"))?;
    let errors = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(place.folder.join("log"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(errors.map_or_else(|_| Stdio::null(), Stdio::from));
    let mut child = command.spawn().map_err(|error| format!("cannot start the manager: {error}"))?;
    let stdout = child.stdout.take().ok_or("the manager has no output")?;
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    if read.is_ok() && line == "ready\n" {
        return Ok(());
    }
    let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    let log = std::fs::read_to_string(place.folder.join("log")).unwrap_or_default();
    let why = log.lines().last().unwrap_or_default();
    Err(format!("the manager did not start ({status}): {why}"))
}

/// Takes the lock of those who start a manager, waiting for another one.
fn lock(place: &Place) -> io::Result<File> {
    if place.scope == Scope::User {
        match std::fs::DirBuilder::new().mode(0o700).create(&place.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    place.check().map_err(io::Error::other)?;
    let lock =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(place.folder.join("start"))?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive)?;
    Ok(lock)
}

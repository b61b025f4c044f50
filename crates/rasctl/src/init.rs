//! As the first process of a container: somebody must collect orphans and pass signals on.
//!
//! The kernel gives the first process of a PID namespace every orphan, and delivers no signal to it that it does not
//! handle. So the first process is a small one that starts the same program again and does that, and nothing else.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, wait};
use std::process::{Command, ExitCode};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

/// Runs the program as a child if this is process 1, and gives its exit code.
pub(crate) fn supervise() -> Option<ExitCode> {
    if getpid() != Pid::INIT {
        return None;
    }
    let code = crate::runtime::block_on(run()).map_err(|failure| failure.headline()).and_then(|result| result);
    Some(match code {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("rasctl: as process 1: {error}");
            ExitCode::FAILURE
        }
    })
}

async fn run() -> Result<u8, String> {
    let broken = |error: std::io::Error| format!("cannot listen to signals: {error}");
    // Before the child is there, so that none of its signals is missed.
    let mut children = signal(SignalKind::child()).map_err(broken)?;
    let mut passed = Passed::listen().map_err(broken)?;
    let mut command = Command::new("/proc/self/exe");
    let mut arguments = std::env::args_os();
    if let Some(name) = arguments.next() {
        std::os::unix::process::CommandExt::arg0(&mut command, name);
    }
    let child = command.args(arguments).spawn().map_err(|error| format!("cannot start the program again: {error}"))?;
    let main = Pid::from_child(&child);
    loop {
        tokio::select! {
            _ = children.recv() => if let Some(code) = collect(main) { return Ok(code) },
            signal = passed.next() => drop(kill_process(main, signal)),
        }
    }
}

/// Collects all that ended; gives the exit code of the program, if it did.
fn collect(main: Pid) -> Option<u8> {
    let mut code = None;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == main => code = Some(code_of(status)),
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) | Err(_) => return code,
        }
    }
}

/// As shells tell it: the exit code, or 128 and the signal.
fn code_of(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The signals that are passed on.
struct Passed {
    interrupt: Signals,
    terminate: Signals,
    hang_up: Signals,
    quit: Signals,
}

impl Passed {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.hang_up.recv() => Signal::HUP,
            _ = self.quit.recv() => Signal::QUIT,
        }
    }
}

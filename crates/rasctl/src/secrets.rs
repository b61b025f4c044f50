//! Where passwords come from: never from the command line, which everybody can read.

use rasman::Secret;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// Reads the first line of a file that nobody else may read.
pub(crate) fn from_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let mut file = File::open(path).map_err(|error| format!("password file {shown}: {error}"))?;
    let metadata = file.metadata().map_err(|error| format!("password file {shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("password file {shown} is not a file"));
    }
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("password file {shown} can be read by others; run: chmod 600 {shown}"));
    }
    let mut text = Zeroizing::new(Vec::new());
    Read::by_ref(&mut file)
        .take(PASSWORD_MAX)
        .read_to_end(&mut text)
        .map_err(|error| format!("password file {shown}: {error}"))?;
    let password = first_line(&text);
    if password.is_empty() {
        return Err(format!("password file {shown} has no password on its first line"));
    }
    Ok(password)
}

/// Reads the first line of standard input; asks for it on a terminal, without echo.
pub(crate) fn from_stdin(prompt: &str) -> Result<Secret, String> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let answer = runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
        let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        // Whatever ends the question, the echo comes back.
        let _quiet = Quiet::start(prompt);
        tokio::select! {
            line = tokio::task::spawn_blocking(read_line) => line.map_err(|error| error.to_string())?,
            _ = interrupted.recv() => Err("interrupted".to_owned()),
            _ = terminated.recv() => Err("told to end".to_owned()),
        }
    });
    // A line that nobody waits for any more may still be being read.
    runtime.shutdown_background();
    answer
}

fn read_line() -> Result<Secret, String> {
    let mut text = Zeroizing::new(Vec::new());
    let read = io::stdin().lock().take(PASSWORD_MAX).read_until(b'\n', &mut text);
    // An attempt with no password at all could lock the account; nothing was typed, so nothing is sent.
    match read.map_err(|error| format!("standard input: {error}"))? {
        0 => Err("no password on standard input; type it, pipe it in, or use --password-file FILE".to_owned()),
        _ => Ok(first_line(&text)),
    }
}

fn first_line(text: &[u8]) -> Secret {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Secret::new(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The terminal's echo is off while this lives.
struct Quiet;

impl Quiet {
    fn start(prompt: &str) -> Option<Self> {
        eprint!("{prompt}");
        let _ = io::stderr().flush();
        stty("-echo").then_some(Self)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        stty("echo");
        eprintln!();
    }
}

/// Sets the terminal by the system's own tool, which needs no unsafe code.
fn stty(setting: &str) -> bool {
    let command = Command::new("stty").arg(setting).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
    command.is_ok_and(|status| status.success())
}

/// More than any server takes.
const PASSWORD_MAX: u64 = 4096;

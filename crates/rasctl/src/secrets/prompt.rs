//! Questions on the terminal.

use super::PASSWORD_MAX;
use crate::exit::Exit;
use crate::failure::Failure;
use rasman::Secret;
use rustix::io::Errno;
use rustix::stdio;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::Write;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Asks for a secret, without echo. A signal to end ends the question.
pub(crate) async fn ask(question: &str) -> Result<Secret, Failure> {
    // Whatever ends the question, the echo comes back.
    let _quiet = Quiet::start();
    let answer = answer(question).await;
    eprintln!();
    answer
}

/// Asks for something that may be seen; an empty answer takes `default`.
pub(crate) async fn ask_plain(question: &str, default: &str) -> Result<String, Failure> {
    let shown = if default.is_empty() { format!("{question}: ") } else { format!("{question} [{default}]: ") };
    let line = answer(&shown).await?;
    let text = line.expose_str().map(str::trim).unwrap_or_default();
    Ok(if text.is_empty() { default.to_owned() } else { text.to_owned() })
}

async fn answer(question: &str) -> Result<Secret, Failure> {
    let broken = |error: std::io::Error| Failure::system("listening to signals", &error);
    let mut interrupted = signal(SignalKind::interrupt()).map_err(broken)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(broken)?;
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    // A thread of its own, because a line that nobody waits for any more may still be being read when we end.
    let (told, line) = oneshot::channel();
    std::thread::spawn(move || drop(told.send(read_line())));
    tokio::select! {
        line = line => line.unwrap_or_else(|_| Err(interrupted_failure())),
        _ = interrupted.recv() => Err(interrupted_failure()),
        _ = terminated.recv() => Err(interrupted_failure()),
    }
}

/// Reads one line of standard input, byte by byte, so that no buffer keeps it and what follows stays unread.
pub(super) fn read_line() -> Result<Secret, Failure> {
    let mut line = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX));
    let mut byte = [0];
    while line.len() < PASSWORD_MAX {
        match rustix::io::read(stdio::stdin(), &mut byte) {
            Ok(0) if line.is_empty() => {
                let advice = "type it, pipe it in, or use --password-file FILE";
                return Err(Failure::new(Exit::Credentials, "standard input ended before there was a line", advice));
            }
            Ok(0) => break,
            Ok(_) if byte == [b'\n'] => break,
            Ok(_) => line.extend_from_slice(&byte),
            Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::system("standard input", &error.into())),
        }
    }
    Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(&line)))
}

fn interrupted_failure() -> Failure {
    Failure::new(Exit::HungUp, "interrupted", "")
}

/// The terminal's echo is off while this lives.
struct Quiet(Termios);

impl Quiet {
    fn start() -> Option<Self> {
        let before = tcgetattr(stdio::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdio::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

//! A program that a test started.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const TICK: Duration = Duration::from_millis(10);

/// A running program with its output in a file; stopped, by its pid, when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with standard output and error in the file `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let out = File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = out.expect("a log can be made in a test's own folder");
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = child.unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        read_lossy(&self.log)
    }

    /// Waits until it has printed `words`.
    ///
    /// # Panics
    /// When it ends before, or after 20 s.
    pub fn wait_for(&mut self, words: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.log().contains(words) {
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "{} ended with {ended:?}:\n{}", self.name, self.log());
            assert!(Instant::now() < deadline, "{} never said {words:?}:\n{}", self.name, self.log());
            std::thread::sleep(TICK);
        }
    }

    /// Whether it ends within `patience`.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        within(patience, || !matches!(self.child.try_wait(), Ok(None)))
    }

    /// Sends TERM and waits; KILL after 5 s.
    pub fn stop(&mut self) {
        signal("TERM", self.pid());
        if !self.ends_within(Duration::from_secs(5)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("last words of {}:\n{}", self.name, lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

/// Sends a signal by name. The pid must be of a process that was not waited for yet.
pub(super) fn signal(name: &str, pid: u32) {
    let _ = Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status();
}

/// Looks until `condition` holds or `patience` ends; says whether it held.
pub(super) fn within(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(TICK);
    }
}

/// A file that another program writes, whatever bytes it holds; empty when absent.
pub(super) fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

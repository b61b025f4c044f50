//! A test in namespaces of its own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};
use std::time::Duration;

use super::process::within;
use super::{Unavailable, skip};

/// Set in the process that runs the body of an isolated test.
const INSIDE: &str = "RASMAN_ISOLATED";

/// After this a test is ended from outside.
const DEADLINE: Duration = Duration::from_secs(240);

/// Runs the body of the test function `test` in fresh network, mount and process namespaces, with
/// `lo` up and an empty `/run`.
///
/// The test binary executes itself again for it, so the body sees a process that runs nothing else.
/// It works as root, and without root where unprivileged user namespaces are allowed.
///
/// # Panics
/// When the body does, and where a peer is missing though `CI=true`.
pub fn isolated(test: &str, body: impl FnOnce() -> Result<(), Unavailable>) {
    isolated_for(DEADLINE, test, body);
}

/// The same for a test that may take `deadline`.
///
/// # Panics
/// As [`isolated`].
pub fn isolated_for(deadline: Duration, test: &str, body: impl FnOnce() -> Result<(), Unavailable>) {
    if std::env::var_os(INSIDE).is_none() {
        return again(test, deadline);
    }
    let prepared = Command::new("sh").args(["-c", "mount -t tmpfs tmpfs /run && ip link set lo up"]).status();
    assert!(prepared.is_ok_and(|status| status.success()), "the test's own namespace can be furnished");
    if let Err(why) = body() {
        skip(test, &why);
    }
}

/// Processes of this namespace that still run, this one excepted: what a stopped peer left behind.
///
/// Helpers of a peer end when their pipes do, so they are given 3 s.
#[must_use]
pub fn leftovers() -> Vec<String> {
    let mut left = Vec::new();
    within(Duration::from_secs(3), || {
        left = others();
        left.is_empty()
    });
    left
}

fn others() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let others = pids.filter(|pid| *pid != std::process::id());
    others.filter_map(|pid| describe(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect()
}

/// `pid (name) state ...`; none for a dead process, which as orphans only wait for us to look.
fn describe(stat: &str) -> Option<String> {
    let (head, rest) = stat.rsplit_once(") ")?;
    (!rest.starts_with(['Z', 'X'])).then(|| head.replace('(', ""))
}

fn again(test: &str, deadline: Duration) {
    let output = match enter(deadline, "true", &[]) {
        Ok(output) if output.status.success() => {
            let exe = std::env::current_exe().expect("a test knows its own program");
            let exe = exe.to_str().expect("the path of a test program is UTF-8");
            enter(deadline, exe, &[test, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return skip(test, &Unavailable(format!("no namespaces here: {said}")));
        }
        Err(error) => return skip(test, &Unavailable(format!("no namespaces here: {error}"))),
    };
    let output = output.expect("a second run of this program can be started");
    relay(test, &output);
    assert!(output.status.success(), "{test} failed in its namespace");
}

/// Prints what the inner run said. Lines for the test runner stand alone; the rest is marked, as the
/// inner run ends with a summary that is not this run's.
fn relay(test: &str, output: &Output) {
    let own_prefix = format!("test {test} ... ");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line = line.strip_prefix(own_prefix.as_str()).unwrap_or(line);
        match line.starts_with("SKIPPED ") || line.starts_with("INTEROP ") {
            true => println!("{line}"),
            false => println!("| {line}"),
        }
    }
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        println!("| {line}");
    }
}

/// Runs a program as the first process of new namespaces. It dies with us, or at the deadline: `timeout`
/// hears of our death, and KILL is what `unshare` obeys.
fn enter(deadline: Duration, program: &str, arguments: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "timeout", "--kill-after=0.2"]).arg(deadline.as_secs().to_string());
    command.args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !root {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg(program).args(arguments).env(INSIDE, "1").output()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_processes_are_no_leftovers() {
        assert_eq!(describe("7 (a b) c) S 1 7"), Some("7 a b) c".to_owned()));
        assert_eq!(describe("7 (sh) Z 1 7"), None);
    }
}

//! `cargo xtask test`: the whole test suite, and what it could not run.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::peers;
use crate::report::{Outcome, Report, Skip, TestResult};
use crate::tool::{self, Result};

/// How long all tests together may take where nobody watches, once they are built.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// How many failed tests may have a second attempt. More than these are no accident.
const SECOND_ATTEMPTS: usize = 2;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How foreign peers are treated
    #[arg(long, value_enum, default_value_t = Peers::Default)]
    pub(crate) peers: Peers,
    /// Run only the tests whose names contain one of these words
    pub(crate) filter: Vec<String>,
}

/// How foreign peers are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peers {
    /// Install what may be installed; a build that is not the expected one is red
    Strict,
    /// Install what may be installed; skip and name the rest (with CI=true a missing peer is red)
    Default,
    /// Run no foreign peer
    None,
}

/// The results of a run, as `clauses` reads them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    /// Whether only some tests were asked for.
    pub(crate) filtered: bool,
    /// All tests that the run told of.
    pub(crate) tests: Vec<TestResult>,
}

/// Runs the tests.
///
/// # Errors
/// When a test failed, did not build or, with `CI=true`, lacked its peer.
pub(crate) fn run(args: &Args) -> Result {
    // Whatever stops this run, nobody shall take an older one's results for it.
    store(&Report::default(), false)?;
    let packages = match build() {
        Ok(packages) => packages,
        Err(message) => return conclude(&Report::default(), &[message]),
    };
    let mut complaints = prepare_peers(args.peers);
    let (mut report, clean) = execute(args, packages.clone())?;
    attempt_again(args, &mut report, &packages)?;
    store(&report, !args.filter.is_empty())?;
    complaints.extend(hand_over(&report).err());

    if in_ci() && args.peers != Peers::None {
        complaints.extend(unwelcome_skips(&report.skips, args.peers));
    }
    if !clean && report.count(Outcome::Failed) == 0 && report.broken.is_empty() && report.flaky.is_empty() {
        complaints.push("cargo test did not run all tests".to_owned());
    }
    for test in &report.running {
        complaints.push(format!("{test} did not end"));
    }
    for binary in &report.broken {
        complaints.push(format!("the test binary {binary} ended early"));
    }
    conclude(&report, &complaints)
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}

/// Where the results of the last run are.
pub(crate) fn results_path() -> PathBuf {
    tool::target_dir().join("test-results.json")
}

/// Reads the lines of `command`, both streams in the order in which they were written.
/// `each` gets every line; the answer is whether the command ended with 0.
///
/// # Errors
/// When the command cannot be started.
pub(crate) fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    let failed = |e: std::io::Error| format!("cargo test: {e}");
    let (reader, writer) = std::io::pipe().map_err(failed)?;
    command.stdout(writer.try_clone().map_err(failed)?).stderr(writer).stdin(std::process::Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    // The command keeps our ends of the pipe; they must go, or the reader never sees the end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
    }
    Ok(child.wait().map_err(failed)?.success())
}

/// Builds all test binaries; gives the package of each executable's file name.
fn build() -> Result<BTreeMap<String, String>> {
    let messages = tool::output(tool::cargo().args([
        "test",
        "--workspace",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]))?;
    Ok(messages.lines().filter_map(executable).collect())
}

/// File name and package of a message about a built executable.
fn executable(message: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Artifact {
        package_id: String,
        executable: Option<PathBuf>,
    }
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    let file = artifact.executable?.file_name()?.to_str()?.to_owned();
    // `path+file:///x/crates/dial#rasman-dial@0.1.0`, or `path+file:///x/xtask#0.1.0` when they agree.
    let (path, version) = artifact.package_id.rsplit_once('#')?;
    let package = match version.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next()?,
    };
    Some((file, package.to_owned()))
}

fn execute(args: &Args, packages: BTreeMap<String, String>) -> Result<(Report, bool)> {
    let mut command = tool::cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast", "--", "--show-output"])
        .args(&args.filter)
        .env("RASMAN_PEERS", args.peers.name());
    // Nobody is there to stop a test that waits for ever, and whoever looks later wants its name.
    if in_ci() {
        command = tool::limited(&command, PATIENCE);
    }
    follow(&mut command, packages)
}

/// Shows what `cargo test` prints; gives the report of it and whether the command ended with 0.
fn follow(command: &mut Command, packages: BTreeMap<String, String>) -> Result<(Report, bool)> {
    let mut report = Report::new(packages);
    let mut out = std::io::stdout();
    let clean = stream(command, |line| {
        if report.line(line) {
            let _ = writeln!(out, "{line}");
        }
    })?;
    report.finish();
    Ok((report, clean))
}

/// Runs failed tests once more, each alone, if there are few of them. One that passes then is told as flaky, with its
/// name, and does not make the run red: a busy machine is no fault of the change that is looked at.
fn attempt_again(args: &Args, report: &mut Report, packages: &BTreeMap<String, String>) -> Result {
    let failed: Vec<TestResult> = report.failed().cloned().collect();
    if failed.len() > SECOND_ATTEMPTS || !report.broken.is_empty() || !report.running.is_empty() {
        return Ok(());
    }
    for test in &failed {
        println!("\n{} failed; once more, alone", test.name);
        let mut command = tool::cargo();
        // All packages, though one has it: fewer would build their dependencies anew, with other features.
        command.args(["test", "--workspace", "--no-fail-fast", "--", "--show-output", "--exact", &test.name]);
        command.env("RASMAN_PEERS", args.peers.name());
        if in_ci() {
            command = tool::limited(&command, PATIENCE);
        }
        let (again, clean) = follow(&mut command, packages.clone())?;
        if clean && again.passed(test) {
            report.pass_as_flaky(test, &again);
        }
    }
    Ok(())
}

fn store(report: &Report, filtered: bool) -> Result {
    let results = Results { filtered, tests: report.tests.clone() };
    let text = serde_json::to_string_pretty(&results).map_err(|e| e.to_string())?;
    tool::write(&results_path(), text.as_bytes())
}

/// Installs or builds the foreign peers; says which of them make the run red.
fn prepare_peers(mode: Peers) -> Vec<String> {
    if mode == Peers::None {
        return Vec::new();
    }
    let statuses = peers::ensure(mode == Peers::Strict);
    peers::report(&statuses);
    peers::complaints(&statuses)
}

/// Brings the interoperability table up to date, if the run touched a peer.
fn hand_over(report: &Report) -> Result {
    if report.interop.is_empty() {
        return Ok(());
    }
    peers::write_interop(&report.interop, &tool::root().join("docs/interop.md"))
}

/// With `CI=true` a test that could not run is a failure; for a changed peer only with `strict`.
fn unwelcome_skips(skips: &[Skip], mode: Peers) -> Vec<String> {
    skips
        .iter()
        .filter(|skip| mode == Peers::Strict || !skip.why.contains("peer changed"))
        .filter(|skip| !skip.why.starts_with("marked #[ignore]"))
        .map(|skip| format!("{} was skipped: {}", skip.test, skip.why))
        .collect()
}

fn conclude(report: &Report, complaints: &[String]) -> Result {
    println!();
    for skip in &report.skips {
        println!("SKIPPED {}: {}", skip.test, skip.why);
    }
    for test in &report.flaky {
        println!("FLAKY {test}: failed, then passed alone; the first attempt is shown above");
    }
    for test in report.failed() {
        println!("FAILED {} ({})", test.name, test.binary);
    }
    for complaint in complaints {
        println!("FAILED {complaint}");
    }
    let failed = report.count(Outcome::Failed) + complaints.len();
    println!("{}", closing_line(report.count(Outcome::Ok), failed, report.count(Outcome::Skipped)));
    if failed == 0 {
        return Ok(());
    }
    Err("the tests did not pass".to_owned())
}

fn closing_line(passed: usize, failed: usize, skipped: usize) -> String {
    let mut line = format!("{passed} passed, {failed} failed");
    if skipped > 0 {
        line.push_str(&format!(", {skipped} skipped"));
    }
    line
}

impl Args {
    /// Everything, peers included.
    pub(crate) fn whole_suite() -> Self {
        Self { peers: Peers::Default, filter: Vec::new() }
    }
}

impl Peers {
    /// The word in the environment variable `RASMAN_PEERS`, for the tests.
    fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Default => "default",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(why: &str) -> Skip {
        Skip { test: "t".to_owned(), why: why.to_owned() }
    }

    #[test]
    fn executables_know_their_package() {
        let message =
            |id: &str| format!(r#"{{"reason":"compiler-artifact","package_id":"{id}","executable":"/t/x-01"}}"#);
        let named = message("path+file:///w/crates/dial#rasman-dial@0.1.0");
        assert_eq!(executable(&named), Some(("x-01".to_owned(), "rasman-dial".to_owned())));
        let same = message("path+file:///w/xtask#0.1.0");
        assert_eq!(executable(&same), Some(("x-01".to_owned(), "xtask".to_owned())));
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn closing_line_has_the_plain_form() {
        assert_eq!(closing_line(3, 0, 0), "3 passed, 0 failed");
        assert_eq!(closing_line(3, 1, 2), "3 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn changed_peer_is_red_only_when_strict() {
        let skips = [skip("peer changed: another build"), skip("not installed")];
        assert_eq!(unwelcome_skips(&skips, Peers::Default).len(), 1);
        assert_eq!(unwelcome_skips(&skips, Peers::Strict).len(), 2);
    }

    #[test]
    fn streams_both_outputs_in_order() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        let clean = stream(&mut command, |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["one", "two", "three"]);
        assert!(!clean);
    }
}

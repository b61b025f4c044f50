//! Reads what `cargo test` prints, line by line.
//!
//! ```text
//!      Running tests/contract_rust.rs (target/debug/deps/contract_rust-0123456789abcdef)
//! test a19_a20_error_is_told_twice ... ok
//! successes:
//! ---- softether_carries_traffic stdout ----
//! SKIPPED softether_carries_traffic: softether-vpnserver is not installed
//! INTEROP {"peer":"..."}
//! test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
//! ```
//!
//! Two prefixes are ours. A test that cannot run prints `SKIPPED <test>: <why>` and returns; a test
//! against a foreign peer prints `INTEROP <json>` for the interoperability table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// Ran and passed.
    Ok,
    /// Ran and failed, or never came back.
    Failed,
    /// Did not run, or said itself that it could not.
    Skipped,
}

/// One test of one test binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestResult {
    /// Path of the function within its binary.
    pub(crate) name: String,
    /// Crate name of the test binary, `doc:` before it for documentation tests.
    pub(crate) binary: String,
    /// The package that the binary belongs to, empty if unknown.
    pub(crate) package: String,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

/// A test that did not run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    /// The test's name as it printed it.
    pub(crate) test: String,
    /// Its reason.
    pub(crate) why: String,
}

/// Everything learnt so far. Feed each line to [`Report::line`], then call [`Report::finish`].
#[derive(Default)]
pub(crate) struct Report {
    /// All tests in the order in which they ended.
    pub(crate) tests: Vec<TestResult>,
    /// Tests that did not run.
    pub(crate) skips: Vec<Skip>,
    /// The rest of each `INTEROP` line.
    pub(crate) interop: Vec<String>,
    /// Tests that the runner called slow and that have not ended.
    pub(crate) running: Vec<String>,
    /// Tests that failed among the others and passed alone.
    pub(crate) flaky: Vec<String>,
    /// Test binaries that ended without a closing line.
    pub(crate) broken: Vec<String>,
    packages: BTreeMap<String, String>,
    binary: Option<Binary>,
    closed: bool,
    section: Section,
    pending: Option<String>,
    detail: Option<String>,
}

/// The test binary that runs.
#[derive(Clone, Default)]
struct Binary {
    name: String,
    package: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Progress,
    Successes,
    Failures,
}

impl Report {
    /// An empty report; `packages` gives the package of each test executable's file name.
    pub(crate) fn new(packages: BTreeMap<String, String>) -> Self {
        Self { packages, ..Self::default() }
    }

    /// Takes one line; says whether it is worth showing.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        if self.marker(line) {
            return true;
        }
        let trimmed = line.trim_start();
        if let Some(file) = running_file(trimmed) {
            self.begin(file);
        } else if line.starts_with("test result: ") {
            self.closed = true;
            self.section = Section::Progress;
        } else if line == "successes:" {
            self.section = Section::Successes;
        } else if line == "failures:" {
            self.section = Section::Failures;
        } else if let Some(name) = detail_header(line) {
            self.detail = Some(name.to_owned());
        } else if self.section == Section::Progress {
            self.progress(line);
        }
        self.section != Section::Successes
    }

    /// Ends the last binary. Call once, after the last line.
    pub(crate) fn finish(&mut self) {
        self.end_binary();
        let Self { tests, skips, .. } = self;
        for test in tests.iter_mut().filter(|t| t.outcome == Outcome::Ok) {
            let last = test.name.rsplit("::").next().unwrap_or(&test.name);
            if skips.iter().any(|s| s.test == test.name || s.test == last) {
                test.outcome = Outcome::Skipped;
            }
        }
    }

    /// The number of tests with this outcome.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        self.tests.iter().filter(|t| t.outcome == outcome).count()
    }

    /// The tests that failed.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &TestResult> {
        self.tests.iter().filter(|t| t.outcome == Outcome::Failed)
    }

    /// Whether this run told that `test`, and it alone, passed.
    pub(crate) fn passed(&self, test: &TestResult) -> bool {
        let same = |t: &TestResult| t.name == test.name && t.binary == test.binary && t.outcome == Outcome::Ok;
        self.tests.iter().any(same) && self.failed().next().is_none()
    }

    /// Counts a failed test as passed, and names it. What `again` told of a peer stands in place of what it told first.
    pub(crate) fn pass_as_flaky(&mut self, test: &TestResult, again: &Self) {
        for same in self.tests.iter_mut().filter(|t| *t == test) {
            same.outcome = Outcome::Ok;
        }
        self.flaky.push(format!("{} ({})", test.name, test.binary));
        let peer_of = |line: &str| line.split(" result=").next().map(str::to_owned);
        self.interop.retain(|line| again.interop.iter().all(|later| peer_of(later) != peer_of(line)));
        self.interop.extend(again.interop.iter().cloned());
    }

    fn marker(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix("SKIPPED ") {
            let (test, why) = rest.split_once(": ").unwrap_or((rest, "no reason given"));
            let skip = Skip { test: test.trim().to_owned(), why: why.trim().to_owned() };
            if let Some(detail) = self.detail.clone().filter(|d| *d != skip.test) {
                self.mark_skipped(&detail);
            }
            if !self.skips.contains(&skip) {
                self.skips.push(skip);
            }
            return true;
        }
        if let Some(rest) = line.strip_prefix("INTEROP ") {
            self.interop.push(rest.to_owned());
            return true;
        }
        false
    }

    fn mark_skipped(&mut self, name: &str) {
        let binary = self.binary.clone().unwrap_or_default().name;
        let found = self.tests.iter_mut().find(|t| t.binary == binary && t.name == name && t.outcome == Outcome::Ok);
        if let Some(test) = found {
            test.outcome = Outcome::Skipped;
        }
    }

    fn begin(&mut self, file: String) {
        self.end_binary();
        let package = self.packages.get(&file).cloned().unwrap_or_default();
        let name = file.rsplit_once('-').map_or(file.as_str(), |(stem, _)| stem).to_owned();
        self.binary = Some(Binary { name, package });
        self.closed = false;
        self.section = Section::Progress;
        self.detail = None;
    }

    fn end_binary(&mut self) {
        if let Some(name) = self.pending.take() {
            self.push(&name, Outcome::Failed);
        }
        if let Some(binary) = self.binary.take().filter(|_| !self.closed) {
            self.broken.push(binary.name);
        }
    }

    fn progress(&mut self, line: &str) {
        if let Some(name) = self.pending.clone()
            && let Some(outcome) = outcome(line)
        {
            self.pending = None;
            self.push(&name, outcome);
            return;
        }
        let Some(rest) = line.strip_prefix("test ") else {
            return;
        };
        if let Some((name, _)) = rest.split_once(" has been running for over ") {
            self.running.push(test_name(name).to_owned());
            return;
        }
        let Some((name, result)) = rest.rsplit_once(" ... ") else {
            return;
        };
        let name = test_name(name).to_owned();
        match outcome(result) {
            Some(outcome) => {
                if let Some(why) = ignored_because(result) {
                    self.skips.push(Skip { test: name.clone(), why });
                }
                self.push(&name, outcome);
            }
            None => self.pending = Some(name),
        }
    }

    fn push(&mut self, name: &str, outcome: Outcome) {
        self.running.retain(|running| running != name);
        let Binary { name: binary, package } = self.binary.clone().unwrap_or_default();
        self.tests.push(TestResult { name: name.to_owned(), binary, package, outcome });
    }
}

/// The executable's file name in `Running tests/x.rs (target/debug/deps/x-0123456789abcdef)`, or
/// `doc:x` for `Doc-tests x`.
fn running_file(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("doc:{name}"));
    }
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once(" (")?;
    let file = path.strip_suffix(')')?.rsplit('/').next()?;
    let (_, hash) = file.rsplit_once('-')?;
    hash.chars().all(|c| c.is_ascii_hexdigit()).then(|| file.to_owned())
}

/// `---- NAME stdout ----`
fn detail_header(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

fn outcome(word: &str) -> Option<Outcome> {
    match word.split([',', ' ']).next()? {
        "ok" => Some(Outcome::Ok),
        "FAILED" => Some(Outcome::Failed),
        "ignored" => Some(Outcome::Skipped),
        _ => None,
    }
}

fn ignored_because(result: &str) -> Option<String> {
    let rest = result.strip_prefix("ignored")?;
    Some(match rest.strip_prefix(", ") {
        Some(why) => why.to_owned(),
        None => "marked #[ignore]".to_owned(),
    })
}

fn test_name(name: &str) -> &str {
    name.strip_suffix(" - should panic").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Report, Vec<String>) {
        let package = ("interop-0123456789abcdef".to_owned(), "rasman-tests".to_owned());
        let mut report = Report::new(BTreeMap::from([package]));
        let shown = text.lines().filter(|line| report.line(line)).map(str::to_owned).collect();
        report.finish();
        (report, shown)
    }

    #[test]
    fn a_test_that_passes_alone_is_flaky_and_no_longer_failed() {
        let (mut report, _) = read(RUN);
        let failed = report.failed().next().cloned().expect("one test failed");
        let (again, _) = read(&RUN.replace("sorz_verifies_binding ... FAILED", "sorz_verifies_binding ... ok"));
        assert!(again.passed(&failed) && !report.passed(&failed));
        let told = |result: &str| vec![format!("peer=x version=1 medium=SSTP auth=PAP result={result}")];
        report.interop = told("failed");
        let again = Report { interop: told("ok"), ..again };
        report.pass_as_flaky(&failed, &again);
        assert_eq!((report.count(Outcome::Failed), report.flaky.len()), (0, 1));
        assert_eq!(report.interop, told("ok"));
    }

    const RUN: &str = "\
     Running unittests src/lib.rs (target/debug/deps/rasman_core-00ff12ab34cd56ef)

running 3 tests
test wire::reads ... ok
test wire::panics - should panic ... ok
test wire::slow ... ignored, needs an hour

successes:

---- wire::reads stdout ----
chatter

successes:
    wire::reads
    wire::panics

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/interop.rs (target/debug/deps/interop-0123456789abcdef)

running 2 tests
test softether_carries_traffic ... ok
test sorz_verifies_binding ... FAILED

successes:

---- softether_carries_traffic stdout ----
SKIPPED softether_carries_traffic: softether-vpnserver is not installed
INTEROP {\"peer\":\"x\"}

successes:
    softether_carries_traffic

failures:

---- sorz_verifies_binding stdout ----
the reason

failures:
    sorz_verifies_binding

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests rasman_core

running 1 test
test crates/core/src/lib.rs - Reader (line 12) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    #[test]
    fn counts_each_outcome_and_names_the_binary() {
        let (report, _) = read(RUN);
        assert_eq!(report.count(Outcome::Ok), 3);
        assert_eq!(report.count(Outcome::Failed), 1);
        assert_eq!(report.count(Outcome::Skipped), 2);
        assert_eq!(report.tests[0].binary, "rasman_core");
        assert_eq!(report.tests[1].name, "wire::panics");
        assert_eq!(report.tests[4].binary, "interop");
        assert_eq!(report.tests[4].package, "rasman-tests");
        assert_eq!(report.tests[5].binary, "doc:rasman_core");
        assert!(report.broken.is_empty());
    }

    #[test]
    fn collects_our_markers() {
        let (report, _) = read(RUN);
        assert_eq!(report.skips.len(), 2);
        assert_eq!(report.skips[0].why, "needs an hour");
        assert_eq!(report.skips[1].why, "softether-vpnserver is not installed");
        assert_eq!(report.interop, [r#"{"peer":"x"}"#]);
    }

    #[test]
    fn hides_what_passing_tests_printed() {
        let (_, shown) = read(RUN);
        assert!(!shown.iter().any(|line| line == "chatter"));
        assert!(shown.iter().any(|line| line == "the reason"));
        assert_eq!(shown.iter().filter(|l| l.starts_with("test result")).count(), 3);
    }

    #[test]
    fn names_a_binary_that_died() {
        let (report, _) = read(
            "     Running unittests src/lib.rs (target/debug/deps/x-0123456789abcdef)\n\
             test a ... ok\n\
             error: test failed, to rerun pass `-p x --lib`\n\
             test b ... \n\
             thread says\n",
        );
        assert_eq!(report.broken, ["x"]);
        assert_eq!(report.count(Outcome::Failed), 1);
    }

    #[test]
    fn joins_a_result_printed_on_a_later_line() {
        let (report, _) = read(
            "     Running tests/x.rs (target/debug/deps/x-0123456789abcdef)\n\
             test a ... noise of a child process\n\
             ok\n\
             test result: ok. 1 passed; 0 failed\n",
        );
        assert_eq!(report.count(Outcome::Ok), 1);
        assert!(report.broken.is_empty());
    }

    #[test]
    fn remembers_slow_tests_until_they_end() {
        let mut report = Report::default();
        report.line("test a has been running for over 60 seconds");
        report.line("test b has been running for over 60 seconds");
        report.line("test a ... ok");
        assert_eq!(report.running, ["b"]);
    }
}

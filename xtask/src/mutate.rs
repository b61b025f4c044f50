//! `cargo xtask clauses --mutate`: deliberate mistakes, each of which a family's tests must notice.
//!
//! `xtask/mutations.toml` lists them. The tree is copied, one text is replaced, and the tests named
//! there run in the copy. At least one test that carries a clause of the family, and that passed
//! before, must fail. A mistake that the compiler notices proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::clauses::carries;
use crate::contract::Family;
use crate::report::{Outcome, Report, TestResult};
use crate::test::stream;
use crate::tool::{self, Result};

/// How long the tests of one mutation may take; a mistake may also make a test wait for ever.
const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Deserialize)]
struct Mutations {
    #[serde(default, rename = "mutation")]
    mutations: Vec<Mutation>,
}

/// One deliberate mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// The letter of the clause family whose tests must notice.
    family: char,
    /// What is broken, in words.
    name: String,
    /// Path from the workspace's root.
    file: String,
    /// Text that occurs exactly once in the file.
    find: String,
    /// What stands there instead.
    replace: String,
    /// The tests to run.
    test: Selection,
}

/// A package, and the words of which a test's name must contain one.
#[derive(Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Selection {
    package: String,
    /// The one test binary to build, where the package has many.
    #[serde(default)]
    binary: Option<String>,
    #[serde(default)]
    filter: String,
}

/// Applies each mutation and judges it.
///
/// # Errors
/// When there are none, one cannot be applied, or one goes unnoticed.
pub(crate) fn run(families: &[Family], only: &[String]) -> Result {
    let all: Mutations = toml::from_str(&tool::read(&tool::root().join("xtask/mutations.toml"))?)
        .map_err(|e| format!("xtask/mutations.toml: {e}"))?;
    let wanted =
        |m: &&Mutation| only.is_empty() || only.iter().any(|o| *o == m.family.to_string() || m.name.contains(o));
    let chosen: Vec<&Mutation> = all.mutations.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err("no mutations in xtask/mutations.toml".to_owned());
    }
    let tree = Tree::copy(&tool::root(), &tool::target_dir())?;
    let mut unnoticed = Vec::new();
    let mut baselines = BTreeMap::new();
    for mutation in chosen {
        if !baselines.contains_key(&mutation.test) {
            baselines.insert(mutation.test.clone(), tree.baseline(&mutation.test)?);
        }
        match tree.judge(mutation, &baselines[&mutation.test]) {
            Ok(red) => println!("{} noticed: {} ({})", mutation.family, mutation.name, red.join(", ")),
            Err(why) => {
                println!("{} NOT NOTICED: {}: {why}", mutation.family, mutation.name);
                unnoticed.push(mutation.name.as_str());
            }
        }
    }
    let mut lacking = Vec::new();
    for family in families.iter().filter(|f| only.is_empty() && f.is_due()) {
        if !all.mutations.iter().any(|m| m.family == family.letter) {
            println!("{} HAS NO MUTATION", family.letter);
            lacking.push(family.letter.to_string());
        }
    }
    match (unnoticed.is_empty(), lacking.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(format!("no mutation for {}", lacking.join(", "))),
        (false, _) => Err(format!("not noticed: {}", unnoticed.join("; "))),
    }
}

/// A copy of the workspace, with build products of its own that later runs use again.
struct Tree {
    original: PathBuf,
    copy: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Copies what git does not ignore. Unchanged files keep their time, so cargo builds little.
    fn copy(original: &Path, target: &Path) -> Result<Self> {
        let tree = Self {
            original: original.to_owned(),
            copy: target.join("mutate/tree"),
            target: target.join("mutate/target"),
        };
        let listing = tool::output(Command::new("git").current_dir(original).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
        ]))?;
        let names: BTreeSet<&str> = listing.split('\0').filter(|n| !n.is_empty()).collect();
        for name in &names {
            let from = original.join(name);
            if from.is_file() {
                let contents = std::fs::read(&from).map_err(|e| format!("{}: {e}", from.display()))?;
                tree.put(name, &contents)?;
            }
        }
        remove_others(&tree.copy, &tree.copy, &|name| names.contains(name) && original.join(name).is_file())?;
        Ok(tree)
    }

    /// Writes a file of the copy unless it says that already.
    fn put(&self, name: &str, contents: &[u8]) -> Result {
        let path = self.copy.join(name);
        if std::fs::read(&path).is_ok_and(|present| present == contents) {
            return Ok(());
        }
        tool::write(&path, contents)
    }

    /// The tests that pass without a mistake.
    fn baseline(&self, selection: &Selection) -> Result<Vec<TestResult>> {
        let what = format!("{} {}", selection.package, selection.filter);
        self.build(selection).map_err(|e| format!("{what} does not build without a mutation: {e}"))?;
        let (report, _) = self.tests(selection)?;
        if let Some(test) = report.tests.iter().find(|t| t.outcome == Outcome::Failed) {
            return Err(format!("{what}: {} fails without a mutation", test.name));
        }
        Ok(report.tests)
    }

    /// The names of the family's tests that noticed; otherwise why the mutation proves nothing.
    fn judge(&self, mutation: &Mutation, baseline: &[TestResult]) -> Result<Vec<String>> {
        if !baseline.iter().any(|t| carries(t, mutation.family) && t.outcome == Outcome::Ok) {
            return Err("the selection has no test of this family".to_owned());
        }
        let text = tool::read(&self.original.join(&mutation.file))?;
        self.put(&mutation.file, apply(mutation, &text)?.as_bytes())?;
        let outcome = self.build(&mutation.test).and_then(|()| self.tests(&mutation.test));
        self.put(&mutation.file, text.as_bytes())?;
        let (report, hung) = outcome?;
        let red = noticed(&report, hung, mutation.family, baseline);
        if red.is_empty() {
            return Err("every test of the family still passes".to_owned());
        }
        Ok(red)
    }

    fn build(&self, selection: &Selection) -> Result {
        let built = tool::present(self.cargo(selection).arg("--no-run"));
        built.then_some(()).ok_or_else(|| "it does not compile".to_owned())
    }

    /// Runs the tests; says whether they had to be stopped.
    fn tests(&self, selection: &Selection) -> Result<(Report, bool)> {
        let mut cargo = self.cargo(selection);
        cargo.args(["--no-fail-fast", "--", "--show-output"]);
        cargo.args(selection.filter.split_whitespace());
        cargo.env("RASMAN_PEERS", "none");
        let mut command = tool::limited(&cargo, PATIENCE);
        let started = Instant::now();
        let mut report = Report::default();
        stream(&mut command, |line| {
            report.line(line);
        })?;
        report.finish();
        for test in &mut report.tests {
            test.package.clone_from(&selection.package);
        }
        Ok((report, started.elapsed() >= PATIENCE))
    }

    fn cargo(&self, selection: &Selection) -> Command {
        let mut command = tool::cargo();
        command.current_dir(&self.copy).env("CARGO_TARGET_DIR", &self.target);
        command.args(["test", "--package", &selection.package]);
        if let Some(binary) = &selection.binary {
            command.args(["--test", binary]);
        }
        command
    }
}

/// The file's text with the mistake in it.
fn apply(mutation: &Mutation, text: &str) -> Result<String> {
    match text.matches(&mutation.find).count() {
        1 => Ok(text.replacen(&mutation.find, &mutation.replace, 1)),
        count => {
            Err(format!("{}: the text to find occurs {count} times, not once: {:?}", mutation.file, mutation.find))
        }
    }
}

/// The family's tests that passed before and do not now.
fn noticed(report: &Report, hung: bool, family: char, baseline: &[TestResult]) -> Vec<String> {
    baseline
        .iter()
        .filter(|t| carries(t, family) && t.outcome == Outcome::Ok)
        .filter(|t| {
            let failed =
                |now: &&TestResult| now.outcome == Outcome::Failed && now.name == t.name && now.binary == t.binary;
            report.tests.iter().any(|now| failed(&now)) || (hung && report.running.contains(&t.name))
        })
        .map(|t| t.name.clone())
        .collect()
}

/// Removes the files below `folder` of which `keep` does not want the path from `base`.
fn remove_others(base: &Path, folder: &Path, keep: &dyn Fn(&str) -> bool) -> Result {
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            remove_others(base, &path, keep)?;
            continue;
        }
        let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy();
        if !keep(&name) {
            std::fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutation() -> Mutation {
        let text = r#"
            [[mutation]]
            family = "A"
            name = "drop the second error call"
            file = "crates/dial/src/notify.rs"
            find = "self.notify(state, error);"
            replace = ""
            test = { package = "rasman-dial", filter = "a20" }
        "#;
        let mut parsed: Mutations = toml::from_str(text).unwrap();
        parsed.mutations.remove(0)
    }

    fn test(name: &str, outcome: Outcome) -> TestResult {
        TestResult {
            name: name.to_owned(),
            binary: "notifications".to_owned(),
            package: "rasman-dial".to_owned(),
            outcome,
        }
    }

    #[test]
    fn the_text_must_occur_exactly_once() {
        let text = "{ self.notify(state, error); }";
        assert_eq!(apply(&mutation(), text).unwrap(), "{  }");
        assert!(apply(&mutation(), "").unwrap_err().contains("occurs 0 times"));
        let twice = format!("{text}{text}");
        assert!(apply(&mutation(), &twice).unwrap_err().contains("notify.rs"));
    }

    #[test]
    fn only_a_red_test_of_the_family_notices() {
        let baseline = [test("a20_x", Outcome::Ok), test("s1_x", Outcome::Ok)];
        let mut report = Report::default();
        report.tests.push(test("s1_x", Outcome::Failed));
        assert!(noticed(&report, false, 'A', &baseline).is_empty());
        report.tests.push(test("a20_x", Outcome::Failed));
        assert_eq!(noticed(&report, false, 'A', &baseline), ["a20_x"]);
    }

    #[test]
    fn a_test_that_waits_for_ever_notices() {
        let baseline = [test("a20_x", Outcome::Ok)];
        let mut report = Report::default();
        report.running.push("a20_x".to_owned());
        assert!(noticed(&report, false, 'A', &baseline).is_empty());
        assert_eq!(noticed(&report, true, 'A', &baseline), ["a20_x"]);
    }

    #[test]
    fn the_committed_list_can_be_read() {
        let text = tool::read(&tool::root().join("xtask/mutations.toml")).unwrap();
        let parsed: Mutations = toml::from_str(&text).unwrap();
        for mutation in parsed.mutations {
            let text = tool::read(&tool::root().join(&mutation.file)).unwrap();
            assert!(apply(&mutation, &text).is_ok(), "{}", mutation.name);
            let Selection { package, binary, filter } = mutation.test;
            let first = filter.split_whitespace().next().unwrap_or_default();
            let selected = TestResult {
                name: format!("{first}x"),
                binary: binary.unwrap_or_default(),
                package,
                outcome: Outcome::Ok,
            };
            // Of one of the clauses that its tests carry; that the family is among them, a run tells.
            let family = first.chars().next().unwrap_or(mutation.family).to_ascii_uppercase();
            assert!(carries(&selected, family), "{}: no test of the selection shows a clause", mutation.name);
        }
    }
}

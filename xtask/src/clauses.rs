//! `cargo xtask clauses`: the status of each clause of the contract, from tests that ran and passed.

use std::fmt;
use std::io::Write;

use crate::contract::{self, Clause, Expectation, FRONTS, Family};
use crate::mutate;
use crate::report::{Outcome, TestResult};
use crate::test::{self, Results};
use crate::tool::{self, Result};

/// What `cargo xtask clauses` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Break the code on purpose, once for each family, and demand that its tests turn red
    #[arg(long)]
    mutate: bool,
    /// With --mutate: only the mutations whose family or name is one of these
    #[arg(long, value_name = "WORD", requires = "mutate")]
    only: Vec<String>,
    /// Print Markdown tables
    #[arg(long)]
    markdown: bool,
    /// Use the results of the last test run
    #[arg(long)]
    no_run: bool,
}

/// Prints the tables.
///
/// # Errors
/// When a clause that should have a passing test has none, or a test names an unknown clause.
pub(crate) fn run(args: &Args) -> Result {
    let families = contract::parse(&tool::read(&tool::root().join("docs/contract.md"))?)?;
    if args.mutate {
        return mutate::run(&families, &args.only);
    }
    let tests = results(args.no_run)?;
    let mut faults = unknown_ids(&families, &tests);
    let mut text = String::new();
    for family in &families {
        family_table(&mut text, family, &tests, args.markdown);
        faults.extend(family_faults(family, &tests));
    }
    totals_table(&mut text, &families, &tests, args.markdown);
    // Whoever reads this may stop reading: `cargo xtask clauses | head`.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    Err(format!("{} clauses are not as docs/contract.md says", faults.len()))
}

/// Whether this test of a front's binary carries a clause of the family.
pub(crate) fn carries(test: &TestResult, family: char) -> bool {
    !fronts(test).is_empty() && contract::ids_of_test(&test.name).iter().any(|id| id.starts_with(family))
}

/// What is known about one clause at one front.
#[derive(Debug, PartialEq, Eq)]
enum Status {
    Done,
    Refused(String),
    Waits(String),
    NotApplicable,
    NoTest,
    Red,
}

fn results(no_run: bool) -> Result<Vec<TestResult>> {
    if !no_run {
        // Red tests are a status here; `test` has printed them.
        if let Err(message) = test::run(&test::Args::whole_suite()) {
            println!("note: {message}");
        }
    }
    let path = test::results_path();
    let text = tool::read(&path).map_err(|e| format!("{e}; run `cargo xtask test` first"))?;
    let results: Results = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    if results.filtered {
        println!("note: the last test run was filtered; what it left out counts as not tested");
    }
    Ok(results.tests)
}

/// The indices in [`FRONTS`] of the fronts that a test speaks for: those of the daemon's lifetimes and of callbacks go through
/// the Rust API and the socket alike.
fn fronts(test: &TestResult) -> &'static [usize] {
    match (test.package.as_str(), test.binary.as_str()) {
        ("rasman-core" | "rasman-dial" | "rasmand" | "rasman", _) => &[0],
        ("rasman-tests", "contract_rust" | "contract_rust_entries" | "authentication") => &[0],
        ("rasman-tests", "contract_ipc" | "contract_ipc_entries" | "contract_ipc_questions") => &[1],
        ("rasman-tests", both)
            if both.starts_with("daemon_") || ["contract_callback", "contract_interactive"].contains(&both) =>
        {
            &[0, 1]
        }
        ("rasapi32", _) => &[2],
        ("rasman-tests", c) if c == "contract_c" || c.starts_with("contract_c_") => &[2],
        _ => &[],
    }
}

fn status(clause: &Clause, index: usize, tests: &[TestResult]) -> Status {
    let outcomes: Vec<Outcome> = tests
        .iter()
        .filter(|t| fronts(t).contains(&index))
        .filter(|t| contract::ids_of_test(&t.name).contains(&clause.id))
        .map(|t| t.outcome)
        .collect();
    let expected = &clause.fronts[index];
    if outcomes.contains(&Outcome::Failed) {
        return Status::Red;
    }
    match (outcomes.contains(&Outcome::Ok), expected) {
        (true, Expectation::Refused(code)) => Status::Refused(code.clone()),
        (true, _) => Status::Done,
        (false, Expectation::Test | Expectation::Refused(_)) => Status::NoTest,
        (false, Expectation::Waits(what)) => Status::Waits(what.clone()),
        (false, Expectation::NotApplicable) => Status::NotApplicable,
    }
}

fn family_faults(family: &Family, tests: &[TestResult]) -> Vec<String> {
    let mut faults = Vec::new();
    for clause in &family.clauses {
        for (index, front) in FRONTS.iter().enumerate() {
            match status(clause, index, tests) {
                Status::NoTest => faults.push(format!("{} {front}: no passing test", clause.id)),
                Status::Red => faults.push(format!("{} {front}: a test failed", clause.id)),
                Status::Done | Status::Refused(_) | Status::Waits(_) | Status::NotApplicable => {}
            }
        }
    }
    faults
}

fn unknown_ids(families: &[Family], tests: &[TestResult]) -> Vec<String> {
    let known = |id: &String| families.iter().flat_map(|f| &f.clauses).any(|c| c.id == *id);
    let mut faults = Vec::new();
    for test in tests.iter().filter(|t| !fronts(t).is_empty()) {
        for id in contract::ids_of_test(&test.name) {
            if !known(&id) {
                faults.push(format!("{} names {id}, which the contract does not have", test.name));
            }
        }
    }
    faults
}

fn family_table(out: &mut String, family: &Family, tests: &[TestResult], markdown: bool) {
    let Family { letter, title, .. } = family;
    out.push_str(&if markdown {
        format!("### {letter}: {title}\n\n| clause | Rust | IPC | C |\n| --- | --- | --- | --- |\n")
    } else {
        format!("\n{letter}: {title}\n")
    });
    for clause in &family.clauses {
        let [rust, ipc, c] = [0, 1, 2].map(|i| status(clause, i, tests).to_string());
        out.push_str(&if markdown {
            format!("| {} | {rust} | {ipc} | {c} |\n", clause.id)
        } else {
            format!("  {:<4} {rust:<20} {ipc:<20} {c}\n", clause.id)
        });
    }
    out.push_str(if markdown { "\n" } else { "" });
}

fn totals_table(out: &mut String, families: &[Family], tests: &[TestResult], markdown: bool) {
    let mut row = |cells: [String; 7]| {
        out.push_str(&if markdown {
            format!("| {} |\n", cells.join(" | "))
        } else {
            cells.map(|cell| format!("{cell:<12}")).concat().trim_end().to_owned() + "\n"
        });
    };
    row(["front", "clauses", "done", "refused", "waiting", "n/a", "not as said"].map(str::to_owned));
    if markdown {
        row(["---"; 7].map(str::to_owned));
    }
    for (index, front) in FRONTS.iter().enumerate() {
        let mut counts = [0_usize; 5];
        for clause in families.iter().flat_map(|f| &f.clauses) {
            counts[status(clause, index, tests).column()] += 1;
        }
        let [done, refused, waiting, none, wrong] = counts.map(|count| count.to_string());
        let all = counts.iter().sum::<usize>().to_string();
        row([(*front).to_owned(), all, done, refused, waiting, none, wrong]);
    }
}

impl Status {
    fn column(&self) -> usize {
        match self {
            Self::Done => 0,
            Self::Refused(_) => 1,
            Self::Waits(_) => 2,
            Self::NotApplicable => 3,
            Self::NoTest | Self::Red => 4,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Refused(code) => write!(f, "refused {code}"),
            Self::Waits(what) => write!(f, "waits for {what}"),
            Self::NotApplicable => f.write_str("n/a"),
            Self::NoTest => f.write_str("NO TEST"),
            Self::Red => f.write_str("RED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(place: &str, name: &str, outcome: Outcome) -> TestResult {
        let (package, binary) = place.split_once('/').unwrap();
        TestResult { name: name.to_owned(), binary: binary.to_owned(), package: package.to_owned(), outcome }
    }

    fn clause(rust: Expectation) -> Clause {
        Clause {
            id: "A1".to_owned(),
            fronts: [rust, Expectation::Waits("DAEMON".to_owned()), Expectation::NotApplicable],
        }
    }

    #[test]
    fn only_tests_that_ran_and_passed_count() {
        let clause = clause(Expectation::Test);
        let passed = test("rasman-dial/questions", "a1_x", Outcome::Ok);
        let skipped = test("rasman-dial/questions", "a1_y", Outcome::Skipped);
        let failed = test("rasman-tests/contract_rust", "m::a1_z", Outcome::Failed);
        assert_eq!(status(&clause, 0, &[]), Status::NoTest);
        assert_eq!(status(&clause, 0, std::slice::from_ref(&skipped)), Status::NoTest);
        assert_eq!(status(&clause, 0, &[passed.clone(), skipped]), Status::Done);
        assert_eq!(status(&clause, 0, &[passed, failed]), Status::Red);
    }

    #[test]
    fn package_and_binary_decide_the_front() {
        let clause = clause(Expectation::Test);
        let tests = [
            test("rasman-tests/contract_ipc", "a1_x", Outcome::Ok),
            test("rasman-ppp/rasman_ppp", "a1_x", Outcome::Ok),
        ];
        assert_eq!(status(&clause, 0, &tests), Status::NoTest);
        assert_eq!(status(&clause, 1, &tests), Status::Done);
        assert_eq!(status(&clause, 2, &tests), Status::NotApplicable);
        assert!(carries(&tests[0], 'A'));
        assert!(!carries(&tests[0], 'S'));
        assert!(!carries(&tests[1], 'A'));
    }

    #[test]
    fn refusals_need_their_test_too() {
        let clause = clause(Expectation::Refused("816".to_owned()));
        assert_eq!(status(&clause, 0, &[]), Status::NoTest);
        let tests = [test("rasmand/rasmand", "a1_is_refused", Outcome::Ok)];
        assert_eq!(status(&clause, 0, &tests).to_string(), "refused 816");
    }

    #[test]
    fn unknown_clauses_are_faults() {
        let families = [Family { letter: 'A', title: "x".to_owned(), clauses: vec![clause(Expectation::Test)] }];
        let tests =
            [test("rasmand/rasmand", "a1_a99_x", Outcome::Ok), test("rasman-ppp/rasman_ppp", "z9_x", Outcome::Ok)];
        assert_eq!(unknown_ids(&families, &tests).len(), 1);
    }
}

//! `cargo xtask interop`: the tests against foreign peers alone, and `docs/interop.md` from what they report.

use clap::Args as ClapArgs;

use crate::peers;
use crate::test;
use crate::tool::{self, Result};

/// What `cargo xtask interop` takes.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// How many dials in a row the tests of many dials make
    #[arg(long, default_value_t = 50, value_name = "N")]
    dials: usize,
    /// Run only the tests whose names contain one of these words
    filter: Vec<String>,
}

/// Prepares the peers, runs the tests and writes the table.
///
/// # Errors
/// When a test fails or the table cannot be written.
pub(crate) fn run(args: &Args) -> Result {
    peers::report(&peers::ensure(false));
    let mut command = tool::cargo();
    command.args(["test", "--package", "rasman-tests", "--test", "foreign_*", "--no-fail-fast", "--", "--show-output"]);
    command.args(&args.filter).env("RASMAN_DIALS", args.dials.to_string());
    let mut reported = Vec::new();
    let clean = test::stream(&mut command, |line| {
        if line.starts_with("INTEROP ") {
            reported.push(line.to_owned());
        }
        if ["test ", "INTEROP ", "SKIPPED ", "error"].iter().any(|start| line.starts_with(start)) {
            println!("{line}");
        }
    })?;
    if !reported.is_empty() {
        peers::write_interop(&reported, &tool::root().join("docs/interop.md"))?;
    }
    match clean {
        true => Ok(()),
        false => Err("a test against a foreign peer failed".to_owned()),
    }
}

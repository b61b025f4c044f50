//! `cargo xtask bench` and `cargo xtask lab`: release builds of programs that live elsewhere.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::tool::{self, Result};

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Write the figures as flat JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Handed to the benchmark program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// What `cargo xtask lab` takes.
#[derive(clap::Args)]
pub(crate) struct LabArgs {
    /// Handed to `rasctl lab`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// Runs the benchmark program of `tests/src/bin`.
///
/// # Errors
/// When it does not build or fails.
pub(crate) fn bench(args: &BenchArgs) -> Result {
    let mut words = Vec::new();
    if let Some(file) = &args.json {
        words.push(OsString::from("--json"));
        words.push(std::path::absolute(file).map_err(|e| e.to_string())?.into());
    }
    words.extend(args.rest.iter().cloned());
    release("rasman-tests", "rasman-bench", &words)
}

/// Runs `rasctl lab`.
///
/// # Errors
/// When it does not build or fails.
pub(crate) fn lab(args: &LabArgs) -> Result {
    let mut words = vec![OsString::from("lab")];
    words.extend(args.rest.iter().cloned());
    release("rasctl", "rasctl", &words)
}

fn release(package: &str, binary: &str, words: &[OsString]) -> Result {
    tool::run(
        tool::cargo()
            .args(["run", "--quiet", "--release", "--package", package])
            .args(["--bin", binary, "--"])
            .args(words),
    )
}

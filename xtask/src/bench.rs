//! `cargo xtask bench`, `soak` and `lab`: release builds of programs that live elsewhere.

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

/// What `cargo xtask soak` takes.
#[derive(clap::Args)]
pub(crate) struct SoakArgs {
    /// How long, in minutes
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// How many connections there are at most
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
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

/// Runs the soak, which is a part of the benchmark program.
///
/// # Errors
/// When it does not build, or finds growth, a leak or a stall.
pub(crate) fn soak(args: &SoakArgs) -> Result {
    let words = ["soak".to_owned(), args.minutes.to_string(), args.connections.to_string()];
    release("rasman-tests", "rasman-bench", &words.map(OsString::from))
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

//! Developer commands of rasman: `cargo xtask <command>`.
//!
//! Every command works with what a Rust toolchain, a C compiler and Debian's packages give;
//! only `fuzz` installs a cargo tool, and only when it is missing.
#![forbid(unsafe_code)]

mod bench;
mod capi;
mod clauses;
mod contract;
mod errors;
mod fuzz;
mod install;
mod interop;
mod licence;
mod lint;
mod mutate;
mod peers;
mod purity;
mod report;
mod sources;
mod supply;
mod test;
mod tool;
mod units;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Lint => lint::run(),
        Command::Clauses(args) => clauses::run(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Capi(args) => capi::run(&args),
        Command::Install(args) => install::run(&args),
        Command::Soak(args) => bench::soak(&args),
        Command::Lab(args) => bench::lab(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Peers => peers::run(),
        Command::Interop(args) => interop::run(&args),
        Command::Errors(args) => errors::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Developer commands of rasman.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test, foreign peers and fuzz corpora included
    Test(test::Args),
    /// Check format, clippy, rustdoc, purity, unsafe code, dependencies, systemd units and committed text
    Lint,
    /// Tell which clauses of the contract are done, waiting or refused
    Clauses(clauses::Args),
    /// Run the benchmarks in release mode
    Bench(bench::BenchArgs),
    /// Build the C library and install it
    Capi(capi::Args),
    /// Build and install rasctl, rasdial and rasmand with their manual pages, completions and units, or remove them
    Install(install::Args),
    /// Dial, load, cut off and hang up connections for a long time, and look for growth, leaks and stalls
    Soak(bench::SoakArgs),
    /// Run the answering half (`rasctl lab`) in release mode
    Lab(bench::LabArgs),
    /// Fuzz one target, or each for a bounded time
    Fuzz(fuzz::Args),
    /// Write `docs/errors.md` from `tests/errors.toml`
    Errors(errors::Args),
    /// Run the tests against foreign peers, and write `docs/interop.md` from what they report
    Interop(interop::Args),
    /// Prepare the foreign peers, so that `cargo test` finds them
    Peers,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

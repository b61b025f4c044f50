//! The command line of rasman.
#![forbid(unsafe_code)]

mod demo;
mod dial;
mod lab;
mod paint;
mod secrets;
mod socks;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Dial remote access connections from user space: no root, no kernel modules.
#[derive(Parser)]
#[command(name = "rasctl", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show a whole dial against a test server of our own: loopback only, no privilege.
    Demo(demo::DemoArguments),
    /// Dial an SSTP server and stay connected until Ctrl-C.
    Dial(Box<dial::DialArguments>),
    /// Run a test server to dial, with faults on demand.
    Lab(lab::LabArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Dial(arguments) => dial::run(*arguments),
        Command::Lab(arguments) => lab::run(arguments),
    }
}

/// Prints an error as one line and gives the exit code of a failure.
fn fail(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("rasctl: {error}");
    ExitCode::FAILURE
}

/// Runs a future on this thread alone.
fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

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
    log_to_stderr();
    match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Dial(arguments) => dial::run(*arguments),
        Command::Lab(arguments) => lab::run(arguments),
    }
}

/// Logs to standard error what the variable RASMAN_LOG asks for, for example `debug` or `rasmand=debug`; else nothing.
fn log_to_stderr() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("RASMAN_LOG") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
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

//! The command lines of rasman: `rasctl`, and `rasdial` in the syntax of Windows.
//!
//! A command is a file in `commands`; it returns how it ended, or a `Failure`, which is printed here and nowhere else.
#![forbid(unsafe_code)]

mod arguments;
mod books;
mod commands;
mod exit;
mod failure;
mod held;
mod init;
mod last;
mod manager;
mod named_files;
mod output;
mod rasdial;
mod runtime;
mod secrets;

pub use arguments::command;
pub use rasdial::main as rasdial;

use arguments::{Arguments, Context};
use clap::Parser;
use std::process::ExitCode;

/// Runs `rasctl`; under the name `rasdial` or `rasmand` that program, so that one file with links serves an image.
#[must_use]
pub fn rasctl() -> ExitCode {
    match called_as().as_deref() {
        Some("rasdial") => return rasdial(),
        Some("rasmand") => return rasmand::daemon::main_process(std::env::args_os().skip(1)),
        _ => {}
    }
    if let Some(code) = init::supervise() {
        return code;
    }
    // It may hold connections itself.
    rasmand::give_back_early();
    let arguments = Arguments::parse();
    log_to_stderr();
    let context = Context::new(&arguments.globals);
    match commands::run(arguments.command, &context) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            context.output.failure(&failure);
            failure.exit.into()
        }
    }
}

/// Tells under which name the program was started.
fn called_as() -> Option<String> {
    let name = std::env::args_os().next()?;
    std::path::Path::new(&name).file_name()?.to_str().map(str::to_owned)
}

/// Logs to standard error what the variable RASMAN_LOG asks for, for example `debug` or `rasmand=debug`; else nothing.
fn log_to_stderr() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("RASMAN_LOG") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

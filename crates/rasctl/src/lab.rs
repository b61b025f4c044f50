//! `rasctl lab`: a server to dial.

use clap::Args;
use std::ffi::OsString;
use std::process::ExitCode;

/// Everything behind `lab` is the lab's own; `rasctl lab --help` lists it.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct LabArguments {
    /// Flags of the lab, for example --listen 127.0.0.1:8443 --fault silent=auth; --help lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// Runs a lab until its standard input ends or it is told to stop.
pub(crate) fn run(arguments: LabArguments) -> ExitCode {
    rasman_lab::main_process(arguments.flags.into_iter())
}

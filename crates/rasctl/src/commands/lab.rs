//! `rasctl lab`: a server to dial.

use crate::exit::Exit;
use clap::Args;
use std::ffi::OsString;
use std::process::ExitCode;

/// Everything behind `lab` is the lab's own; `rasctl lab --help` lists it.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct LabArguments {
    /// Flags of the lab, for example --listen 127.0.0.1:8443 --fault silent=auth; --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAG")]
    flags: Vec<OsString>,
}

/// Runs a lab until its standard input ends or it is told to stop. It speaks JSON already.
pub(crate) fn run(arguments: LabArguments) -> Exit {
    let code = rasman_lab::main_process(arguments.flags.into_iter());
    match code {
        code if code == ExitCode::SUCCESS => Exit::Success,
        code if code == ExitCode::from(Exit::Usage.number()) => Exit::Usage,
        _ => Exit::Failure,
    }
}

//! The other processes of the daemon's tests: the daemon itself, and programs that dial.
//!
//! `rasman-ipc-helper client FOLDER WHAT...` is a program that dials, `rasman-ipc-helper stopping FOLDER CHANGE` a daemon
//! that stops at a change of the system; anything else is `rasmand` with these arguments.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    match arguments.peek().and_then(|first| first.to_str()) {
        Some("client") => return rasman_tests::ipc::client(arguments.skip(1)),
        Some("stopping") => return rasman_tests::ipc::stopping(arguments.skip(1)),
        _ => {}
    }
    rasmand::daemon::main_process(arguments)
}

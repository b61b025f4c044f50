//! The other processes of the daemon's tests: the daemon itself, and programs that dial.
//!
//! `rasman-ipc-helper client FOLDER WHAT...` is a program that dials; anything else is `rasmand` with these arguments.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == "client") {
        return rasman_tests::ipc::client(arguments.skip(1));
    }
    rasmand::daemon::main_process(arguments)
}

//! The daemon `rasmand`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    rasmand::daemon::main_process(std::env::args_os().skip(1))
}

//! The command line of rasman.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    rasman_cli::rasctl()
}

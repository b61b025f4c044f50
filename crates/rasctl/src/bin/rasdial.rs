//! The command line of rasman in the syntax of Windows.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    rasman_cli::rasdial()
}

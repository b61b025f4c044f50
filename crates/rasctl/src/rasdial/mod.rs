//! `rasdial`: the syntax, the messages and the exit status of Windows, so that a script runs with its paths changed.

mod argv;
mod parse;
mod run;

use crate::failure::Failure;
use crate::output::Output;
use parse::{DialRequest, Request};
use rasman::{Code, Secret};
use std::io::IsTerminal;
use std::process::ExitCode;

/// Runs `rasdial`.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    let request = match parse::parse(&arguments) {
        Ok(request) => request,
        Err(wrong) => {
            eprintln!("rasdial: {wrong}\n\n{USAGE}");
            return status(Code::INVALID_PARAMETER);
        }
    };
    let password = match &request {
        Request::Dial(dial) => password(&arguments, dial),
        _ => Password::Stored,
    };
    crate::log_to_stderr();
    let output = Output::new("rasdial", false);
    match run::run(request, password, output) {
        Ok(()) => {
            output.line("Command completed successfully.");
            ExitCode::SUCCESS
        }
        Err(failure) => fail(&failure, output),
    }
}

/// Describes the command line, for the manual page.
pub(crate) fn command() -> clap::Command {
    let argument = |name: &'static str, help: &'static str| clap::Arg::new(name).help(help);
    clap::Command::new("rasdial")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Dial, list and hang up remote access connections, in the syntax of Windows")
        .after_help(NOTES)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(argument("ENTRY", "Entry of the phone book; without any argument the connections are listed"))
        .arg(argument("USER", "User name"))
        .arg(argument("PASSWORD", "Password, or * to be asked for it; without, the stored one"))
        .arg(argument("/DOMAIN:domain", "Domain of the user"))
        .arg(argument("/PHONE:number", "Number or server to dial in place of the entry's own"))
        .arg(argument("/CALLBACK:number", "Number at which to be called back"))
        .arg(argument("/PHONEBOOK:file", "Phone book of the entry"))
        .arg(argument("/PREFIXSUFFIX", "Dial the number with its prefix and suffix"))
        .arg(argument("/DISCONNECT", "Hang up the entry, or all connections"))
        .arg(argument("/?", "Show the help"))
}

/// Which password to dial with.
enum Password {
    /// The one that is stored for the entry, if any.
    Stored,
    Ask,
    Given(Secret),
}

/// Gives the password of the command line; the first thing that is done, as it can be read there.
fn password(arguments: &[String], dial: &DialRequest) -> Password {
    let Some(place) = dial.password else { return Password::Stored };
    if arguments[place] == "*" {
        return match argv::taken() {
            Some(password) => {
                warn("a password on the command line can be read by others; give * to be asked for it");
                Password::Given(password)
            }
            None => Password::Ask,
        };
    }
    let error = argv::start_again_without(arguments, place);
    warn(&format!("the password stays visible on the command line ({error}); give * to be asked for it"));
    Password::Given(arguments[place].as_str().into())
}

fn warn(text: &str) {
    if std::io::stderr().is_terminal() {
        Output::new("rasdial", false).warning(text);
    }
}

fn fail(failure: &Failure, output: Output) -> ExitCode {
    let Some(cause) = failure.cause() else {
        output.failure(failure);
        return ExitCode::from(failure.exit.number());
    };
    let number = crate::failure::number(cause.code);
    let sentence = cause.code.sentence().unwrap_or("There is no text for this error.");
    output.line(format_args!("\nRemote Access error {number} - {sentence}"));
    if !cause.advice.is_empty() {
        output.line(format_args!("Try: {}.", cause.advice.trim_end_matches('.')));
    }
    output.line(format_args!("\nFor more help on this error:\n\tType 'rasctl explain {number}'"));
    status(cause.code)
}

/// Gives the error number as an exit status, of which Linux keeps the low eight bits; a failure is never 0.
fn status(code: Code) -> ExitCode {
    ExitCode::from(status_number(code))
}

fn status_number(code: Code) -> u8 {
    match (code.0, code.0.to_le_bytes()[0]) {
        (0, _) => 0,
        (_, 0) => u8::MAX,
        (_, low) => low,
    }
}

const USAGE: &str = "\
rasdial
rasdial ENTRY [USER [PASSWORD|*]] [/DOMAIN:domain] [/PHONE:number] [/CALLBACK:number]
        [/PHONEBOOK:file] [/PREFIXSUFFIX]
rasdial [ENTRY] /DISCONNECT";

const NOTES: &str = "\
Exit status: 0, or the low eight bits of the error number that is printed (691 gives 179), and 255 where these would \
be 0. A password on the command line is taken out of it at once; with * it is asked for.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_is_the_error_number_as_far_as_it_fits() {
        for (code, status) in [(0, 0), (5, 5), (87, 87), (623, 111), (691, 179), (768, 255), (0x800B_0109, 9)] {
            assert_eq!(status_number(Code(code)), status, "{code}");
        }
    }
}

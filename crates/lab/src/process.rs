//! A lab as a process of its own.

use crate::{Config, Faults, User};
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

/// Runs a lab until `input` ends: the whole of `rasctl lab`.
///
/// ```text
/// output: {"address":"127.0.0.1:4433",...}      the facts, one line, when it can be dialled
/// input:  stats                                 output: {"accepted":1,...}
/// input:  faults silent=auth                    from the next connection on; "faults" alone ends them
/// input:  hang-up                               every client is sent away
/// input:  stop, or the end of the input         everything ends in good order
/// ```
///
/// Each command but `stop` is answered with one line of JSON: `stats` with the statistics, others with
/// `{"ok":true}` or `{"error":"..."}`.
///
/// # Errors
/// Those of [`spawn`](crate::spawn), and of the output.
pub fn run(config: Config, input: impl BufRead, output: impl Write) -> io::Result<()> {
    let _ = (config, input, output);
    Ok(())
}

/// Reads flags (`--name value` or `--name=value`; [`FLAGS`] tells which) and runs a lab on standard input and output.
pub fn main_process(args: impl Iterator<Item = OsString>) -> ExitCode {
    let _ = args;
    ExitCode::FAILURE
}

/// The flags of [`Config::apply_flag`] with their meaning.
pub const FLAGS: &[(&str, &str)] = &[
    ("listen", "address and port; port 0 lets the system choose (127.0.0.1:0)"),
    ("users", "file with a line name:password[:state] for each user; \"-\" is refused, input is for commands"),
    ("pool", "addresses for clients (10.99.0.2-10.99.15.254)"),
    ("gateway", "the lab's own address inside (10.99.0.1)"),
    ("dns", "name servers for clients, commas between; \"none\" for none (the gateway)"),
    ("name", "the lab's name, also in its certificate (vpn.lab.test)"),
    ("tls", "1.2 for TLS 1.2 only, 1.3 for both (1.3)"),
    ("hashes", "hash protocols for the crypto binding: sha1, sha256 or both (both)"),
    ("retries", "further attempts of a refused client on the same link (2)"),
    ("fault", "what goes wrong, such as silent=auth; may be repeated"),
    ("page", "file with the page at / inside"),
    ("max-sessions", "sessions at one time (2000)"),
];

impl Config {
    /// Sets what a command-line flag says; `name` is without dashes and one of [`FLAGS`].
    ///
    /// # Errors
    /// A sentence that names the flag and what was expected.
    pub fn apply_flag(&mut self, name: &str, value: &str) -> Result<(), String> {
        let _ = (name, value, User::parse_list, Faults::default);
        Err(format!("--{name}: no such flag"))
    }
}

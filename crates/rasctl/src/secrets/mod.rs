//! Where passwords come from: never from the command line, which everybody can read.

mod file;
mod prompt;

pub(crate) use file::read as read_file;
pub(crate) use prompt::{ask, ask_plain};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use clap::Args;
use rasman::Secret;
use std::path::PathBuf;

/// Where the password comes from. Without any of these it is asked for on a terminal.
#[derive(Args, Clone, Default)]
#[group(multiple = false)]
pub(crate) struct PasswordArguments {
    /// File whose first line is the password, readable by you alone
    #[arg(long, value_name = "FILE", help_heading = "Password")]
    pub(crate) password_file: Option<PathBuf>,
    /// Read the password from the first line of standard input
    #[arg(long, help_heading = "Password")]
    pub(crate) password_stdin: bool,
    /// systemd credential that holds the password ($CREDENTIALS_DIRECTORY/NAME)
    #[arg(long, value_name = "NAME", help_heading = "Password")]
    pub(crate) password_credential: Option<String>,
}

impl PasswordArguments {
    /// Reads the password from where the arguments say; nothing if they say nothing.
    pub(crate) fn read(&self) -> Result<Option<Secret>, Failure> {
        if let Some(path) = &self.password_file {
            return file::read(path).map(Some);
        }
        if let Some(name) = &self.password_credential {
            return file::credential(name).map(Some);
        }
        if self.password_stdin {
            return prompt::read_line().map(Some);
        }
        Ok(None)
    }

    /// Reads the password, or asks for it on a terminal.
    pub(crate) fn read_or_ask(&self, output: Output, question: &str) -> Result<Secret, Failure> {
        match self.read()? {
            Some(password) => Ok(password),
            None if output.can_ask() => crate::runtime::block_on(ask(question))?,
            None => Err(missing()),
        }
    }
}

/// An attempt with no password at all could lock the account, so nothing is sent.
fn missing() -> Failure {
    let advice = "give it by --password-file FILE, --password-stdin or --password-credential NAME, or run this on a \
                  terminal";
    Failure::new(Exit::Credentials, "there is no password", advice)
}

/// More than any server takes.
const PASSWORD_MAX: usize = 4096;

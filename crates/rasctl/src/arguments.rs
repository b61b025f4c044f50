//! The command line of `rasctl`, and what is common to its commands.

use crate::commands::Command;
use crate::exit::Exit;
use crate::output::Output;
use clap::{Args, CommandFactory, Parser, ValueEnum};
use std::path::PathBuf;

/// Dial remote access connections from user space: no root, no kernel modules
#[derive(Parser)]
#[command(name = "rasctl", version, propagate_version = true, after_help = Exit::listing(), max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Globals {
    /// Print JSON: one document, or one object a line where there is a stream
    #[arg(long, global = true, help_heading = "Options of every command")]
    json: bool,
    /// Use this phone book (rasphone.pbk) instead of yours and the system's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Options of every command")]
    phonebook: Option<PathBuf>,
    /// Which manager: yours, or the machine's; without, yours for dialling and both for looking
    #[arg(long, global = true, value_enum, help_heading = "Options of every command")]
    scope: Option<Scope>,
}

/// Whose manager is meant.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Scope {
    User,
    System,
}

impl From<Scope> for rasman::daemon::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::User => Self::User,
            Scope::System => Self::System,
        }
    }
}

/// What a command has to know besides its own arguments.
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) phonebook: Option<PathBuf>,
    pub(crate) scope: Option<Scope>,
}

impl Context {
    /// Takes the options of every command.
    pub(crate) fn new(globals: &Globals) -> Self {
        Self { output: Output::new("rasctl", globals.json), phonebook: globals.phonebook.clone(), scope: globals.scope }
    }
}

/// Gives the command line as data, for completions, manual pages and tests.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

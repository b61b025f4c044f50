//! `rasctl entry`: the entries of phone books.

mod add;
mod check;
mod export;
mod import;
mod list;
mod rename;
mod set;
mod settings;
mod show;

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum EntryCommand {
    /// List the entries
    List,
    /// Show an entry: what it dials, and how
    Show(show::ShowArguments),
    /// Add an entry; what is not given is asked for on a terminal
    Add(Box<add::AddArguments>),
    /// Change settings of an entry
    #[command(after_help = settings::listing(), after_long_help = settings::listing())]
    Set(set::SetArguments),
    /// Give an entry another name
    Rename(rename::RenameArguments),
    /// Remove an entry
    #[command(visible_alias = "delete")]
    Remove(rename::RemoveArguments),
    /// Say line by line what is wrong, unknown or not supported in phone books
    Check(check::CheckArguments),
    /// Take over entries from Windows (rasphone.pbk), NetworkManager or pppd
    Import(import::ImportArguments),
    /// Write entries as a phone book of their own
    Export(export::ExportArguments),
}

/// Runs a command.
pub(crate) fn run(command: EntryCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        EntryCommand::List => list::run(context),
        EntryCommand::Show(arguments) => show::run(&arguments, context),
        EntryCommand::Add(arguments) => add::run(*arguments, context),
        EntryCommand::Set(arguments) => set::run(&arguments, context),
        EntryCommand::Rename(arguments) => rename::rename(&arguments, context),
        EntryCommand::Remove(arguments) => rename::remove(&arguments, context),
        EntryCommand::Check(arguments) => check::run(&arguments, context),
        EntryCommand::Import(arguments) => import::run(&arguments, context),
        EntryCommand::Export(arguments) => export::run(&arguments, context),
    }
}

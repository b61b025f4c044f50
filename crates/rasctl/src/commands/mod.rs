//! The commands, a file each.

mod completions;
mod connections;
pub(crate) mod credentials;
mod demo;
mod devices;
pub(crate) mod dial;
mod entry;
mod explain;
mod lab;
mod man;

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::runtime::block_on;
use clap::Subcommand;
use connections::ConnectionArguments;
use connections::{forward, hangup, list, proxy, stats, status, stop, watch};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Dial an entry of the phone book, or a server
    Dial(Box<dial::DialArguments>),
    /// List, show, add, change, check, import and export the entries of phone books
    #[command(subcommand)]
    Entry(entry::EntryCommand),
    /// Store, forget and look at user names and passwords of entries
    #[command(subcommand)]
    Credentials(credentials::CredentialsCommand),
    /// Hang up a connection
    #[command(visible_alias = "disconnect")]
    Hangup(hangup::HangupArguments),
    /// Show what a connection is doing; --check for health probes
    Status(status::StatusArguments),
    /// List the connections
    List,
    /// Follow every change of every connection
    Watch,
    /// Show what a connection has carried
    Stats(ConnectionArguments),
    /// Print the address of a connection's proxy
    Proxy(ConnectionArguments),
    /// Print the local ports that lead into a connection
    Forward(ConnectionArguments),
    /// Stop the manager, which hangs up all of its connections
    Stop,
    /// List the serial ports of this machine, and the modems that answer at them
    Devices(devices::DevicesArguments),
    /// Explain an error: its number, its name, or the last one
    Explain(explain::ExplainArguments),
    /// Run a test server to dial, with faults on demand
    Lab(lab::LabArguments),
    /// Show a whole dial against a test server of our own: loopback only, no privilege
    Demo(demo::DemoArguments),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArguments),
    /// Write the manual pages into a folder
    Man(man::ManArguments),
}

/// Runs a command.
pub(crate) fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Dial(arguments) => dial::run(&arguments, context),
        Command::Entry(command) => entry::run(command, context),
        Command::Credentials(command) => credentials::run(command, context),
        Command::Hangup(arguments) => block_on(hangup::run(&arguments, context))?,
        Command::Status(arguments) => status::run(&arguments, context),
        Command::List => list::run(context),
        Command::Watch => block_on(watch::run(context))?,
        Command::Stats(arguments) => stats::run(&arguments, context),
        Command::Proxy(arguments) => proxy::run(&arguments, context),
        Command::Forward(arguments) => forward::run(&arguments, context),
        Command::Stop => block_on(stop::run(context))?,
        Command::Devices(arguments) => devices::run(&arguments, context),
        Command::Explain(arguments) => explain::run(&arguments, context),
        Command::Lab(arguments) => Ok(lab::run(arguments)),
        Command::Demo(arguments) => demo::run(&arguments, context),
        Command::Completions(arguments) => Ok(completions::run(&arguments, context)),
        Command::Man(arguments) => man::run(&arguments, context),
    }
}

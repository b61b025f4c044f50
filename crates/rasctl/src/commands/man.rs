//! `rasctl man`: the manual pages, from the same source as the help.

use crate::arguments::{Context, command};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::rasdial;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Where to.
#[derive(Args)]
pub(crate) struct ManArguments {
    /// Folder for the pages; it is made if it is not there
    directory: PathBuf,
}

/// Writes a page for each command, and that of `rasdial`.
pub(crate) fn run(arguments: &ManArguments, context: &Context) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    let failed = |error: std::io::Error| Failure::system(directory.display(), &error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(command().disable_help_subcommand(true), directory).map_err(failed)?;
    clap_mangen::generate_to(rasdial::command(), directory).map_err(failed)?;
    context.output.line(format_args!("The manual pages are in {}.", directory.display()));
    context.output.json(&json!({ "directory": directory }));
    Ok(Exit::Success)
}

//! `rasctl completions`: scripts that complete the command line in a shell.

use crate::arguments::{Context, command};
use crate::exit::Exit;
use clap::Args;
use clap_complete::Shell;

/// For which shell.
#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that is to complete
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(arguments: &CompletionsArguments, context: &Context) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "rasctl", &mut script);
    context.output.raw(&script);
    Exit::Success
}

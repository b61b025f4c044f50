//! `rasctl forward`: the local ports that lead into a connection.

use super::ConnectionArguments;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use serde_json::json;

/// Prints their addresses, one a line, in the order in which they were asked for.
pub(crate) fn run(arguments: &ConnectionArguments, context: &Context) -> Result<Exit, Failure> {
    let (info, connection) = arguments.find(&Managers::running(context.scope)?)?;
    let forwards = connection.status()?.doors.forwards;
    if forwards.is_empty() {
        let what = format!("{} has no forward", info.entry);
        return Err(Failure::new(Exit::NotFound, what, "dial with --forward LISTEN=HOST:PORT"));
    }
    for forward in &forwards {
        context.output.line(forward);
    }
    context.output.json(&json!({ "entry": info.entry, "forwards": forwards }));
    Ok(Exit::Success)
}

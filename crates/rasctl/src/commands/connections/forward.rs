//! `rasctl forward`: the local ports that lead into a connection.

use super::ConnectionArguments;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager;
use serde_json::json;

/// Prints their addresses, one a line, in the order in which they were asked for.
pub(crate) async fn run(arguments: &ConnectionArguments, context: &Context) -> Result<Exit, Failure> {
    let manager = manager::connect(context.scope).await?;
    let (info, connection) = arguments.find(&manager)?;
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

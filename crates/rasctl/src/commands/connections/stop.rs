//! `rasctl stop`: ends a manager, and with it all of its connections.

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use serde_json::json;

/// Stops the managers that run, or that of the scope.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let mut stopped = Vec::new();
    for (scope, manager) in Managers::running(context.scope)?.0 {
        manager.stop().await?;
        context.output.line(format_args!("The {scope} manager is stopped."));
        stopped.push(scope.to_string());
    }
    if stopped.is_empty() {
        context.output.line("No manager runs.");
    }
    context.output.json(&json!({ "stopped": stopped }));
    Ok(Exit::Success)
}

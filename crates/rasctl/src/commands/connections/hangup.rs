//! `rasctl hangup`: gives a reference back, or ends connections.

use super::ConnectionArguments;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use crate::output::{duration, json};
use clap::Args;
use rasman::{Code, Connection, ConnectionInfo, HangUp};
use serde_json::{Value, json};
use std::time::Instant;

/// Which connections, and how hard.
#[derive(Args)]
pub(crate) struct HangupArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Hang up all connections
    #[arg(long, conflicts_with = "name")]
    all: bool,
    /// End the connection though others refer to it
    #[arg(long)]
    force: bool,
}

/// Hangs up, and waits until it is done.
pub(crate) async fn run(arguments: &HangupArguments, context: &Context) -> Result<Exit, Failure> {
    let managers = Managers::running(context.scope)?;
    let chosen = match arguments.all {
        true => managers.connections(),
        false => vec![arguments.connection.choose(managers.connections())?],
    };
    let mut done = Vec::new();
    for info in chosen {
        let start = Instant::now();
        let Some(hung_up) = hang_up(&managers.connection(info.handle)?, arguments.force).await? else { continue };
        context.output.line(sentence(&info, &hung_up, start));
        done.push(value(&info, &hung_up));
    }
    if arguments.all && done.is_empty() {
        context.output.line("There is no connection.");
    }
    context.output.json(&json!({ "hung_up": done }));
    Ok(Exit::Success)
}

/// Hangs up; nothing if the connection went away by itself meanwhile.
async fn hang_up(connection: &Connection, force: bool) -> Result<Option<HangUp>, Failure> {
    let hanging_up = if force { connection.force_hang_up() } else { connection.hang_up() };
    match hanging_up {
        Ok(hanging_up) => Ok(Some(hanging_up.await)),
        Err(error) if error.code() == Code::INVALID_HANDLE => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn sentence(info: &ConnectionInfo, hung_up: &HangUp, start: Instant) -> String {
    match hung_up {
        HangUp::Gone(_) => format!("{} is hung up, in {}.", info.entry, duration(start.elapsed())),
        HangUp::Released { remaining } => format!(
            "{} stays up: {remaining} more {} it. `rasctl hangup --force` ends it for all.",
            info.entry,
            if *remaining == 1 { "dial refers to" } else { "dials refer to" }
        ),
    }
}

fn value(info: &ConnectionInfo, hung_up: &HangUp) -> Value {
    let (remaining, cause) = match hung_up {
        HangUp::Gone(cause) => (0, json::cause(cause)),
        HangUp::Released { remaining } => (*remaining, Value::Null),
    };
    json!({ "handle": json::handle(info.handle), "entry": info.entry, "remaining": remaining, "cause": cause })
}

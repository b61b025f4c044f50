//! `rasctl dial --hold`: one connection in the foreground, with a manager of its own.

use super::follow::{describe, follow, leave};
use crate::commands::connections::status;
use crate::exit::Exit;
use crate::failure::{Failure, plain};
use crate::held::Told;
use crate::output::{Output, Paint, json, keep_going_unread};
use crate::runtime::{Ending, block_on};
use rasman::{Connection, Dial, Manager};
use serde_json::json;
use std::convert::Infallible;

/// Dials and stays until a signal, or the end of the connection.
pub(super) fn run(manager: &Manager, dial: Dial, output: Output) -> Result<Exit, Failure> {
    // The connection matters more than whoever reads about it.
    keep_going_unread();
    block_on(async {
        let result = stay(manager, dial, output).await;
        manager.shut_down().await;
        result
    })?
}

/// Tells `rasctl status` of the connection.
async fn tell(told: Option<Told>, manager: &Manager, connection: &Connection) -> Infallible {
    let Some(told) = told else { return std::future::pending().await };
    told.serve(|| {
        let info = manager.connections().into_iter().find(|info| info.handle == connection.handle());
        let mut value = match (info, connection.status()) {
            (Some(info), Ok(status)) => status::value(&info, connection, &status),
            // It ends at this moment.
            _ => json!({ "healthy": false }),
        };
        value["held_by"] = json!(std::process::id());
        value
    })
    .await
}

async fn stay(manager: &Manager, dial: Dial, output: Output) -> Result<Exit, Failure> {
    let mut ending = Ending::listen()?;
    let connection = follow(manager, dial, output, &mut ending).await?;
    // Whoever reads that it is connected finds it.
    let told = Told::open().inspect_err(|error| {
        output.warning(format_args!("`rasctl status` will not see this connection: {}", plain(error)));
    });
    describe(&connection, output)?;
    output.line(output.painter().paint(Paint::Dim, "Ctrl-C hangs up."));
    tokio::select! {
        never = tell(told.ok(), manager, &connection) => match never {},
        cause = connection.closed() => {
            output.json(&json!({ "event": "closed", "cause": json::cause(&cause) }));
            let lost = Failure::during("the connection ended", cause);
            Err(lost.exit(Exit::Lost))
        }
        () = ending.wait() => {
            leave(&connection, output).await;
            Ok(Exit::Success)
        }
    }
}

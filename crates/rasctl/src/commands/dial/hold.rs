//! `rasctl dial --hold`: one connection in the foreground, with a manager of its own.

use super::follow::{describe, follow, leave};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, json, keep_going_unread};
use crate::runtime::{Ending, block_on};
use rasman::{Dial, Manager};
use serde_json::json;

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

async fn stay(manager: &Manager, dial: Dial, output: Output) -> Result<Exit, Failure> {
    let mut ending = Ending::listen()?;
    let connection = follow(manager, dial, output, &mut ending).await?;
    describe(&connection, output)?;
    output.line(output.painter().paint(Paint::Dim, "Ctrl-C hangs up."));
    tokio::select! {
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

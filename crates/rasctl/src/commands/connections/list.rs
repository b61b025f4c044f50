//! `rasctl list`: the connections, dials under way included.

use crate::arguments::{Context, Scope};
use crate::exit::Exit;
use crate::failure::{Failure, number};
use crate::manager::Managers;
use crate::output::{Output, Paint, json};
use rasman::daemon;
use rasman::ipc::scope::Place;
use rasman::{Code, ConnState, ConnectionInfo, Substate};
use serde_json::json;
use std::os::unix::net::UnixStream;

/// Lists them.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let connections = Managers::running(context.scope)?.connections();
    match connections.is_empty() {
        true => context.output.line(none(context.scope)),
        false => table(&connections, context.output),
    }
    context.output.json(&json!({ "connections": connections.iter().map(json::info).collect::<Vec<_>>() }));
    Ok(Exit::Success)
}

/// Says that there is no connection, and so if one was lost with a manager that did not end as it should.
pub(super) fn none(scope: Option<Scope>) -> &'static str {
    match left_behind(scope) {
        true => {
            "There is no connection. The manager was killed or has crashed, and its connections with it; dial again."
        }
        false => "There is no connection.",
    }
}

/// Whether a manager's socket is there and nobody behind it: a manager that ends takes it away.
fn left_behind(scope: Option<Scope>) -> bool {
    let scopes = match scope {
        Some(scope) => vec![scope.into()],
        None => vec![daemon::Scope::User, daemon::Scope::System],
    };
    let socket = |scope| Place::of(scope).socket();
    let refused = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    scopes.into_iter().any(|scope| UnixStream::connect(socket(scope)).is_err_and(refused))
}

/// Shows connections as a table.
pub(super) fn table(connections: &[ConnectionInfo], output: Output) {
    if connections.is_empty() {
        return output.line("There is no connection.");
    }
    let painter = output.painter();
    let name = connections.iter().map(|info| info.entry.chars().count()).max().unwrap_or_default().clamp(5, NAME_MAX);
    let head = format!("{:<16}  {:<name$}  {:<STATE$}  {:>4}", "HANDLE", "ENTRY", "STATE", "REFS");
    output.line(painter.paint(Paint::Dim, head));
    for info in connections {
        let state = painter.state(info.state, info.error != 0, STATE);
        let handle = info.handle.to_string();
        let line = format!("{handle:<16}  {:<name$}  {state}  {:>4}  {}", info.entry, info.references, note(info));
        output.line(line.trim_end());
    }
}

/// What is worth a word: an error, or a link that is being made again.
fn note(info: &ConnectionInfo) -> String {
    match (info.error, info.substate) {
        (0, Substate::Dormant | Substate::Reconnecting) if info.state == ConnState::Connected => {
            info.substate.to_string()
        }
        (0, _) => String::new(),
        (error, _) => format!("error {}", number(Code(error))),
    }
}

const NAME_MAX: usize = 32;
const STATE: usize = 19;

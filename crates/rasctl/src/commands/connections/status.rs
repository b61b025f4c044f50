//! `rasctl status`: what a connection is doing, and whether it is well.

use super::list::none;
use super::{ConnectionArguments, is_named};
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::{Failure, number};
use crate::held;
use crate::manager::Managers;
use crate::output::{Output, Paint, duration, json, wrap};
use clap::Args;
use rasman::{ConnState, Connection, ConnectionInfo, Status, Substate};
use serde_json::{Value, json};

/// Which connection, and how.
#[derive(Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// End with 0 only if it is connected and its link is up, for health probes; with a name, of that connection
    #[arg(long)]
    check: bool,
}

/// Shows one connection, or all.
pub(crate) fn run(arguments: &StatusArguments, context: &Context) -> Result<Exit, Failure> {
    let held = held(arguments, context);
    let managers = Managers::running(context.scope)?;
    let chosen = match &arguments.connection.name {
        Some(_) => match arguments.connection.choose(managers.connections()) {
            Ok(info) => vec![info],
            Err(_) if !held.is_empty() => Vec::new(),
            Err(failure) => return Err(failure),
        },
        None => managers.connections(),
    };
    let mut shown = Vec::new();
    let mut healthy = !(chosen.is_empty() && held.is_empty());
    for info in chosen {
        // One that went away meanwhile is not shown.
        let Ok(connection) = managers.connection(info.handle) else { continue };
        let Ok(status) = connection.status() else { continue };
        healthy &= is_healthy(&status);
        show(&info, &connection, &status, context.output);
        shown.push(value(&info, &connection, &status));
    }
    for value in held {
        healthy &= value["healthy"] == true;
        show_held(&value, context.output);
        shown.push(value);
    }
    if shown.is_empty() {
        context.output.line(none(context.scope));
    }
    context.output.json(&json!({ "healthy": healthy, "connections": shown }));
    Ok(if arguments.check && !healthy { Exit::Lost } else { Exit::Success })
}

/// Connected, and with a link.
fn is_healthy(status: &Status) -> bool {
    status.state == ConnState::Connected && matches!(status.substate, Substate::None | Substate::Reconnected)
}

/// The connections that programs hold in the foreground, of those that are meant.
fn held(arguments: &StatusArguments, context: &Context) -> Vec<Value> {
    if context.scope.is_some() {
        // A manager is meant.
        return Vec::new();
    }
    let mut held = held::all();
    if let Some(name) = &arguments.connection.name {
        let is_meant = |value: &Value| is_named(value["entry"].as_str(), value["handle"].as_str(), name);
        held.retain(is_meant);
    }
    held
}

fn show_held(value: &Value, output: Output) {
    let painter = output.painter();
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    output.line(painter.paint(Paint::Title, text("entry")));
    let process = format!("{}, which holds it in the foreground", value["held_by"]);
    for (name, text) in [("handle", text("handle")), ("state", text("state")), ("process", process)] {
        output.line(format_args!("  {} {text}", painter.paint(Paint::Dim, format_args!("{name:<9}"))));
    }
    if let Some(proxy) = value["doors"]["proxy"].as_str() {
        output.line(format_args!("  {} {proxy}", painter.paint(Paint::Dim, format_args!("{:<9}", "proxy"))));
    }
}

/// What a status is in JSON.
pub(crate) fn value(info: &ConnectionInfo, connection: &Connection, status: &Status) -> Value {
    let mut value = json::info(info);
    json::merge(&mut value, json::status(status));
    value["healthy"] = json!(is_healthy(status));
    value["statistics"] = connection.statistics().map_or(Value::Null, |statistics| json::statistics(&statistics));
    value
}

fn show(info: &ConnectionInfo, connection: &Connection, status: &Status, output: Output) {
    let painter = output.painter();
    output.line(painter.paint(Paint::Title, &info.entry));
    let row = |name: &str, text: String| {
        if !text.is_empty() {
            let text = wrap(&text, output.width(), INDENT);
            output.line(format_args!("  {} {text}", painter.paint(Paint::Dim, format_args!("{name:<9}"))));
        }
    };
    row("handle", info.handle.to_string());
    row("state", painter.state(status.state, status.error.is_some(), 0));
    if status.substate != Substate::None {
        row("link", status.substate.to_string());
    }
    if let Some(retrying) = &status.retrying {
        let of = retrying.of.map_or_else(String::new, |of| format!(" of {of}"));
        row("attempt", format!("{}{of}, after error {}", retrying.attempt, number(retrying.last.code)));
    }
    if let Some(cause) = &status.error {
        row("error", cause.to_string());
    }
    row("device", status.device.to_string());
    if let Some(projection) = &status.projection {
        row("network", projection.to_string());
    }
    if status.learned != rasman::Learned::default() {
        row("told", status.learned.to_string());
    }
    if let Some(socks) = status.doors.socks {
        row("proxy", format!("socks5h://{socks}"));
    }
    for forward in &status.doors.forwards {
        row("forward", forward.to_string());
    }
    if let Some(interface) = &status.doors.interface {
        row("interface", interface.clone());
    }
    if let Ok(statistics) = connection.statistics()
        && status.state == ConnState::Connected
    {
        row("connected", duration(statistics.connected));
        if statistics.bps > 0 {
            row("speed", format!("{} bit/s", statistics.bps));
        }
    }
}

/// Where the text of a row begins.
const INDENT: usize = 12;

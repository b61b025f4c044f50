//! `rasctl stats`: what a connection has carried.

use super::ConnectionArguments;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use crate::output::{duration, json, size};

/// Shows the counters.
pub(crate) fn run(arguments: &ConnectionArguments, context: &Context) -> Result<Exit, Failure> {
    let (info, connection) = arguments.find(&Managers::running(context.scope)?)?;
    let statistics = connection.statistics()?;
    let output = context.output;
    let (sent, received) = (size(statistics.bytes_sent), size(statistics.bytes_received));
    output.row("entry", &info.entry);
    output.row("up", duration(statistics.connected));
    if statistics.bps > 0 {
        output.row("speed", format_args!("{} bit/s", statistics.bps));
    }
    output
        .row("sent", format_args!("{sent} in {} packets, {} dropped", statistics.packets_sent, statistics.send_drops));
    output.row(
        "received",
        format_args!("{received} in {} packets, {} dropped", statistics.packets_received, statistics.receive_drops),
    );
    let mut value = json::statistics(&statistics);
    json::merge(&mut value, serde_json::json!({ "handle": json::handle(info.handle), "entry": info.entry }));
    output.json(&value);
    Ok(Exit::Success)
}

//! `rasctl watch`: every change of every connection, as it happens.

use super::list::table;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::{Failure, number};
use crate::manager;
use crate::output::{Output, Paint, json};
use crate::runtime::Ending;
use rasman::{Change, ConnectionInfo, Handle, WatchEvent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// Watches until a signal, or until the manager ends.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let manager = manager::connect(context.scope).await?;
    let mut watcher = Watcher { output: context.output, start: Instant::now(), names: BTreeMap::new() };
    let mut ending = Ending::listen()?;
    let mut watch = manager.watch();
    loop {
        tokio::select! {
            event = watch.next() => match event {
                Some(WatchEvent::Change(change)) => {
                    watcher.learn(&change, || manager.connections());
                    watcher.change(&change);
                }
                Some(event) => watcher.event(&event),
                None => return Err(Failure::new(Exit::Manager, "the connection manager has ended", "")),
            },
            () = ending.wait() => return Ok(Exit::Success),
        }
    }
}

struct Watcher {
    output: Output,
    start: Instant,
    names: BTreeMap<Handle, String>,
}

impl Watcher {
    fn event(&mut self, event: &WatchEvent) {
        match event {
            WatchEvent::Snapshot(list) => self.snapshot(list),
            WatchEvent::Lagged(lost) => {
                self.output.line(format_args!("{lost} changes were lost; what is there now:"));
                self.output.json(&json!({ "event": "lagged", "lost": lost }));
            }
            _ => {}
        }
    }

    fn snapshot(&mut self, list: &[ConnectionInfo]) {
        self.names = list.iter().map(|info| (info.handle, info.entry.clone())).collect();
        table(list, self.output);
        self.output.json(&json!({
            "event": "snapshot",
            "connections": list.iter().map(json::info).collect::<Vec<_>>(),
        }));
    }

    /// Learns the name of a connection that is told of for the first time.
    fn learn(&mut self, change: &Change, connections: impl FnOnce() -> Vec<ConnectionInfo>) {
        let handle = handle_of(change);
        if !self.names.contains_key(&handle) {
            let found = connections().into_iter().find(|info| info.handle == handle);
            self.names.extend(found.map(|info| (handle, info.entry)));
        }
    }

    fn change(&mut self, change: &Change) {
        let handle = handle_of(change);
        let name = self.names.get(&handle).cloned();
        let elapsed = self.start.elapsed();
        let shown = name.clone().unwrap_or_else(|| handle.to_string());
        let painter = self.output.painter();
        let strong = painter.paint(Paint::Strong, &shown);
        let mut event = match change {
            Change::Notified { notification, .. } => {
                self.output.line(format_args!("{} {strong}", painter.notification(elapsed, notification)));
                json::notification(elapsed, notification)
            }
            Change::Substate { substate, cause, .. } => {
                let why = cause.as_ref().map_or_else(String::new, |cause| format!("error {}", number(cause.code)));
                let time = painter.paint(Paint::Dim, format_args!("{:>9}", crate::output::duration(elapsed)));
                self.output.line(format_args!("{time}  {:#06x} {substate:<19} {why} {strong}", substate.number()));
                json!({
                    "event": "substate",
                    "substate": substate.name(),
                    "substate_number": substate.number(),
                    "error": cause.as_ref().map(|cause| json::cause(cause)),
                })
            }
            Change::Gone { cause, .. } => {
                self.names.remove(&handle);
                let time = painter.paint(Paint::Dim, format_args!("{:>9}", crate::output::duration(elapsed)));
                let why = format!("error {}", number(cause.code));
                self.output.line(format_args!("{time}         {:<19} {why} {strong}", "gone"));
                json!({ "event": "gone", "cause": json::cause(cause) })
            }
            _ => json!({ "event": "other" }),
        };
        json::merge(
            &mut event,
            json!({
                "handle": json::handle(handle),
                "entry": name.map_or(Value::Null, Value::String),
                "elapsed_ms": json::millis(elapsed),
            }),
        );
        self.output.json(&event);
    }
}

fn handle_of(change: &Change) -> Handle {
    match change {
        Change::Notified { handle, .. } | Change::Substate { handle, .. } | Change::Gone { handle, .. } => *handle,
        _ => Handle(0),
    }
}

//! `rasctl watch`: every change of every connection, as it happens.

use super::list::table;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::{Failure, number};
use crate::manager::Managers;
use crate::output::{Output, json};
use crate::runtime::Ending;
use rasman::{Change, ConnectionInfo, Handle, Watch, WatchEvent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::sync::mpsc;

/// Watches until a signal, or until the managers end.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let managers = Managers::started(context.scope)?;
    let mut watcher = Watcher { output: context.output, start: Instant::now(), names: BTreeMap::new() };
    let mut ending = Ending::listen()?;
    let (events, mut queue) = mpsc::channel(QUEUE);
    for (_, manager) in &managers.0 {
        tokio::spawn(forward(manager.watch(), events.clone()));
    }
    drop(events);
    loop {
        tokio::select! {
            event = queue.recv() => match event {
                Some(WatchEvent::Change(change)) => {
                    watcher.learn(&change, || managers.connections());
                    watcher.change(&change);
                }
                Some(event) => watcher.event(&event),
                None => return Err(Failure::new(Exit::Manager, "the connection manager has ended", "")),
            },
            () = ending.wait() => return Ok(Exit::Success),
        }
    }
}

/// Hands on what one manager tells.
async fn forward(mut watch: Watch, events: mpsc::Sender<WatchEvent>) {
    while let Some(event) = watch.next().await {
        if events.send(event).await.is_err() {
            return;
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
        self.names.extend(list.iter().map(|info| (info.handle, info.entry.clone())));
        if !list.is_empty() {
            table(list, self.output);
        }
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
        let at = painter.at(elapsed, &shown);
        let mut event = match change {
            Change::Notified { notification, .. } => {
                self.output.line(painter.notification(elapsed, &shown, notification));
                json::notification(elapsed, notification)
            }
            Change::Substate { substate, cause, .. } => {
                let why = cause.as_ref().map_or_else(String::new, |cause| format!("error {}", number(cause.code)));
                let line = format!("{at}  {:#06x} {substate:<19} {why}", substate.number());
                self.output.line(line.trim_end());
                json!({
                    "event": "substate",
                    "substate": substate.name(),
                    "substate_number": substate.number(),
                    "error": cause.as_ref().map(|cause| json::cause(cause)),
                })
            }
            Change::Gone { cause, .. } => {
                self.names.remove(&handle);
                self.output.line(format_args!("{at}         {:<19} {}", "gone", number(cause.code)));
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

/// As many events wait at the most; a manager tells who lags behind.
const QUEUE: usize = 64;

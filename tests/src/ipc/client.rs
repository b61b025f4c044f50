//! A program that dials: it does what its standard input says, and ends with it.

use crate::harness;
use rasman::daemon::{Connector, Scope};
use rasman::ipc::wire::parse_handle;
use rasman::{
    Answer, Change, Connection, DataPath, Dial, Dialing, Error, Flow, Held, Manager, Notification, TunSettings,
    WatchEvent,
};
use rasman_lab::Facts;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

/// Runs the client: `FOLDER FACTS [SCOPE]`, where the facts are those of a lab as JSON.
///
/// # Panics
/// If the arguments are wrong.
pub fn client(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.map(|argument| argument.into_string().expect("UTF-8")).collect();
    if arguments.first().is_some_and(|first| first == "where") {
        say(&rasman::ipc::scope::Place::of(Scope::User).folder.to_string_lossy());
        return ExitCode::SUCCESS;
    }
    let [folder, facts, rest @ ..] = arguments.as_slice() else { panic!("FOLDER FACTS [SCOPE]") };
    let facts: Facts = serde_json::from_str(facts).expect("the lab's facts");
    let scope = rest.first().map_or(Scope::User, |scope| scope.parse().expect("a scope"));
    let connector = Connector::new(scope).folder(folder).start(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match connector.connect() {
        Ok(manager) => {
            say("ready");
            tokio::task::LocalSet::new().block_on(&runtime, obey(manager, &facts));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("refused {} {error}", error.code().0));
            ExitCode::FAILURE
        }
    }
}

async fn obey(manager: Manager, facts: &Facts) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut dials: HashMap<String, mpsc::Sender<String>> = HashMap::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["entry", name] => {
                let dial = Dial::entry(*name).credentials(harness::credentials(rasman_lab::DEFAULT_PASSWORD));
                report(manager.dial(dial).map(|dialing| follow(dialing, &mut dials)));
            }
            ["paused", name] => {
                let dial = Dial::entry(*name).credentials(harness::credentials(rasman_lab::DEFAULT_PASSWORD));
                report(manager.dial(dial.paused_states(true)).map(|dialing| follow(dialing, &mut dials)));
            }
            ["device", name] => {
                let dial = dial(facts, name).data_path(DataPath::Tun(TunSettings::default()));
                report(manager.dial(dial).map(|dialing| follow(dialing, &mut dials)));
            }
            ["remove", name] => report(manager.delete_entry(*name)),
            ["dial", name] => report(manager.dial(dial(facts, name)).map(|dialing| follow(dialing, &mut dials))),
            ["questions", name, password] => {
                let mut dial = dial(facts, name).paused_states(true);
                dial.credentials.password = (*password).into();
                report(manager.dial(dial).map(|dialing| follow(dialing, &mut dials)));
            }
            ["forget", name] => match manager.dial(dial(facts, name)) {
                // A program that dials and never looks.
                Ok(dialing) => {
                    say(&format!("handle {}", dialing.handle()));
                    std::mem::forget(dialing);
                }
                Err(error) => refused(&error),
            },
            ["held", name] => report(manager.dial_held(dial(facts, name)).map(|held| handle(held, &mut dials))),
            ["take", token] => report(manager.take_over(token).map(|dialing| follow(dialing, &mut dials))),
            ["take-held", token] => report(manager.take_over_held(token).map(|held| handle(held, &mut dials))),
            ["list"] => {
                let list = manager.connections();
                let list: Vec<String> = list.iter().map(|info| info.handle.to_string()).collect();
                say(&format!("list {}", list.join(" ")));
            }
            ["status", handle] => report(on(&manager, handle, |connection| {
                connection.status().map(|status| say(&format!("status {}", status.state)))
            })),
            ["hangup", handle] => report(on(&manager, handle, |connection| connection.hang_up().map(drop))),
            ["force", handle] => report(on(&manager, handle, |connection| connection.force_hang_up().map(drop))),
            ["answer", handle, password] => report(on(&manager, handle, |connection| {
                // The first question of a dial.
                connection.answer(1, Answer::Credentials(harness::credentials(password)))
            })),
            ["watch"] => watch(&manager),
            ["stop"] => report(manager.stop().await),
            [handle, rest @ ..] if dials.contains_key(*handle) => {
                let _ = dials[*handle].send(rest.join(" ")).await;
            }
            _ => say(&format!("unknown {line}")),
        }
    }
}

fn dial(facts: &Facts, name: &str) -> Dial {
    let mut entry = harness::entry_to(facts);
    entry.name = name.to_owned();
    if !facts.address.ip().is_loopback() {
        // Its certificate does not name where it listens.
        harness::sstp_of(&mut entry).server_name.clone_from(&facts.name);
    }
    Dial::settings(entry).credentials(harness::credentials(rasman_lab::DEFAULT_PASSWORD))
}

fn on(manager: &Manager, handle: &str, act: impl FnOnce(Connection) -> Result<(), Error>) -> Result<(), Error> {
    let handle = parse_handle(handle).expect("a handle");
    act(manager.connection(handle)?)
}

/// Tells every change.
fn watch(manager: &Manager) {
    let mut watch = manager.watch();
    tokio::task::spawn_local(async move {
        while let Some(event) = watch.next().await {
            match event {
                WatchEvent::Snapshot(list) => say(&format!("watching {}", list.len())),
                WatchEvent::Change(Change::Notified { handle, notification }) => {
                    say(&format!("change {handle} {}", notification.state));
                }
                WatchEvent::Change(Change::Gone { handle, cause }) => say(&format!("change {handle} {}", cause.code.0)),
                _ => say("change"),
            }
        }
    });
}

/// Tells what the dial tells.
fn follow(dialing: Dialing, dials: &mut HashMap<String, mpsc::Sender<String>>) {
    let (sender, mut commands) = mpsc::channel::<String>(4);
    let handle = dialing.handle();
    dials.insert(handle.to_string(), sender);
    say(&format!("handle {handle}"));
    tokio::task::spawn_local(async move {
        let mut dialing = dialing;
        loop {
            tokio::select! {
                notification = dialing.next() => match notification {
                    Some(notification) => tell(&notification),
                    None => break,
                },
                Some(command) = commands.recv() => match command.as_str() {
                    "transfer" => match dialing.connection().transfer() {
                        Ok(token) => say(&format!("token {token}")),
                        Err(error) => refused(&error),
                    },
                    _ => say("unknown"),
                },
            }
        }
        say("over");
        // Whether it is connected or has failed: this program does not hang up.
        std::mem::forget(dialing);
    });
}

/// Runs a handler that waits for a command at each notification: `more`, `silence` or `transfer`.
fn handle(held: Held, dials: &mut HashMap<String, mpsc::Sender<String>>) {
    let (sender, mut commands) = mpsc::channel::<String>(4);
    let handle = held.handle();
    dials.insert(handle.to_string(), sender);
    say(&format!("handle {handle}"));
    let connection = held.connection();
    tokio::task::spawn_local(async move {
        let result = held
            .run(async |notification: Notification| {
                tell(&notification);
                loop {
                    match commands.recv().await.as_deref() {
                        Some("more") => return Flow::More,
                        Some("transfer") => match connection.transfer() {
                            Ok(token) => say(&format!("token {token}")),
                            Err(error) => refused(&error),
                        },
                        _ => return Flow::Silence,
                    }
                }
            })
            .await;
        match result {
            Ok(_) => say("over"),
            Err(error) => say(&format!("over {}", error.code().0)),
        }
    });
}

fn tell(notification: &Notification) {
    say(&format!("state {} {} {}", notification.state, notification.error_number(), notification.seq));
}

fn report(result: Result<(), Error>) {
    match result {
        Ok(()) => say("ok"),
        Err(error) => refused(&error),
    }
}

fn refused(error: &Error) {
    say(&format!("refused {} {error}", error.code().0));
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

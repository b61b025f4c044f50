//! Who ends what: clients, threads and daemons that end or are killed at any moment, as real processes.

use rasman::{Change, Code, ConnState, HangUp, Manager, WatchEvent};
use rasman_lab::Running;
use rasman_tests::harness::lab;
use rasman_tests::ipc::{Client, Daemon};
use std::time::{Duration, Instant};
use tokio::time::timeout;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
/// Clause A48: how soon the port of a dead program's dial is free; with room for a machine that does other things.
const SOON: Duration = Duration::from_secs(1);

fn facts(lab: &Running) -> String {
    serde_json::to_string(lab.facts()).unwrap()
}

fn client(daemon: &Daemon, lab: &Running) -> Client {
    let mut client = daemon.client(&[&facts(lab)]);
    client.until("ready");
    client
}

/// Waits until nothing is listed; tells how long that took.
async fn emptied(manager: &Manager) -> Duration {
    let start = Instant::now();
    let mut watch = manager.watch();
    let empty = async {
        while !manager.connections().is_empty() {
            watch.next().await.expect("the daemon lives");
        }
    };
    timeout(LONG, empty).await.expect("the list empties");
    start.elapsed()
}

#[tokio::test]
async fn a44_s4_a_program_that_ends_after_connected_leaves_the_connection() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    for killed in [false, true] {
        let mut client = client(&daemon, &lab);
        client.tell(&format!("dial {killed}"));
        client.until("state Connected");
        if killed {
            client.kill();
        } else {
            client.leave();
        }
    }
    // Longer than the grace of a lost connection.
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    let list = manager.connections();
    assert_eq!(list.len(), 2);
    for info in list {
        assert_eq!(info.state, ConnState::Connected);
        // Clause H6: another program of the same user may hang it up.
        let connection = manager.connection(info.handle).unwrap();
        assert!(matches!(timeout(LONG, connection.hang_up().unwrap()).await.unwrap(), HangUp::Gone(_)));
    }
}

#[tokio::test]
async fn a44_a_program_that_is_killed_within_its_connected_handler_leaves_the_connection() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut client = client(&daemon, &lab);
    client.tell("held Lab");
    let handle = client.until("handle");
    while !client.until("state").starts_with("Connected") {
        client.tell(&format!("{handle} more"));
    }
    // The handler runs: it waits for a command that never comes.
    client.kill();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(manager.connections()[0].state, ConnState::Connected);
}

#[tokio::test]
async fn a48_a_program_that_is_killed_in_mid_dial_takes_the_dial_with_it_at_each_state() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut states = 0;
    loop {
        // A held dial stands still at each state in turn.
        let mut client = client(&daemon, &lab);
        client.tell("held Lab");
        let handle = client.until("handle");
        let mut state = client.until("state");
        for _ in 0..states {
            client.tell(&format!("{handle} more"));
            state = client.until("state");
        }
        if state.starts_with("Connected") {
            client.kill();
            break;
        }
        client.kill();
        let took = emptied(&manager).await;
        assert!(took < SOON, "killed in {state}: {took:?}");
        states += 1;
    }
    assert!(states >= 10, "only {states} states");
    let others_end = async {
        while lab.stats().sessions > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, others_end).await.expect("nothing is left at the server but the last one");
}

#[tokio::test]
async fn a48_a_program_that_is_killed_between_the_reply_and_the_first_notification_leaves_nothing() {
    let lab = lab("silent=http");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    for _ in 0..10 {
        let mut client = client(&daemon, &lab);
        client.tell("forget Lab");
        client.until("handle");
        client.kill();
        let took = emptied(&manager).await;
        assert!(took < SOON, "{took:?}");
    }
}

#[tokio::test]
async fn a45_what_a_program_leaves_after_an_error_is_reclaimed() {
    let lab = lab("account=disabled");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut client = client(&daemon, &lab);
    client.tell("dial Lab");
    client.until("over");
    let list = manager.connections();
    assert_eq!((list.len(), list[0].error), (1, Code::ACCT_DISABLED.0), "it can be asked as long as the program lives");
    client.leave();
    let took = emptied(&manager).await;
    assert!(took < SOON, "{took:?}");
}

#[tokio::test]
async fn a23_a_thread_that_ends_takes_its_unfinished_dials_with_it() {
    let (silent, good) = (lab("silent=auth"), lab(""));
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let dial = |lab: &Running, name: &str| {
        let mut entry = rasman_tests::harness::entry(lab);
        entry.name = name.to_owned();
        let credentials = rasman_tests::harness::credentials(rasman_lab::DEFAULT_PASSWORD);
        rasman::Dial::settings(entry).credentials(credentials).bound_to_thread(true)
    };
    let (unfinished, connected) = (dial(&silent, "Unfinished"), dial(&good, "Connected"));
    let on_thread = manager.clone();
    let kept = std::thread::spawn(move || {
        let unfinished = on_thread.dial(unfinished).unwrap();
        on_thread.dial_sync(connected).unwrap();
        // Given to somebody else, it lives on; its thread does not.
        unfinished
    });
    let kept = kept.join().unwrap();
    let start = Instant::now();
    let cause = timeout(LONG, kept.connection().closed()).await.unwrap();
    assert_eq!(cause.code, Code::USER_DISCONNECTION);
    assert!(start.elapsed() < SOON);
    let list = manager.connections();
    assert_eq!((list.len(), list[0].entry.as_str()), (1, "Connected"));
}

#[tokio::test]
async fn h16_a_daemon_that_is_told_to_stop_tells_every_watcher_834() {
    let lab = lab("");
    let mut daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut client = client(&daemon, &lab);
    client.tell("dial Lab");
    client.until("state Connected");
    let mut watch = manager.watch();
    assert!(matches!(watch.next().await, Some(WatchEvent::Snapshot(list)) if list.len() == 1));
    let start = Instant::now();
    terminate(daemon.pid());
    let reason = loop {
        match timeout(LONG, watch.next()).await.unwrap().expect("the reason comes first") {
            WatchEvent::Change(Change::Gone { cause, .. }) => break cause,
            _ => continue,
        }
    };
    assert_eq!(reason.code, Code::RASMAN_SERVICE_STOPPED);
    assert!(daemon.wait());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(timeout(LONG, watch.next()).await.unwrap(), None);
    // Clause E9.
    assert_eq!(manager.dial(rasman::Dial::entry("Lab")).err().unwrap().code(), Code::RASMAN_CANNOT_INITIALIZE);
}

#[tokio::test]
async fn h16_a_daemon_with_a_thousand_connections_stops_within_five_seconds() {
    let lab = lab("");
    let mut daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let dial = |number: usize| {
        let mut entry = rasman_tests::harness::entry(&lab);
        entry.name = format!("Customer {number}");
        let credentials = rasman_tests::harness::credentials(rasman_lab::DEFAULT_PASSWORD);
        manager.dial(rasman::Dial::settings(entry).credentials(credentials)).unwrap()
    };
    for first in (0..1_000).step_by(50) {
        let dialling: Vec<_> = (first..first + 50).map(dial).collect();
        for dialling in dialling {
            timeout(LONG, dialling.finish()).await.expect("in time").expect("connected");
        }
    }
    let mut watch = manager.watch();
    assert!(matches!(watch.next().await, Some(WatchEvent::Snapshot(list)) if list.len() == 1_000));
    let start = Instant::now();
    terminate(daemon.pid());
    let mut gone = 0;
    while let Some(event) = timeout(LONG, watch.next()).await.expect("in time") {
        match event {
            WatchEvent::Change(Change::Gone { cause, .. }) => {
                assert_eq!(cause.code, Code::RASMAN_SERVICE_STOPPED);
                gone += 1;
            }
            WatchEvent::Lagged(lost) => panic!("{lost} changes were not told"),
            _ => {}
        }
    }
    assert_eq!(gone, 1_000, "the reason of each is told");
    assert!(daemon.wait());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn h15_a_daemon_that_was_killed_leaves_nothing_in_the_way_of_the_next() {
    let lab = lab("silent=auth");
    let mut daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut client = client(&daemon, &lab);
    client.tell("dial Lab");
    let old = client.until("handle");
    daemon.kill();
    client.until("over");
    assert!(daemon.folder.join("socket").exists(), "it could not take its socket away");
    daemon.run("user", &[]);
    // The same manager object finds the new daemon, which knows no old handle.
    assert!(manager.connections().is_empty());
    let old = rasman::ipc::wire::parse_handle(&old).unwrap();
    assert_eq!(manager.connection(old).err().unwrap().code(), Code::INVALID_HANDLE);
    let credentials = rasman_tests::harness::credentials(rasman_lab::DEFAULT_PASSWORD);
    let dial = rasman::Dial::settings(rasman_tests::harness::entry(&lab)).credentials(credentials);
    let dialing = manager.dial(dial).unwrap();
    assert_ne!(dialing.handle().0 >> 32, old.0 >> 32, "another epoch");
}

#[tokio::test]
async fn h9_h2_a_reference_belongs_to_a_program_and_force_drops_all() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let (mut one, mut two) = (client(&daemon, &lab), client(&daemon, &lab));
    one.tell("dial Lab");
    let handle = one.until("handle");
    one.until("over");
    two.tell("dial Lab");
    assert_eq!(two.until("handle"), handle, "a reference to the same connection");
    two.until("over");
    assert_eq!(manager.connections()[0].references, 2);
    one.tell(&format!("hangup {handle}"));
    assert_eq!(one.line(), "ok");
    for call in ["hangup", "status"] {
        one.tell(&format!("{call} {handle}"));
        assert!(one.line().starts_with("refused 6 "), "its own handle is gone");
    }
    two.tell(&format!("status {handle}"));
    assert_eq!(two.line(), "status Connected");
    one.tell("dial Lab");
    one.until("over");
    // A third program, without a reference of its own.
    let connection = manager.connection(manager.connections()[0].handle).unwrap();
    let gone = timeout(LONG, connection.force_hang_up().unwrap()).await.unwrap();
    assert!(matches!(gone, HangUp::Gone(cause) if cause.code == Code::USER_DISCONNECTION));
    assert!(manager.connections().is_empty());
}

fn terminate(pid: u32) {
    let status = std::process::Command::new("kill").arg("-TERM").arg(pid.to_string()).status().unwrap();
    assert!(status.success());
}

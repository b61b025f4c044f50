//! Lost sockets, and dials that go from one program to another.

use rasman::daemon::{Connector, Scope};
use rasman::{ConnState, Flow, Notification};
use rasman_lab::Running;
use rasman_tests::harness::{self, lab};
use rasman_tests::ipc::raw::{Between, Raw};
use rasman_tests::ipc::{Client, Daemon};
use serde_json::json;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

fn client(daemon: &Daemon, lab: &Running) -> Client {
    let mut client = daemon.client(&[&serde_json::to_string(lab.facts()).unwrap()]);
    client.until("ready");
    client
}

fn dial_of(lab: &Running) -> rasman::Dial {
    let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
    rasman::Dial::settings(harness::entry(lab)).credentials(credentials)
}

#[tokio::test]
async fn a25_n1_a_dial_whose_sockets_are_lost_is_taken_up_and_nothing_is_told_twice_or_never() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let between = Between::listen(&daemon.folder);
    let manager = Connector::new(Scope::User).folder(&between.folder).start(false).connect().unwrap();
    let held = manager.dial_held(dial_of(&lab)).unwrap();
    let told = RefCell::new(Vec::new());
    let run = held.run(async |notification: Notification| {
        told.borrow_mut().push((notification.seq, notification.state));
        // Within the handler and between two of them.
        if notification.seq.is_multiple_of(3) {
            between.cut();
        }
        Flow::More
    });
    let connection = timeout(LONG, run).await.expect("in time").expect("connected");
    let told = told.into_inner();
    assert!(told.iter().map(|(seq, _)| *seq).eq(0..told.len() as u64), "{told:?}");
    assert_eq!(told.last().map(|(_, state)| *state), Some(ConnState::Connected));
    let waits = connection.hang_up().unwrap();
    between.cut();
    timeout(LONG, waits).await.expect("the end is told though its socket was lost");
}

#[tokio::test]
async fn a48_a_dial_whose_socket_stays_lost_is_hung_up_after_the_grace_though_its_program_lives() {
    let lab = lab("silent=http");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut raw = Raw::connect(&daemon.folder);
    let reply = raw.call("Dial", json!({ "settings": Daemon::settings(&lab) }));
    let token = reply["token"].as_str().unwrap().to_owned();
    let handle = manager.connections()[0].handle;
    let closed = manager.connection(handle).unwrap();
    drop(raw);
    let start = Instant::now();
    timeout(LONG, closed.closed()).await.expect("it is hung up");
    let took = start.elapsed();
    assert!((Duration::from_millis(4_900)..Duration::from_secs(7)).contains(&took), "{took:?}");
    let mut late = Raw::connect(&daemon.folder);
    late.send("Attach", json!({ "token": token }), true, &[]);
    assert_eq!(late.receive().unwrap()["parameters"]["cause"]["code"], 6, "too late");
}

#[tokio::test]
async fn a_foreign_client_takes_its_dial_up_again_and_is_told_what_it_missed() {
    let lab = lab("silent=http");
    let daemon = Daemon::start(HELPER, &[]);
    let mut raw = Raw::connect(&daemon.folder);
    raw.send("Dial", json!({ "settings": Daemon::settings(&lab) }), true, &[]);
    let first = raw.receive().unwrap();
    assert_eq!(first["continues"], true);
    let token = first["parameters"]["token"].clone();
    let seq = raw.receive().unwrap()["parameters"]["notification"]["seq"].as_u64().unwrap();
    assert_eq!(seq, 0);
    drop(raw);
    let mut again = Raw::connect(&daemon.folder);
    again.send("Attach", json!({ "token": token, "after": seq }), true, &[]);
    let attached = again.receive().unwrap();
    assert_eq!(attached["parameters"]["handle"], first["parameters"]["handle"]);
    assert_eq!(again.receive().unwrap()["parameters"]["notification"]["seq"], 1);
    // Another program that learnt the token is not the one that dialled.
    let mut thief = client(&daemon, &lab);
    thief.tell(&format!("take {}", token.as_str().unwrap()));
    assert!(thief.line().starts_with("refused 5 "));
}

#[tokio::test]
async fn the_handlers_role_goes_to_another_program_with_the_open_hold() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let (mut one, mut two) = (client(&daemon, &lab), client(&daemon, &lab));
    one.tell("held Lab");
    let handle = one.until("handle");
    one.until("state OpenPort");
    one.tell(&format!("{handle} more"));
    assert_eq!(one.until("state"), "PortOpened 0 1");
    one.tell(&format!("{handle} transfer"));
    let token = one.until("token");
    two.tell(&format!("take-held {token}"));
    assert_eq!(two.until("handle"), handle);
    assert_eq!(two.until("state"), "PortOpened 0 1", "the open hold is told again, the sequence goes on");
    // Whose death counts now: not that of the first.
    one.kill();
    two.tell(&format!("{handle} more"));
    assert_eq!(two.until("state"), "ConnectDevice 0 2");
    two.kill();
    let mut watch = manager.watch();
    let empty = async {
        while !manager.connections().is_empty() {
            watch.next().await;
        }
    };
    timeout(Duration::from_secs(1), empty).await.expect("but that of the second");
}

#[tokio::test]
async fn an_open_question_goes_along_and_a_token_works_once() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let (mut one, mut two) = (client(&daemon, &lab), client(&daemon, &lab));
    one.tell("questions Lab looking-glass");
    let handle = one.until("handle");
    one.until("state RetryAuthentication");
    one.tell(&format!("{handle} transfer"));
    let token = one.until("token");
    two.tell(&format!("take {token}"));
    two.until("state RetryAuthentication");
    one.until("over");
    let mut three = client(&daemon, &lab);
    three.tell(&format!("take {token}"));
    assert!(three.line().starts_with("refused 6 "));
    // Any program of the user may answer.
    three.tell(&format!("answer {handle} wonderland"));
    assert_eq!(three.line(), "ok");
    two.until("state Connected");
}

#[tokio::test]
async fn a_transfer_that_nobody_takes_up_ends_with_the_grace() {
    let lab = lab("silent=auth");
    let daemon = Daemon::start(HELPER, &[]);
    let manager = daemon.manager();
    let mut one = client(&daemon, &lab);
    one.tell("dial Lab");
    let handle = one.until("handle");
    one.tell(&format!("{handle} transfer"));
    one.until("token");
    let connection = manager.connection(rasman::ipc::wire::parse_handle(&handle).unwrap()).unwrap();
    one.kill();
    let start = Instant::now();
    timeout(LONG, connection.closed()).await.unwrap();
    assert!(start.elapsed() > Duration::from_secs(4), "whoever was to take it over has the grace");
}

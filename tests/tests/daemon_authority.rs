//! Who may see, answer and hang up what: processes of several users at one manager.
//!
//! Only root can start programs as other users; without, these tests say so and check nothing.

use rasman::{Code, HangUp};
use rasman_lab::Running;
use rasman_tests::harness::lab;
use rasman_tests::ipc::{Client, Daemon};
use std::time::Duration;
use tokio::time::timeout;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
/// Users and a group that no machine has.
const ALICE: u32 = 60_001;
const BOB: u32 = 60_002;
const ADMINS: u32 = 60_100;

fn is_root() -> bool {
    let root = rasman::ipc::scope::own_uid() == 0;
    if !root {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "with CI=true these tests must run, as root");
        eprintln!("SKIPPED: only root can be several users");
    }
    root
}

/// A manager of all users, whose programs everybody can start.
fn daemon() -> Daemon {
    Daemon::system(HELPER, &["--admins", &ADMINS.to_string()])
}

fn client(daemon: &Daemon, lab: &Running, uid: u32, group: u32) -> Client {
    let mut client = daemon.client_as(uid, &[group], &[&serde_json::to_string(lab.facts()).unwrap(), "system"]);
    client.until("ready");
    client
}

#[tokio::test]
async fn h6_users_see_and_hang_up_their_own_and_nobody_elses() {
    if !is_root() {
        return;
    }
    let lab = lab("");
    let daemon = daemon();
    let (mut alice, mut bob) = (client(&daemon, &lab, ALICE, ALICE), client(&daemon, &lab, BOB, BOB));
    alice.tell("dial Lab");
    let handle = alice.until("handle");
    alice.until("state Connected");
    bob.tell("list");
    assert_eq!(bob.until("list"), "");
    for call in ["status", "hangup", "force"] {
        bob.tell(&format!("{call} {handle}"));
        let refusal = bob.line();
        assert!(refusal.starts_with("refused 5 ") && refusal.contains("another user"), "{call}: {refusal}");
    }
    // Another program of the same user.
    let mut again = client(&daemon, &lab, ALICE, ALICE);
    again.tell("list");
    assert_eq!(again.until("list"), handle);
    again.tell(&format!("hangup {handle}"));
    assert_eq!(again.line(), "ok");
}

#[tokio::test]
async fn a16_another_users_dial_of_an_entry_is_a_connection_of_its_own() {
    if !is_root() {
        return;
    }
    let lab = lab("");
    let daemon = daemon();
    let (mut alice, mut bob) = (client(&daemon, &lab, ALICE, ALICE), client(&daemon, &lab, BOB, BOB));
    alice.tell("dial Lab");
    let first = alice.until("handle");
    alice.until("state Connected");
    bob.tell("dial Lab");
    let second = bob.until("handle");
    bob.until("state Connected");
    assert_ne!(first, second);
    assert_eq!(lab.stats().connected, 2);
}

#[tokio::test]
async fn h6_root_and_members_of_the_group_see_all_and_may_hang_up_and_stop() {
    if !is_root() {
        return;
    }
    let lab = lab("");
    let daemon = daemon();
    let mut alice = client(&daemon, &lab, ALICE, ALICE);
    alice.tell("dial One");
    let one = alice.until("handle");
    alice.until("state Connected");
    alice.tell("dial Two");
    let two = alice.until("handle");
    alice.until("state Connected");
    let mut member = client(&daemon, &lab, BOB, ADMINS);
    member.tell("list");
    assert_eq!(member.until("list"), format!("{one} {two}"));
    member.tell(&format!("hangup {one}"));
    assert_eq!(member.line(), "ok");
    let root = daemon.system_connector().connect().unwrap();
    let handle = rasman::ipc::wire::parse_handle(&two).unwrap();
    let connection = root.connection(handle).unwrap();
    assert!(matches!(timeout(LONG, connection.force_hang_up().unwrap()).await.unwrap(), HangUp::Gone(_)));
    alice.tell("stop");
    alice.until("refused 5 ");
    member.tell("stop");
    assert_eq!(member.line(), "ok");
}

#[tokio::test]
async fn watchers_are_told_what_they_may_see() {
    if !is_root() {
        return;
    }
    let lab = lab("");
    let daemon = daemon();
    let (mut alice, mut bob) = (client(&daemon, &lab, ALICE, ALICE), client(&daemon, &lab, BOB, BOB));
    bob.tell("watch");
    assert_eq!(bob.until("watching"), "0");
    alice.tell("dial Lab");
    alice.until("state Connected");
    bob.tell("dial Own");
    let own = bob.until("handle");
    loop {
        let line = bob.line();
        if let Some(change) = line.strip_prefix("change ") {
            assert!(change.starts_with(&own), "{change}");
            if change.ends_with("Connected") {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_users_own_manager_takes_nobody_else() {
    if !is_root() {
        return;
    }
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    // Even if the folder were open to everybody.
    use std::os::unix::fs::PermissionsExt;
    for path in [daemon.folder.clone(), daemon.folder.join("socket")] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755 | 0o022)).unwrap();
    }
    std::fs::set_permissions(&daemon.folder, PermissionsExt::from_mode(0o755)).unwrap();
    let mut alice = daemon.client_as(ALICE, &[ALICE], &[&serde_json::to_string(lab.facts()).unwrap(), "system"]);
    let refusal = alice.line();
    assert!(refusal.starts_with("refused 5 "), "{refusal}");
    std::fs::set_permissions(&daemon.folder, PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn a_socket_of_somebody_else_is_refused_with_what_to_do() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::absent(HELPER);
    std::fs::create_dir(&daemon.folder).unwrap();
    std::os::unix::fs::chown(&daemon.folder, Some(ALICE), None).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(daemon.folder.join("socket")).unwrap();
    let error = daemon.starting().connect().err().unwrap();
    assert_eq!(error.code(), Code::ACCESS_DENIED);
    assert!(error.to_string().contains("belongs to user 60001"), "{error}");
    // The folder is ours, the socket is not.
    std::os::unix::fs::chown(&daemon.folder, Some(0), None).unwrap();
    std::os::unix::fs::lchown(daemon.folder.join("socket"), Some(ALICE), None).unwrap();
    let error = daemon.starting().connect().err().unwrap();
    assert_eq!(error.code(), Code::ACCESS_DENIED);
    assert!(error.cause().advice.contains("remove it"), "{error}");
}

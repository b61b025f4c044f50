//! Connections that outlive the program that dialled them.

use crate::scene::{Scene, fetch};
use rustix::process::Signal;
use serde_json::Value;

fn dial(scene: &Scene) -> crate::scene::Ran {
    scene.run(&["dial", "office", "-u", "alice", "--password-file", &scene.text("password")])
}

#[test]
fn a44_a_connection_stays_when_the_program_has_ended() {
    let scene = Scene::with_entry("");
    let ran = dial(&scene).expect(0).says("0x2000 Connected", "");
    assert!(ran.out.contains("rasctl hangup"), "{ran:?}");
    let list = scene.run(&["list", "--json"]).expect(0).json();
    assert_eq!(
        (&list["connections"][0]["entry"], &list["connections"][0]["state"]),
        (&"Office".into(), &"Connected".into())
    );
    let proxy = scene.run(&["proxy"]).expect(0).out;
    assert!(fetch(&scene, &proxy).contains("<title>"));
    let stats = scene.run(&["stats", "OFFICE", "--json"]).expect(0).json();
    assert!(stats["bytes_received"].as_u64().unwrap() > 100, "{stats}");
    let status = scene.run(&["status", "office", "--check", "--json"]).expect(0).json();
    assert_eq!((&status["healthy"], &status["connections"][0]["healthy"]), (&true.into(), &true.into()));
    scene.run(&["forward", "office"]).expect(4).says("", "--forward");
    scene.run(&["hangup", "office"]).expect(0).says("Office is hung up", "");
    scene.run(&["list"]).expect(0).says("There is no connection.", "");
    scene.run(&["status", "--check"]).expect(16);
    assert_eq!(scene.lab.settled_stats().sessions, 0);
}

#[test]
fn h9_references_are_given_back_one_by_one_or_all_by_force() {
    let scene = Scene::with_entry("");
    dial(&scene).expect(0);
    dial(&scene).expect(0);
    scene.run(&["hangup", "office"]).expect(0).says("Office stays up: 1 more", "");
    dial(&scene).expect(0);
    let json = scene.run(&["hangup", "office", "--force", "--json"]).expect(0).json();
    assert_eq!((&json["hung_up"][0]["remaining"], &json["hung_up"][0]["cause"]["code"]), (&0.into(), &631.into()));
}

#[test]
fn b13_an_entry_that_is_connected_cannot_be_removed() {
    let scene = Scene::with_entry("");
    dial(&scene).expect(0);
    scene.run(&["entry", "remove", "office"]).expect(6).says("", "error 817");
    scene.run(&["hangup", "--all"]).expect(0);
    scene.run(&["entry", "remove", "office"]).expect(0);
}

#[test]
fn nothing_to_look_at_is_no_error_and_nothing_to_hang_up_is_one() {
    let scene = Scene::new("");
    scene.run(&["list"]).expect(0).says("There is no connection.", "");
    assert_eq!(scene.run(&["status", "--json"]).expect(0).json()["connections"], Value::Array(Vec::new()));
    scene.run(&["hangup"]).expect(4);
    scene.run(&["hangup", "--all"]).expect(0);
    scene.run(&["hangup", "x"]).expect(4).says("", "there is no connection \"x\"");
    scene.run(&["proxy"]).expect(4);
    // E9: the machine's manager does not run here.
    scene.run(&["list", "--scope", "system"]).expect(3).says("", "error 711").says("", "\n  try      ");
}

#[test]
fn unknown_entries_and_refusals_leave_nothing() {
    let scene = Scene::with_entry("");
    scene.run(&["dial", "nope"]).expect(4).says("", "error 623");
    let wrong = scene.text("wrong");
    scene.run(&["dial", "office", "-u", "alice", "--password-file", &wrong]).expect(13).says("", "error 691");
    let list = scene.run(&["list", "--json"]).expect(0).json();
    assert_eq!(list["connections"], Value::Array(Vec::new()));
    scene.run(&["explain", "last"]).expect(0).says("error 691", "");
}

#[test]
fn a48_a_dial_that_is_interrupted_leaves_nothing() {
    let scene = Scene::with_entry("silent=auth");
    let password = scene.text("password");
    let mut dial = scene.start(&["dial", "office", "-u", "alice", "--password-file", &password]);
    dial.until("0x0005 Authenticate");
    dial.signal(Signal::KILL);
    drop(dial);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while scene.run(&["list", "--json"]).json()["connections"] != Value::Array(Vec::new()) {
        assert!(std::time::Instant::now() < deadline, "the dial is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_manager_that_was_killed_is_told_and_the_next_dial_starts_another() {
    let scene = Scene::with_entry("");
    dial(&scene).expect(0);
    kill(&scene);
    let killed = "The manager was killed or has crashed";
    scene.run(&["list"]).expect(0).says(killed, "");
    assert_eq!(scene.run(&["list", "--json"]).expect(0).json()["connections"], Value::Array(Vec::new()));
    scene.run(&["status", "--check"]).expect(16);
    dial(&scene).expect(0).says("0x2000 Connected", "");
    scene.run(&["list"]).expect(0).says("Office", "");
    scene.run(&["hangup", "office"]).expect(0);
    let ran = scene.run(&["list"]).expect(0);
    assert!(!ran.out.contains(killed), "{ran:?}");
    // One that was stopped has left nothing.
    scene.run(&["stop"]).expect(0);
    let ran = scene.run(&["list"]).expect(0);
    assert!(!ran.out.contains(killed), "{ran:?}");
}

/// Kills the scene's daemon, whom its socket names, and waits for its end.
fn kill(scene: &Scene) {
    let stream = std::os::unix::net::UnixStream::connect(scene.path("run/rasman/socket")).unwrap();
    let pid = rustix::net::sockopt::socket_peercred(&stream).unwrap().pid;
    let process = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    rustix::process::pidfd_send_signal(&process, Signal::KILL).unwrap();
    let mut ended = [rustix::event::PollFd::new(&process, rustix::event::PollFlags::IN)];
    rustix::event::poll(&mut ended, None).unwrap();
}

#[test]
fn a17_a_second_dial_meanwhile_is_7() {
    let scene = Scene::with_entry("silent=auth");
    let password = scene.text("password");
    let arguments = ["dial", "office", "-u", "alice", "--password-file", &password];
    let mut first = scene.start(&arguments);
    first.until("0x0005 Authenticate");
    scene.run(&arguments).expect(7).says("", "error 756").says("", "\n  we       ");
    first.signal(Signal::INT);
    first.end().expect(17);
}

#[test]
fn c1_a_watcher_is_told_of_every_change() {
    let scene = Scene::with_entry("");
    let mut watch = scene.start(&["watch", "--json"]);
    watch.until("\"event\":\"snapshot\"");
    dial(&scene).expect(0);
    let connected: Value = serde_json::from_str(&watch.until("\"state\":\"Connected\"")).unwrap();
    assert_eq!((&connected["event"], &connected["entry"]), (&"notification".into(), &"Office".into()));
    scene.run(&["hangup"]).expect(0);
    let gone: Value = serde_json::from_str(&watch.until("\"event\":\"gone\"")).unwrap();
    assert_eq!((&gone["cause"]["code"], &gone["entry"]), (&631.into(), &"Office".into()));
    watch.signal(Signal::INT);
    watch.end().expect(0);
}

#[test]
fn other_doors_than_the_entrys_are_opened() {
    let scene = Scene::with_entry("");
    let password = scene.text("password");
    let gateway = format!("127.0.0.1:0={}:80", scene.lab.facts().gateway);
    let arguments =
        ["dial", "office", "-u", "alice", "--password-file", &password, "--no-proxy", "--forward", &gateway];
    scene.run(&arguments).expect(0).says("forward  127.0.0.1:", "");
    scene.run(&["proxy"]).expect(4);
    let forwards = scene.run(&["forward", "--json"]).expect(0).json();
    let address = forwards["forwards"][0].as_str().unwrap();
    assert!(std::net::TcpStream::connect(address).is_ok());
    scene.run(&["hangup"]).expect(0);
}

#[test]
fn b11_a_server_without_entry_is_listed_under_its_number() {
    let scene = Scene::new("");
    scene.run(&scene.by_server()).expect(0);
    let list = scene.run(&["list", "--json"]).json();
    assert_eq!(list["connections"][0]["entry"], ".127.0.0.1");
    scene.run(&["hangup", "127.0.0.1"]).expect(0);
}

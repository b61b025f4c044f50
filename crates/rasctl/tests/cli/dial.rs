//! `rasctl dial --hold`: a connection in the foreground.

use crate::scene::{Scene, fetch};
use rustix::process::Signal;
use serde_json::Value;

fn held(scene: &Scene, more: &[&str]) -> Vec<String> {
    let mut arguments = scene.by_server();
    arguments.push("--hold".to_owned());
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    arguments
}

#[test]
fn a19_states_are_shown_and_a_signal_hangs_up() {
    let scene = Scene::new("");
    let mut dial = scene.start(&held(&scene, &["--proxy", "127.0.0.1:0"]));
    let proxy = dial.until("socks5h://");
    assert!(dial.seen[0].contains("0x0000 OpenPort"), "{:?}", dial.seen);
    assert!(dial.seen.iter().any(|line| line.contains("0x2000 Connected")), "{:?}", dial.seen);
    let address = proxy.split("socks5h://").nth(1).unwrap();
    assert!(fetch(&scene, address).contains("<title>"));
    dial.signal(Signal::TERM);
    dial.end().expect(0).says("hung up", "");
    assert_eq!(scene.lab.settled_stats().sessions, 0);
}

#[test]
fn a_health_probe_sees_what_is_held_in_the_foreground() {
    let scene = Scene::new("");
    scene.run(&["status", "--check"]).expect(16);
    let mut dial = scene.start(&held(&scene, &["--proxy", "127.0.0.1:0"]));
    dial.until("Ctrl-C hangs up.");
    let status = scene.run(&["status", "--check", "--json"]).expect(0).json();
    let connection = &status["connections"][0];
    assert_eq!((&status["healthy"], &connection["state"]), (&true.into(), &"Connected".into()), "{status}");
    assert_eq!(connection["held_by"], dial.child.id());
    scene.run(&["status", "127.0.0.1", "--check"]).expect(0).says("holds it in the foreground", "");
    scene.run(&["status", "other", "--check"]).expect(4);
    dial.signal(Signal::KILL);
    dial.end();
    scene.run(&["status", "--check"]).expect(16);
}

#[test]
fn json_is_one_object_a_line_and_the_last_says_how_it_ended() {
    let scene = Scene::new("");
    let mut dial = scene.start(&held(&scene, &["--json", "--proxy", "127.0.0.1:0"]));
    let connected: Value = serde_json::from_str(&dial.until("\"event\":\"connected\"")).unwrap();
    assert_eq!(connected["state"], "Connected");
    assert_eq!(connected["projection"]["peer"], scene.lab.facts().gateway.to_string());
    assert!(connected["doors"]["proxy"].as_str().unwrap().starts_with("socks5h://127.0.0.1:"));
    let first: Value = serde_json::from_str(&dial.seen[0]).unwrap();
    assert_eq!((&first["state"], &first["seq"], &first["class"]), (&"OpenPort".into(), &0.into(), &"running".into()));
    dial.signal(Signal::INT);
    let ran = dial.end().expect(0);
    assert_eq!(ran.stream().last().unwrap()["cause"]["code"], 631);
    assert_eq!(ran.err, "");
}

#[test]
fn a20_a_refusal_is_a_block_with_the_exit_code_of_its_class() {
    let scene = Scene::new("");
    let mut arguments = held(&scene, &[]);
    let last = arguments.iter().position(|argument| argument.ends_with("/password")).unwrap();
    arguments[last] = scene.text("wrong");
    let ran = scene.run(&arguments).expect(13);
    assert!(ran.err.starts_with("rasctl: error 691: "), "{ran:?}");
    for row in ["\n  layer    authentication\n", "\n  we       ", "\n  the peer E=691", "\n  try      check "] {
        assert!(ran.err.contains(row), "{row:?} in {ran:?}");
    }
    arguments.push("--json".to_owned());
    let ran = scene.run(&arguments).expect(13);
    let last = ran.stream().pop().unwrap();
    assert_eq!((&last["error"]["code"], &last["error"]["exit"]), (&691.into(), &13.into()));
    assert_eq!(last["error"]["layer"], "authentication");
}

#[test]
fn each_class_of_cause_has_its_exit_code() {
    let scene = Scene::new("");
    let (port, password) = (scene.port(), scene.text("password"));
    let dial = |server: &str, port: &str| {
        let arguments =
            ["dial", "--hold", "--server", server, "--port", port, "-u", "alice", "--password-file", &password];
        scene.run(&arguments)
    };
    // The lab's authority is not the system's.
    dial("127.0.0.1", &port).expect(12).says("", "error 0x800B0109");
    dial("no-such-host.invalid", &port).expect(10).says("", "error 868");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    dial("127.0.0.1", &free.to_string()).expect(11);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = taken.local_addr().unwrap().to_string();
    scene.run(&held(&scene, &["--proxy", &proxy])).expect(7).says("", "error 602");
}

#[test]
fn a_connection_that_is_lost_is_16() {
    let scene = Scene::new("");
    let mut dial = scene.start(&held(&scene, &["--no-proxy"]));
    dial.until("Ctrl-C hangs up.");
    scene.lab.hang_up_all();
    dial.end().expect(16).says("", "rasctl: the connection ended: error ");
}

#[test]
fn a_signal_before_it_is_connected_is_17() {
    let scene = Scene::new("silent=auth");
    let mut dial = scene.start(&held(&scene, &[]));
    dial.until("0x0005 Authenticate");
    dial.signal(Signal::INT);
    dial.end().expect(17).says("hanging up", "hung up before it was connected");
    assert_eq!(scene.lab.settled_stats().sessions, 0);
}

#[test]
fn settings_that_cannot_work_are_named_by_their_argument_before_a_password_is_asked_for() {
    let scene = Scene::new("");
    for (arguments, said) in [
        (vec!["--server", "https://vpn.example.com"], "--server is"),
        (vec!["--server", "x", "--port", "0"], "--port is 0"),
        (vec!["--server", "x", "--proxy", "0.0.0.0:1080"], "--proxy is 0.0.0.0:1080"),
        (vec!["--server", "x", "--forward", "0.0.0.0:1=a:2"], "--forward is 0.0.0.0:1"),
    ] {
        let arguments: Vec<_> = ["dial", "--hold", "-u", "a"].into_iter().chain(arguments).collect();
        scene.run(&arguments).expect(2).says("", said).says("", "\n  try      ");
    }
    scene.run(&["dial", "--hold", "--server", "x", "--medium", "ikev2", "-u", "a"]).expect(8);
}

#[test]
fn a_password_comes_from_where_it_was_said_to_be() {
    let scene = Scene::new("");
    let base = |more: &[&str]| {
        let mut arguments = scene.by_server();
        arguments.truncate(arguments.len() - 2);
        arguments.push("--hold".to_owned());
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments
    };
    scene.run(&base(&[])).expect(13).says("", "there is no password");
    scene.run_with(&base(&["--password-stdin"]), "").expect(13).says("", "standard input ended");
    scene.run_with(&base(&["--password-stdin"]), "looking-glass\r\nwonderland\n").expect(13).says("", "error 691");
    std::fs::write(scene.path("open"), "wonderland").unwrap();
    let open = scene.text("open");
    scene.run(&base(&["--password-file", &open])).expect(5).says("", "run: chmod 600");
    scene.run(&base(&["--password-file", "/nowhere"])).expect(4);
    scene.run(&base(&["--password-credential", "vpn"])).expect(4).says("", "LoadCredential=vpn");
    scene.run(&base(&["--password-credential", "../password"])).expect(2);
    scene.run(&base(&["--password-stdin", "--password-file", &open])).expect(2);
}

#[test]
fn a_systemd_credential_is_taken() {
    let scene = Scene::new("");
    let mut arguments = scene.by_server();
    arguments.truncate(arguments.len() - 2);
    arguments.extend(["--hold", "--no-proxy", "--password-credential", "password"].map(str::to_owned));
    let mut command = scene.command(crate::scene::RASCTL);
    let mut dial = crate::scene::Live::of(command.args(&arguments).env("CREDENTIALS_DIRECTORY", scene.path(".")));
    dial.until("0x2000 Connected");
    dial.signal(Signal::TERM);
    dial.end().expect(0);
}

#[test]
fn the_last_failure_is_remembered_for_explain() {
    let scene = Scene::new("");
    scene.run(&["explain"]).expect(0).says("No dial of yours has failed", "");
    let password = scene.text("password");
    let server = ["dial", "--hold", "--server", "127.0.0.1", "--port", &scene.port(), "-u", "alice"];
    let arguments: Vec<_> = server.into_iter().chain(["--password-file", &password]).collect();
    scene.run(&arguments).expect(12);
    let last = scene.run(&["explain", "last"]).expect(0);
    assert!(last.out.contains("127.0.0.1, ") && last.out.contains("CERT_E_UNTRUSTEDROOT"), "{last:?}");
    assert_eq!(scene.run(&["explain", "--json"]).json()["error"]["code"], 0x800B_0109_u32);
    let known = scene.run(&["explain", "authentication_failure", "--json"]).expect(0).json();
    assert_eq!((&known["code"], &known["exit"]), (&691.into(), &13.into()));
    scene.run(&["explain", "nonsense"]).expect(4);
}

//! `rasctl dial --tun`: a network device, in a network namespace of the test's own.

use crate::scene::{Scene, page};
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// Set in the process that runs inside.
const INSIDE: &str = "RASMAN_TEST_INSIDE";

/// Runs a test again as the only user of a user and a network namespace; says so where that is not allowed.
fn inside(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let possible = Command::new("unshare").args(["-rn", "test", "-c", "/dev/net/tun"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED {name}: no namespaces or no /dev/net/tun here");
        return;
    }
    let mut again = Command::new("unshare");
    again.arg("-rn").arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]);
    let output = again.env(INSIDE, "1").output().unwrap();
    // Marked, as the inner run's results are not those of this one.
    for line in String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).lines() {
        println!("| {line}");
    }
    assert!(output.status.success(), "{name} failed inside");
}

fn ip(arguments: &str) -> Option<String> {
    let output = Command::new("ip").args(arguments.split(' ')).stderr(Stdio::null()).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_device_leads_programs_inside_and_goes_with_the_connection() {
    inside("tun::a_device_leads_programs_inside_and_goes_with_the_connection", || {
        ip("link set lo up").unwrap();
        let scene = Scene::new("");
        let mut arguments = scene.by_server();
        let more = ["--hold", "--json", "--tun", "--interface", "work", "--route", "198.51.100.0/24"];
        arguments.extend(more.map(str::to_owned));
        let mut dial = scene.start(&arguments);
        let connected: Value = serde_json::from_str(&dial.until("\"event\":\"connected\"")).unwrap();
        assert_eq!(connected["doors"]["interface"], "work", "{connected}");
        let local = connected["projection"]["local"].as_str().unwrap();
        assert!(ip("-4 addr show dev work").unwrap().contains(local));
        assert!(ip("route").unwrap().contains("198.51.100.0/24 dev work"), "{:?}", ip("route"));
        // As any program, by the kernel.
        let stream = TcpStream::connect((scene.lab.facts().gateway, 80)).unwrap();
        assert!(page(stream).contains("<title>"));
        dial.signal(Signal::TERM);
        dial.end().expect(0);
        assert_eq!(ip("link show work"), None, "it is gone");
        assert!(!ip("route").unwrap().contains("198.51.100.0"), "{:?}", ip("route"));
    });
}

//! `rasctl dial --tun`: a network device, in a network namespace of the test's own.

use crate::scene::{Scene, page};
use rasman_testkit::namespace::inside;
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpStream;
use std::process::{Command, Stdio};

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

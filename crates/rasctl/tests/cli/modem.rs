//! Modems at the command line: an entry, a dial through the user's manager, a page, and which ports there are.

use crate::scene::{Scene, fetch};

/// An entry that dials this number by the first modem, with credentials stored.
fn office(scene: &Scene, number: &str) {
    let port = scene.text("modem0");
    let entry = ["entry", "add", "Office", "--medium", "modem", "--number", number, "--port", &port];
    scene.run(&[&entry[..], &["--set", "redial-attempts=0"]].concat()).expect(0);
    let password = scene.text("password");
    scene.run(&["credentials", "set", "Office", "-u", "alice", "--password-file", &password]).expect(0);
}

#[test]
fn a_dial_over_a_modem_reaches_the_page_inside() {
    let scene = Scene::with_modems("", &["speed=0"]);
    office(&scene, "5550123");
    let dialled = scene.run(&["dial", "Office"]).expect(0);
    assert!(dialled.out.contains("Modem (modem)") && dialled.out.contains("0x2000 Connected"), "{dialled:?}");
    let proxy = scene.run(&["proxy"]).expect(0).out;
    let address = proxy.trim().split("socks5h://").nth(1).unwrap().to_owned();
    assert!(fetch(&scene, &address).contains("<title>"));
    let status = scene.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["connections"][0]["device"]["kind"], "modem");
    // The port is ours, and whoever looks at it is told so.
    let devices = scene.run(&["--json", "devices", &scene.text("modem0")]).expect(0).json();
    let device = devices["devices"].as_array().unwrap().last().unwrap().clone();
    assert!(device["error"].as_str().unwrap().starts_with("error 633: "), "{device}");
    scene.run(&["hangup", "Office"]).expect(0);
    let port = scene.text("modem0");
    scene.run(&["devices", &port]).expect(0).says(&format!("{port}  a modem"), "");
}

#[test]
fn a_busy_line_is_explained() {
    let scene = Scene::with_modems("", &["busy=5550123"]);
    office(&scene, "5550123");
    let ran = scene.run(&["dial", "Office"]).expect(11);
    assert!(ran.err.starts_with("rasctl: error 676: "), "{ran:?}");
    assert!(ran.err.contains("layer    modem") && ran.err.contains("the peer BUSY"), "{ran:?}");
}

#[test]
fn ports_without_a_modem_are_told_apart() {
    let scene = Scene::with_modems("", &["mute"]);
    let port = scene.text("modem0");
    scene.run(&["devices", &port]).expect(0).says(&format!("{port}  nobody"), "");
    scene.run(&["devices", "--no-probe", &port]).expect(0).says(&port, "");
    let missing = scene.run(&["devices", "/dev/ttyUSB250"]).expect(0);
    assert!(missing.out.contains("error 615: there is no such device"), "{missing:?}");
}

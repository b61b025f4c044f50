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
    let scene = Scene::with_modems("", &[""]);
    office(&scene, "5550123");
    let dialled = scene.run(&["dial", "Office"]).expect(0);
    assert!(dialled.out.contains("Modem (modem)") && dialled.out.contains("0x2000 Connected"), "{dialled:?}");
    let proxy = scene.run(&["proxy"]).expect(0).out;
    let address = proxy.trim().split("socks5h://").nth(1).unwrap().to_owned();
    assert!(fetch(&scene, &address).contains("<title>"));
    let status = scene.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["connections"][0]["device"]["kind"], "modem");
    assert_eq!(status["connections"][0]["statistics"]["bps"], 115_200);
    scene.run(&["status"]).expect(0).says("speed     115200 bit/s", "");
    // The port is ours, and whoever looks at it is told so.
    let devices = scene.run(&["--json", "devices", &scene.text("modem0")]).expect(0).json();
    let device = devices["devices"].as_array().unwrap().last().unwrap().clone();
    assert!(device["error"].as_str().unwrap().starts_with("error 633: "), "{device}");
    scene.run(&["hangup", "Office"]).expect(0);
    let port = scene.text("modem0");
    scene.run(&["devices", &port]).expect(0).says(&format!("{port}  a modem"), "");
}

#[test]
fn a_number_is_dialled_without_an_entry_by_the_modem_that_is_named() {
    let scene = Scene::with_modems("", &["busy=1,speed=0"]);
    let (port, password) = (scene.text("modem0"), scene.text("password"));
    let dial = |number: &str| {
        scene.run(&["dial", "--number", number, "--device", &port, "-u", "alice", "--password-file", &password])
    };
    let dialled = dial("5550123").expect(0);
    assert!(dialled.out.contains("(modem)") && dialled.out.contains("0x2000 Connected"), "{dialled:?}");
    scene.run(&["hangup", ".5550123"]).expect(0);
    assert!(dial("1").expect(11).err.starts_with("rasctl: error 676: "));
    let callback = ["dial", "--number", "5", "--device", &port, "--callback", "555;", "-u", "alice"];
    let refused = scene.run(&[&callback[..], &["--password-file", &password]].concat());
    assert!(refused.err.starts_with("rasctl: error 704: "), "a callback goes with a number too: {refused:?}");
    let none = ["dial", "--number", "1", "--device", "ttyS0", "-u", "alice", "--password-file", &password];
    let refused = scene.run(&none);
    assert!(refused.err.starts_with("rasctl: error 615: ") && refused.err.contains("\"ttyS0\""), "{refused:?}");
}

#[test]
fn a_login_script_of_an_entry_is_run() {
    let scene = Scene::with_modems("", &["login=alice:wonderland,speed=0"]);
    office(&scene, "5550123");
    let script = scene.text("isp.scp");
    let text = "proc main\nwaitfor \"login:\"\ntransmit $USERID + \"^M\"\nwaitfor \"word:\"\n\
                transmit $PASSWORD, raw\ntransmit \"^M\"\nwaitfor \"PPP begins\" until 20\nif $FAILURE then halt endif\nendproc\n";
    std::fs::write(&script, text).unwrap();
    scene.run(&["entry", "set", "Office", &format!("script={script}")]).expect(0);
    let dialled = scene.run(&["dial", "Office"]).expect(0);
    assert!(dialled.out.contains("isp.scp (switch)"), "{dialled:?}");
    scene.run(&["hangup", "Office"]).expect(0);
    // The manager reads a copy beside the phone book: what changes is set again.
    std::fs::write(&script, "proc main\nfly\nendproc\n").unwrap();
    scene.run(&["entry", "set", "Office", &format!("script={script}")]).expect(0);
    let refused = scene.run(&["dial", "Office"]);
    assert!(refused.err.starts_with("rasctl: error 752: ") && refused.err.contains("isp.scp, line 2"), "{refused:?}");
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
fn rasdial_takes_prefix_and_suffix_where_it_is_told_to() {
    let scene = Scene::with_modems("", &["busy=5550123,speed=0"]);
    office(&scene, "5550123");
    scene.run(&["entry", "set", "Office", "RasmanDialPrefix=9,"]).expect(0);
    scene.rasdial(&["Office"]).expect(676 & 255);
    scene.rasdial(&["Office", "/PREFIXSUFFIX"]).expect(0).says("Connecting to Office...\n", "");
    scene.rasdial(&["Office", "/DISCONNECT"]).expect(0);
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

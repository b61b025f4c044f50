//! `rasctl lab`, as somebody uses it who needs a server to dial.

use crate::scene::{Live, RASCTL, Scene};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn the_labs_authority_is_written_where_a_dial_finds_it() {
    let scene = Scene::new("");
    let ca = scene.text("authority.pem");
    let mut command = scene.command(RASCTL);
    // It ends with its standard input.
    let mut lab = Live::of(command.args(["lab", "--ca-file", &ca]).stdin(Stdio::piped()));
    let facts: Value = serde_json::from_str(&lab.until("\"address\"")).unwrap();
    assert_eq!(std::fs::read_to_string(&ca).unwrap(), facts["ca_pem"].as_str().unwrap());
    let port = facts["address"].as_str().unwrap().rsplit(':').next().unwrap();
    let (own, password) = (scene.text("ca.pem"), scene.text("password"));
    let dial = |ca: &str| {
        let server = ["dial", "--server", "127.0.0.1", "--port", port];
        scene.run(&[&server[..], &["--ca", ca, "-u", "alice", "--password-file", &password]].concat())
    };
    dial(&ca).expect(0).says("0x2000 Connected", "");
    scene.run(&["hangup", "--all"]).expect(0);
    // The authority of another lab is not believed.
    assert_ne!(dial(&own).code, Some(0));
    drop(lab.child.stdin.take());
    lab.end().expect(0);
}

#[test]
fn an_authority_that_cannot_be_written_is_one_line() {
    let scene = Scene::new("");
    let ran = scene.run(&["lab", "--ca-file", &scene.text("nowhere/ca.pem")]);
    assert!(ran.code != Some(0) && ran.err.contains("nowhere/ca.pem"), "{ran:?}");
    assert_eq!(ran.err.trim().lines().count(), 1, "{ran:?}");
}

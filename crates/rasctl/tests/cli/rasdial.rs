//! `rasdial`: what a script of Windows relies on.

use crate::scene::{RASDIAL, Scene};
use std::io::Read;
use std::process::Stdio;

#[test]
fn a_script_dials_lists_and_hangs_up() {
    let scene = Scene::with_entry("");
    scene.rasdial::<&str>(&[]).expect(0).says("No connections\nCommand completed successfully.\n", "");
    let ran = scene.rasdial(&["Office", "alice", "wonderland"]).expect(0);
    let expected = "Connecting to Office...\nVerifying username and password...\n\
        Registering your computer on the network...\nSuccessfully connected to Office.\n\
        Command completed successfully.\n";
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, ""));
    scene.rasdial::<&str>(&[]).expect(0).says("Connected to\nOffice\nCommand completed successfully.\n", "");
    // A16.
    scene.rasdial(&["OFFICE", "alice", "wonderland"]).expect(0).says("You are already connected to OFFICE.\n", "");
    scene.rasdial(&["office", "/disconnect"]).expect(0);
    scene.rasdial(&["/DISCONNECT"]).expect(0).says("Command completed successfully.\n", "");
    scene.rasdial(&["/DISCONNECT"]).expect(0).says("No connections\n", "");
    assert_eq!(scene.lab.settled_stats().sessions, 0);
}

#[test]
fn the_exit_status_is_the_error_number() {
    let scene = Scene::with_entry("");
    scene.rasdial(&["nope", "a", "b"]).expect(623 & 255).says("Remote Access error 623 - ", "");
    scene.rasdial(&["office", "alice", "looking-glass"]).expect(691 & 255).says("Remote Access error 691 - ", "");
    scene.rasdial(&["office", "/BOGUS"]).expect(87).says("", "there is no switch /BOGUS");
    scene.rasdial(&["office", "alice", "x", "/CALLBACK:*"]).expect(704 & 255);
    scene.rasdial(&["office", "alice", "x", "/CALLBACK:nowhere"]).expect(704 & 255);
}

#[test]
fn a_phone_book_and_another_server_are_named_by_switches() {
    let scene = Scene::with_entry("");
    scene.run(&["entry", "set", "Office", "redial-attempts=0"]).expect(0);
    scene.run(&["entry", "export", "-o", "my.pbk"]).expect(0);
    scene.run(&["entry", "remove", "office"]).expect(0);
    scene.rasdial(&["Office", "alice", "wonderland"]).expect(623 & 255);
    scene.rasdial(&["Office", "alice", "wonderland", "/PhoneBook:my.pbk"]).expect(0);
    scene.rasdial(&["Office", "/DISCONNECT"]).expect(0);
    let elsewhere = ["Office", "alice", "wonderland", "/PHONEBOOK:my.pbk", "/PHONE:no-such-host.invalid"];
    scene.rasdial(&elsewhere).expect(868 & 255);
}

#[test]
fn a_password_does_not_stay_in_the_arguments() {
    let scene = Scene::with_entry("silent=auth");
    let mut child = scene
        .command(RASDIAL)
        .args(["Office", "alice", "looking-glass"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = [0; 64];
    // It has started to dial, so it has long started again.
    let read = child.stdout.as_mut().unwrap().read(&mut told).unwrap();
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{}/environ", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(read > 0 && arguments.contains("alice"), "{arguments:?}");
    assert!(!arguments.contains("looking-glass") && !environment.contains("looking-glass"), "{arguments:?}");
}

#[test]
fn stored_credentials_are_used_when_none_are_named() {
    let scene = Scene::with_entry("");
    let password = scene.text("password");
    scene.run(&["credentials", "set", "office", "-u", "alice", "--password-file", &password]).expect(0);
    let ran = scene.rasdial(&["Office"]);
    scene.run(&["credentials", "clear", "office"]).expect(0);
    ran.expect(0);
    scene.rasdial(&["/DISCONNECT"]).expect(0);
    scene.rasdial(&["Office"]).expect(691 & 255);
}

//! `rasctl dial --hold` as the first process of a container: needs the right to make namespaces, or is left out.

use crate::scene::{Live, RASCTL, Ran, Scene};
use rustix::process::Signal;
use std::process::Command;

/// A shell line that runs as process 1 of new namespaces, with `/` read-only.
fn isolated(line: &str) -> Command {
    let prepare = "mount --bind / / && mount -o remount,ro,bind / && mount -t proc proc /proc";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &format!("{prepare} && {line}")]);
    command
}

fn is_possible() -> bool {
    let possible = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).output();
    let possible = possible.is_ok_and(|output| output.status.success());
    if !possible {
        eprintln!("left out: no right to make namespaces");
    }
    possible
}

#[test]
fn it_is_safe_as_process_1_without_home_environment_and_writable_root() {
    if !is_possible() {
        return;
    }
    let scene = Scene::new("");
    let arguments = scene.by_server().join(" ");
    let line = format!("exec env -i {RASCTL} {arguments} --hold --proxy 127.0.0.1:0");
    let mut dial = Live::of(&mut isolated(&line));
    dial.until("0x2000 Connected");
    dial.until("Ctrl-C hangs up.");
    // The child of `unshare` is process 1 inside.
    let unshare = dial.child.id();
    let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap();
    let first = children.split_whitespace().next().unwrap().to_owned();
    // An orphan of somebody who came in is collected.
    let enter = ["--target", &first, "--pid", "--mount", "sh", "-c", "(exec sleep 0.1) & exit 0"];
    Ran::of(Command::new("nsenter").args(enter)).expect(0);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        if children.split_whitespace().count() == 1 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "an orphan is left: {children}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_raw(first.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    dial.end().expect(0).says("hung up", "");
    assert_eq!(scene.lab.settled_stats().sessions, 0);
}

#[test]
fn process_1_ends_with_the_code_of_the_cause() {
    if !is_possible() {
        return;
    }
    let scene = Scene::new("");
    let arguments = scene.by_server().join(" ").replace("/password", "/wrong");
    Ran::of(&mut isolated(&format!("exec env -i {RASCTL} {arguments} --hold"))).expect(13).says("", "error 691");
}

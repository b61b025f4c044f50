//! The contract at the socket: the tests of the Rust front, with the manager in a daemon behind a socket, and what a
//! foreign client sees of it.

#[path = "contract_rust.rs"]
mod same;

use rasman_lab::Running;
use rasman_tests::harness::lab;
use rasman_tests::ipc::Daemon;
use rasman_tests::ipc::raw::Raw;
use serde_json::{Value, json};
use std::os::fd::AsFd;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");

/// A foreign client that has dialled, and reads what the dial tells.
struct Foreign {
    daemon: Daemon,
    raw: Raw,
    handle: Value,
}

impl Foreign {
    fn dial(lab: &Running, password: &str, paused_states: bool) -> Self {
        let daemon = Daemon::start(HELPER, &[]);
        let mut raw = Raw::connect(&daemon.folder);
        let secret = rasman::ipc::secret::seal(&password.into()).unwrap();
        let parameters = json!({
            "settings": Daemon::settings(lab),
            "credentials": { "user": rasman_lab::DEFAULT_USER, "domain": "", "secret": 0 },
            "paused_states": paused_states,
        });
        raw.send("Dial", parameters, true, &[secret.as_fd()]);
        let handle = raw.receive().unwrap()["parameters"]["handle"].clone();
        Self { daemon, raw, handle }
    }

    /// The next notification: state, error, and the whole of it.
    fn told(&mut self) -> (u64, u64, Value) {
        let reply = self.raw.receive().unwrap();
        let notification = reply["parameters"]["notification"].clone();
        assert_eq!(reply["continues"].as_bool().unwrap_or(false), !notification["last"].as_bool().unwrap());
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        (number(&notification["state"]), number(&notification["error"]["code"]), notification)
    }

    /// All that is still told.
    fn rest(&mut self) -> Vec<(u64, u64)> {
        let mut told = Vec::new();
        loop {
            let (state, error, notification) = self.told();
            told.push((state, error));
            if notification["last"] == true {
                return told;
            }
        }
    }
}

#[test]
fn a19_a34_each_state_is_told_once_with_error_0_and_the_class_is_in_its_bits() {
    let lab = lab("");
    let told = Foreign::dial(&lab, "wonderland", false).rest();
    assert_eq!(told.first(), Some(&(0, 0)), "OpenPort");
    assert_eq!(told.last(), Some(&(0x2000, 0)), "Connected");
    assert!(told.iter().all(|(_, error)| *error == 0));
    let running = &told[..told.len() - 1];
    assert!(running.iter().all(|(state, _)| state & 0x3000 == 0));
    // AuthNotify announces a finer state and may come again.
    for (index, (state, _)) in running.iter().enumerate().filter(|(_, (state, _))| *state != 0x6) {
        assert!(running[index + 1..].iter().all(|(other, _)| other != state), "{state:#x} is told twice");
    }
}

#[test]
fn a20_e11_a_failure_is_the_same_state_with_the_error_and_the_last_word() {
    let rows = [("account=disabled", 647), ("no-common-auth", 919), ("no-address", 738), ("http=403", 0)];
    for (faults, code) in rows {
        let lab = lab(faults);
        let told = Foreign::dial(&lab, "wonderland", false).rest();
        let [.., (before, none), (state, error)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((before, none), (state, &0), "{faults}");
        assert!(*error != 0 && (code == 0 || *error == code), "{faults}: {error}");
    }
}

#[test]
fn a40_a_hang_up_by_another_program_ends_with_disconnected() {
    let lab = lab("silent=auth");
    let mut foreign = Foreign::dial(&lab, "wonderland", false);
    let mut other = Raw::connect(&foreign.daemon.folder);
    other.call("HangUp", json!({ "handle": foreign.handle, "wait": true }));
    assert_eq!(foreign.rest().last(), Some(&(0x2001, 0)));
    assert_eq!(other.refused("Status", json!({ "handle": foreign.handle })).1, 6);
    let ended = other.call("Ended", json!({ "handle": foreign.handle }));
    assert_eq!(ended["cause"]["code"], 631);
}

#[test]
fn a43_without_paused_states_a_question_is_the_error() {
    let lab = lab("");
    let told = Foreign::dial(&lab, "looking-glass", false).rest();
    assert_eq!(told.last().map(|(_, error)| *error), Some(691));
    assert!(told.iter().all(|(state, _)| state & 0x1000 == 0));
}

#[test]
fn a6_p3_p14_a_dial_starts_and_an_answer_to_its_handle_resumes_it() {
    let lab = lab("");
    let mut foreign = Foreign::dial(&lab, "looking-glass", true);
    let question = loop {
        let (state, error, notification) = foreign.told();
        assert_eq!(error, 0);
        if state & 0x1000 != 0 {
            assert_eq!(state, 0x1001);
            break notification["detail"]["question"].clone();
        }
    };
    assert_eq!(question["retry_authentication"]["refused"], 691);
    let answer = |secret: &str| {
        let credentials = json!({ "user": rasman_lab::DEFAULT_USER, "domain": "", "password": secret });
        json!({ "handle": foreign.handle, "question": question["id"], "credentials": credentials })
    };
    let (right, late) = (answer("wonderland"), answer("wonderland"));
    let mut other = Raw::connect(&foreign.daemon.folder);
    other.call("Answer", right);
    let told = foreign.rest();
    assert_eq!(told.last(), Some(&(0x2000, 0)));
    assert!(told.iter().all(|(state, _)| state & 0x1000 == 0), "the pause does not come again");
    assert_eq!(other.refused("Answer", late).1, 705);
}

//! A Varlink client that is not ours, at the daemon's socket.

use rasman_tests::harness::lab;
use rasman_tests::ipc::Daemon;
use rasman_tests::peers::python_varlink;
use serde_json::Value;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");

#[test]
fn a_foreign_client_introspects_calls_and_streams() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let test = "a_foreign_client_introspects_calls_and_streams";
    let (user, password) = (rasman_lab::DEFAULT_USER, rasman_lab::DEFAULT_PASSWORD);
    let Some(steps) = python_varlink(test, &daemon.folder, &Daemon::settings(&lab), user, password) else { return };
    let step = |name: &str| -> &Value {
        steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("no step {name} in {steps:?}"))
    };
    let interfaces = step("introspected")["interfaces"].to_string();
    assert!(interfaces.contains("io.rasman.Manager") && interfaces.contains("org.varlink.service"), "{interfaces}");
    assert!(step("introspected")["methods"].as_u64() > Some(40), "types, methods and errors");
    assert_eq!(step("described")["scope"], "user");
    let states = step("dialled")["states"].as_array().unwrap();
    assert_eq!((&states[0], states.last().unwrap()), (&Value::from("OpenPort"), &Value::from("Connected")));
    assert_eq!(step("listed")["connections"][0]["handle"], step("dialled")["handle"]);
    assert_eq!(step("status")["name"], "Connected");
    assert_eq!(step("gone")["code"], 631);
    assert_eq!(step("refused")["error"], "io.rasman.Manager.Refused");
    assert_eq!(step("refused")["code"], 6);
}

//! Varlink clients that are not ours, at the daemon's socket: the Python package and the crate of the Varlink project.

use rasman_tests::harness::lab;
use rasman_tests::ipc::Daemon;
use rasman_tests::peers::python_varlink;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use varlink::{Connection, ErrorKind, MethodCall, OrgVarlinkServiceClient, OrgVarlinkServiceInterface};

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

/// Prepares a call of the crate's client.
fn call(
    connection: &Arc<RwLock<Connection>>,
    method: &str,
    parameters: Value,
) -> MethodCall<Value, Value, varlink::Error> {
    MethodCall::new(Arc::clone(connection), format!("io.rasman.Manager.{method}"), parameters)
}

#[test]
fn the_varlink_projects_crate_introspects_calls_and_streams() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let address = format!("unix:{}", daemon.folder.join("socket").display());
    let connection = Connection::with_address(&address).unwrap();
    let mut service = OrgVarlinkServiceClient::new(Arc::clone(&connection));
    let info = service.get_info().unwrap();
    assert!(info.interfaces.iter().any(|name| name == "io.rasman.Manager"), "{:?}", info.interfaces);
    let description = service.get_interface_description("io.rasman.Manager").unwrap().description.unwrap();
    assert!(description.starts_with("#") || description.starts_with("interface"), "{description:.200}");
    assert!(description.contains("interface io.rasman.Manager\n") && description.contains("\nmethod Dial("));
    assert_eq!(call(&connection, "Describe", json!({})).call().unwrap()["scope"], "user");

    // One connection streams what happens to the dial of the other.
    let watching = Connection::with_address(&address).unwrap();
    let mut watch = call(&watching, "Watch", json!({}));
    let changes = watch.more().unwrap();
    assert_eq!(changes.next().unwrap().unwrap()["connections"], json!([]));
    let credentials = json!({ "user": rasman_lab::DEFAULT_USER, "password": rasman_lab::DEFAULT_PASSWORD });
    let dial = json!({ "settings": Daemon::settings(&lab), "credentials": credentials });
    let mut told = Vec::new();
    for reply in call(&connection, "Dial", dial).more().unwrap() {
        told.push(reply.unwrap());
    }
    let handle = told[0]["handle"].clone();
    let states: Vec<&Value> = told.iter().filter_map(|reply| reply["notification"].get("name")).collect();
    assert_eq!((states[0], *states.last().unwrap()), (&json!("OpenPort"), &json!("Connected")), "{told:?}");
    let gone = call(&connection, "HangUp", json!({ "handle": handle, "wait": true })).call().unwrap();
    assert_eq!(gone["gone"]["code"], 631, "{gone}");
    changes.map(Result::unwrap).find(|change| change.to_string().contains("Connected")).expect("it is told");

    let refused = call(&connection, "Status", json!({ "handle": handle })).call().unwrap_err();
    let ErrorKind::VarlinkErrorReply(reply) = refused.kind() else { panic!("{refused}") };
    assert_eq!(reply.error.as_deref(), Some("io.rasman.Manager.Refused"));
    assert_eq!(reply.parameters.as_ref().unwrap()["cause"]["code"], 6);
    let missing = call(&connection, "Frobnicate", json!({})).call().unwrap_err();
    assert!(matches!(missing.kind(), ErrorKind::MethodNotFound(_)), "{missing}");
}

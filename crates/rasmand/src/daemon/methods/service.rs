//! What every Varlink service answers.

use super::{Failure, Outcome, Result, reply};
use rasman::ipc::message::{Called, Reply, write};
use rasman::ipc::{DESCRIPTION, INTERFACE, SERVICE, SERVICE_DESCRIPTION};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Info {
    vendor: &'static str,
    product: &'static str,
    version: &'static str,
    url: &'static str,
    interfaces: [&'static str; 2],
}

#[derive(Deserialize)]
struct Interface {
    interface: String,
}

#[derive(Serialize)]
struct Description {
    description: &'static str,
}

/// Answers a call that is not one of the manager's.
pub(super) fn call(called: &Called<'_>) -> Result<Outcome> {
    match called.method.as_ref() {
        "org.varlink.service.GetInfo" => reply(&Info {
            vendor: "rasman",
            product: "rasmand",
            version: env!("CARGO_PKG_VERSION"),
            url: "https://github.com/rasman/rasman",
            interfaces: [SERVICE, INTERFACE],
        }),
        "org.varlink.service.GetInterfaceDescription" => {
            let Interface { interface } = called.read().map_err(|error| invalid_parameter(&error))?;
            match interface.as_str() {
                INTERFACE => reply(&Description { description: DESCRIPTION }),
                SERVICE => reply(&Description { description: SERVICE_DESCRIPTION }),
                _ => Err(error("InterfaceNotFound", "interface", &interface)),
            }
        }
        method => match method.rsplit_once('.') {
            Some((SERVICE | INTERFACE, _)) | None => Err(method_not_found(method)),
            Some((interface, _)) => Err(error("InterfaceNotFound", "interface", interface)),
        },
    }
}

pub(super) fn method_not_found(method: &str) -> Failure {
    error("MethodNotFound", "method", method)
}

/// The parameters could not be read; serde's words name the member, and never its value but for numbers.
pub(super) fn invalid_parameter(problem: &serde_json::Error) -> Failure {
    error("InvalidParameter", "parameter", &problem.to_string())
}

pub(super) fn expected_more() -> Failure {
    let name = format!("{SERVICE}.ExpectedMore");
    let parameters = serde_json::Map::new();
    Failure::Service(write(&Reply { error: Some(&name), parameters, continues: false }))
}

fn error(name: &str, member: &str, value: &str) -> Failure {
    let name = format!("{SERVICE}.{name}");
    let value: String = value.chars().take(200).collect();
    let parameters = serde_json::Map::from_iter([(member.to_owned(), value.into())]);
    Failure::Service(write(&Reply { error: Some(&name), parameters, continues: false }))
}

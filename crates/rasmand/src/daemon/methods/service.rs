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

/// The parameters could not be read.
pub(super) fn invalid_parameter(problem: &serde_json::Error) -> Failure {
    error("InvalidParameter", "parameter", &without_value(&problem.to_string()))
}

/// Takes the value out of serde's words: it may be a password in the wrong place, and clients log what they are told.
fn without_value(words: &str) -> String {
    for beginning in ["invalid type: ", "invalid value: "] {
        if let Some((value, expected)) = words.strip_prefix(beginning).and_then(|rest| rest.rsplit_once(", expected "))
        {
            let kind = value.split(['"', '`']).next().unwrap_or_default().trim_end();
            return format!("{beginning}{kind}, expected {expected}");
        }
    }
    words.to_owned()
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

#[cfg(test)]
mod tests {
    use super::without_value;
    use rasman::ipc::wire::AnswerCall;

    #[test]
    fn what_is_wrong_is_told_without_its_value() {
        for credentials in [
            r#""alice:hunter2""#,
            r#"{"password": ["hunter2"], "user": 7}"#,
            r#"{"user": true, "secret": "hunter2"}"#,
            r#"{"secret": "hunter2, expected \" hunter2"}"#,
            r#"{"secret": -1734}"#,
        ] {
            let text = format!(r#"{{"handle": "1", "question": 1, "credentials": {credentials}}}"#);
            let words = without_value(&serde_json::from_str::<AnswerCall>(&text).err().unwrap().to_string());
            assert!(!words.contains("hunter2") && !words.contains("1734"), "{words}");
            assert!(words.starts_with("invalid ") && words.contains(" expected "), "{words}");
        }
        assert_eq!(
            without_value("missing field `handle` at line 1 column 2"),
            "missing field `handle` at line 1 column 2"
        );
    }
}

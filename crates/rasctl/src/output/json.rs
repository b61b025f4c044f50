//! JSON of what the manager tells. The names of the fields are in docs/rasctl.md.

use rasman::{
    Cause, ConnState, ConnectionInfo, Detail, Doors, EapDialog, Handle, Interaction, Learned, MppeCipher, Notification,
    Projection, Question, QuestionKind, Retrying, StateClass, Statistics, Status,
};
use serde_json::{Value, json};
use std::net::Ipv6Addr;
use std::time::Duration;

/// A notification as an event of a stream.
pub(crate) fn notification(elapsed: Duration, notification: &Notification) -> Value {
    let mut event = json!({
        "event": "notification",
        "seq": notification.seq,
        "elapsed_ms": millis(elapsed),
        "error": notification.error.as_ref().map(cause),
        "detail": detail(&notification.detail),
        "sub_entry": notification.sub_entry,
    });
    merge(&mut event, state(notification.state));
    event
}

/// A cause: number, constant, sentence, layer, what was done and said, what to change.
pub(crate) fn cause(cause: &Cause) -> Value {
    json!({
        "code": cause.code.0,
        "name": cause.code.name(),
        "sentence": cause.code.sentence(),
        "layer": cause.layer.to_string(),
        "did": cause.did,
        "said": cause.said,
        "advice": cause.advice,
    })
}

/// A state: name, number and class.
pub(crate) fn state(state: ConnState) -> Value {
    let class = match state.class() {
        StateClass::Running => "running",
        StateClass::Paused => "paused",
        StateClass::Terminal => "terminal",
    };
    json!({ "state": state.name(), "state_number": state.number(), "class": class })
}

/// A line of the list of connections.
pub(crate) fn info(info: &ConnectionInfo) -> Value {
    let mut line = json!({
        "handle": handle(info.handle),
        "entry": info.entry,
        "error": info.error,
        "references": info.references,
        "substate": info.substate.name(),
        "phonebook": info.phonebook,
        "all_users": info.all_users,
    });
    merge(&mut line, state(info.state));
    line
}

/// The status of a connection.
pub(crate) fn status(status: &Status) -> Value {
    let mut value = json!({
        "error": status.error.as_ref().map(cause),
        "device": { "kind": status.device.kind, "name": status.device.name },
        "projection": status.projection.as_ref().map(projection),
        "learned": learned(&status.learned),
        "doors": doors(&status.doors),
        "substate": status.substate.name(),
        "medium": status.medium + 1,
        "retrying": status.retrying.as_ref().map(retrying),
    });
    merge(&mut value, state(status.state));
    value
}

/// A further attempt that is waited for or under way.
fn retrying(retrying: &Retrying) -> Value {
    json!({
        "attempt": retrying.attempt,
        "of": retrying.of,
        "pause_ms": retrying.pause.map(millis),
        "loss": retrying.loss.as_ref().map(cause),
        "last": cause(&retrying.last),
    })
}

/// What a connection was given.
pub(crate) fn projection(projection: &Projection) -> Value {
    json!({
        "local": projection.local,
        "peer": projection.peer,
        "dns": projection.dns,
        "mtu": projection.mtu,
        "encryption": projection.encryption.map(|both| json!({
            "sent": mppe(both.sent),
            "received": mppe(both.received),
        })),
        "header_compression": {
            "sent": projection.header_compression.sent,
            "received": projection.header_compression.received,
        },
    })
}

fn mppe(cipher: MppeCipher) -> Value {
    json!({ "bits": cipher.bits, "stateless": cipher.stateless })
}

/// What the far network has told beyond that; nothing if it told nothing.
fn learned(learned: &Learned) -> Value {
    if *learned == Learned::default() {
        return Value::Null;
    }
    let nets = |list: &[(Ipv6Addr, u8)]| list.iter().map(|(net, bits)| format!("{net}/{bits}")).collect::<Vec<_>>();
    json!({
        "routes": learned.routes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "dns": learned.dns,
        "domain": learned.domain,
        "search": learned.search,
        "ipv6": learned.ipv6.as_ref().map(|ipv6| json!({
            "local": ipv6.link.local_address(),
            "addresses": nets(&ipv6.addresses),
            "routes": nets(&ipv6.routes),
            "dns": ipv6.dns,
            "mtu": ipv6.mtu,
        })),
    })
}

/// Where programs enter the tunnel.
pub(crate) fn doors(doors: &Doors) -> Value {
    json!({ "proxy": doors.socks.map(|socks| format!("socks5h://{socks}")), "forwards": doors.forwards, "interface": doors.interface })
}

/// What a connection has carried.
pub(crate) fn statistics(statistics: &Statistics) -> Value {
    json!({
        "bytes_sent": statistics.bytes_sent,
        "bytes_received": statistics.bytes_received,
        "packets_sent": statistics.packets_sent,
        "packets_received": statistics.packets_received,
        "send_drops": statistics.send_drops,
        "receive_drops": statistics.receive_drops,
        "connected_ms": millis(statistics.connected),
        "bps": statistics.bps,
    })
}

/// A handle, as text: 64 bits do not fit a number of JavaScript.
pub(crate) fn handle(handle: Handle) -> Value {
    Value::String(handle.to_string())
}

/// Adds the fields of `more`.
pub(crate) fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (value, more) {
        fields.extend(more);
    }
}

/// Milliseconds with three places.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn detail(detail: &Detail) -> Value {
    match detail {
        Detail::None => Value::Null,
        Detail::Device(device) => json!({ "device": { "kind": device.kind, "name": device.name } }),
        Detail::Reached { peer, protection } => json!({ "peer": peer, "protection": protection }),
        Detail::Authentication(method) => json!({ "authentication": method.to_string() }),
        Detail::Projection(given) => json!({ "projection": projection(given) }),
        Detail::Question(asked) => json!({ "question": question(asked) }),
        Detail::Trying { server, medium, of, last } => {
            json!({ "trying": { "server": server, "medium": medium, "of": of, "last": last.0 } })
        }
        Detail::Waiting { attempt, of, pause, last } => {
            json!({ "waiting": { "attempt": attempt, "of": of, "pause_ms": millis(*pause), "last": last.0 } })
        }
        other => json!({ "text": other.to_string() }),
    }
}

fn question(question: &Question) -> Value {
    match &question.kind {
        QuestionKind::RetryAuthentication { refused, attempts } => {
            json!({ "id": question.id, "kind": "retry-authentication", "refused": refused.0, "attempts": attempts })
        }
        QuestionKind::PasswordExpired { refused, attempts } => {
            json!({ "id": question.id, "kind": "password-expired", "refused": refused.0, "attempts": attempts })
        }
        QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256, refused }) => {
            let sha256: String = sha256.iter().map(|octet| format!("{octet:02x}")).collect();
            json!({ "id": question.id, "kind": "server-certificate", "sha256": sha256, "refused": refused.0 })
        }
        QuestionKind::EapDialog(EapDialog::CertificatePassword) => {
            json!({ "id": question.id, "kind": "certificate-password" })
        }
        QuestionKind::CallbackNumber { numbers, may_decline } => {
            json!({ "id": question.id, "kind": "callback-number", "numbers": numbers, "may_decline": may_decline })
        }
        QuestionKind::Interactive(what) => interactive(question.id, what),
        _ => json!({ "id": question.id, "kind": "other" }),
    }
}

fn interactive(id: u32, what: &Interaction) -> Value {
    let (why, script, line) = match what {
        Interaction::TerminalBeforeDial => ("terminal-before-dial", None, None),
        Interaction::TerminalAfterDial => ("terminal-after-dial", None, None),
        Interaction::HaltedScript { script, line } => ("halted-script", Some(script), Some(line)),
        Interaction::CustomScript => ("custom-script", None, None),
        _ => ("other", None, None),
    };
    json!({ "id": id, "kind": "interactive", "why": why, "script": script, "line": line })
}

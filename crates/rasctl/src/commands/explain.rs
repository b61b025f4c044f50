//! `rasctl explain`: what an error means, and what helps.

use super::connections::{is, shown};
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::{Failure, number};
use crate::last;
use crate::manager::Managers;
use crate::output::{Output, wrap};
use clap::Args;
use rasman::{Cause, Code, Handle};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What to explain.
#[derive(Args)]
pub(crate) struct ExplainArguments {
    /// An error number (691, 0x800B0109), its constant (ERROR_AUTHENTICATION_FAILURE), a connection, or last
    #[arg(default_value = "last", value_name = "CODE|NAME|CONNECTION|last")]
    what: String,
}

/// Explains.
pub(crate) fn run(arguments: &ExplainArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.what.eq_ignore_ascii_case("last") {
        return explain_last(context.output);
    }
    if let Some(code) = find(&arguments.what) {
        explain_code(code, context.output);
        return Ok(Exit::Success);
    }
    let Some((name, cause)) = of_connection(&arguments.what, &Managers::running(context.scope)?) else {
        let what = format!("there is no error and no connection \"{}\"", shown(&arguments.what));
        return Err(Failure::new(Exit::NotFound, what, "give a number such as 691 or a name such as ERROR_NO_CARRIER"));
    };
    let failure = cause.map(|cause| Failure::from(cause).json());
    explain_failure(&name, failure.as_ref(), context.output);
    Ok(Exit::Success)
}

/// Finds a code by number or by name; the prefix of the name may be left out.
fn find(text: &str) -> Option<Code> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        // HRESULTs are told as signed numbers, too.
        None => text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned)),
    };
    if let Some(code) = number.map(Code) {
        return code.name().map(|_| code);
    }
    let matches = |name: &str| {
        let short = name.strip_prefix("ERROR_").unwrap_or(name);
        name.eq_ignore_ascii_case(text) || short.eq_ignore_ascii_case(text)
    };
    Code::all().find(|code| code.name().is_some_and(matches))
}

fn explain_code(code: Code, output: Output) {
    let exit = Exit::of(code);
    let advice = advice(code).unwrap_or_default();
    output.row(&number(code), code.name().unwrap_or_default());
    paragraph(output, "means", code.sentence().unwrap_or_default());
    paragraph(output, "try", advice);
    paragraph(output, "exit", &format!("{} ({})", exit.number(), exit.meaning()));
    output.json(&json!({
        "code": code.0,
        "name": code.name(),
        "sentence": code.sentence(),
        "advice": advice,
        "exit": exit.number(),
    }));
}

fn explain_last(output: Output) -> Result<Exit, Failure> {
    let record = match last::recall() {
        Ok(Some(record)) => record,
        Ok(None) => {
            output.line("No dial of yours has failed since you logged in.");
            output.json(&Value::Null);
            return Ok(Exit::Success);
        }
        Err(what) => {
            return Err(Failure::new(Exit::NotFound, what, "explain an error by its number: rasctl explain 691"));
        }
    };
    let ago = age(record["at"].as_u64().unwrap_or_default());
    let name = format!("{}, {ago} ago", record["target"].as_str().unwrap_or_default());
    explain_failure(&name, Some(&record), output);
    Ok(Exit::Success)
}

/// Finds a connection, or one that is gone by its handle, and tells what is or was the matter with it.
fn of_connection(text: &str, managers: &Managers) -> Option<(String, Option<Cause>)> {
    let known = managers.connections().into_iter().find(|info| is(info, text));
    if let Some(info) = known {
        let status = managers.connection(info.handle).ok()?.status().ok()?;
        let cause = status.error.or_else(|| status.retrying.map(|retrying| retrying.last));
        return Some((info.entry, cause));
    }
    let handle = Handle(u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16)?);
    let cause = managers.0.iter().find_map(|(_, manager)| manager.ended(handle))?;
    Some((handle.to_string(), Some(cause)))
}

fn explain_failure(name: &str, record: Option<&Value>, output: Output) {
    output.row("dial", name);
    let Some(record) = record else {
        output.line("Nothing is wrong with it.");
        return output.json(&Value::Null);
    };
    let error = &record["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    paragraph(output, "error", &text("message"));
    paragraph(output, "name", &text("name"));
    paragraph(output, "layer", &text("layer"));
    paragraph(output, "we", &text("did"));
    paragraph(output, "the peer", &text("said"));
    let code = error["code"].as_u64().and_then(|code| u32::try_from(code).ok()).map(Code);
    let own = text("advice");
    let known = code.and_then(advice).unwrap_or_default().to_owned();
    paragraph(output, "try", if own.is_empty() { &known } else { &own });
    output.json(record);
}

fn paragraph(output: Output, name: &str, text: &str) {
    if !text.is_empty() {
        output.row(name, wrap(text, output.width(), INDENT));
    }
}

fn age(at: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    crate::output::duration(now.saturating_sub(Duration::from_secs(at)))
}

/// What helps against the errors that people meet most, where the dial that failed could not say it better.
fn advice(code: Code) -> Option<&'static str> {
    Some(match code.0 {
        5 => "ask the owner of the connection or a member of the group rasman; root may do all",
        6 | 668 => "the connection is gone already; `rasctl list` shows those that are there",
        602 => "another program has the address; choose another one by --proxy or --forward",
        623 => "check the name against `rasctl entry list`, and the file that --phonebook names",
        646 => "dial within the hours that the administrator allows",
        647 | 708 => "ask the administrator of the server to enable the account",
        648 => "change the password where the account is kept, then dial again",
        649 => "ask the administrator to grant the account dial-in access (network policy, or dial-in tab)",
        691 => {
            "check user name, password and domain (DOMAIN\\user); then ask which authentication methods the server \
             allows: MS-CHAPv2 has to be one of them"
        }
        711 => "start the manager: rasmand, or systemctl --user start rasman.socket",
        718 | 721 => "the other end accepted the call and went silent in PPP: ask for its log at that moment",
        720 | 731 | 733 => "ask whether the server has addresses left to give, and whether IPv4 is enabled for dial-in",
        735 => "the entry asks for a fixed address that the server does not give: let it assign one",
        756 => "wait for the other dial, or end it: rasctl hangup ENTRY",
        778 | 810 | 835 => {
            "check that this is the right server; then trust its authority by --ca, or pin its certificate"
        }
        807 | 829 => "the network below was lost or the server restarted; redial settings dial again by themselves",
        808 => "the server is there and refuses: check port and path, and whether the service runs",
        809 => "check that TCP 443 reaches the server from here: a firewall or a proxy on the way may block it",
        815 => "check the Ethernet link and the PPPoE service name",
        828 => "no traffic for as long as the entry allows; set IdleDisconnectSeconds=0 to stay connected",
        868 => "check the spelling of the server's name, and that this machine can resolve names",
        0x800B_0101 => "the server's certificate has expired, or this machine's clock is wrong",
        0x800B_0109 => "trust the authority that signed it: --ca FILE; or pin the certificate: --pin SHA256",
        0x800B_010F => "dial the server by the name in its certificate, or tell that name by --server-name",
        _ => return None,
    })
}

/// Where the text of a row begins.
const INDENT: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_number_and_by_name() {
        for text in ["691", "0x2b3", "ERROR_AUTHENTICATION_FAILURE", "authentication_failure"] {
            assert_eq!(find(text), Some(Code::AUTHENTICATION_FAILURE), "{text}");
        }
        for text in ["0x800B0109", "2148204809", "-2146762487"] {
            assert_eq!(find(text), Some(Code::CERT_UNTRUSTED_ROOT), "{text}");
        }
        for text in ["", "0x", "599", "99999999999", "no such"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn advice_is_for_known_codes_only() {
        for code in (0..1_000).map(Code).filter(|code| advice(*code).is_some()) {
            assert!(code.sentence().is_some(), "{code:?}");
        }
    }
}

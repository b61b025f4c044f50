//! Why a call ended, for programs and people.
//!
//! | what happened | before Up | after Up |
//! | --- | --- | --- |
//! | the port could not be opened, or broke | the port's own cause | the port's own cause |
//! | no HTTP, an HTTP status but 200, not SSTP, the stream ended | 808 VPN_REFUSED | - |
//! | the stream ended, Call Disconnect | 808 for the stream, 770 | 629 REMOTE_DISCONNECTION |
//! | Call Connect Nak, Call Abort | 770 CONNECTION_REJECT | 829 LINK_FAILURE |
//! | Call Abort soon after our Call Connected | - | 808: the server refused the crypto binding |
//! | no answer in time | 809 VPN_TIMEOUT | 638 REQUEST_TIMEOUT (authentication), 829 (echo) |
//! | the peer broke the protocol | 808 | 829 |
//! | the answering side found the binding wrong | - | 778 UNABLE_TO_AUTHENTICATE_SERVER |
//!
//! The contract's table gives 808 and 770 for a server that refuses. 808 means that there is no SSTP call to be had
//! there, 770 that an SSTP server rejected this call.

use super::binding::Flaw;
use super::wire::{Invalid, Message, StatusInfo};
use rasman_core::{Cause, Code, LayerName};

/// ERROR_CONNECTION_REJECT: the remote computer rejected the call.
pub(super) const CONNECTION_REJECT: Code = Code(770);

const SENT_REQUEST: &str = "sent the SSTP request over HTTPS";
const ASKED_FOR_CALL: &str = "asked for an SSTP call that carries PPP";
const HAD_CALL: &str = "had an SSTP call";
const ASK_ITS_LOG: &str = "ask the server's administrator what its log says of this call";
const BREAKS_PROTOCOL: &str = "the server, or something in between, breaks the SSTP protocol: tell who runs it";

/// The server is an HTTP server and answered with another status than 200.
pub(super) fn http_refused(status: u16, line: &[u8], location: Option<&[u8]>, title: Option<&[u8]>) -> Cause {
    let advice = match status {
        300..=399 => "use the name that the server redirects to, if it is an SSTP server",
        401 | 407 => "something in front of the server wants a login of its own: a proxy, or a web server",
        403 => "ask whether SSTP is allowed from here, and whether this is the right server",
        404 | 405 | 501 => "check the server's name and port: what answers is a web server without SSTP",
        500..=599 => "the server has a problem, or no free port; try again later",
        _ => "check the server's name and port",
    };
    let said = match location {
        Some(location) => [b"HTTP ", line, b", go to ", location].concat(),
        None => [b"HTTP ", line].concat(),
    };
    // Plain servers only repeat the status.
    let said = match title.filter(|title| *title != line) {
        Some(title) => [&said[..], b", with the page \"", title, b"\""].concat(),
        None => said,
    };
    http(Code::VPN_REFUSED).said(said).advice(advice)
}

/// The server does not speak HTTP.
pub(super) fn not_http(input: &[u8]) -> Cause {
    http(Code::VPN_REFUSED)
        .said(in_characters(input.get(..64).unwrap_or(input)))
        .advice("check the server's name and port: what answers is a server without SSTP")
}

/// The stream ended before the call was made.
pub(super) fn closed_early(layer: LayerName) -> Cause {
    Cause::new(Code::VPN_REFUSED, layer)
        .did(if layer == LayerName::Http { SENT_REQUEST } else { ASKED_FOR_CALL })
        .said("closed the connection without an answer")
        .advice("check the server's name and port, and whether SSTP is enabled there")
}

/// The stream ended in the middle of a call.
pub(super) fn closed() -> Cause {
    Cause::new(Code::REMOTE_DISCONNECTION, LayerName::Sstp)
        .did(HAD_CALL)
        .said("closed the connection")
        .advice("it ended without a goodbye: the server, or something in between, broke off; dial again")
}

/// The server did not answer.
pub(super) fn silent(layer: LayerName) -> Cause {
    Cause::new(Code::VPN_TIMEOUT, layer)
        .did(if layer == LayerName::Http { SENT_REQUEST } else { ASKED_FOR_CALL })
        .advice("the server takes connections but does not answer; it may be overloaded")
}

/// The client did not say what was expected of it.
pub(super) fn client_silent(layer: LayerName, expected: &str) -> Cause {
    Cause::new(Code::REQUEST_TIMEOUT, layer).did(format!("waited for {expected}"))
}

/// The authentication inside took longer than we let it.
pub(super) fn authentication_slow() -> Cause {
    Cause::new(Code::REQUEST_TIMEOUT, LayerName::Sstp).did("waited for the authentication inside the call")
}

/// No answer to Echo Request, nor anything else.
pub(super) fn unreachable() -> Cause {
    Cause::new(Code::LINK_FAILURE, LayerName::Sstp)
        .did("sent an SSTP Echo Request after a silence, and heard nothing")
        .advice("check the network between here and the server")
}

/// Call Connect Nak.
pub(super) fn rejected(statuses: &[StatusInfo]) -> Cause {
    let said: Vec<String> = statuses.iter().map(in_words).collect();
    Cause::new(CONNECTION_REJECT, LayerName::Sstp)
        .did(ASKED_FOR_CALL)
        .said(format!("Call Connect Nak: {}", said.join("; ")))
        .advice(ASK_ITS_LOG)
}

/// Call Abort; `code` depends on when it came.
pub(super) fn aborted(code: Code, status: Option<&StatusInfo>) -> Cause {
    ended(code).said(with_status("Call Abort", status))
}

/// Call Abort right after our Call Connected.
pub(super) fn binding_refused(status: Option<&StatusInfo>) -> Cause {
    aborted(Code::VPN_REFUSED, status)
        .did("sent the crypto binding of TLS and the authentication")
        .advice("something between may decrypt TLS (a proxy, a TLS terminator): the server saw another certificate")
}

/// Call Disconnect; `code` depends on when it came.
pub(super) fn disconnected(code: Code, status: Option<&StatusInfo>) -> Cause {
    ended(code).said(with_status("Call Disconnect", status))
}

/// No SSTP packet where one had to be.
pub(super) fn broken(code: Code, input: &[u8]) -> Cause {
    // 2.2.1: the major version stands in the upper half of the first octet; 1.0 is the only one there is.
    if let [version @ (0x11..=0x1f | 0x20 | 0x30), 0 | 1, ..] = input {
        let said = format!("a packet of SSTP version {}.{}", version >> 4, version & 0x0f);
        let advice = "this is SSTP 1.0, the only version that is published; ask the server for it";
        return Cause::new(code, LayerName::Sstp).did("spoke SSTP 1.0").said(said).advice(advice);
    }
    Cause::new(code, LayerName::Sstp)
        .did("expected an SSTP packet, and aborted the call")
        .said(format!("bytes that are no SSTP packet:{}", in_hex(input)))
        .advice(BREAKS_PROTOCOL)
}

/// A control packet that is no valid message.
pub(super) fn invalid(code: Code, invalid: &Invalid) -> Cause {
    let kind = invalid.kind.map_or("a message".to_owned(), |kind| kind.to_string());
    Cause::new(code, LayerName::Sstp)
        .did("aborted the call")
        .said(format!("{kind}, invalid: {}, {}", in_words(&invalid.status), invalid.malformed))
        .advice(BREAKS_PROTOCOL)
}

/// A message at the wrong time.
pub(super) fn unexpected(code: Code, message: &Message, expected: &str) -> Cause {
    Cause::new(code, LayerName::Sstp)
        .did(format!("expected {expected}, and aborted the call"))
        .said(message.kind().to_string())
        .advice(BREAKS_PROTOCOL)
}

/// The server offers no hash that we know.
pub(super) fn no_common_hash(offered: u8) -> Cause {
    Cause::new(Code::VPN_REFUSED, LayerName::Sstp)
        .did("know SHA-1 and SHA-256 for the crypto binding, and aborted the call")
        .said(format!("hash protocols {offered:#04x}"))
        .advice("the server wants a hash that no published version of SSTP has: ask who runs it")
}

/// The answering side could not verify the client's binding.
pub(super) fn wrong_binding(flaw: Flaw) -> Cause {
    Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Sstp)
        .did("checked the crypto binding, and aborted the call")
        .said(flaw.to_string())
}

/// The port did not tell the digests of the certificate, without which there is no binding.
pub(super) fn no_leaf() -> Cause {
    Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Sstp)
        .did("looked for the digests of the server's certificate, which the port did not tell")
}

/// The answering side refused the request over HTTP.
pub(super) fn refused_by_us(status: u16) -> Cause {
    Cause::new(CONNECTION_REJECT, LayerName::Http).did(format!("refused the request with status {status}"))
}

/// The peer ended the call; `code` tells whether it had begun.
fn ended(code: Code) -> Cause {
    let did = if code == CONNECTION_REJECT { ASKED_FOR_CALL } else { HAD_CALL };
    Cause::new(code, LayerName::Sstp).did(did).advice(ASK_ITS_LOG)
}

fn http(code: Code) -> Cause {
    Cause::new(code, LayerName::Http).did(SENT_REQUEST)
}

fn with_status(message: &str, status: Option<&StatusInfo>) -> String {
    status.map_or(message.to_owned(), |status| format!("{message}: {}", in_words(status)))
}

/// Text as it is, anything else in hexadecimal.
fn in_characters(input: &[u8]) -> String {
    match std::str::from_utf8(input) {
        Ok(text) => text.to_owned(),
        Err(_) => "bytes that are no HTTP:".to_owned() + &in_hex(input),
    }
}

/// The first bytes.
fn in_hex(input: &[u8]) -> String {
    input.iter().take(8).map(|byte| format!(" {byte:02x}")).collect()
}

/// Says a status in plain words, with its number.
fn in_words(info: &StatusInfo) -> String {
    let about = if info.attribute.0 == 0 { String::new() } else { format!(" ({})", info.attribute) };
    format!("{:#x}, {}{about}", info.status.0, info.status)
}

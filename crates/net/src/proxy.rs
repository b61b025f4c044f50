//! HTTP proxies: CONNECT (RFC 9110 9.3.6), with the scheme Basic (RFC 7617) or none.

use rasman_core::{Cause, Code, HttpProxy, LayerName, Secret};
use std::io::ErrorKind;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Asks the proxy at the other end of `tcp` to connect us to a server.
///
/// It has no time limit of its own: the caller drops the future to give up.
///
/// # Errors
/// 808 if the proxy refuses, wants a scheme that we do not have, or is none.
pub(crate) async fn tunnel(tcp: &mut TcpStream, proxy: &HttpProxy, host: &str, port: u16) -> Result<(), Cause> {
    let explain = Explain { proxy, host, port };
    let request = request(proxy, host, port);
    tcp.write_all(request.expose()).await.map_err(|error| explain.broken(&error.to_string()))?;
    let mut head = Vec::with_capacity(1024);
    loop {
        match parse(&head) {
            Answer::NeedMore => {}
            Answer::Connected => return Ok(()),
            Answer::Refused { status, line, schemes } => return Err(explain.refused(status, &line, &schemes)),
            Answer::NotHttp => return Err(explain.not_http(&head)),
        }
        tcp.readable().await.map_err(|error| explain.broken(&error.to_string()))?;
        let mut some = [0; 1024];
        match tcp.try_read(&mut some) {
            Ok(0) => return Err(explain.broken("closed the connection")),
            Ok(length) => head.extend_from_slice(&some[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(explain.broken(&error.to_string())),
        }
    }
}

/// Writes the request. With a login it is sent at once: a proxy that is asked twice may have closed in between.
fn request(proxy: &HttpProxy, host: &str, port: u16) -> Secret {
    let authority = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(login) = &proxy.login {
        let plain = Secret::new([login.user.as_bytes(), b":", login.password.expose()].concat());
        request.extend_from_slice(b"Proxy-Authorization: Basic ");
        request.extend_from_slice(base64(plain.expose()).expose());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    Secret::new(request)
}

/// RFC 4648 4.
fn base64(bytes: &[u8]) -> Secret {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        let digits = (0..4).map(|at| ALPHABET[(bits >> (18 - 6 * at) & 63) as usize]);
        text.extend(digits.enumerate().map(|(at, digit)| if at <= group.len() { digit } else { b'=' }));
    }
    Secret::new(text)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What a proxy said.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    NeedMore,
    Connected,
    Refused {
        status: u16,
        line: Vec<u8>,
        /// What it wants to be asked by (RFC 9110 11.7.1), the names alone.
        schemes: Vec<String>,
    },
    NotHttp,
}

/// Reads an answer. Nothing may follow the head of a 2xx: TLS lets the client speak first.
pub(crate) fn parse(head: &[u8]) -> Answer {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(head) {
        Ok(httparse::Status::Partial) if head.len() < HEAD_MAX => Answer::NeedMore,
        Ok(httparse::Status::Complete(length)) => match answer.code.unwrap_or(0) {
            200..=299 if length == head.len() => Answer::Connected,
            200..=299 => Answer::NotHttp,
            status => Answer::Refused { status, line: line(status, answer.reason), schemes: schemes(answer.headers) },
        },
        _ => Answer::NotHttp,
    }
}

fn line(status: u16, reason: Option<&str>) -> Vec<u8> {
    format!("{status} {}", reason.unwrap_or("")).into_bytes()
}

fn schemes(fields: &[httparse::Header<'_>]) -> Vec<String> {
    let asks = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("Proxy-Authenticate"));
    let name = |field: &httparse::Header<'_>| {
        let end = field.value.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'-');
        String::from_utf8_lossy(&field.value[..end.unwrap_or(field.value.len())]).into_owned()
    };
    asks.map(name).filter(|name| !name.is_empty() && name.len() <= 32).collect()
}

/// Makes causes.
struct Explain<'a> {
    proxy: &'a HttpProxy,
    host: &'a str,
    port: u16,
}

impl Explain<'_> {
    fn cause(&self) -> Cause {
        let HttpProxy { host, port, .. } = self.proxy;
        let did = format!("asked the proxy {host}:{port} for a connection to {}:{}", self.host, self.port);
        Cause::new(Code::VPN_REFUSED, LayerName::Proxy).did(did)
    }

    fn refused(&self, status: u16, line: &[u8], schemes: &[String]) -> Cause {
        let cause = self.cause().said([b"answered ", line].concat());
        let basic = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
        match (status, basic, &self.proxy.login) {
            (407, true, None) => cause.advice("give the entry a user name and a password for the proxy"),
            (407, true, Some(_)) => cause.advice("check the user name and the password for the proxy"),
            (407, false, _) => {
                let wanted = if schemes.is_empty() { "no scheme".to_owned() } else { schemes.join(", ") };
                let said = [b"answered ", line, b", and offers ", wanted.as_bytes()].concat();
                let advice = "only Basic is there: let the proxy take it, or go around the proxy";
                cause.said(said).advice(advice)
            }
            (403 | 405, ..) => cause.advice("the proxy forbids it: ask who runs it to allow CONNECT to this port"),
            (502..=504, ..) => cause.advice("the proxy does not reach the server: check the server's name and port"),
            _ => cause.advice("check the proxy's address and port, and what it is for"),
        }
    }

    fn not_http(&self, head: &[u8]) -> Cause {
        let first = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let cause = self.cause().said([b"answered ", &first[..first.len().min(80)]].concat());
        cause.advice("check the proxy's address and port: it does not speak HTTP as a proxy")
    }

    fn broken(&self, said: &str) -> Cause {
        self.cause().said(said).advice("check the proxy's address and port, and whether it lets this machine in")
    }
}

const FIELDS_MAX: usize = 64;
const HEAD_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::ProxyLogin;

    fn proxy(login: Option<(&str, &str)>) -> HttpProxy {
        let login = login.map(|(user, password)| ProxyLogin { user: user.into(), password: password.into() });
        HttpProxy { host: "proxy".into(), port: 3128, login }
    }

    #[test]
    fn rfc_7617_2_the_example() {
        let request = request(&proxy(Some(("Aladdin", "open sesame"))), "vpn.example.com", 443);
        let expected = "CONNECT vpn.example.com:443 HTTP/1.1\r\nHost: vpn.example.com:443\r\n\
                        Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert_eq!(request.expose_str(), Some(expected));
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let request = request(&proxy(None), "2001:db8::1", 443);
        let expected = "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n";
        assert_eq!(request.expose_str(), Some(expected));
    }

    #[test]
    fn base64_pads() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()).expose_str(), Some(text));
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let ok = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
        (0..ok.len()).for_each(|n| assert_eq!(parse(&ok[..n]), Answer::NeedMore));
        assert_eq!(parse(ok), Answer::Connected);
        assert_eq!(parse(&[&ok[..], b"SSH-2.0"].concat()), Answer::NotHttp);
        assert_eq!(parse(b"SSH-2.0-x\r\n"), Answer::NotHttp);
        assert_eq!(parse(&[&b"HTTP/1.1 200 OK\r\na: "[..], &[b'b'; HEAD_MAX]].concat()), Answer::NotHttp);
        let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
                        Proxy-Authenticate: NTLM\r\nproxy-authenticate: Digest realm=\"x\"\r\n\r\n<html>";
        let Answer::Refused { status: 407, schemes, .. } = parse(refused) else { panic!() };
        assert_eq!(schemes, ["Negotiate", "NTLM", "Digest"]);
    }

    #[test]
    fn schemes_that_are_not_there_are_named() {
        let login = proxy(Some(("a", "b")));
        let explain = Explain { proxy: &login, host: "vpn", port: 443 };
        let cause = explain.refused(407, b"407 No", &["NTLM".into(), "Negotiate".into()]);
        assert_eq!(cause.said, "answered 407 No, and offers NTLM, Negotiate");
        let cause = explain.refused(407, b"407 No", &["basic".into()]);
        assert_eq!(cause.advice, "check the user name and the password for the proxy");
        let none = proxy(None);
        let explain = Explain { proxy: &none, host: "vpn", port: 443 };
        let cause = explain.refused(407, b"407 No", &["Basic".into()]);
        assert_eq!(cause.advice, "give the entry a user name and a password for the proxy");
    }
}

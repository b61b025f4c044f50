//! HTTP CONNECT (RFC 9110 9.3.6), names resolved inside the tunnel; with a login, Basic (RFC 7617).

use super::proxy::{HANDSHAKE_LIMIT, connect_host};
use super::relay::relay;
use crate::stack::StackHandle;
use rasman_core::{ProxyLogin, Secret};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Serves a client that has not been read from yet.
pub(super) async fn client(mut tcp: TcpStream, stack: &StackHandle, login: Option<&ProxyLogin>) -> io::Result<()> {
    let Ok(asked) = timeout(HANDSHAKE_LIMIT, read_head(&mut tcp)).await else { return Ok(()) };
    let head = asked?;
    let answer = match request(&head, login) {
        Ok(request) => match connect_host(stack, &request.host, request.port).await {
            Ok(mut stream) => {
                tcp.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                // A client may send ahead.
                stream.write_all(&head[request.length..]).await?;
                relay(tcp, stream).await;
                return Ok(());
            }
            Err(error) => {
                tracing::debug!(%error, "a client's target could not be reached");
                answer_of(&error)
            }
        },
        Err(answer) => answer,
    };
    let text = format!("HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n");
    tcp.write_all(text.as_bytes()).await?;
    tcp.shutdown().await
}

/// Reads to the end of the head, and what came together with it.
async fn read_head(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if tcp.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // What is too long is refused by the parser, with an answer.
        if head.len() > HEAD_MAX || head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            return Ok(head);
        }
    }
}

pub(super) struct Request {
    pub(super) host: String,
    pub(super) port: u16,
    /// Bytes of the head.
    pub(super) length: usize,
}

/// Reads what is wanted; else the status line of the answer, and what goes with it.
pub(super) fn request(head: &[u8], login: Option<&ProxyLogin>) -> Result<Request, &'static str> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
        Err(_) => return Err(BAD_REQUEST),
    };
    if let Some(login) = login {
        let given = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("Proxy-Authorization"));
        if !given.is_some_and(|given| is_admitted(given.value, login)) {
            return Err(AUTHENTICATE);
        }
    }
    if parsed.method != Some("CONNECT") {
        return Err(NOT_ALLOWED);
    }
    let target = parsed.path.and_then(|target| target.rsplit_once(':')).ok_or(BAD_REQUEST)?;
    let host = target.0.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(target.0);
    let port = target.1.parse().map_err(|_| BAD_REQUEST)?;
    Ok(Request { host: host.to_owned(), port, length })
}

fn is_admitted(value: &[u8], login: &ProxyLogin) -> bool {
    let (scheme, given) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    let expected = Secret::new(base64([login.user.as_bytes(), b":", login.password.expose()].into_iter().flatten()));
    scheme.eq_ignore_ascii_case(b"Basic") && expected.same(&Secret::new(given.trim_ascii()))
}

/// RFC 4648 4. The reverse is not needed: what is expected is encoded, and compared.
fn base64<'a>(bytes: impl Iterator<Item = &'a u8>) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // A name and a password have 255 bytes each, so it never moves and leaves a copy.
    let (mut coded, mut bits, mut count) = (Vec::with_capacity(684), 0_u32, 0);
    for byte in bytes {
        (bits, count) = ((bits << 8) | u32::from(*byte), count + 8);
        while count >= 6 {
            count -= 6;
            coded.push(DIGITS[(bits >> count) as usize & 63]);
        }
    }
    if count > 0 {
        coded.push(DIGITS[(bits << (6 - count)) as usize & 63]);
    }
    coded.resize(coded.len().next_multiple_of(4), b'=');
    coded
}

fn answer_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::TimedOut => "504 Gateway Timeout\r\n",
        io::ErrorKind::InvalidInput | io::ErrorKind::AddrNotAvailable => BAD_REQUEST,
        _ => "502 Bad Gateway\r\n",
    }
}

const BAD_REQUEST: &str = "400 Bad Request\r\n";
/// Only tunnels: a request of another kind would have to be read and rewritten.
const NOT_ALLOWED: &str = "405 Method Not Allowed\r\nAllow: CONNECT\r\n";
const AUTHENTICATE: &str = "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"rasman\"\r\n";
const TOO_LARGE: &str = "431 Request Header Fields Too Large\r\n";
const HEAD_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn bob() -> ProxyLogin {
        ProxyLogin { user: "bob".into(), password: "builder".into() }
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes().iter()), coded.as_bytes());
        }
    }

    #[test]
    fn targets_are_hosts_and_ports() {
        let target = |target: &str| {
            let head = format!("CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\nahead");
            request(head.as_bytes(), None).map(|request| {
                assert_eq!(&head[request.length..], "ahead");
                (request.host, request.port)
            })
        };
        assert_eq!(target("intra.example:443"), Ok(("intra.example".into(), 443)));
        assert_eq!(target("[2001:db8::1]:80"), Ok(("2001:db8::1".into(), 80)));
        for bad in ["intra.example", "intra.example:", "intra:99999", ":"] {
            assert_eq!(target(bad), Err(BAD_REQUEST), "{bad}");
        }
        assert_eq!(request(b"GET http://x/ HTTP/1.1\r\n\r\n", None).err(), Some(NOT_ALLOWED));
        assert_eq!(request(b"CONNECT x:1 HTTP/9.9\r\n\r\n", None).err(), Some(BAD_REQUEST));
        assert_eq!(request(b"CONNECT x:1 HTTP/1.1\r\nA: b\r\n", None).err(), Some(TOO_LARGE));
    }

    #[test]
    fn a_login_wants_the_right_name_and_password() {
        let with =
            |header: &str| request(format!("CONNECT x:1 HTTP/1.1\r\n{header}\r\n\r\n").as_bytes(), Some(&bob())).err();
        assert_eq!(with("Proxy-Authorization: Basic Ym9iOmJ1aWxkZXI="), None);
        assert_eq!(with("proxy-authorization: basic  Ym9iOmJ1aWxkZXI="), None);
        for wrong in [
            "A: b",
            "Proxy-Authorization: Basic",
            "Proxy-Authorization: Basic Ym9iOmJ1aWxkZQ==",
            "Proxy-Authorization: Digest Ym9iOmJ1aWxkZXI=",
            "Authorization: Basic Ym9iOmJ1aWxkZXI=",
        ] {
            assert_eq!(with(wrong), Some(AUTHENTICATE), "{wrong}");
        }
    }
}

//! Whether a server's certificate was revoked: a responder is asked by OCSP, or its issuer's list is fetched, both by HTTP at
//! the addresses that the certificate names.
//!
//! It happens after the handshake and before the first byte of ours, since only then it is known whose list to fetch. The
//! answers are signed by the issuer, so the fetch needs no protection of its own. The whole of it has a time limit well below
//! that of the stage that opens the port, and each address a share of it, so that dead servers of lists do not end a dial
//! that may do without.

use super::der::{distribution_points, responders};
use crate::connect;
use rasman_core::{Cause, Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// Gives until when everything about one certificate has to be known.
pub(super) fn deadline() -> Instant {
    Instant::now() + LIMIT
}

/// Asks the responders that a certificate names, one after the other, until `judge` makes something of an answer.
///
/// # Errors
/// Why nothing is known, in words; empty if the certificate names nobody.
pub(super) async fn ask<T>(
    leaf: &[u8],
    question: &[u8],
    judge: impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Result<T, String> {
    let mut failed = Vec::new();
    let deadline = Instant::now() + ASK_LIMIT;
    let addresses = responders(leaf);
    for (address, left) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
        let asked = in_share(deadline, left, address, exchange(address, Some(question), ANSWER_MAX)).await;
        match asked.and_then(|answer| judge(&answer).map_err(|why| format!("{address}: the answer {why}"))) {
            Ok(status) => return Ok(status),
            Err(why) => failed.push(why),
        }
    }
    Err(failed.join("; "))
}

/// Fetches the lists that a certificate names, as far as they can be had.
///
/// # Errors
/// Why none can be had, in words.
pub(super) async fn fetch(leaf: &[u8], deadline: Instant) -> Result<Vec<Vec<u8>>, String> {
    let points = distribution_points(leaf);
    if points.is_empty() {
        return Err("the certificate does not say where its issuer's list is".to_owned());
    }
    let mut lists = Vec::new();
    let mut failed = Vec::new();
    for (point, left) in points.iter().zip((1..=points.len() as u32).rev()) {
        match in_share(deadline, left, point, exchange(point, None, LIST_MAX)).await {
            Ok(list) => lists.push(list),
            Err(why) => failed.push(why),
        }
    }
    if lists.is_empty() { Err(failed.join("; ")) } else { Ok(lists) }
}

/// Waits for one of `left` that share the time until the deadline: what quicker ones leave is for those that follow.
async fn in_share(
    deadline: Instant,
    left: u32,
    url: &str,
    fetched: impl Future<Output = Result<Vec<u8>, String>>,
) -> Result<Vec<u8>, String> {
    let share = deadline.saturating_duration_since(Instant::now()) / left;
    match tokio::time::timeout(share, fetched).await {
        Ok(fetched) => fetched.map_err(|error| format!("{url}: {error}")),
        Err(_) => Err(format!("{url}: no answer in {:.1} s", share.as_secs_f32())),
    }
}

/// Fetches what is at an address, or what it answers to a question of OCSP (RFC 6960 A.1).
async fn exchange(url: &str, question: Option<&[u8]>, max: u64) -> Result<Vec<u8>, String> {
    let (host, port, path) = split(url).ok_or_else(|| unspoken(url))?;
    let in_words = |cause: Cause| cause.did;
    let addresses = connect::resolve(host, port).await.map_err(in_words)?;
    let mut tcp = connect::connect_tcp(&addresses).await.map_err(in_words)?;
    let (verb, more) = match question {
        Some(question) => {
            ("POST", format!("Content-Type: application/ocsp-request\r\nContent-Length: {}\r\n", question.len()))
        }
        None => ("GET", String::new()),
    };
    let head = format!("{verb} {path} HTTP/1.0\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
    let request = [head.as_bytes(), question.unwrap_or_default()].concat();
    tcp.write_all(&request).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // An answer may have any length, and a server that sends without end is let go.
    let read = tcp.take(max).read_to_end(&mut answer).await.map_err(|error| error.to_string())?;
    if read as u64 == max {
        return Err(format!("is more than {} KiB", max >> 10));
    }
    body(answer)
}

/// Says why an address cannot be fetched. Windows' authorities name LDAP beside HTTP.
fn unspoken(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("ldap") || scheme.eq_ignore_ascii_case("ldaps") => {
            "is in a directory (LDAP), and lists are fetched by HTTP alone".to_owned()
        }
        _ => "is no address that can be fetched".to_owned(),
    }
}

/// Splits `http://host:port/path`; the host of an IPv6 address stands in brackets.
fn split(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let (host, port) = match authority.strip_prefix('[') {
        Some(literal) => {
            let (host, port) = literal.split_once(']')?;
            (host, port.strip_prefix(':').map_or(Some(80), |port| port.parse().ok())?)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        },
    };
    // The certificate is the peer's: nothing of it may become a header.
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    (plain(host) && plain(path)).then_some((host, port, path))
}

fn body(mut answer: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut fields);
    match head.parse(&answer) {
        Ok(httparse::Status::Complete(length)) if head.code == Some(200) => {
            answer.drain(..length);
            Ok(answer)
        }
        Ok(httparse::Status::Complete(_)) => Err(format!("answered {}", head.code.unwrap_or(0))),
        _ => Err("answered no HTTP".to_owned()),
    }
}

/// For everything about a certificate together.
const LIMIT: Duration = Duration::from_secs(6);
/// Of that, for all responders together.
const ASK_LIMIT: Duration = Duration::from_secs(2);
const ANSWER_MAX: u64 = 64 << 10;
const LIST_MAX: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_and_strange_ones_refused() {
        assert_eq!(split("http://ca.test/a.crl"), Some(("ca.test", 80, "/a.crl")));
        assert_eq!(split("http://ca.test:8080"), Some(("ca.test", 8080, "/")));
        assert_eq!(split("http://[::1]:81/x"), Some(("::1", 81, "/x")));
        for bad in
            ["https://x/", "http:///x", "http://x:99999/", "http://x/a b", "http://x/a\r\nHost: y", "http://[::1/"]
        {
            assert_eq!(split(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_list_in_a_directory_is_refused_by_name() {
        let url = "ldap:///CN=Authority,CN=CDP?certificateRevocationList?base";
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.crl_distribution_points = vec![rcgen::CrlDistributionPoint { uris: vec![url.to_owned()] }];
        let leaf = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let failed = fetch(leaf.der(), deadline()).await.unwrap_err();
        assert_eq!(failed, format!("{url}: is in a directory (LDAP), and lists are fetched by HTTP alone"));
    }

    #[tokio::test(start_paused = true)]
    async fn all_lists_together_have_one_limit() {
        // It is connected to and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a.crl", silent.local_addr().unwrap());
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.crl_distribution_points = vec![rcgen::CrlDistributionPoint { uris: vec![url.clone()] }; 4];
        let leaf = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let began = Instant::now();
        let failed = fetch(leaf.der(), deadline()).await.unwrap_err();
        assert_eq!(failed.matches(&url).count(), 4, "{failed}");
        // The timer counts whole milliseconds, and rounds up.
        assert!(began.elapsed() <= LIMIT + Duration::from_millis(10), "{:?}", began.elapsed());
        let began = Instant::now();
        let failed = ask(&naming(&url), b"question", |_| Ok(())).await.unwrap_err();
        assert_eq!(failed.matches(&url).count(), 1, "{failed}");
        assert!(began.elapsed() <= ASK_LIMIT + Duration::from_millis(10), "{:?}", began.elapsed());
    }

    /// A certificate that names a responder.
    fn naming(url: &str) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.custom_extensions.push(super::super::tests::names_responder(url));
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn only_a_200_has_a_list() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\n\r\nlist".to_vec()), Ok(b"list".to_vec()));
        assert_eq!(body(b"HTTP/1.0 404 No\r\n\r\n".to_vec()), Err("answered 404".to_owned()));
        assert_eq!(body(b"SSH".to_vec()), Err("answered no HTTP".to_owned()));
    }
}

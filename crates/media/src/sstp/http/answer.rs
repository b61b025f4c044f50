//! The answer.

use super::{ENDLESS, FIELDS_MAX, HEAD_MAX};

/// What stands at the front of the stream of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The head is not complete.
    NeedMore,
    /// An interim answer of this many bytes (RFC 9110 15.2): the answer proper follows.
    Interim(usize),
    /// The server speaks SSTP; its head has this many bytes.
    Accepted(usize),
    /// The server is an HTTP server, and refused.
    Refused {
        /// The status code.
        status: u16,
        /// The status code and the reason phrase, as bytes of the peer.
        line: Vec<u8>,
        /// Where it sends us instead, if it does.
        location: Option<Vec<u8>>,
        /// The title of the page that came along, as far as it came, as bytes of the peer.
        title: Option<Vec<u8>>,
    },
    /// The server does not speak HTTP, or its head exceeds our bounds.
    NotHttp,
}

/// Reads an answer.
#[must_use]
pub fn parse_answer(input: &[u8]) -> Answer {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(input) {
        Ok(httparse::Status::Complete(used)) if used <= HEAD_MAX => judge(&answer, used, &input[used..]),
        Ok(httparse::Status::Partial) if input.len() < HEAD_MAX => Answer::NeedMore,
        Ok(_) | Err(_) => Answer::NotHttp,
    }
}

fn judge(answer: &httparse::Response<'_, '_>, used: usize, page: &[u8]) -> Answer {
    match answer.code.unwrap_or(0) {
        200 => Answer::Accepted(used),
        // 101 would be another protocol than the one we asked for.
        100 | 102..=199 => Answer::Interim(used),
        status => {
            let reason = answer.reason.unwrap_or("");
            let location = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case("Location"));
            Answer::Refused {
                status,
                line: format!("{status} {reason}").into_bytes(),
                location: location.map(|field| field.value.to_vec()),
                title: title(page).map(<[u8]>::to_vec),
            }
        }
    }
}

/// Finds what an error page calls itself: often it says who refuses, which the status does not.
fn title(page: &[u8]) -> Option<&[u8]> {
    let page = &page[..page.len().min(PAGE_MAX)];
    let find = |from: usize, word: &[u8]| {
        page[from..].windows(word.len()).position(|window| window.eq_ignore_ascii_case(word)).map(|at| from + at)
    };
    let start = find(0, b"<title>")? + b"<title>".len();
    let end = find(start, b"</title>")?;
    Some(page[start..end].trim_ascii()).filter(|title| !title.is_empty() && title.len() <= TITLE_MAX)
}

/// How much of a page is looked at.
const PAGE_MAX: usize = 8 * 1024;
const TITLE_MAX: usize = 120;

/// Writes a server's answer: 200 has a body without end, any other status none. A status has three digits at most.
#[must_use]
pub fn write_answer(status: u16) -> Vec<u8> {
    let status = status.min(999);
    let reason = reason(status);
    let rest = match status {
        200 => format!("Content-Length: {ENDLESS}\r\nServer: rasman\r\n"),
        300..=399 => "Content-Length: 0\r\nLocation: /\r\nConnection: close\r\n".to_owned(),
        _ => "Content-Length: 0\r\nConnection: close\r\n".to_owned(),
    };
    format!("HTTP/1.1 {status:03} {reason}\r\n{rest}\r\n").into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_answer_is_accepted_once_it_is_complete() {
        let mut bytes = write_answer(200);
        let length = bytes.len();
        (1..length).for_each(|n| assert_eq!(parse_answer(&bytes[..n]), Answer::NeedMore, "{n}"));
        bytes.extend(b"\x10\x01");
        assert_eq!(parse_answer(&bytes), Answer::Accepted(length));
    }

    /// peers.md 1.3, and [MS-SSTP] 4.1, which leaves the reason out.
    #[test]
    fn answers_of_other_servers_are_accepted() {
        let softether = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\
            Server: Microsoft-HTTPAPI/2.0\r\nDate: Thu, 09 Nov 2006 00:51:09 GMT\r\n\r\n";
        assert_eq!(parse_answer(softether), Answer::Accepted(softether.len()));
        let bare = b"HTTP/1.1 200\r\n\r\n";
        assert_eq!(parse_answer(bare), Answer::Accepted(bare.len()));
        let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(parse_answer(interim), Answer::Interim(interim.len()));
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let refused = |status, line: &str, location: Option<&str>| Answer::Refused {
            status,
            line: line.into(),
            location: location.map(|l| l.into()),
            title: None,
        };
        assert_eq!(parse_answer(&write_answer(503)), refused(503, "503 Service Unavailable", None));
        assert_eq!(parse_answer(&write_answer(302)), refused(302, "302 Found", Some("/")));
        assert_eq!(parse_answer(&write_answer(7)), refused(7, "7 Refused", None));
        assert_eq!(parse_answer(b"HTTP/1.1 101 Upgrade\r\n\r\n"), refused(101, "101 Upgrade", None));
    }

    #[test]
    fn the_title_of_an_error_page_is_kept() {
        let titled = |page: &[u8]| {
            let bytes = [b"HTTP/1.1 403 Forbidden\r\n\r\n", page].concat();
            let Answer::Refused { title, .. } = parse_answer(&bytes) else { panic!() };
            title.map(|title| String::from_utf8(title).unwrap())
        };
        let page = b"<html><head><TITLE>\n Blocked by Example Gateway </Title></head>";
        assert_eq!(titled(page).as_deref(), Some("Blocked by Example Gateway"));
        for page in [&b""[..], b"<title>", b"<title></title>", &[b"<title>".as_slice(), &[b'x'; 9000]].concat()] {
            assert_eq!(titled(page), None);
        }
    }

    #[test]
    fn what_is_not_http_is_known_early() {
        assert_eq!(parse_answer(b"SSH-2.0-OpenSSH_9.2\r\n"), Answer::NotHttp);
        assert_eq!(parse_answer(b"220 mail ESMTP\r\n"), Answer::NotHttp);
        assert_eq!(parse_answer(&[0; 5]), Answer::NotHttp);
        let endless = [&b"HTTP/1.1 200 OK\r\na: "[..], &[b'b'; HEAD_MAX]].concat();
        assert_eq!(parse_answer(&endless), Answer::NotHttp);
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(FIELDS_MAX + 1));
        assert_eq!(parse_answer(many.as_bytes()), Answer::NotHttp);
    }
}

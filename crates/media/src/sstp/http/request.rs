//! The request.

use super::{ENDLESS, FIELDS_MAX, HEAD_MAX, METHOD, PATH};
use rasman_core::Rng;

/// Writes the client's request.
#[must_use]
pub fn write_request(host: &str, port: u16, rng: &mut dyn Rng) -> Vec<u8> {
    let host = authority(host, port);
    let id = correlation_id(rng);
    format!("{METHOD} {PATH} HTTP/1.1\r\nHost: {host}\r\nSSTPCORRELATIONID: {id}\r\nContent-Length: {ENDLESS}\r\n\r\n")
        .into_bytes()
}

/// Writes the host as RFC 9110 7.2 wants it: an IPv6 address in brackets, the port unless it is the usual one.
fn authority(host: &str, port: u16) -> String {
    // A name with anything else in it never resolves, so it never comes here; it must not forge a header either.
    let host: String = host.chars().filter(char::is_ascii_graphic).collect();
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    if port == 443 { host } else { format!("{host}:{port}") }
}

/// Makes a random GUID (RFC 9562 5.4), written as Windows writes it.
fn correlation_id(rng: &mut dyn Rng) -> String {
    let mut bytes = [0; 16];
    rng.fill(&mut bytes);
    let id = u128::from_be_bytes(bytes);
    let id = id & !(0xf << 76) | 0x4 << 76; // version 4
    let id = id & !(0x3 << 62) | 0x2 << 62; // variant 10
    let hex = format!("{id:032X}");
    format!("{{{}-{}-{}-{}-{}}}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What stands at the front of the stream of a server.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// The head is not complete.
    NeedMore,
    /// An SSTP request of this many bytes.
    Accepted(usize),
    /// Anything else; answer it with this status.
    Refused(u16),
}

/// Reads a request.
#[must_use]
pub fn parse_request(input: &[u8]) -> Request {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(input) {
        Ok(httparse::Status::Complete(used)) if used <= HEAD_MAX => judge(&request, used),
        Ok(httparse::Status::Partial) if input.len() < HEAD_MAX => Request::NeedMore,
        Ok(_) => Request::Refused(431),
        Err(httparse::Error::TooManyHeaders) => Request::Refused(431),
        Err(httparse::Error::Version) => Request::Refused(505),
        Err(_) => Request::Refused(400),
    }
}

/// [MS-SSTP] 4.1: the server validates the method, the URI and the version.
fn judge(request: &httparse::Request<'_, '_>, used: usize) -> Request {
    if !request.path.is_some_and(|path| path.eq_ignore_ascii_case(PATH)) {
        return Request::Refused(404);
    }
    if request.method != Some(METHOD) {
        return Request::Refused(405);
    }
    if request.version != Some(1) {
        return Request::Refused(505);
    }
    Request::Accepted(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_testkit::SeededRng;

    #[test]
    fn the_request_of_the_specification() {
        struct Ones;
        impl Rng for Ones {
            fn fill(&mut self, out: &mut [u8]) {
                out.fill(0xff);
            }
        }
        let text = String::from_utf8(write_request("vpn.example.com", 443, &mut Ones)).unwrap();
        assert_eq!(
            text,
            "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n\
             Host: vpn.example.com\r\n\
             SSTPCORRELATIONID: {FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF}\r\n\
             Content-Length: 18446744073709551615\r\n\r\n"
        );
    }

    #[test]
    fn the_host_is_written_as_http_wants_it() {
        assert_eq!(authority("vpn.example.com", 4433), "vpn.example.com:4433");
        assert_eq!(authority("2001:db8::1", 443), "[2001:db8::1]");
        assert_eq!(authority("2001:db8::1", 8443), "[2001:db8::1]:8443");
        assert_eq!(authority("evil\r\nX: y", 443), "[evilX:y]");
    }

    #[test]
    fn our_own_request_is_accepted_once_it_is_complete() {
        let mut bytes = write_request("vpn.example.com", 443, &mut SeededRng::new(1));
        let length = bytes.len();
        (1..length).for_each(|n| assert_eq!(parse_request(&bytes[..n]), Request::NeedMore, "{n}"));
        bytes.extend(b"\x10\x01");
        assert_eq!(parse_request(&bytes), Request::Accepted(length));
    }

    #[test]
    fn anything_else_is_refused() {
        let get = |line: &str| parse_request(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        assert_eq!(get("GET / HTTP/1.1"), Request::Refused(404));
        assert_eq!(get(&format!("GET {PATH} HTTP/1.1")), Request::Refused(405));
        assert_eq!(get(&format!("{METHOD} {PATH} HTTP/1.0")), Request::Refused(505));
        assert_eq!(get(&format!("{METHOD} {PATH} HTTP/2.0")), Request::Refused(505));
        assert_eq!(parse_request(b"\x10\x01\x00\x0e\x00\x01"), Request::Refused(400));
        let many = format!("{METHOD} {PATH} HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(FIELDS_MAX + 1));
        assert_eq!(parse_request(many.as_bytes()), Request::Refused(431));
        let long = format!("{METHOD} {PATH} HTTP/1.1\r\na: {}", "b".repeat(HEAD_MAX));
        assert_eq!(parse_request(long.as_bytes()), Request::Refused(431));
        assert_eq!(parse_request(&b"\r\n".repeat(HEAD_MAX)), Request::Refused(431));
    }
}

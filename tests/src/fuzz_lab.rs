//! Bodies of the fuzz targets for the servers inside the lab.

use core::net::Ipv4Addr;
use rasman_lab::fuzzing::{HTTP_BODY_MAX, Request, dns_answer, http_answer};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// Questions to the name server: an answer goes back where the question came from and repeats it.
pub fn lab_dns(data: &[u8]) {
    let names = ["web.lab.test".to_owned()];
    let Some(answer) = dns_answer(data, &names, GATEWAY) else { return };
    assert!(answer.len() <= data.len() + 16, "no answer is much larger than its question");
    assert_eq!(usize::from(u16::from_be_bytes([answer[2], answer[3]])), answer.len());
    assert_eq!(usize::from(u16::from_be_bytes([answer[24], answer[25]])), answer.len() - 20);
    let sum = answer[..20].chunks(2).map(|two| u32::from(u16::from_be_bytes([two[0], two[1]]))).sum::<u32>();
    assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "the header's checksum");
    assert_eq!((&answer[12..16], &answer[16..20]), (&GATEWAY.octets()[..], &data[12..16]));
    assert_eq!((&answer[20..22], &answer[22..24]), (&[0, 53][..], &data[20..22]));

    let (message, asked) = (&answer[28..], &data[28..]);
    assert_eq!(message[..2], asked[..2], "the identifier");
    assert_eq!(message[2], 0x84 | asked[2] & 1, "an authoritative answer, recursion as desired");
    let found = u16::from_be_bytes([message[6], message[7]]);
    let question = &message[12..message.len() - usize::from(found) * 16];
    assert_eq!(question, &asked[12..12 + question.len()]);
    if found > 0 {
        assert_eq!((found, message[3]), (1, 0x80));
        assert!(message.ends_with(&GATEWAY.octets()));
        assert_eq!(question[question.len() - 4..question.len() - 2], [0, 1], "only an A question has an answer");
    }
}

/// Requests to the web server: what is read is read again from what it means, and every answer is whole.
pub fn lab_http(data: &[u8]) {
    if let Ok(Request { method, path, length, expects_continue }) = Request::parse(data) {
        assert!(!method.is_empty() && !path.is_empty());
        assert!(!format!("{method}{path}").contains([' ', '\r', '\n', '\0']));
        let mut plain = format!("{method} {path} HTTP/1.1\r\n");
        if let Some(length) = length {
            plain += &format!("Content-Length: {length}\r\n");
        }
        if expects_continue {
            plain += "Expect: 100-continue\r\n";
        }
        plain += "\r\n";
        let again = Request::parse(plain.as_bytes()).expect("our own words can be read");
        assert_eq!((again.method, again.path), (method, path));
        assert_eq!((again.length, again.expects_continue), (length, expects_continue));
    }

    let answer = http_answer(data);
    let answer = answer.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    if answer.is_empty() {
        return; // The request ended too early.
    }
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole header") + 4;
    let head = str::from_utf8(&answer[..end]).expect("we write text");
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|head| head.get(..4)).expect("a status");
    assert!(["200 ", "400 ", "404 ", "405 ", "411 ", "413 "].contains(&status), "{head}");
    let (_, length) = head.split_once("Content-Length: ").expect("every answer has it");
    let length = length.split_once("\r\n").and_then(|(length, _)| length.parse().ok());
    assert_eq!(length, Some(answer.len() - end), "{head}");
    assert!(answer.len() - end <= usize::try_from(HTTP_BODY_MAX).expect("small"));
}

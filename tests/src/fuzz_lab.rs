//! Bodies of the fuzz targets for the servers inside the lab.

use core::net::{Ipv4Addr, Ipv6Addr};
use rasman_lab::fuzzing::{Gateway, HTTP_BODY_MAX, Request, dns_answer, http_answer};
use rasman_lab::radius::{MESSAGE_AUTHENTICATOR, Packet, REPLY_MESSAGE, STATE, USER_NAME, VENDOR_SPECIFIC};

const GATEWAY: Gateway =
    Gateway { v4: Ipv4Addr::new(10, 99, 0, 1), v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)) };

/// Questions to the name server: an answer goes back where the question came from and repeats it.
pub fn lab_dns(data: &[u8]) {
    let names = ["web.lab.test".to_owned()];
    let Some(answer) = dns_answer(data, &names, GATEWAY) else { return };
    assert!(answer.len() <= data.len() + 28, "no answer is much larger than its question");
    let own6 = GATEWAY.v6.expect("it has one").octets();
    let word = |at: usize| usize::from(u16::from_be_bytes([answer[at], answer[at + 1]]));
    let header = if answer[0] >> 4 == 4 {
        assert_eq!(word(2), answer.len());
        assert_eq!(sum(&answer[..20]), 0xffff, "the header's checksum");
        assert_eq!((&answer[12..16], &answer[16..20]), (&GATEWAY.v4.octets()[..], &data[12..16]));
        20
    } else {
        assert_eq!(word(4), answer.len() - 40);
        assert_eq!((&answer[8..24], &answer[24..40]), (&own6[..], &data[8..24]));
        let pseudo = [&answer[8..40], &[0, 0], &answer[4..6], &[0, 0, 0, 17], &answer[40..]].concat();
        assert_eq!(sum(&pseudo), 0xffff, "the checksum of UDP");
        40
    };
    assert_eq!(word(header + 4), answer.len() - header);
    assert_eq!(
        (&answer[header..header + 2], &answer[header + 2..header + 4]),
        (&[0, 53][..], &data[header..header + 2])
    );

    let (message, asked) = (&answer[header + 8..], &data[header + 8..]);
    assert_eq!(message[..2], asked[..2], "the identifier");
    assert_eq!(message[2], 0x84 | asked[2] & 1, "an authoritative answer, recursion as desired");
    let found = u16::from_be_bytes([message[6], message[7]]);
    let record = if message.ends_with(&own6) { 28 } else { 16 };
    let question = &message[12..message.len() - usize::from(found) * record];
    assert_eq!(question, &asked[12..12 + question.len()]);
    if found > 0 {
        assert_eq!((found, message[3]), (1, 0x80));
        let kind = &question[question.len() - 4..question.len() - 2];
        let expected = if kind == [0, 1] { &GATEWAY.v4.octets()[..] } else { &own6 };
        assert!(message.ends_with(expected) && matches!(kind, [0, 1 | 28]), "only A and AAAA have an answer");
    }
}

/// Packets to a RADIUS client: what is read is written as it was, no packet without the secret is an answer, and whatever
/// an acceptance says of keys is bounded by it.
pub fn lab_radius(data: &[u8]) {
    let Ok(packet) = Packet::parse(data) else { return };
    let request = packet.authenticator;
    assert!(!packet.answers(&request, b"a secret that nobody guesses"));
    let eap = packet.eap();
    assert!(eap.len() < data.len());
    if let Some(keys) = packet.mppe_keys(b"secret", &request) {
        assert!(keys.master_send.len() < data.len() && keys.master_receive.len() < data.len());
    }
    if packet.all(MESSAGE_AUTHENTICATOR).next().is_some() || data.len() > 4_000 {
        return; // A second one makes it no answer, and the first one has no room.
    }
    let again = Packet::parse(&packet.signed_reply(b"secret")).expect("our own packets can be read");
    assert!(again.answers(&request, b"secret"));
    assert_eq!((again.code, again.identifier, again.eap()), (packet.code, packet.identifier, eap));
    for kind in [USER_NAME, STATE, REPLY_MESSAGE, VENDOR_SPECIFIC] {
        assert!(again.all(kind).eq(packet.all(kind)));
    }
}

/// RFC 1071, without the complement.
fn sum(bytes: &[u8]) -> u32 {
    let sum = bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0))).sum::<u32>();
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum & 0xffff) + (sum >> 16)
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

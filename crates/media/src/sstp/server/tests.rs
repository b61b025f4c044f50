//! Traces of the answering side.

use super::*;
use crate::sstp::http::{METHOD, PATH, write_request};
use crate::sstp::line::PORT;
use rasman_core::{Batch, Layer, Link, LinkEvent, PortCommand, PortFacts, SessionKeys};
use rasman_testkit::{SeededRng, Trace};

fn facts() -> PortFacts {
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [1; 20], sha256: [2; 32] });
    facts
}

/// Waits for the HTTP request.
fn listening(config: ServerConfig) -> Trace<Server> {
    let mut t = Trace::new(Server::new(config, Box::new(SeededRng::new(1))));
    t.call(|s, now| s.open(now)).call(|s, now| s.port_ready(now, PORT, &facts())).sends_nothing();
    assert!(t.take_events().is_empty());
    t
}

/// Waits for the Call Connect Request.
fn pending() -> Trace<Server> {
    let mut t = listening(ServerConfig::default());
    t.receives(write_request("vpn.example.com", 443, &mut SeededRng::new(2))).sends([write_answer(200)]);
    t
}

/// Waits for the binding; gives the nonce.
fn unbound() -> (Trace<Server>, [u8; 32]) {
    let mut t = pending();
    t.receives(REQUEST);
    let sent = t.take_sent().concat();
    assert_eq!(sent[..16], [0x10, 0x01, 0, 48, 0, 2, 0, 1, 0, 4, 0, 40, 0, 0, 0, 3]);
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
    (t, sent[16..].try_into().unwrap())
}

/// The binding is verified.
fn connected() -> Trace<Server> {
    let (mut t, nonce) = unbound();
    t.call(|s, now| s.bind(now, &keys(2, 1))).receives(proof(nonce, &keys(1, 2))).sends_nothing();
    assert!(t.side().layer.is_bound());
    t
}

const REQUEST: &[u8] = &[0x10, 0x01, 0, 14, 0, 1, 0, 1, 0, 1, 0, 6, 0, 1];
const ECHO_REQUEST: &[u8] = &[0x10, 0x01, 0, 8, 0, 8, 0, 0];
const ECHO_RESPONSE: &[u8] = &[0x10, 0x01, 0, 8, 0, 9, 0, 0];
const DISCONNECT_ACK: &[u8] = &[0x10, 0x01, 0, 8, 0, 7, 0, 0];

fn keys(send: u8, receive: u8) -> SessionKeys {
    SessionKeys { master_send: vec![send; 16], master_receive: vec![receive; 16] }
}

/// The client's Call Connected.
fn proof(nonce: [u8; 32], keys: &SessionKeys) -> Vec<u8> {
    let request = BindingRequest { hashes: HashProtocols(3), nonce };
    let leaf = facts().leaf.unwrap();
    let mut out = Batch::new();
    let binding = binding::prove(HashProtocols::SHA256, &request, &leaf, &Hlak::of_client(keys));
    Message::CallConnected(binding).emit(&mut out);
    out.as_bytes().to_vec()
}

fn with_status(kind: u8, attribute: u8, status: u8) -> Vec<u8> {
    vec![0x10, 0x01, 0, 20, 0, kind, 0, 1, 0, 2, 0, 12, 0, 0, 0, attribute, 0, 0, 0, status]
}

#[track_caller]
fn down(t: &mut Trace<Server>) -> Code {
    match &t.take_events()[..] {
        [LinkEvent::Port(PORT, PortCommand::Close), LinkEvent::Down(cause)] => {
            assert_eq!(t.side().layer.poll_timeout(), None, "nothing runs any more");
            cause.code
        }
        events => panic!("expected the end, got {events:?}"),
    }
}

#[test]
fn each_step_of_the_client_may_take_60_seconds() {
    let mut t = listening(ServerConfig::default());
    t.at(59_999).sends_nothing();
    assert!(t.take_events().is_empty());
    t.at(60_000).sends_nothing();
    assert_eq!(down(&mut t), Code::REQUEST_TIMEOUT);

    let mut t = pending();
    t.at(59_999).sends_nothing();
    t.at(60_000).sends([with_status(5, 0, 8)]);
    t.at(62_999).sends_nothing();
    assert!(t.take_events().is_empty());
    t.at(63_000).sends_nothing();
    assert_eq!(down(&mut t), Code::REQUEST_TIMEOUT);

    let (mut t, nonce) = unbound();
    t.at(30_000).receives(b"\x10\x00\x00\x04").receives(ECHO_REQUEST).sends([ECHO_RESPONSE]);
    // A proof without our own verdict on the authentication does not count.
    t.receives(proof(nonce, &keys(1, 2)));
    t.at(59_999).sends_nothing();
    t.at(60_000).sends([with_status(5, 0, 8)]);
    t.at(60_020).receives(with_status(5, 0, 0)).sends_nothing();
    t.at(61_019).sends_nothing();
    assert!(t.take_events().is_empty());
    t.at(61_020).sends_nothing();
    assert_eq!(down(&mut t), Code::REQUEST_TIMEOUT);
}

#[test]
fn a_bound_client_is_asked_after_a_silence_and_left_after_two() {
    let mut t = connected();
    t.at(59_999).sends_nothing();
    t.at(60_000).sends([ECHO_REQUEST]);
    t.at(119_999).sends_nothing();
    t.at(120_000).sends_nothing();
    assert_eq!(down(&mut t), Code::LINK_FAILURE);
}

#[test]
fn other_http_requests_are_refused_and_the_port_closed() {
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 404),
        (format!("POST {PATH} HTTP/1.1\r\n\r\n"), 405),
        (format!("{METHOD} {PATH} HTTP/1.0\r\n\r\n"), 505),
        ("\u{1}\u{2}".to_owned(), 400),
    ] {
        let mut t = listening(ServerConfig::default());
        t.receives(&request).sends([write_answer(status)]);
        assert_eq!(down(&mut t), Code(770));
        t.receives(&request).sends_nothing();
    }
}

#[test]
fn the_call_request_may_come_with_the_http_request() {
    let mut t = listening(ServerConfig::default());
    let mut bytes = write_request("x", 443, &mut SeededRng::new(2));
    bytes.extend(REQUEST);
    t.receives(bytes);
    assert_eq!(t.take_sent().len(), 2);
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
}

#[test]
fn a_wrong_call_request_earns_a_nak_and_another_chance() {
    let mut t = pending();
    let other_protocol = [0x10, 0x01, 0, 14, 0, 1, 0, 1, 0, 1, 0, 6, 0, 2];
    let nak = [&with_status(3, 1, 4)[..], &[0, 2]].concat();
    let nak = [&[0x10, 0x01, 0, 22], &nak[4..11], &[14], &nak[12..]].concat();
    t.receives(other_protocol).sends([nak]);
    t.receives([0x10, 0x01, 0, 8, 0, 1, 0, 0]).sends([with_status(3, 1, 0x0a)]);
    t.receives([0x10, 0x01, 0, 12, 0, 1, 0, 1, 0, 0x55, 0, 4]).sends([with_status(3, 0x55, 2)]);
    t.receives(REQUEST);
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
}

#[test]
fn a_refusing_server_naks_every_call() {
    let mut t = listening(ServerConfig { refusal: Refusal::Nak(4), ..ServerConfig::default() });
    t.receives(write_request("x", 443, &mut SeededRng::new(2))).take_sent();
    t.receives(REQUEST).receives(REQUEST).sends([with_status(3, 1, 4), with_status(3, 1, 4)]);
}

#[test]
fn messages_at_the_wrong_time_abort_the_call() {
    for message in [ECHO_REQUEST, DISCONNECT_ACK, &proof([0; 32], &keys(1, 2))] {
        pending().receives(message).sends([with_status(5, 0, 5)]);
    }
    for message in [REQUEST, DISCONNECT_ACK] {
        unbound().0.receives(message).sends([with_status(5, 0, 5)]);
        connected().receives(message).sends([with_status(5, 0, 5)]);
    }
    let (mut t, nonce) = unbound();
    let proof = proof(nonce, &keys(1, 2));
    t.receives(&proof).sends_nothing();
    t.receives(&proof).sends([with_status(5, 0, 5)]);
    connected().receives(&proof).sends([with_status(5, 0, 5)]);
    unbound().0.receives([0x10, 0x01, 0, 8, 0, 4, 0, 0]).sends([with_status(5, 3, 0x0a)]);
    pending().receives(b"\x10\x01\x00\x04").sends([with_status(5, 0, 7)]);
}

#[test]
fn a_wrong_proof_aborts_the_call_whichever_comes_first() {
    let (mut t, nonce) = unbound();
    t.receives(proof(nonce, &keys(1, 2))).sends_nothing();
    t.call(|s, now| s.bind(now, &keys(9, 9))).sends([with_status(5, 3, 4)]);
    assert!(!t.side().layer.is_bound());
    t.at(3_000);
    assert_eq!(down(&mut t), Code::UNABLE_TO_AUTHENTICATE_SERVER);

    let (mut t, mut nonce) = unbound();
    nonce[0] ^= 1;
    t.call(|s, now| s.bind(now, &keys(2, 1))).receives(proof(nonce, &keys(1, 2))).sends([with_status(5, 3, 4)]);
}

/// A client that proves the binding with a zero key before it authenticates gains nothing.
#[test]
fn an_early_proof_without_keys_does_not_survive_the_authentication() {
    let (mut t, nonce) = unbound();
    let none = SessionKeys { master_send: vec![], master_receive: vec![] };
    t.receives(proof(nonce, &none)).sends_nothing();
    assert!(!t.side().layer.is_bound());
    t.call(|s, now| s.bind(now, &keys(2, 1))).sends([with_status(5, 3, 4)]);
}

#[test]
fn data_flows_from_the_call_request_on() {
    let data = [0x10, 0, 0, 8, 0xff, 0x03, 0xc0, 0x21];
    let mut t = pending();
    t.receives(data);
    assert_eq!((t.take_received().len(), t.side().dropped.len()), (0, 1));
    let (mut t, _) = unbound();
    t.receives(data);
    assert_eq!(t.take_received(), [b"\xff\x03\xc0\x21"]);
}

#[test]
fn a_disconnect_is_acknowledged_and_the_stream_awaited() {
    let mut t = connected();
    t.receives(with_status(6, 0, 0)).sends([DISCONNECT_ACK]);
    t.at(999).sends_nothing();
    assert!(t.take_events().is_empty());
    t.at(1_000).sends_nothing();
    assert_eq!(down(&mut t), Code::REMOTE_DISCONNECTION);
}

#[test]
fn a_port_without_digests_is_not_used() {
    let mut t = Trace::new(Server::new(ServerConfig::default(), Box::new(SeededRng::new(1))));
    t.call(|s, now| s.port_ready(now, PORT, &PortFacts::default())).sends_nothing();
    assert_eq!(down(&mut t), Code::UNABLE_TO_AUTHENTICATE_SERVER);
}

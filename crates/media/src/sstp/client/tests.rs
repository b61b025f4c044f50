//! Traces of the dialling side.

use super::*;
use crate::sstp::http::write_answer;
use crate::sstp::line::PORT;
use rasman_core::{Batch, Duration, Layer, Link, LinkEvent, PortClosed, PortCommand, PortFacts, SessionKeys, Trust};
use rasman_testkit::{SeededRng, Trace};

fn client(config: Config) -> Trace<Client> {
    let tls = TlsSpec {
        host: "vpn.example.com".into(),
        port: 443,
        server_name: String::new(),
        trust: Trust::default(),
        proxy: None,
    };
    let mut t = Trace::new(Client::new(ClientSettings { tls, config }, Box::new(SeededRng::new(1))));
    t.call(|c, now| c.open(now));
    assert!(matches!(t.take_events()[..], [LinkEvent::Port(PORT, PortCommand::Open(_))]));
    t
}

fn facts() -> PortFacts {
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [1; 20], sha256: [2; 32] });
    facts
}

/// The HTTP request is sent.
fn asking() -> Trace<Client> {
    let mut t = client(Config::default());
    t.call(|c, now| c.port_ready(now, PORT, &facts()));
    assert!(t.take_sent().concat().starts_with(b"SSTP_DUPLEX_POST /sra_{"));
    t
}

/// The call is requested.
fn requested() -> Trace<Client> {
    let mut t = asking();
    t.receives(write_answer(200)).sends([REQUEST]);
    t
}

/// The authentication inside runs.
fn up() -> Trace<Client> {
    let mut t = requested();
    t.receives(ack(0x03)).sends_nothing();
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
    t
}

/// The binding is sent.
fn connected() -> Trace<Client> {
    let mut t = up();
    t.call(|c, now| c.bind(now, &SessionKeys { master_send: vec![1; 16], master_receive: vec![2; 16] }));
    let sent = t.take_sent();
    assert_eq!((sent.len(), &sent[0][..9], sent[0].len()), (1, CONNECTED_START, 112));
    t
}

const REQUEST: &[u8] = &[0x10, 0x01, 0, 14, 0, 1, 0, 1, 0, 1, 0, 6, 0, 1];
const CONNECTED_START: &[u8] = &[0x10, 0x01, 0, 112, 0, 4, 0, 1, 0];
const ECHO_REQUEST: &[u8] = &[0x10, 0x01, 0, 8, 0, 8, 0, 0];
const ECHO_RESPONSE: &[u8] = &[0x10, 0x01, 0, 8, 0, 9, 0, 0];
const DISCONNECT_ACK: &[u8] = &[0x10, 0x01, 0, 8, 0, 7, 0, 0];

fn ack(hashes: u8) -> Vec<u8> {
    let mut bytes = vec![0x10, 0x01, 0, 48, 0, 2, 0, 1, 0, 4, 0, 40, 0, 0, 0, hashes];
    bytes.extend([0x5a; 32]);
    bytes
}

/// Call Abort, Call Connect Nak or Call Disconnect with one Status Info.
fn with_status(kind: u8, attribute: u8, status: u8) -> Vec<u8> {
    vec![0x10, 0x01, 0, 20, 0, kind, 0, 1, 0, 2, 0, 12, 0, 0, 0, attribute, 0, 0, 0, status]
}

fn abort(status: u8) -> Vec<u8> {
    with_status(5, 0, status)
}

fn disconnect() -> Vec<u8> {
    with_status(6, 0, 0)
}

fn user() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

/// Takes the cause of the end, with the port closed before it.
#[track_caller]
fn down(t: &mut Trace<Client>) -> Cause {
    match &t.take_events()[..] {
        [LinkEvent::Port(PORT, PortCommand::Close), LinkEvent::Down(cause)] => {
            assert_eq!(t.side().layer.poll_timeout(), None, "nothing runs any more");
            cause.clone()
        }
        events => panic!("expected the end, got {events:?}"),
    }
}

#[track_caller]
fn not_down(t: &mut Trace<Client>) {
    assert!(t.take_events().is_empty());
}

fn code_of(t: &mut Trace<Client>) -> (Code, LayerName) {
    let cause = down(t);
    (cause.code, cause.layer)
}

#[test]
fn a_server_that_says_nothing_over_http_is_given_up_after_60_seconds() {
    let mut t = asking();
    t.at(59_999).sends_nothing();
    not_down(&mut t);
    t.at(60_000).sends_nothing();
    assert_eq!(code_of(&mut t), (Code::VPN_TIMEOUT, LayerName::Http));
}

#[test]
fn a_server_that_says_nothing_to_the_call_request_is_given_up_after_60_seconds_and_an_abort() {
    let mut t = asking();
    t.at(1_000).receives(write_answer(200)).sends([REQUEST]);
    t.at(60_999).sends_nothing();
    t.at(61_000).sends([abort(8)]);
    t.at(63_999).sends_nothing();
    not_down(&mut t);
    t.at(64_000).sends_nothing();
    assert_eq!(code_of(&mut t), (Code::VPN_TIMEOUT, LayerName::Sstp));
}

#[test]
fn the_authentication_inside_is_limited_only_if_asked_for() {
    let mut t = up();
    t.at(86_400_000).sends_nothing();
    not_down(&mut t);

    let mut t = client(Config { authentication: Some(Duration::from_secs(60)), ..Config::default() });
    t.call(|c, now| c.port_ready(now, PORT, &facts())).take_sent();
    t.receives(write_answer(200)).receives(ack(0x02)).take_sent();
    t.take_events();
    t.at(59_999).sends_nothing();
    t.at(60_000).sends([abort(8)]);
    t.at(60_100).receives(abort(0)).sends_nothing();
    t.at(61_099).sends_nothing();
    not_down(&mut t);
    t.at(61_100).sends_nothing();
    assert_eq!(code_of(&mut t), (Code::REQUEST_TIMEOUT, LayerName::Sstp));
}

#[test]
fn a_silence_of_60_seconds_is_asked_about_and_one_of_120_ends_the_call() {
    let mut t = connected();
    t.at(30_000).receives([0x10, 0, 0, 5, 0xff]);
    t.at(89_999).sends_nothing();
    t.at(90_000).sends([ECHO_REQUEST]);
    t.at(149_999).receives(ECHO_RESPONSE).sends_nothing();
    t.at(209_998).sends_nothing();
    t.at(209_999).sends([ECHO_REQUEST]);
    t.at(269_998).sends_nothing();
    not_down(&mut t);
    t.at(269_999).sends_nothing(); // 3.1.2.3: "without sending a Call Abort packet"
    assert_eq!(code_of(&mut t), (Code::LINK_FAILURE, LayerName::Sstp));
}

#[test]
fn any_packet_answers_an_echo() {
    let mut t = connected();
    t.at(60_000).sends([ECHO_REQUEST]);
    t.at(60_001).receives([0x10, 0, 0, 4]);
    t.at(120_000).sends_nothing();
    t.at(120_001).sends([ECHO_REQUEST]);
    not_down(&mut t);
}

#[test]
fn a_hang_up_waits_five_seconds_for_its_acknowledgement() {
    let mut t = connected();
    t.at(1_000).call(|c, now| c.close(now, &user())).sends([disconnect()]);
    t.at(5_999).receives(ECHO_REQUEST).receives([0x10, 0, 0, 4]).sends_nothing();
    not_down(&mut t);
    t.at(6_000).sends_nothing();
    assert_eq!(down(&mut t), user());
}

#[test]
fn a_hang_up_is_over_with_its_acknowledgement_or_the_stream() {
    for before in [requested, up, connected] {
        let mut t = before();
        t.at(1_000).call(|c, now| c.close(now, &user())).sends([disconnect()]);
        t.at(1_020).receives(DISCONNECT_ACK).sends_nothing();
        assert_eq!(down(&mut t), user());

        let mut t = before();
        t.call(|c, now| c.close(now, &user())).sends([disconnect()]);
        t.at(20).call(|c, now| c.port_closed(now, PORT, &PortClosed::ByPeer)).sends_nothing();
        assert!(matches!(&t.take_events()[..], [LinkEvent::Down(cause)] if *cause == user()));
    }
}

#[test]
fn a_hang_up_before_sstp_begins_closes_the_port_at_once() {
    for mut t in [client(Config::default()), asking()] {
        t.call(|c, now| c.close(now, &user())).sends_nothing();
        assert_eq!(down(&mut t), user());
        t.call(|c, now| c.port_ready(now, PORT, &facts())).sends_nothing();
        not_down(&mut t);
    }
}

#[test]
fn a_hang_up_before_the_port_was_asked_for_has_nothing_to_close() {
    let tls = TlsSpec { host: "x".into(), port: 443, server_name: String::new(), trust: Trust::default(), proxy: None };
    let mut t = Trace::new(Client::new(ClientSettings { tls, config: Config::default() }, Box::new(SeededRng::new(1))));
    t.call(|c, now| c.close(now, &user()));
    assert!(matches!(&t.take_events()[..], [LinkEvent::Down(cause)] if *cause == user()));
    t.call(|c, now| c.open(now));
    not_down(&mut t);
}

#[test]
fn the_end_comes_within_the_close_limit_whatever_the_peer_does() {
    let answers: [&[&[u8]]; 5] = [
        &[],
        &[&abort(0)],
        &[&disconnect()],
        &[&disconnect(), &abort(7)],
        &[ECHO_REQUEST, b"\x10\x01\x00\x08\x00\x99\0\0"],
    ];
    for before in [requested, up, connected] {
        for answer in answers {
            let mut t = before();
            t.at(1_000).call(|c, now| c.close(now, &user()));
            t.at(5_999);
            answer.iter().for_each(|bytes| drop(t.receives(bytes).take_sent()));
            let limit = t.side().layer.close_limit();
            t.at(1_000 + limit.as_millis() as u64);
            assert_eq!(down(&mut t), user());
        }
    }
}

#[test]
fn a_disconnect_by_the_server_is_acknowledged_and_the_stream_awaited() {
    let mut t = connected();
    t.at(500).receives(disconnect()).sends([DISCONNECT_ACK]);
    t.at(1_499).receives(disconnect()).sends_nothing();
    not_down(&mut t);
    t.at(1_500).sends_nothing();
    assert_eq!(code_of(&mut t), (Code::REMOTE_DISCONNECTION, LayerName::Sstp));
    assert_eq!(
        {
            let mut t = requested();
            t.receives(disconnect()).at(1_000);
            code_of(&mut t)
        },
        (Code(770), LayerName::Sstp)
    );
}

#[test]
fn an_abort_is_answered_by_an_abort_and_told_by_its_time() {
    let told = |mut t: Trace<Client>, at: u64| {
        t.at(at).receives(abort(7)).sends([abort(0)]);
        t.at(at + 999).receives(abort(7)).receives(disconnect()).sends_nothing();
        not_down(&mut t);
        t.at(at + 1_000).sends_nothing();
        code_of(&mut t).0
    };
    assert_eq!(told(requested(), 10), Code(770));
    assert_eq!(told(up(), 10), Code::LINK_FAILURE);
    assert_eq!(told(connected(), 9_999), Code::VPN_REFUSED);
    assert_eq!(told(connected(), 10_000), Code::LINK_FAILURE);
}

#[test]
fn a_nak_is_told_in_words() {
    let mut t = requested();
    t.receives(with_status(3, 1, 4)).sends([abort(6)]);
    t.receives(abort(0)).at(1_000);
    let cause = down(&mut t);
    assert_eq!(cause.code, Code(770));
    assert_eq!(cause.said, "Call Connect Nak: 0x4, a value is not supported (Encapsulated Protocol ID)");
}

#[test]
fn a_nak_is_met_by_as_many_attempts_as_configured() {
    let mut t = client(Config { nak_retries: 2, ..Config::default() });
    t.call(|c, now| c.port_ready(now, PORT, &facts())).take_sent();
    t.receives(write_answer(200)).sends([REQUEST]);
    let nak = with_status(3, 1, 4);
    t.at(50_000).receives(&nak).sends([REQUEST]);
    t.at(100_000).receives(&nak).sends([REQUEST]);
    t.at(150_000).receives(&nak).sends([abort(6)]);
}

#[test]
fn an_ack_without_a_hash_that_we_know_is_refused() {
    for hashes in [0x00, 0x04, 0xfc] {
        let mut t = requested();
        t.receives(ack(hashes)).sends([with_status(5, 4, 4)]);
        t.at(3_000);
        assert_eq!(code_of(&mut t), (Code::VPN_REFUSED, LayerName::Sstp));
    }
}

#[test]
fn the_stronger_hash_is_chosen() {
    for (offered, chosen) in [(0x01, 0x01), (0x02, 0x02), (0x03, 0x02), (0xff, 0x02)] {
        let mut t = requested();
        t.receives(ack(offered));
        t.call(|c, now| c.bind(now, &SessionKeys { master_send: vec![], master_receive: vec![] }));
        assert_eq!(t.take_sent()[0][15], chosen);
    }
}

#[test]
fn unexpected_and_invalid_messages_abort_the_call() {
    // Call Connect Request, Ack, Call Connected and Disconnect Ack have no place once the call is up.
    let (request, late_ack) = (REQUEST.to_vec(), ack(3));
    let connected_by_server = [CONNECTED_START, &[3, 0, 104], &[0; 100]].concat();
    for message in [request, late_ack, connected_by_server, DISCONNECT_ACK.to_vec()] {
        let mut t = connected();
        t.receives(&message).sends([abort(5)]);
        t.at(3_000);
        assert_eq!(code_of(&mut t), (Code::LINK_FAILURE, LayerName::Sstp));
    }
    for message in [ECHO_REQUEST, ECHO_RESPONSE, DISCONNECT_ACK, REQUEST] {
        requested().receives(message).sends([abort(5)]);
    }
    for message in [&b"\x10\x01\x00\x04"[..], b"\x10\x01\x00\x08\x12\x34\0\0", b"\x10\x01\x00\x0c\0\x08\0\x01\0\0\0\0"]
    {
        connected().receives(message).sends([abort(7)]);
    }
}

#[test]
fn a_stream_that_is_not_sstp_is_left_without_a_word() {
    for (mut t, code) in
        [(requested(), Code::VPN_REFUSED), (up(), Code::LINK_FAILURE), (connected(), Code::LINK_FAILURE)]
    {
        t.receives(b"\x10\x00\x00\x03").sends_nothing();
        let cause = down(&mut t);
        assert_eq!((cause.code, cause.said.as_str()), (code, "bytes that are no SSTP packet: 10 00 00 03"));
        t.receives(b"more").sends_nothing();
        not_down(&mut t);
    }
}

#[test]
fn the_end_of_the_stream_is_told_by_its_time() {
    let told = |mut t: Trace<Client>, closed: PortClosed| {
        t.call(|c, now| c.port_closed(now, PORT, &closed)).sends_nothing();
        match &t.take_events()[..] {
            [LinkEvent::Down(cause)] => (cause.code, cause.layer),
            events => panic!("{events:?}"),
        }
    };
    assert_eq!(told(asking(), PortClosed::ByPeer), (Code::VPN_REFUSED, LayerName::Http));
    assert_eq!(told(requested(), PortClosed::ByPeer), (Code::VPN_REFUSED, LayerName::Sstp));
    assert_eq!(told(up(), PortClosed::ByPeer), (Code::REMOTE_DISCONNECTION, LayerName::Sstp));
    assert_eq!(told(connected(), PortClosed::ByPeer), (Code::REMOTE_DISCONNECTION, LayerName::Sstp));
    let unreachable = Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp);
    let failed = told(client(Config::default()), PortClosed::Failed(unreachable));
    assert_eq!(failed, (Code::VPN_TIMEOUT, LayerName::Tcp));
}

#[test]
fn a_port_without_digests_is_not_used() {
    let mut t = client(Config::default());
    t.call(|c, now| c.port_ready(now, PORT, &PortFacts::default())).sends_nothing();
    assert_eq!(down(&mut t).code, Code::UNABLE_TO_AUTHENTICATE_SERVER);
}

#[test]
fn http_refusals_say_what_the_server_said() {
    let said = |answer: &[u8]| {
        let mut t = asking();
        t.receives(answer).sends_nothing();
        let cause = down(&mut t);
        assert_eq!((cause.code, cause.layer), (Code::VPN_REFUSED, LayerName::Http));
        assert!(!cause.advice.is_empty());
        cause.said
    };
    assert_eq!(said(b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n<html>"), "HTTP 404 Not Found");
    let moved = b"HTTP/1.1 301 Moved\r\nLocation: https://www.example.com/\r\n\r\n";
    assert_eq!(said(moved), "HTTP 301 Moved, go to https://www.example.com/");
    assert_eq!(said(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), "SSH-2.0-OpenSSH_9.2p1 Debian");
    assert_eq!(said(b"\x10\x01\x00\x30"), "??\u{0}0".replace('\0', "?"));
    assert_eq!(said(&[b"HTTP/1.1 200 OK\r\nX: ", &[b'y'; 9_000][..]].concat()).len(), 64);
}

/// Neither before the call is up, nor after it, does a PPP frame pass in either direction.
#[test]
fn data_outside_of_a_call_is_dropped() {
    let data = [0x10, 0, 0, 8, 0xff, 0x03, 0xc0, 0x21];
    let mut t = requested();
    t.receives(data).sends_nothing();
    assert!(t.take_received().is_empty());
    let mut out = Batch::new();
    let sent = t.side().layer.encap(Instant::ZERO, &[], &[1], &mut out);
    assert_eq!((sent, out.is_empty()), (Err(DropReason::NotUp), true));

    let mut t = up();
    t.receives(data);
    assert_eq!(t.take_received(), [b"\xff\x03\xc0\x21"]);
    t.call(|c, now| c.close(now, &user())).receives(data);
    assert!(t.take_received().is_empty());
    assert_eq!(t.side().dropped, [DropReason::NotUp]);
    assert_eq!(t.side().layer.encap(Instant::ZERO, &[], &[1], &mut out), Err(DropReason::NotUp));
}

#[test]
fn a_frame_that_does_not_fit_is_refused_and_leaves_nothing() {
    let mut t = up();
    let mut out = Batch::new();
    assert_eq!(t.side().layer.encap(Instant::ZERO, &[0; 2], &[0; 4090], &mut out), Err(DropReason::TooLarge));
    assert!(out.is_empty());
    assert_eq!(t.side().layer.encap(Instant::ZERO, &[0; 2], &[0; 4089], &mut out), Ok(()));
    assert_eq!(out.as_bytes()[..4], [0x10, 0x00, 0x0f, 0xff]);
}

/// IPCP follows the binding at once; it must not overtake it.
#[test]
fn data_stays_behind_the_messages_queued_before_it() {
    let mut t = up();
    let layer = &mut t.side().layer;
    layer.bind(Instant::ZERO, &SessionKeys { master_send: vec![], master_receive: vec![] });
    let mut out = Batch::new();
    layer.encap(Instant::ZERO, b"\xff\x03", b"\x80\x21", &mut out).unwrap();
    let frames: Vec<&[u8]> = out.frames().collect();
    assert_eq!((frames.len(), frames[0].len(), frames[1]), (2, 112, &b"\x10\0\0\x08\xff\x03\x80\x21"[..]));
}

#[test]
fn a_flood_of_echoes_does_not_fill_the_memory() {
    let mut t = connected();
    let layer = &mut t.side().layer;
    for _ in 0..100_000 {
        assert_eq!(layer.handle_input(Instant::ZERO, &mut ECHO_REQUEST.to_vec()), Input::Consumed { used: 8 });
    }
    let mut out = Batch::new();
    assert!(layer.poll_transmit(Instant::ZERO, &mut out));
    assert_eq!(out.byte_len(), 4096);
}

/// peers.md 1.3: SHA-256 alone, echoes every 3 s from early on, our disconnect acknowledged, TCP closed later.
#[test]
fn softether() {
    let mut t = asking();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nServer: Microsoft-HTTPAPI/2.0\r\n\
        Date: Thu, 09 Nov 2006 00:51:09 GMT\r\n\r\n";
    t.receives(answer).sends([REQUEST]);
    t.at(10).receives(ack(0x02)).sends_nothing();
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
    t.at(2_000).receives(ECHO_REQUEST).sends([ECHO_RESPONSE]);
    t.call(|c, now| c.bind(now, &SessionKeys { master_send: vec![1; 16], master_receive: vec![2; 16] }));
    t.take_sent();
    for second in (5..600).step_by(3) {
        t.at(second * 1_000).receives(ECHO_REQUEST).sends([ECHO_RESPONSE]);
    }
    t.at(600_000).call(|c, now| c.close(now, &user())).sends([disconnect()]);
    t.receives(DISCONNECT_ACK).sends_nothing();
    assert_eq!(down(&mut t), user());
    t.at(601_000).call(|c, now| c.port_closed(now, PORT, &PortClosed::ByUs)).sends_nothing();
    not_down(&mut t);
}

/// peers.md 1.3: after a refused password SoftEther ends PPP, then SSTP, then TCP.
#[test]
fn softether_after_a_wrong_password() {
    let mut t = up();
    t.receives(b"\x10\x00\x00\x0a\xff\x03\xc0\x21\x05\x01").receives(disconnect()).sends([DISCONNECT_ACK]);
    assert_eq!(t.take_received().len(), 1);
    t.at(300).call(|c, now| c.port_closed(now, PORT, &PortClosed::ByPeer));
    assert!(matches!(&t.take_events()[..], [LinkEvent::Down(c)] if c.code == Code::REMOTE_DISCONNECTION));
}

/// peers.md 2: both hashes offered; a wrong binding is answered by an abort with a short status.
#[test]
fn sorz_refuses_a_wrong_binding() {
    let mut t = connected();
    let abort_of_sorz = [0x10, 0x01, 0, 16, 0, 5, 0, 1, 0, 2, 0, 8, 0, 0, 0, 7];
    t.at(40).receives(abort_of_sorz).sends([abort(0)]);
    t.at(1_040);
    let cause = down(&mut t);
    assert_eq!(cause.code, Code::VPN_REFUSED);
    assert_eq!(cause.said, "Call Abort: 0x7, a message was invalid");
    assert!(cause.did.contains("crypto binding"), "{cause}");
}

//! LCP on lines that carry octets, and what LCP tells beside its negotiation.

use crate::common::*;
use rasman_core::{Batch, Code, Duration, Layer};
use rasman_ppp::{Checksum, ClientConfig, Echo, Event, Framing, Ppp};
use rasman_testkit::Trace;

fn modem() -> ClientConfig {
    let framing = Framing { accm: Some(0), compress_protocol: true, compress_address: true, checksum: Checksum::Fcs16 };
    ClientConfig { framing, ..ClientConfig::default() }
}

fn magic_of(options: &[u8]) -> [u8; 4] {
    let at = options.windows(2).position(|w| w == [5, 6]).expect("a magic number");
    options[at + 2..at + 6].try_into().unwrap()
}

/// Brings the whole link up against a peer whose LCP asks for `peer` beside its authentication.
fn line(config: ClientConfig, peer: &[u8]) -> Trace<Ppp> {
    let (mut t, options) = client_trace(config);
    let request = [auth_ms_chap_v2(), peer.to_vec()].concat();
    t.receives(lcp(REQ, 7, &request)).sends([lcp(ACK, 7, &request)]);
    t.receives(lcp(ACK, 1, &options));
    t
}

#[test]
fn a_line_of_octets_asks_for_accm_pfc_and_acfc_and_gives_each_of_them_up() {
    let (mut t, options) = client_trace(modem());
    let magic = opt(5, &magic_of(&options));
    assert_eq!(options, [opt(2, &[0; 4]), magic.clone(), opt(7, &[]), opt(8, &[])].concat());
    // RFC 1662 7.1: the maps are joined.
    t.receives(lcp(NAK, 1, &opt(2, &[0, 10, 0, 0])));
    let next = [opt(2, &[0, 10, 0, 0]), magic.clone(), opt(7, &[]), opt(8, &[])].concat();
    t.sends([lcp(REQ, 2, &next)]);
    t.receives(lcp(REJ, 2, &[opt(7, &[]), opt(8, &[])].concat()));
    t.sends([lcp(REQ, 3, &[opt(2, &[0, 10, 0, 0]), magic.clone()].concat())]);
    t.receives(lcp(REJ, 3, &opt(2, &[0, 10, 0, 0]))).sends([lcp(REQ, 4, &magic)]);
    t.receives(lcp(NAK, 4, &opt(8, &[]))).sends([lcp(REQ, 5, &magic)]);
}

#[test]
fn what_the_peer_lets_us_leave_out_is_left_out_if_we_want_it() {
    let peer = [opt(2, &[0, 0, 0, 1]), opt(7, &[]), opt(8, &[])].concat();
    let mut t = line(modem(), &peer);
    let framing = t.side().layer.framing();
    let checksum = Checksum::Fcs16;
    assert_eq!(framing, Framing { accm: Some(1), compress_protocol: true, compress_address: true, checksum });
    // On a link with frames of its own they are acknowledged and not used.
    let mut t = line(ClientConfig::default(), &peer);
    let framing = t.side().layer.framing();
    let none = Framing::default();
    assert_eq!(framing, Framing { accm: Some(1), ..none });
    let (mut t, _) = client_trace(modem());
    t.receives(lcp(REQ, 7, &[auth_ms_chap_v2(), opt(2, &[0; 3])].concat()));
    t.sends([lcp(NAK, 7, &opt(2, &[0; 4]))]);
    t.receives(lcp(REQ, 8, &[auth_ms_chap_v2(), opt(7, &[0])].concat())).sends([lcp(REJ, 8, &opt(7, &[0]))]);
}

#[test]
fn ip_packets_have_short_headers_then_and_lcp_keeps_the_long_one() {
    let mut t = projected(modem());
    let request = [auth_ms_chap_v2(), opt(7, &[]), opt(8, &[])].concat();
    let mut out = Batch::new();
    t.call(|ppp, now| ppp.encap(now, &[], &[0x45], &mut out).unwrap());
    assert_eq!(out.as_bytes(), [0xff, 3, 0, 0x21, 0x45], "this peer asked for nothing");
    t.receives([0x21, 0x45, 1, 2]);
    assert_eq!(t.take_received(), [[0x45, 1, 2]], "what we asked for we take");

    t.receives(lcp(REQ, 9, &request));
    let sent = t.take_sent();
    assert_eq!(sent.last(), Some(&lcp(ACK, 9, &request)));
}

#[test]
fn traffic_counts_as_life() {
    let echo = Echo { interval: Duration::from_secs(10), failures: 1 };
    let mut t = projected(ClientConfig { echo: Some(echo), ..ClientConfig::default() });
    for second in (0..60).step_by(9) {
        t.at(second * 1_000).receives(frame(0x21, &[0x45, 0, 0, 20]));
    }
    t.sends_nothing();
    // The last one came at 54 s.
    t.at(63_999).sends_nothing();
    t.at(64_000);
    let sent = t.take_sent();
    assert_eq!((sent.len(), split(&sent[0]).1), (1, ECHO_REQ));
    // Any frame answers it as well as an Echo-Reply does.
    t.at(70_000).receives(frame(0x21, &[0x45, 0, 0, 20]));
    t.at(79_999).sends_nothing();
    t.at(80_000);
    assert_eq!(split(&t.take_sent()[0]).1, ECHO_REQ);
    t.at(90_000);
    assert_eq!(gave_up(&mut t, Code::LINK_FAILURE).did, "sent 1 LCP Echo-Requests and heard nothing");
}

#[test]
fn a_loop_of_an_established_link_is_found() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).receives(lcp(ACK, 1, &options));
    t.take_sent();
    t.take_events();
    let ours = magic_of(&options);
    // A peer that copies our number into its replies (SoftEther has none of its own) is no loop.
    for id in 0..10 {
        t.receives(lcp(ECHO_REP, id, &ours));
    }
    t.receives(lcp(ECHO_REQ, 1, &ours)).receives(lcp(11, 2, &ours)).receives(lcp(ECHO_REQ, 3, &[1; 4]));
    t.receives(lcp(ECHO_REQ, 1, &ours)).receives(lcp(11, 2, &ours));
    assert!(t.take_events().is_empty(), "another's packet came between");
    t.receives(lcp(12, 3, &ours));
    let cause = gave_up(&mut t, Code::PPP_LOOPBACK_DETECTED);
    assert_eq!(cause.did, "got back 3 of the packets that it had marked with its magic number");
}

#[test]
fn both_ends_may_say_who_they_are() {
    let config = ClientConfig { identification: Some("rasman".into()), ..ClientConfig::default() };
    let (mut t, options) = client_trace(config);
    let magic = magic_of(&options);
    // RFC 1570 1.1: at any time, even before LCP is Opened.
    t.receives(lcp(12, 1, &[&[1, 2, 3, 4][..], b"MSRASV5.20"].concat())).sends_nothing();
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).sends([lcp(ACK, 7, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 1, &options)).sends([lcp(12, 2, &[&magic[..], b"rasman"].concat())]);
    assert_eq!(t.side().layer.peer_identification(), Some(&b"MSRASV5.20"[..]));
    // A peer that does not know the code says so, and nothing comes of it.
    t.receives(lcp(CODE_REJ, 9, &lcp(12, 2, &magic)[4..])).sends_nothing();
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
    t.receives(lcp(12, 2, &[1, 2, 3])).sends_nothing();
    t.receives(lcp(12, 2, &[7; 1400]));
    assert_eq!(t.side().layer.peer_identification().map(<[u8]>::len), Some(255));
}

#[test]
fn time_remaining_is_told_and_a_flood_of_it_does_not_grow() {
    let mut t = established(ClientConfig::default());
    let body = [&[0; 4][..], &600_u32.to_be_bytes(), b"good night"].concat();
    t.receives(lcp(13, 1, &body)).sends_nothing();
    let events = t.take_events();
    let [Event::TimeRemaining { seconds: 600, said }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(said, b"good night");
    t.receives(lcp(13, 1, &body[..7])).sends_nothing();
    assert!(t.take_events().is_empty());
    let mut ppp = client(ClientConfig::default(), 1);
    ppp.lower_up(t.now(), 1500);
    (0..100).for_each(|_| drop(ppp.handle_input(t.now(), &mut lcp(13, 1, &body))));
    assert_eq!(core::iter::from_fn(|| ppp.poll_event()).count(), 1);
    let mut t = projected(ClientConfig::default());
    t.receives(lcp(13, 1, &body)).receives(lcp(TERM_REQ, 2, b"Session timeout"));
    let cause = cause(&mut t);
    assert_eq!((&cause.did[..], &cause.said[..]), ("was told 600 s of the session remain", "Session timeout"));
}

#[test]
fn a_discard_request_is_discarded() {
    let mut t = established(ClientConfig::default());
    t.receives(lcp(11, 1, &[9; 40])).receives(lcp(11, 2, &[])).sends_nothing();
    assert!(t.take_events().is_empty());
}

#[test]
fn lcp_may_be_negotiated_again_in_any_phase() {
    let again = |t: &mut Trace<Ppp>| {
        t.take_sent();
        t.take_events();
        t.receives(lcp(REQ, 40, &auth_ms_chap_v2()));
        let sent = t.take_sent();
        let (0xc021, REQ, id, options) = split(&sent[0]) else { panic!("{sent:?}") };
        assert_eq!(sent[1], lcp(ACK, 40, &auth_ms_chap_v2()));
        t.receives(lcp(ACK, id, &options));
        names(&t.take_events())
    };
    let expected = ["Renegotiating", "LinkEstablished"];
    assert_eq!(again(&mut established(ClientConfig::default())), expected, "before authentication");
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, [9; 16]));
    assert_eq!(again(&mut t), expected, "in the middle of it");
    assert_eq!(again(&mut authenticated(ClientConfig::default()).0), expected, "at the second gate");
    assert_eq!(again(&mut networking(ClientConfig::default())), expected, "while IPCP negotiates");
    assert_eq!(again(&mut projected(ClientConfig::default())), expected, "while packets flow");
}

fn asking() -> ClientConfig {
    let framing = Framing { checksum: Checksum::Fcs32, ..modem().framing };
    ClientConfig { framing, ..ClientConfig::default() }
}

/// What is sent with 32 bits, what is received with them, and whether requests go out twice.
fn checksums(t: &mut Trace<Ppp>) -> (bool, bool, bool) {
    let framing = t.side().layer.line_framing();
    (framing.send_fcs32, framing.receive_fcs32, framing.requests_twice)
}

#[test]
fn rfc_1570_2_1_each_end_says_which_checksums_it_wants_to_have() {
    for (config, asks) in [(modem(), false), (asking(), true)] {
        for (peer, grants) in [(Vec::new(), false), (opt(9, &[2]), false), (opt(9, &[4]), true)] {
            let mut t = line(config.clone(), &peer);
            assert_eq!(checksums(&mut t), (grants, asks, grants), "asks {asks}, grants {grants}");
        }
    }
    let (t, options) = client_trace(asking());
    assert!(options.ends_with(&opt(8, &[])) && options.windows(3).any(|option| option == opt(9, &[4])));
    drop(t);
}

#[test]
fn rfc_1570_2_1_what_leaves_open_how_a_frame_ends_is_refused() {
    let (mut t, _) = client_trace(modem());
    for (id, asked, answer) in
        [(7, vec![6], vec![4]), (8, vec![1], vec![2]), (9, vec![5], vec![4]), (10, vec![], vec![2])]
    {
        t.receives(lcp(REQ, id, &[auth_ms_chap_v2(), opt(9, &asked)].concat()));
        t.sends([lcp(NAK, id, &opt(9, &answer))]);
    }
    // A carrier that checks its frames itself has nothing to negotiate.
    let (mut t, _) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 7, &[auth_ms_chap_v2(), opt(9, &[4])].concat())).sends([lcp(REJ, 7, &opt(9, &[4]))]);
}

#[test]
fn a_peer_that_does_not_know_fcs_alternatives_costs_one_request() {
    // pppd and lwIP reject the option.
    for (code, value) in [(REJ, vec![4]), (NAK, vec![2])] {
        let (mut t, options) = client_trace(asking());
        let at = options.windows(3).position(|option| option == opt(9, &[4])).expect("it is asked for");
        let rest = [&options[..at], &options[at + 3..]].concat();
        t.receives(lcp(code, 1, &opt(9, &value))).sends([lcp(REQ, 2, &rest)]);
        t.receives(lcp(ACK, 2, &rest));
        let request = auth_ms_chap_v2();
        t.receives(lcp(REQ, 7, &request)).sends([lcp(ACK, 7, &request)]);
        assert_eq!(checksums(&mut t), (false, false, false));
        assert!(t.take_events().iter().any(|event| matches!(event, Event::LinkEstablished { .. })));
    }
}

#[test]
fn rfc_1570_2_1_1_whoever_negotiates_again_is_back_at_16_bits() {
    let mut t = line(asking(), &opt(9, &[4]));
    assert_eq!(checksums(&mut t), (true, true, true));
    let request = [auth_ms_chap_v2(), opt(9, &[4])].concat();
    t.receives(lcp(REQ, 8, &request));
    assert_eq!(checksums(&mut t), (false, false, true), "the peer may think that it is Opened");
    t.receives(lcp(REQ, 9, &auth_ms_chap_v2()));
    assert_eq!(checksums(&mut t), (false, false, false));
    // Its end is the same.
    let mut t = line(asking(), &opt(9, &[4]));
    t.receives(lcp(5, 9, &[]));
    assert_eq!((checksums(&mut t).0, checksums(&mut t).1), (false, false));
    let mut t = line(asking(), &opt(9, &[4]));
    t.call(|ppp, now| ppp.terminate(now));
    assert_eq!(checksums(&mut t), (false, false, true));
}

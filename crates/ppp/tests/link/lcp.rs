//! LCP: requests and their schedule, options, echoes, rejects.

use crate::common::*;
use rasman_core::{Code, Duration, Layer, LayerName};
use rasman_ppp::{ClientConfig, Echo, Event};
use rasman_testkit::Trace;

#[test]
fn the_configure_request_is_repeated_every_restart_interval() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.at(2_999).sends_nothing();
    t.at(3_000).sends([lcp(REQ, 1, &options)]); // RFC 1661 5.1: a retransmission keeps its Identifier
    t.at(3_100).receives(lcp(ACK, 1, &options)).sends_nothing();
    t.at(5_999).sends_nothing();
    t.at(6_000).sends([lcp(REQ, 2, &options)]); // RFC 1661 4.2: the timer still runs; 5.1: new Identifier
}

#[test]
fn a_request_that_nobody_heard_is_repeated_when_the_peer_first_speaks() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let demand = auth_ms_chap_v2();
    t.at(400).receives(lcp(REQ, 7, &demand)).sends([lcp(REQ, 1, &options), lcp(ACK, 7, &demand)]);
    t.receives(lcp(REQ, 7, &demand)).sends([lcp(ACK, 7, &demand)]); // once is enough
    t.at(420).receives(lcp(ACK, 1, &options)).receives(lcp(ACK, 1, &options)).sends_nothing();
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
}

#[test]
fn a_silent_peer_is_given_up_after_ten_requests() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.at(29_999).sends(vec![lcp(REQ, 1, &options); 9]);
    t.at(30_000).sends_nothing();
    let cause = cause(&mut t);
    assert_eq!((cause.code, cause.layer), (Code::PPP_NO_RESPONSE, LayerName::Lcp));
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).sends_nothing(); // too late
    assert_eq!(t.at(1_000_000).side().layer.poll_timeout(), None);
}

#[test]
fn a_peer_that_falls_silent_is_a_timeout() {
    let (mut t, _) = client_trace(ClientConfig::default());
    t.at(100).receives(lcp(REQ, 9, &auth_ms_chap_v2()));
    assert!(t.at(29_999).take_events().is_empty());
    t.at(30_000);
    assert_eq!(cause(&mut t).code, Code::PPP_TIMEOUT);
}

#[test]
fn frames_without_address_and_control_are_taken_too() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(&lcp(REQ, 7, &auth_ms_chap_v2())[2..]).sends([lcp(ACK, 7, &auth_ms_chap_v2())]);
    t.receives(&lcp(ACK, 1, &options)[2..]);
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
}

#[test]
fn a_request_that_came_before_the_carrier_is_not_lost() {
    let mut t = Trace::new(client(ClientConfig::default(), 1));
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).sends_nothing();
    t.call(|ppp, now| ppp.lower_up(now, 1500));
    let sent = t.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1], lcp(ACK, 7, &auth_ms_chap_v2()));
}

#[test]
fn what_is_not_implemented_is_rejected_unmodified() {
    let (mut t, _) = client_trace(ClientConfig::default());
    let unknown = [
        opt(4, &[0xc0, 0x25, 0, 0, 0, 1]),
        opt(13, &[6]),
        opt(17, &[5, 220]),              // MRRU: no multilink
        opt(18, &[]),                    // its short sequence numbers
        opt(19, &[3, 0, 1, 2, 3, 4, 5]), // Endpoint-Discriminator
    ]
    .concat();
    let request = [auth_ms_chap_v2(), unknown.clone()].concat();
    t.receives(lcp(REQ, 1, &request)).sends([lcp(REJ, 1, &unknown)]);
}

#[test]
fn a_small_mru_is_asked_for_and_both_ends_keep_to_it() {
    let (mut t, options) = client_trace(ClientConfig { mru: 1400, ..ClientConfig::default() });
    assert!(options.starts_with(&opt(1, &1400_u16.to_be_bytes())));
    let request = [opt(1, &1300_u16.to_be_bytes()), auth_ms_chap_v2()].concat();
    t.receives(lcp(REQ, 1, &request)).sends([lcp(ACK, 1, &request)]);
    let tiny = [opt(1, &60_u16.to_be_bytes()), auth_ms_chap_v2()].concat();
    t.receives(lcp(REQ, 2, &tiny)).sends([lcp(NAK, 2, &opt(1, &128_u16.to_be_bytes()))]);
}

#[test]
fn the_mru_is_no_larger_than_the_carriers() {
    let mut t = Trace::new(client(ClientConfig::default(), 1));
    t.call(|ppp, now| ppp.lower_up(now, 1200));
    assert!(split(&t.take_sent()[0]).3.starts_with(&opt(1, &1200_u16.to_be_bytes())));
}

#[test]
fn a_nak_or_reject_changes_the_next_request() {
    let (mut t, options) = client_trace(ClientConfig { mru: 1400, ..ClientConfig::default() });
    let magic = options[4..].to_vec();
    t.receives(lcp(NAK, 1, &opt(1, &1300_u16.to_be_bytes())));
    let lower = [opt(1, &1300_u16.to_be_bytes()), magic.clone()].concat();
    t.sends([lcp(REQ, 2, &lower)]);
    t.receives(lcp(REJ, 2, &magic)).sends([lcp(REQ, 3, &opt(1, &1300_u16.to_be_bytes()))]);
    t.receives(lcp(REJ, 3, &opt(1, &1300_u16.to_be_bytes()))).sends([lcp(REQ, 4, &[])]);
}

#[test]
fn answers_that_do_not_fit_the_last_request_move_nothing() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(REJ, 1, &options)).sends([lcp(REQ, 2, &[])]);
    t.receives(lcp(REJ, 1, &options)).sends_nothing(); // the same once more: SoftEther's IPV6CP does that
    t.receives(lcp(ACK, 1, &options)).sends_nothing();
    t.receives(lcp(ACK, 2, &options)).sends_nothing(); // RFC 1661 5.2: must match exactly
    t.receives(lcp(NAK, 2, &[])).sends_nothing();
    t.receives(lcp(REJ, 2, &opt(9, &[1]))).sends_nothing(); // RFC 1661 5.4: never asked for
    t.receives(lcp(ACK, 2, &[])).sends_nothing();
    t.receives(lcp(ACK, 2, &[])).sends_nothing(); // a doubled answer counts once
    assert!(t.take_events().is_empty());
}

#[test]
fn the_preferred_method_is_asked_for_and_its_acceptance_establishes_the_link() {
    let (mut t, options) = client_trace(ClientConfig::default());
    for (id, offer) in [(1, opt(3, &[0xc2, 0x27])), (2, opt(3, &[0xc0, 0x23])), (3, opt(3, &[0xc2, 0x23, 5]))] {
        t.receives(lcp(REQ, id, &offer)).sends([lcp(NAK, id, &auth_ms_chap_v2())]);
    }
    t.receives(lcp(REQ, 4, &auth_ms_chap_v2())).sends([lcp(ACK, 4, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 1, &options));
    assert!(matches!(t.take_events()[..], [Event::LinkEstablished { .. }]));
}

#[test]
fn a_server_without_a_common_method_is_919_in_plain_words() {
    let (mut t, _) = client_trace(ClientConfig::default());
    for id in 0..5 {
        t.receives(lcp(REQ, id, &opt(3, &[0xc0, 0x23]))).sends([lcp(NAK, id, &auth_ms_chap_v2())]);
    }
    t.receives(lcp(REQ, 5, &opt(3, &[0xc0, 0x23])));
    let cause = gave_up(&mut t, Code::PEER_REFUSED_AUTH);
    assert_eq!(cause.did, "allowed authentication by MS-CHAPv2 alone");
    assert_eq!(cause.said, "offered PAP");
    assert!(cause.advice.contains("MS-CHAPv2"));
}

#[test]
fn a_server_that_gives_up_over_authentication_is_919_too() {
    let (mut t, _) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 0, &opt(3, &[0xc0, 0x23]))).sends([lcp(NAK, 0, &auth_ms_chap_v2())]);
    t.receives(lcp(TERM_REQ, 1, b"")).sends([lcp(TERM_ACK, 1, b"")]);
    assert_eq!(cause(&mut t).code, Code::PEER_REFUSED_AUTH);
    assert_eq!(t.at(100_000).take_sent(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_server_that_demands_no_authentication_is_refused() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 0, &[])).sends([lcp(ACK, 0, &[])]);
    t.receives(lcp(ACK, 1, &options));
    let cause = gave_up(&mut t, Code::PEER_REFUSED_AUTH);
    assert_eq!(cause.said, "asked for no authentication");
}

#[test]
fn echoes_are_answered_when_opened_and_ignored_before() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let magic = options[2..6].to_vec();
    let data = [&[0; 4][..], b"Aho Baka Manuke\0"].concat();
    t.receives(lcp(ECHO_REQ, 0, &data)).sends_nothing();
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).receives(lcp(ACK, 1, &options));
    t.sends([lcp(ACK, 7, &auth_ms_chap_v2())]);
    t.receives(lcp(ECHO_REQ, 0, &data)).sends([lcp(ECHO_REP, 0, &[&magic[..], b"Aho Baka Manuke\0"].concat())]);
    t.receives(lcp(ECHO_REQ, 1, &[0; 3])).sends_nothing();
    t.receives(lcp(11, 1, &[0; 4])).sends_nothing(); // Discard-Request
    t.receives(lcp(12, 1, b"\0\0\0\0MSRASV5.20")).sends_nothing(); // Identification
    t.receives(lcp(13, 1, &[0; 8])).sends_nothing(); // Time-Remaining
}

#[test]
fn unknown_codes_are_rejected() {
    let mut t = established(ClientConfig::default());
    let unknown = lcp(42, 8, b"what");
    t.receives(&unknown).sends([lcp(CODE_REJ, 2, &unknown[4..])]);
    t.receives(lcp(43, 8, &[0; 1496]));
    let sent = t.take_sent();
    assert_eq!(sent[0].len(), 4 + 1500, "RFC 1661 5.6: cut to the peer's MRU");
}

#[test]
fn a_code_reject_matters_by_its_code() {
    let mut t = established(ClientConfig::default());
    t.receives(lcp(CODE_REJ, 1, &[ECHO_REQ, 0, 0, 4])).sends_nothing();
    assert!(t.take_events().is_empty());
    t.receives(lcp(CODE_REJ, 2, &[REQ, 0, 0, 4]));
    gave_up(&mut t, Code::PPP_CP_REJECTED);
}

#[test]
fn unknown_protocols_are_rejected_when_opened_but_not_without_bound() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let ipv6cp = packet(0x8057, REQ, 1, &opt(1, &[1; 8]));
    t.receives(&ipv6cp).sends_nothing(); // RFC 1661 5.7: only in the Opened state
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).receives(lcp(ACK, 1, &options)).take_sent();
    t.receives(&ipv6cp).sends([lcp(PROTO_REJ, 2, &ipv6cp[2..])]);
    for _ in 0..1_000 {
        t.receives(packet(0x80fd, REQ, 1, &[]));
    }
    assert_eq!(t.take_sent().len(), 9);
    t.at(1_000).receives(&ipv6cp);
    assert_eq!(t.take_sent().len(), 1);
}

#[test]
fn a_protocol_reject_matters_by_its_protocol() {
    for (protocol, phase, code) in [
        ([0xc2, 0x23], "authentication", Code::PEER_REFUSED_AUTH),
        ([0x80, 0x21], "network", Code::PPP_CP_REJECTED),
        ([0xc0, 0x21], "network", Code::PPP_CP_REJECTED),
    ] {
        let mut t = match phase {
            "authentication" => established(ClientConfig::default()),
            _ => networking(ClientConfig::default()),
        };
        t.take_sent();
        t.receives(lcp(PROTO_REJ, 1, &[0xc2, 0x27, 1, 2])).sends_nothing(); // EAP: not ours
        t.receives(lcp(PROTO_REJ, 1, &[&protocol[..], b"..."].concat()));
        gave_up(&mut t, code);
    }
}

#[test]
fn a_looped_line_is_detected() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let mut frame = lcp(REQ, 1, &options);
    for _ in 0..20 {
        t.receives(&frame);
        let sent = t.take_sent();
        let Some(last) = sent.iter().rev().find(|frame| split(frame).1 == REQ || split(frame).1 == NAK) else { break };
        frame.clone_from(last);
    }
    assert_eq!(cause(&mut t).code, Code::PPP_LOOPBACK_DETECTED);
}

#[test]
fn two_ends_with_the_same_magic_number_draw_again() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 7, &[auth_ms_chap_v2(), options.clone()].concat()));
    let sent = t.take_sent();
    let (0xc021, NAK, 7, nak) = split(&sent[0]) else { panic!("{sent:?}") };
    assert_ne!(nak, options);
    t.receives(lcp(NAK, 1, &opt(5, &[1, 2, 3, 4])));
    let (0xc021, REQ, 2, next) = split(&t.take_sent()[0]) else { panic!() };
    assert_ne!(next, options);
    t.receives(lcp(REQ, 8, &opt(5, &[0; 4])));
    assert_eq!(split(&t.take_sent()[0]).1, NAK, "RFC 1661 6.4: zero must be Nak'd");
}

#[test]
fn a_peer_that_renegotiates_voids_what_was_proven() {
    let mut t = projected(ClientConfig::default());
    t.at(1_000).receives(lcp(REQ, 8, &auth_ms_chap_v2()));
    let sent = t.take_sent();
    assert_eq!((split(&sent[0]).1, split(&sent[0]).2), (REQ, 2), "RFC 1661 4.1: tld,scr,sca/8");
    assert_eq!(sent[1], lcp(ACK, 8, &auth_ms_chap_v2()));
    assert_eq!(names(&t.take_events()), ["Renegotiating"]);
    assert!(t.side().layer.projection().is_none());

    t.receives(lcp(ACK, 2, &split(&sent[0]).3)).call(|ppp, now| ppp.authenticate(now, alice()));
    t.receives(challenge(1, [1; 16]));
    let response = t.take_sent();
    t.receives(chap(3, 1, &proof(&response[0], [1; 16])));
    assert_eq!(names(&t.take_events()), ["LinkEstablished", "Authenticated"]);
    t.sends_nothing(); // the second gate is closed again
}

#[test]
fn keep_alive_asks_and_gives_up() {
    let echo = Echo { interval: Duration::from_secs(10), failures: 2 };
    let mut t = established(ClientConfig { echo: Some(echo), ..ClientConfig::default() });
    t.at(9_999).sends_nothing();
    t.at(10_000);
    let sent = t.take_sent();
    let (0xc021, ECHO_REQ, id, magic) = split(&sent[0]) else { panic!("{sent:?}") };
    t.receives(lcp(ECHO_REP, id, &magic));
    t.at(39_999);
    assert_eq!(t.take_sent().len(), 2);
    t.at(40_000);
    let cause = gave_up(&mut t, Code::LINK_FAILURE);
    assert_eq!(cause.did, "sent 2 LCP Echo-Requests and heard nothing");
}

#[test]
fn a_peer_without_echo_is_spared() {
    let echo = Echo { interval: Duration::from_secs(10), failures: 2 };
    let mut t = established(ClientConfig { echo: Some(echo), ..ClientConfig::default() });
    let request = t.at(10_000).take_sent().remove(0);
    t.receives(lcp(CODE_REJ, 1, &request[4..]));
    t.at(1_000_000).sends_nothing();
}

#[test]
fn an_ack_of_other_options_does_not_establish_the_link() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(ACK, 1, &opt(5, &[1, 2, 3, 4]))).receives(lcp(REQ, 7, &auth_ms_chap_v2()));
    assert!(t.take_events().is_empty());
    t.receives(lcp(ACK, 1, &options));
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
}

#[test]
fn an_option_listed_twice_is_rejected_the_second_time() {
    let (mut t, _) = client_trace(ClientConfig::default());
    let twice = [auth_ms_chap_v2(), opt(1, &[5, 0]), opt(1, &[5, 220])].concat();
    t.receives(lcp(REQ, 7, &twice)).sends([lcp(REJ, 7, &opt(1, &[5, 220]))]);
}

#[test]
fn rfc_1661_4_6_max_failure_turns_naks_into_rejects() {
    let (mut t, _) = client_trace(ClientConfig::default());
    let tiny = [auth_ms_chap_v2(), opt(1, &[0, 60])].concat();
    for id in 0..5 {
        t.receives(lcp(REQ, id, &tiny)).sends([lcp(NAK, id, &opt(1, &[0, 128]))]);
    }
    t.receives(lcp(REQ, 5, &tiny)).sends([lcp(REJ, 5, &opt(1, &[0, 60]))]);
    t.receives(lcp(REQ, 6, &auth_ms_chap_v2())).sends([lcp(ACK, 6, &auth_ms_chap_v2())]);
    t.receives(lcp(REQ, 7, &tiny)).sends([lcp(NAK, 7, &opt(1, &[0, 128]))]); // an Ack begins the count anew
}

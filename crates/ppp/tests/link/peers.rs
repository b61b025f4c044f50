//! What foreign peers say, as it was seen on the wire; these traces need none of them.

use crate::common::*;
use rasman_core::Code;
use rasman_ppp::{ClientConfig, Event};

const C: [u8; 16] = [9; 16];
const NONE: [u8; 4] = [0; 4];

#[test]
fn softether_to_its_address() {
    let (mut t, options) = client_trace(ClientConfig::default());
    // It offers EAP first, then one step a Nak, whatever the Nak suggests; rejects Magic-Number; and sends an echo
    // with magic 0 while LCP still negotiates.
    t.receives(lcp(REQ, 0, &opt(3, &[0xc2, 0x27]))).sends([lcp(NAK, 0, &auth_ms_chap_v2())]);
    t.receives(lcp(REJ, 1, &options)).sends([lcp(REQ, 2, &[])]);
    t.receives(lcp(ECHO_REQ, 0, b"\0\0\0\0Aho Baka Manuke\0")).sends_nothing();
    t.receives(lcp(REQ, 1, &auth_ms_chap_v2())).sends([lcp(ACK, 1, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 2, &[])).sends_nothing();
    t.receives(lcp(ECHO_REQ, 1, b"\0\0\0\0Aho Baka Manuke\0"));
    t.sends([lcp(ECHO_REP, 1, b"\0\0\0\0Aho Baka Manuke\0")]); // our magic was rejected: zero
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    t.at(500).receives(challenge(2, C));
    let response = t.take_sent();
    t.receives(chap(3, 2, &proof(&response[0], C))); // no M=
    let events = t.take_events();
    let [Event::LinkEstablished { .. }, Event::Authenticated { token, .. }] = &events[..] else { panic!("{events:?}") };

    let token = token.clone();
    t.call(|ppp, now| ppp.project(now, token)).sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE))]);
    t.receives(ipcp(REJ, 1, &opt(131, &NONE))).sends([ipcp(REQ, 2, &[opt(3, &NONE), opt(129, &NONE)].concat())]);
    t.receives(ipcp(REQ, 3, &opt(3, &[192, 168, 30, 1]))).sends([ipcp(ACK, 3, &opt(3, &[192, 168, 30, 1]))]);
    let given = [opt(3, &[192, 168, 30, 10]), opt(129, &[192, 168, 30, 1])].concat();
    t.receives(ipcp(NAK, 2, &given)).sends([ipcp(REQ, 3, &given)]);
    t.receives(ipcp(NAK, 2, &given)).sends_nothing(); // it answers with old identifiers
    t.receives(ipcp(ACK, 3, &given));
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.to_string(), "192.168.30.10 -> 192.168.30.1, DNS 192.168.30.1, MTU 1500");
}

#[test]
fn softether_refuses_a_password() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, credentials("alice", "wrong"))).receives(challenge(2, C)).take_sent();
    t.receives(chap(4, 2, b"E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3"));
    t.receives(lcp(TERM_REQ, 2, b"")).sends([lcp(TERM_ACK, 2, b"")]);
    let events = t.take_events();
    let [Event::AuthenticationRefused { cause: refusal, retry: false, .. }, Event::Finished(end)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((refusal.code, &refusal.said[..]), (Code::AUTHENTICATION_FAILURE, "E=691 R=0"));
    assert_eq!(end.code, Code::REMOTE_DISCONNECTION);
}

#[test]
fn softether_renegotiates_lcp_during_authentication() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    t.receives(lcp(PROTO_REJ, 4, &[0xc2, 0x27, 2, 0, 0, 6, 3, 26])).sends_nothing();
    t.receives(lcp(REQ, 5, &auth_ms_chap_v2()));
    let sent = t.take_sent();
    assert_eq!((split(&sent[0]).1, &sent[1]), (REQ, &lcp(ACK, 5, &auth_ms_chap_v2())));
    t.receives(lcp(ACK, 2, &split(&sent[0]).3));
    assert_eq!(names(&t.take_events()), ["Renegotiating", "LinkEstablished"]);
    t.receives(challenge(6, C)).sends_nothing(); // the gate is closed again
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    let response = t.take_sent();
    t.receives(chap(3, 6, &proof(&response[0], C)));
    assert_eq!(names(&t.take_events()), ["Authenticated"]);
}

#[test]
fn lwip_speaks_first_and_offers_what_we_do_not_take() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let compression = [opt(7, &[]), opt(8, &[])].concat();
    let accm = opt(2, &[0; 4]);
    let magic = opt(5, &[1, 2, 3, 4]);
    let first = [accm, auth_ms_chap_v2(), magic, compression].concat();
    t.receives(lcp(REQ, 1, &first)).sends([lcp(ACK, 1, &first)]);
    t.receives(lcp(ACK, 1, &options)).sends_nothing();
    t.receives(lcp(ECHO_REQ, 0, &[1, 2, 3, 4])).sends([lcp(ECHO_REP, 0, &options[2..6])]);
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    t.receives(chap(1, 1, &[&[16][..], &C, b"lwIP"].concat()));
    let response = t.take_sent();
    t.receives(chap(3, 1, &[&proof(&response[0], C)[..], b" M=Access granted"].concat()));
    let mut events = t.take_events();
    let Some(Event::Authenticated { token, .. }) = events.pop() else { panic!("{events:?}") };
    // CCP and IPV6CP, then VJ within IPCP.
    let ccp = packet(0x80fd, REQ, 1, &opt(18, &[1, 0, 0, 0x40]));
    t.receives(&ccp).sends([lcp(PROTO_REJ, 2, &ccp[2..])]);
    let vj = opt(2, &[0x00, 0x2d, 0x0f, 0x01]);
    t.receives(ipcp(REQ, 1, &[vj.clone(), opt(3, &[10, 66, 0, 1])].concat())).sends_nothing();
    t.call(|ppp, now| ppp.project(now, token));
    t.sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE)), ipcp(REJ, 1, &vj)]);
    t.receives(ipcp(REQ, 2, &opt(3, &[10, 66, 0, 1]))).sends([ipcp(ACK, 2, &opt(3, &[10, 66, 0, 1]))]);
    t.receives(ipcp(REJ, 1, &opt(131, &NONE))).take_sent();
    let given = [opt(3, &[10, 66, 0, 2]), opt(129, &[10, 66, 0, 53])].concat();
    t.receives(ipcp(NAK, 2, &given)).sends([ipcp(REQ, 3, &given)]);
    t.receives(ipcp(ACK, 3, &given));
    assert_eq!(names(&t.take_events()), ["Projected"]);
}

#[test]
fn slirp_acknowledges_a_name_server_of_zero() {
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 0, 2, 2])));
    t.receives(ipcp(NAK, 1, &[opt(3, &[10, 0, 2, 15]), opt(129, &[10, 0, 2, 3])].concat()));
    t.receives(ipcp(ACK, 2, &addresses([10, 0, 2, 15], [10, 0, 2, 3], NONE)));
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.to_string(), "10.0.2.15 -> 10.0.2.2, DNS 10.0.2.3, MTU 1500");
}

#[test]
fn pppd_gives_its_one_name_server_twice() {
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    let given = addresses([10, 66, 3, 10], [10, 66, 1, 53], [10, 66, 1, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 3, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.dns.len(), 1);
}

#[test]
fn softether_rejects_a_repeated_request_twice() {
    let (mut t, options) = client_trace(ClientConfig::default());
    // It says nothing before our request, so the repetition is one too many; it answers both.
    let sent = [lcp(REQ, 1, &options), lcp(NAK, 0, &auth_ms_chap_v2())];
    t.at(1).receives(lcp(REQ, 0, &opt(3, &[0xc2, 0x27]))).sends(sent);
    t.receives(lcp(ECHO_REQ, 0, b"\0\0\0\0Aho Baka Manuke\0")).sends_nothing();
    t.receives(lcp(REJ, 1, &options)).sends([lcp(REQ, 2, &[])]);
    t.receives(lcp(REJ, 1, &options)).sends_nothing();
    // It takes one packet each 0.3 s unless another one comes.
    t.at(302).receives(lcp(REQ, 1, &auth_ms_chap_v2())).sends([lcp(ACK, 1, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 2, &[])).sends_nothing();
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
}

#[test]
fn sorz_loses_what_comes_before_its_pppd() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let magic = opt(5, &[0x2a, 0x67, 0x6f, 0x4a]);
    let first = [opt(2, &[0; 4]), auth_ms_chap_v2(), magic, opt(7, &[]), opt(8, &[])].concat();
    t.at(50).receives(lcp(REQ, 1, &first)).sends([lcp(REQ, 1, &options), lcp(ACK, 1, &first)]);
    t.receives(lcp(ACK, 1, &options)).sends_nothing();
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
}

#[test]
fn lwip_refuses_a_password() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, credentials("alice", "wrong"))).receives(challenge(0xd7, C)).take_sent();
    // It allows another attempt, repeats its challenge, writes V=0, and hangs up all the same.
    t.receives(chap(4, 0xd7, b"E=691 R=1 C=09090909090909090909090909090909 V=0 M=Access denied")).sends_nothing();
    t.receives(lcp(TERM_REQ, 3, b"Authentication failed")).sends([lcp(TERM_ACK, 3, b"")]);
    let events = t.take_events();
    let [Event::AuthenticationRefused { cause: refusal, retry: true, .. }, Event::Finished(end)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((refusal.code, &refusal.said[..]), (Code::AUTHENTICATION_FAILURE, "E=691 R=1 M=Access denied"));
    assert_eq!((end.code, &end.said[..]), (Code::REMOTE_DISCONNECTION, "Authentication failed"));
}

#[test]
fn lwip_drops_authentication_rather_than_change_its_method() {
    let (mut t, options) = client_trace(ClientConfig::default());
    let magic = opt(5, &[0x12, 0x6e, 0xce, 0xf1]);
    let demand = [opt(3, &[0xc0, 0x23]), magic.clone()].concat();
    t.receives(lcp(REQ, 2, &demand)).sends([lcp(NAK, 2, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 1, &options)).sends_nothing();
    t.receives(lcp(REQ, 3, &magic));
    let cause = gave_up(&mut t, Code::PEER_REFUSED_AUTH);
    assert_eq!(cause.said, "offered PAP");
}

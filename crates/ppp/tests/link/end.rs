//! How links end.

use crate::common::*;
use rasman_core::{Code, Layer, LayerName};
use rasman_ppp::ClientConfig;
use rasman_testkit::Trace;

#[test]
fn a_hang_up_asks_twice_and_ends_with_the_answer() {
    let mut t = projected(ClientConfig::default());
    t.at(1_000).call(|ppp, now| ppp.terminate(now));
    t.sends([lcp(TERM_REQ, 2, b"hung up")]);
    assert!(t.side().layer.projection().is_none());
    t.at(3_999).sends_nothing();
    t.at(4_000).sends([lcp(TERM_REQ, 3, b"hung up")]);
    assert!(t.take_events().is_empty());
    t.receives(lcp(TERM_ACK, 3, b"")).sends_nothing();
    assert_eq!(cause(&mut t).code, Code::USER_DISCONNECTION);
    assert_eq!(t.side().layer.poll_timeout(), None);
}

#[test]
fn a_hang_up_does_not_wait_for_a_silent_peer_for_ever() {
    let mut t = projected(ClientConfig::default());
    t.call(|ppp, now| ppp.terminate(now));
    t.at(5_999);
    assert_eq!(t.take_sent().len(), 2);
    assert!(t.take_events().is_empty());
    t.at(6_000).sends_nothing();
    assert_eq!(cause(&mut t).code, Code::USER_DISCONNECTION);
}

#[test]
fn a_hang_up_works_in_every_phase_and_says_finished_once() {
    type Make = fn() -> Trace<rasman_ppp::Ppp>;
    let phases: [Make; 5] = [
        || client_trace(ClientConfig::default()).0,
        || established(ClientConfig::default()),
        || authenticated(ClientConfig::default()).0,
        || networking(ClientConfig::default()),
        || projected(ClientConfig::default()),
    ];
    for make in phases {
        let mut t = make();
        t.take_sent();
        t.call(|ppp, now| ppp.terminate(now)).call(|ppp, now| ppp.terminate(now));
        let sent = t.take_sent();
        assert_eq!(split(&sent[0]).1, TERM_REQ);
        assert_eq!(sent.len(), 1);
        t.receives(lcp(TERM_ACK, split(&sent[0]).2, b"")).call(|ppp, now| ppp.terminate(now));
        t.call(|ppp, now| ppp.lower_down(now)).at(1_000_000).sends_nothing();
        assert_eq!(names(&t.take_events()), ["Finished"]);
    }
    let mut t = Trace::new(client(ClientConfig::default(), 1));
    t.call(|ppp, now| ppp.terminate(now)).sends_nothing();
    assert_eq!(names(&t.take_events()), ["Finished"]);
}

#[test]
fn both_ends_may_hang_up_at_once() {
    let mut t = projected(ClientConfig::default());
    t.call(|ppp, now| ppp.terminate(now)).take_sent();
    t.receives(lcp(TERM_REQ, 9, b"bye")).sends([lcp(TERM_ACK, 9, b"")]);
    assert_eq!(cause(&mut t).code, Code::USER_DISCONNECTION);
}

#[test]
fn the_peers_hang_up_is_answered_and_told_at_once() {
    let mut t = projected(ClientConfig::default());
    t.receives(lcp(TERM_REQ, 9, b"Idle timeout")).sends([lcp(TERM_ACK, 9, b"")]);
    let cause = cause(&mut t);
    assert_eq!((cause.code, cause.layer), (Code::REMOTE_DISCONNECTION, LayerName::Lcp));
    assert_eq!(cause.said, "Idle timeout");
    t.at(100).receives(lcp(TERM_REQ, 10, b"Idle timeout")).sends([lcp(TERM_ACK, 10, b"")]);
    t.receives(lcp(REQ, 11, &auth_ms_chap_v2())).sends_nothing();
    assert!(t.at(100_000).take_events().is_empty());
}

#[test]
fn the_peers_hang_up_says_where_it_happened() {
    let (mut t, _) = client_trace(ClientConfig::default());
    t.receives(lcp(TERM_REQ, 9, b""));
    let lcp_cause = cause(&mut t);
    assert_eq!((lcp_cause.code, lcp_cause.layer), (Code::PPP_LCP_TERMINATED, LayerName::Lcp));

    let mut t = established(ClientConfig::default());
    t.receives(lcp(TERM_REQ, 9, b""));
    let auth_cause = cause(&mut t);
    assert_eq!((auth_cause.code, auth_cause.layer), (Code::REMOTE_DISCONNECTION, LayerName::Auth));
}

#[test]
fn the_carriers_end_is_silent_and_the_link_can_begin_again() {
    let mut t = projected(ClientConfig::default());
    t.call(|ppp, now| ppp.lower_down(now)).at(100_000).sends_nothing();
    assert!(t.take_events().is_empty());
    assert!(t.side().layer.projection().is_none());
    assert_eq!(t.side().layer.poll_timeout(), None);
    t.call(|ppp, now| ppp.lower_up(now, 1500));
    assert_eq!(split(&t.take_sent()[0]).1, REQ);
}

//! The client's authentication phase: gates, verdicts, repetition.

use crate::common::*;
use rasman_auth::mschapv2::Change;
use rasman_core::{Code, LayerName, Secret};
use rasman_ppp::{ClientConfig, Event};

const C: [u8; 16] = [9; 16];

#[test]
fn a_challenge_waits_for_the_gate_and_no_timer_decides() {
    let mut t = established(ClientConfig::default());
    t.receives(challenge(3, [1; 16])).receives(challenge(4, C)).sends_nothing();
    t.at(600_000).sends_nothing(); // a person types
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    let sent = t.take_sent();
    let (0xc223, 2, 4, data) = split(&sent[0]) else { panic!("{sent:?}") };
    assert_eq!((data[0], &data[50..]), (49, &b"alice"[..]));
    t.receives(chap(3, 4, &proof(&sent[0], C)));
    let events = t.take_events();
    let [Event::Authenticated { token, keys }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(token.user(), "alice");
    assert_eq!((keys.master_send.len(), keys.master_receive.len()), (16, 16));
}

#[test]
fn a_challenge_before_lcp_is_opened_is_not_lost() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).sends([lcp(ACK, 7, &auth_ms_chap_v2())]);
    t.receives(challenge(3, C)).receives(lcp(ACK, 1, &options)).sends_nothing();
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    assert_eq!(split(&t.take_sent()[0]).2, 3);
}

#[test]
fn credentials_given_early_wait_for_the_link() {
    let (mut t, options) = client_trace(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).receives(lcp(ACK, 1, &options)).take_sent();
    t.receives(challenge(3, C));
    assert_eq!(t.take_sent().len(), 1);
}

#[test]
fn the_response_is_repeated_as_it_was() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, C));
    let sent = t.take_sent();
    t.receives(challenge(3, C)).sends(&sent); // the server repeats its challenge
    t.at(2_999).sends_nothing();
    t.at(3_000).sends(&sent);
    t.at(29_999).sends(vec![sent[0].clone(); 8]);
    t.at(30_000);
    let cause = gave_up(&mut t, Code::PPP_TIMEOUT);
    assert_eq!(cause.layer, LayerName::Auth);
}

#[test]
fn a_server_that_never_challenges_is_given_up() {
    let mut t = established(ClientConfig::default());
    t.at(1_000).call(|ppp, now| ppp.authenticate(now, alice()));
    t.at(60_999).sends_nothing();
    t.at(61_000);
    assert_eq!(gave_up(&mut t, Code::PPP_TIMEOUT).did, "waited for the server's challenge");
}

#[test]
fn a_wrong_proof_of_the_server_is_778_and_gives_no_token() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, C)).take_sent();
    t.receives(chap(3, 3, b"S=0000000000000000000000000000000000000000 M=Access granted"));
    assert_eq!(gave_up(&mut t, Code::UNABLE_TO_AUTHENTICATE_SERVER).layer, LayerName::Auth);
}

#[test]
fn verdicts_on_other_responses_are_ignored() {
    let mut t = established(ClientConfig::default());
    t.receives(chap(3, 3, b"S=")).receives(chap(4, 3, b"E=691 R=0"));
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, C)).take_sent();
    t.receives(chap(3, 4, b"S=")).receives(chap(4, 2, b"E=691 R=0")).sends_nothing();
    assert!(t.take_events().is_empty());
}

#[test]
fn a_retry_answers_the_new_challenge_with_the_next_identifier() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, credentials("alice", "wrong"))).receives(challenge(3, C)).take_sent();
    t.receives(chap(4, 3, b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Again")).sends_nothing();
    let events = t.take_events();
    let [Event::AuthenticationRefused { cause, retry: true, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((cause.code, &cause.said[..]), (Code::AUTHENTICATION_FAILURE, "E=691 R=1 M=Again"));
    t.at(45_000).sends_nothing();
    t.call(|ppp, now| ppp.authenticate(now, alice()));
    let sent = t.take_sent();
    assert_eq!(split(&sent[0]).2, 4);
    t.receives(chap(3, 4, &proof(&sent[0], 0x00112233445566778899AABBCCDDEEFF_u128.to_be_bytes())));
    assert_eq!(names(&t.take_events()), ["Authenticated"]);
}

#[test]
fn a_new_challenge_after_success_is_answered_and_told_nobody() {
    let (mut t, token) = authenticated(ClientConfig::default());
    t.call(|ppp, now| ppp.project(now, token)).take_sent();
    t.receives(challenge(4, [4; 16]));
    let sent = t.take_sent();
    t.receives(chap(3, 4, &proof(&sent[0], [4; 16]))).sends_nothing();
    assert!(t.take_events().is_empty());
    t.receives(challenge(5, [5; 16])).take_sent();
    t.receives(chap(4, 5, b"E=647 R=0 C=00112233445566778899AABBCCDDEEFF V=3"));
    gave_up(&mut t, Code::ACCT_DISABLED);
}

#[test]
fn the_second_gate_takes_the_token_once_and_only_while_it_holds() {
    let (mut t, token) = authenticated(ClientConfig::default());
    let (again, late) = (token.clone(), token.clone());
    t.call(|ppp, now| ppp.project(now, token));
    assert_eq!(t.take_sent().len(), 1);
    t.call(|ppp, now| ppp.project(now, again)).sends_nothing();
    t.receives(lcp(REQ, 9, &auth_ms_chap_v2())).take_sent();
    t.call(|ppp, now| ppp.project(now, late)).sends_nothing();
}

#[test]
fn the_second_gate_stays_shut_before_this_links_own_authentication() {
    let (_, foreign) = authenticated(ClientConfig::default());
    let again = foreign.clone();
    let (mut t, _) = client_trace(ClientConfig::default());
    t.call(|ppp, now| ppp.project(now, foreign)).sends_nothing();
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.project(now, again)).sends_nothing();
    assert!(t.take_events().is_empty());
}

#[test]
fn rfc_2759_7_a_refused_new_password_is_not_the_old_one_of_the_next_change() {
    let mut t = established(ClientConfig::default());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, C)).take_sent();
    let expired = |code: u32, retry: u8| format!("E={code} R={retry} C=000102030405060708090A0B0C0D0E0F V=3 M=no");
    let mut changes = |id: u8, failure: String, new: &str| {
        t.receives(chap(4, id, failure.as_bytes())).call(|ppp, now| ppp.change_password(now, &Secret::from(new)));
        let (0xc223, 7, next, value) = split(&t.take_sent()[0]) else { panic!("no Change-Password") };
        assert_eq!(next, id + 1);
        Change::parse(&value).unwrap().open(b"wonderland").and_then(|new| new.expose_str().map(str::to_owned))
    };
    assert_eq!(changes(3, expired(648, 0), "short").as_deref(), Some("short"));
    assert_eq!(changes(4, expired(709, 1), "long enough").as_deref(), Some("long enough"));
}

//! The answering end whose EAP is judged elsewhere.

use crate::common::*;
use rasman_auth::eap::Verdict;
use rasman_core::{AuthMethod, Code, Instant, SessionKeys};
use rasman_ppp::{ClientConfig, Event, Ppp, ServerConfig};
use rasman_testkit::{Pair, Trace, Weather};

fn config() -> ServerConfig {
    ServerConfig { authentication: vec![AuthMethod::EapMd5], eap_elsewhere: true, ..server_config() }
}

/// A server whose peer has said who it is; gives the number of the question.
fn asked() -> (Trace<Ppp>, u64) {
    let mut t = Trace::new(server(config(), 1));
    t.call(|ppp, now| ppp.lower_up(now, 1500));
    let options = split(&t.take_sent()[0]).3;
    t.receives(lcp(REQ, 1, &[])).receives(lcp(ACK, 1, &options));
    let id = split(&t.take_sent()[1]).2;
    t.receives(packet(0xc227, 2, id, b"\x01alice")).sends_nothing();
    let events = t.take_events();
    let Some(Event::EapResponse { number, ask }) = events.last() else { panic!("{events:?}") };
    assert_eq!((ask.user.as_str(), ask.begins), ("alice", true));
    (t, *number)
}

fn request(id: u8) -> Vec<u8> {
    vec![1, id, 0, 6, 4, 0]
}

#[test]
fn a_response_is_told_once_and_its_verdict_goes_to_the_peer() {
    let (mut t, number) = asked();
    t.call(|ppp, now| ppp.eap_verdict(now, number, Verdict::Challenge(request(9)))).sends([frame(0xc227, &request(9))]);
    // Repeated until the peer answers, as a server's own.
    t.at(3_000).sends([frame(0xc227, &request(9))]);
    t.receives(packet(0xc227, 2, 8, &[4, 0])).sends_nothing();
    assert!(t.take_events().is_empty(), "an answer to another request is nobody's");
    t.receives(packet(0xc227, 2, 9, &[4, 0]));
    let events = t.take_events();
    let [Event::EapResponse { number: second, .. }] = events[..] else { panic!("{events:?}") };
    assert_ne!(second, number);
    t.call(|ppp, now| ppp.eap_verdict(now, number, Verdict::Challenge(request(10)))).sends_nothing();
    let keys = SessionKeys { master_send: vec![5], master_receive: vec![6] };
    let accept = Verdict::Accept { packet: vec![3, 9, 0, 4], user: None, keys };
    t.call(|ppp, now| ppp.eap_verdict(now, second, accept));
    assert_eq!(t.take_sent()[0], frame(0xc227, &[3, 9, 0, 4]));
    let events = t.take_events();
    let [Event::Authenticated { token, keys }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((token.method(), token.user(), &keys.master_send[..]), (Some(AuthMethod::EapMd5), "alice", &[5][..]));
}

#[test]
fn a_refusal_and_a_server_that_cannot_be_asked_end_the_link() {
    for verdict in [
        Verdict::Reject { packet: None, said: "no".into() },
        Verdict::Failed(rasman_core::Cause::new(Code::AUTHENTICATION_FAILURE, rasman_core::LayerName::Auth)),
    ] {
        let (mut t, number) = asked();
        t.call(|ppp, now| ppp.eap_verdict(now, number, verdict));
        let sent = t.take_sent();
        assert_eq!((split(&sent[0]).0, split(&sent[0]).1), (0xc227, 4));
        assert_eq!(split(&sent[1]).1, TERM_REQ);
        assert_eq!(finished(&t.take_events()).unwrap().code, Code::AUTHENTICATION_FAILURE);
    }
}

#[test]
fn a_word_that_never_comes_is_given_up_to_the_millisecond() {
    let (mut t, number) = asked();
    t.at(59_999).sends_nothing();
    assert!(finished(&t.take_events()).is_none());
    t.at(60_000);
    assert_eq!(finished(&t.take_events()).unwrap().code, Code::PPP_TIMEOUT);
    t.take_sent();
    t.call(|ppp, now| ppp.eap_verdict(now, number, Verdict::Challenge(request(9)))).sends_nothing();
}

#[test]
fn a_word_on_a_conversation_that_lcp_has_ended_is_void() {
    let (mut t, number) = asked();
    t.receives(lcp(REQ, 2, &[]));
    let sent = t.take_sent();
    let (0xc021, REQ, id, options) = split(&sent[0]) else { panic!("{sent:?}") };
    t.receives(lcp(ACK, id, &options));
    assert_eq!(names(&t.take_events()), ["Renegotiating", "LinkEstablished"]);
    t.take_sent();
    t.call(|ppp, now| ppp.eap_verdict(now, number, Verdict::Challenge(request(9)))).sends_nothing();
}

#[test]
fn our_client_is_let_in_over_a_bad_wire() {
    for seed in 0..20 {
        let client_config = ClientConfig { authentication: vec![AuthMethod::EapMd5], ..ClientConfig::default() };
        let weather = Weather { loss: 20, duplicate: 20, ..Weather::default() };
        let mut pair: Pair<Ppp, Ppp> = Pair::datagrams(client(client_config, 1), server(config(), 2), weather, seed);
        pair.a.layer.lower_up(Instant::ZERO, 1500);
        pair.b.layer.lower_up(Instant::ZERO, 1500);
        let mut told = Vec::new();
        for second in 1..50 {
            let now = Instant::from_millis(second * 1_000);
            pair.run_to(now);
            open_gates(&mut pair.a, now);
            for event in pair.b.events.drain(..).collect::<Vec<_>>() {
                if let Event::EapResponse { number, ask } = &event {
                    let challenge = [&[1, 70, 0, 22, 4, 16][..], &[7; 16]].concat();
                    let accept = || Verdict::Accept {
                        packet: vec![3, 70, 0, 4],
                        user: None,
                        keys: SessionKeys { master_send: Vec::new(), master_receive: Vec::new() },
                    };
                    let verdict = if ask.response[4] == 1 { Verdict::Challenge(challenge) } else { accept() };
                    pair.b.layer.eap_verdict(now, *number, verdict);
                }
                told.push(event);
            }
        }
        let granted = told.iter().any(|event| matches!(event, Event::Authenticated { .. }));
        assert!(granted, "seed {seed}: {told:?}");
    }
}

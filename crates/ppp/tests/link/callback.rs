//! Callback: the option of LCP, CBCP between authentication and network, and both ends over a bad wire.

use crate::common::*;
use rasman_core::{Code, Duration, LayerName};
use rasman_ppp::{CallbackChoice, CallbackOffer, CallbackPolicy, ClientConfig, Event, Ppp, ServerConfig};
use rasman_testkit::{Pair, Weather};

const CALLBACK: u8 = 13;

fn willing() -> ClientConfig {
    ClientConfig { callback: Some(Duration::from_secs(9)), ..ClientConfig::default() }
}

fn by_caller() -> CallbackPolicy {
    CallbackPolicy { none: true, by_caller: true, ..CallbackPolicy::default() }
}

fn calling(policy: CallbackPolicy) -> ServerConfig {
    ServerConfig { callback: Some(policy), ..server_config() }
}

fn cbcp(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0xc029, code, id, data)
}

/// A client that has authenticated itself and negotiates a callback.
fn in_callback() -> rasman_testkit::Trace<Ppp> {
    let mut t = established(willing());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, [9; 16]));
    let sent = t.take_sent();
    t.receives(chap(3, 3, &proof(&sent[0], [9; 16]))).sends_nothing();
    assert!(t.take_events().is_empty(), "the callback goes before the second gate");
    t
}

#[test]
fn the_option_is_asked_for_only_where_the_entry_allows_a_callback() {
    let (_, options) = client_trace(ClientConfig::default());
    assert!(!options.windows(2).any(|pair| pair == [CALLBACK, 3]));
    let (_, options) = client_trace(willing());
    assert!(options.ends_with(&[CALLBACK, 3, 6]), "{options:?}");
}

#[test]
fn a_server_that_calls_nobody_back_is_no_failure() {
    let (mut t, options) = client_trace(willing());
    t.receives(lcp(REJ, 1, &opt(CALLBACK, &[6])));
    let sent = t.take_sent();
    let (_, REQ, 2, again) = split(&sent[0]) else { panic!("{sent:?}") };
    assert_eq!(again, options[..options.len() - 3]);
}

#[test]
fn a_server_that_demands_a_callback_without_consent_is_refused_and_explained() {
    // It insists until we give up.
    let (mut t, _) = client_trace(ClientConfig::default());
    for id in 1..=6 {
        t.receives(lcp(NAK, id, &opt(CALLBACK, &[6])));
    }
    let refused = gave_up(&mut t, Code::BAD_CALLBACK_NUMBER);
    assert_eq!(refused.layer, LayerName::Cbcp);

    // It gives up.
    let (mut t, _) = client_trace(ClientConfig::default());
    t.receives(lcp(NAK, 1, &opt(CALLBACK, &[6]))).receives(lcp(TERM_REQ, 9, b""));
    let cause = cause(&mut t);
    assert_eq!((cause.code, cause.layer), (Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp));
    assert!(cause.advice.contains("CallbackMode"), "{cause}");
}

#[test]
fn cbcp_without_the_option_is_rejected() {
    let (mut t, _) = authenticated(ClientConfig::default());
    t.take_sent();
    t.receives(cbcp(1, 1, &[1, 2]));
    let sent = t.take_sent();
    assert_eq!((split(&sent[0]).0, split(&sent[0]).1), (0xc021, PROTO_REJ));
}

#[test]
fn a_client_chooses_and_the_network_waits_for_it() {
    let mut t = in_callback();
    t.receives(cbcp(1, 1, &[1, 2, 2, 5, 0, 1, 0])).sends_nothing();
    let events = t.take_events();
    let [Event::CallbackOffered(offer)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*offer, CallbackOffer { none: true, by_caller: true, ..CallbackOffer::default() });
    t.call(|ppp, now| assert!(ppp.choose_callback(now, CallbackChoice::None))).sends([cbcp(2, 1, &[1, 2])]);
    t.receives(cbcp(3, 1, &[1, 2])).sends_nothing();
    assert_eq!(names(&t.take_events()), ["Authenticated"]);
    // The server did not hear that we heard: nothing is to be said any more.
    t.receives(cbcp(3, 1, &[1, 2])).sends_nothing();
}

#[test]
fn a_call_that_is_agreed_on_lets_nobody_in() {
    let mut t = in_callback();
    t.receives(cbcp(1, 4, &[3, 3, 0]));
    t.take_events();
    t.call(|ppp, now| assert!(ppp.choose_callback(now, CallbackChoice::Preset))).sends([cbcp(2, 4, &[3, 3, 9])]);
    t.receives(cbcp(3, 4, &[3, 3, 9]));
    let events = t.take_events();
    assert!(matches!(events[..], [Event::CallbackAgreed(None)]), "{events:?}");
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).sends_nothing();
    t.call(|ppp, now| ppp.terminate(now));
    let sent = t.take_sent();
    assert_eq!(split(&sent[0]).1, TERM_REQ);
}

#[test]
fn a_request_that_comes_before_the_verdict_is_kept() {
    let mut t = established(willing());
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, [9; 16]));
    let sent = t.take_sent();
    t.receives(cbcp(1, 1, &[3, 3, 0])).receives(chap(3, 3, &proof(&sent[0], [9; 16])));
    let events = t.take_events();
    assert!(matches!(events[..], [Event::CallbackOffered(_)]), "{events:?}");
}

#[test]
fn a_server_that_agreed_and_goes_on_without_calls_nobody() {
    let mut t = in_callback();
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1])));
    assert_eq!(names(&t.take_events()), ["Authenticated"]);
}

#[test]
fn a_server_that_negotiates_again_takes_its_offer_back() {
    let mut t = in_callback();
    t.receives(cbcp(1, 1, &[3, 3, 0])).receives(lcp(REQ, 8, &auth_ms_chap_v2()));
    let events = t.take_events();
    assert!(matches!(events[..], [Event::CallbackOffered(_), Event::Renegotiating]), "{events:?}");
    t.call(|ppp, now| assert!(!ppp.choose_callback(now, CallbackChoice::Preset)));
}

/// Runs both ends until neither has anything to do before `deadline`; the client chooses `choice`.
fn run(
    policy: CallbackPolicy,
    config: ClientConfig,
    choice: &CallbackChoice,
    weather: Weather,
    seed: u64,
) -> [Vec<Event>; 2] {
    let mut pair = Pair::datagrams(client(config, seed), server(calling(policy), seed ^ 0xc029), weather, seed);
    pair.a.layer.lower_up(pair.now(), 1500);
    pair.b.layer.lower_up(pair.now(), 1500);
    let mut seen = vec![];
    for _ in 0..4_000 {
        let now = pair.now();
        for event in open_gates(&mut pair.a, now) {
            match &event {
                Event::CallbackOffered(_) => assert!(pair.a.layer.choose_callback(now, choice.clone())),
                Event::CallbackAgreed(_) => pair.a.layer.terminate(now),
                _ => {}
            }
            seen.push(event);
        }
        let both_up = pair.a.layer.projection().is_some() && pair.b.layer.projection().is_some();
        let over = finished(&seen).is_some() && finished(&pair.b.events).is_some();
        if both_up || over || !pair.step() {
            break;
        }
    }
    [seen, core::mem::take(&mut pair.b.events)]
}

#[test]
fn both_ends_agree_on_a_call_over_any_wire_or_give_up() {
    let number = CallbackChoice::Number("555-0100".into());
    let mut agreed = 0;
    for seed in 0..200 {
        let weather = if seed == 0 { Weather::default() } else { BAD };
        let [client, server] = run(by_caller(), willing(), &number, weather, seed);
        let call = server.iter().find_map(|event| match event {
            Event::CallbackAgreed(call) => call.clone(),
            _ => None,
        });
        let told = client.iter().any(|event| matches!(event, Event::CallbackAgreed(None)));
        assert!(!told || call.is_some(), "{seed}: the client waits for a call that nobody makes");
        if let Some(call) = call {
            agreed += 1;
            assert_eq!((&*call.number, call.delay), ("555-0100", Duration::from_secs(9)));
        }
        assert!(!names(&server).contains(&"Projected"), "{seed}");
        assert!(finished(&server).is_some() || finished(&client).is_some(), "{seed}: {client:?} {server:?}");
    }
    assert!(agreed > 100, "{agreed}");
}

#[test]
fn no_callback_leads_to_the_network() {
    let [client, server] = run(by_caller(), willing(), &CallbackChoice::None, Weather::default(), 3);
    assert_eq!(names(&client), ["LinkEstablished", "?", "Authenticated", "Projected"]);
    assert_eq!(names(&server), ["LinkEstablished", "Authenticated", "Projected"]);
}

#[test]
fn a_server_that_has_to_call_back_lets_nobody_in_who_does_not_agree() {
    let preset = CallbackPolicy { preset: Some("555".into()), ..CallbackPolicy::default() };
    let [client, server] = run(preset, ClientConfig::default(), &CallbackChoice::None, Weather::default(), 4);
    for events in [&client, &server] {
        assert!(!names(events).contains(&"Projected"), "{events:?}");
    }
    assert!(!names(&server).contains(&"Authenticated"), "{server:?}");
    let cause = finished(&client).unwrap();
    assert_eq!((cause.code, cause.layer), (Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp));
}

/// A fifth of all packets does not arrive as it was sent.
const BAD: Weather = Weather {
    loss: 10,
    duplicate: 5,
    reorder: 5,
    delay: Duration::from_millis(50),
    jitter: Duration::from_millis(200),
};

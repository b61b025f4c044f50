//! The answering end.

use crate::common::*;
use core::net::Ipv4Addr;
use rasman_core::{AuthMethod, Code, Instant, Layer};
use rasman_ppp::{AccountState, ClientConfig, Event, Ppp, ServerConfig};
use rasman_testkit::{Pair, Trace, Weather};
use std::sync::Arc;

/// A server on a carrier, and the options of its first request.
fn server_trace(config: ServerConfig) -> (Trace<Ppp>, Vec<u8>) {
    let mut t = Trace::new(server(config, 1));
    t.call(|ppp, now| ppp.lower_up(now, 1500));
    let sent = t.take_sent();
    let (0xc021, REQ, 1, options) = split(&sent[0]) else { panic!("{sent:?}") };
    (t, options)
}

fn challenged(config: ServerConfig) -> (Trace<Ppp>, Vec<u8>) {
    let (mut t, options) = server_trace(config);
    t.receives(lcp(REQ, 1, &[])).receives(lcp(ACK, 1, &options));
    let sent = t.take_sent();
    assert_eq!(sent[0], lcp(ACK, 1, &[]));
    (t, sent[1].clone())
}

/// A dial against a server; gives the client's and the server's events.
fn dial(config: ServerConfig, user: &str, password: &str) -> (Vec<Event>, Vec<Event>) {
    let mut pair: Pair<Ppp, Ppp> =
        Pair::datagrams(client(ClientConfig::default(), 1), server(config, 2), Weather::default(), 3);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair.a.layer.authenticate(Instant::ZERO, credentials(user, password));
    pair.run_to(Instant::from_millis(1));
    (pair.a.events, pair.b.events)
}

#[test]
fn it_demands_ms_chap_v2_and_challenges_until_a_response_comes() {
    let (mut t, challenge) = challenged(server_config());
    let (0xc223, 1, _, data) = split(&challenge) else { panic!("{challenge:?}") };
    assert_eq!((data[0], &data[17..]), (16, &b"lab"[..]));
    t.at(3_000).sends([&challenge]);
    t.at(29_999).sends(vec![challenge; 8]);
    t.at(30_000);
    gave_up(&mut t, Code::PPP_TIMEOUT);
}

#[test]
fn a_client_that_wants_another_method_or_none_is_919() {
    for (code, data) in [(NAK, opt(3, &[0xc0, 0x23])), (REJ, auth_ms_chap_v2())] {
        let (mut t, options) = server_trace(server_config());
        assert!(options.starts_with(&auth_ms_chap_v2()));
        t.receives(lcp(code, 1, &data));
        gave_up(&mut t, Code::PEER_REFUSED_AUTH);
    }
}

#[test]
fn it_does_not_authenticate_itself_apart() {
    let (mut t, _) = server_trace(server_config());
    t.receives(lcp(REQ, 1, &auth_ms_chap_v2())).sends([lcp(REJ, 1, &auth_ms_chap_v2())]);
}

#[test]
fn a_wrong_password_is_refused_and_the_link_ends() {
    let (client, server) = dial(server_config(), "alice", "wrong");
    assert_eq!(names(&client), ["LinkEstablished", "Refused", "Finished"]);
    assert_eq!(names(&server), ["LinkEstablished", "Finished"]);
    assert_eq!(finished(&server).unwrap().code, Code::AUTHENTICATION_FAILURE);
    assert_eq!(finished(&client).unwrap().code, Code::REMOTE_DISCONNECTION);
}

#[test]
fn the_state_of_an_account_reaches_the_client_as_its_code() {
    for (state, code) in [
        (AccountState::RestrictedHours, Code::RESTRICTED_LOGON_HOURS),
        (AccountState::Disabled, Code::ACCT_DISABLED),
        (AccountState::PasswordExpired, Code::PASSWD_EXPIRED),
        (AccountState::NoDialIn, Code::NO_DIALIN_PERMISSION),
    ] {
        let config = ServerConfig { accounts: Arc::new(Users(state)), ..server_config() };
        let (events, _) = dial(config, "alice", "wonderland");
        let Some(Event::AuthenticationRefused { cause, .. }) = events.get(1) else { panic!("{events:?}") };
        assert_eq!(cause.code, code);
    }
}

#[test]
fn a_domain_is_part_of_the_name() {
    let (events, _) = dial(server_config(), "LAB\\alice", "wonderland");
    assert_eq!(names(&events), ["LinkEstablished", "Authenticated"]);
    let (events, _) = dial(server_config(), "ELSEWHERE\\alice", "wonderland");
    assert_eq!(names(&events), ["LinkEstablished", "Refused", "Finished"]);
}

#[test]
fn a_retry_is_waited_for_as_long_as_a_person_types() {
    let config = ServerConfig { retries: 1, ..server_config() };
    let mut pair: Pair<Ppp, Ppp> =
        Pair::datagrams(client(ClientConfig::default(), 1), server(config, 2), Weather::default(), 3);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair.a.layer.authenticate(Instant::ZERO, credentials("alice", "wrong"));
    pair.run_to(Instant::from_millis(50_000));
    assert_eq!(names(&pair.a.events), ["LinkEstablished", "Refused, may retry"]);
    pair.a.layer.authenticate(pair.now(), alice());
    pair.run_to(Instant::from_millis(50_001));
    assert_eq!(names(&pair.a.events[2..]), ["Authenticated"]);
}

#[test]
fn a_peer_that_does_not_retry_is_given_up() {
    let config = ServerConfig { retries: 1, ..server_config() };
    let mut pair: Pair<Ppp, Ppp> =
        Pair::datagrams(client(ClientConfig::default(), 1), server(config, 2), Weather::default(), 3);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair.a.layer.authenticate(Instant::ZERO, credentials("alice", "wrong"));
    pair.run_to(Instant::from_millis(59_999));
    assert!(finished(&pair.b.events).is_none());
    pair.run_to(Instant::from_millis(60_000));
    assert_eq!(finished(&pair.b.events).unwrap().code, Code::AUTHENTICATION_FAILURE);
}

#[test]
fn an_old_response_of_eap_repeats_the_request_and_buys_no_time() {
    let (mut t, request) = challenged(ServerConfig { authentication: vec![AuthMethod::EapMd5], ..server_config() });
    let (0xc227, 1, id, _) = split(&request) else { panic!("{request:?} is no Request") };
    let identity = packet(0xc227, 2, id, b"\x01alice");
    t.receives(&identity);
    let asked = t.take_sent();
    assert_eq!(asked.len(), 1);
    for at in [20_000, 40_000, 59_000] {
        t.at(at).take_sent();
        t.receives(&identity).sends(&asked);
    }
    t.at(59_999);
    assert!(finished(&t.take_events()).is_none());
    t.at(60_000);
    assert_eq!(finished(&t.take_events()).map(|cause| cause.code), Some(Code::PPP_TIMEOUT));
}

#[test]
fn it_gives_the_address_and_the_name_servers_that_it_has() {
    let two = vec![DNS, Ipv4Addr::new(10, 66, 0, 54)];
    for (dns, printed) in [(vec![], ""), (vec![DNS], ", DNS 10.66.0.53"), (two, ", DNS 10.66.0.53 10.66.0.54")] {
        let config = ServerConfig { dns, ..server_config() };
        let mut pair: Pair<Ppp, Ppp> =
            Pair::datagrams(client(ClientConfig::default(), 1), server(config, 2), Weather::default(), 3);
        pair.a.layer.lower_up(Instant::ZERO, 1400);
        pair.b.layer.lower_up(Instant::ZERO, 1400);
        while pair.step() && pair.now() == Instant::ZERO {
            open_gates(&mut pair.a, Instant::ZERO);
        }
        let client = pair.a.layer.projection().unwrap().to_string();
        assert_eq!(client, format!("10.66.0.2 -> 10.66.0.1{printed}, MTU 1400"));
        assert_eq!(pair.b.layer.projection().unwrap().to_string(), "10.66.0.1 -> 10.66.0.2, MTU 1400");
    }
}

#[test]
fn a_client_that_asks_for_another_address_is_735() {
    let config = ClientConfig { request_address: Some(Ipv4Addr::new(10, 66, 0, 99)), ..ClientConfig::default() };
    let mut pair: Pair<Ppp, Ppp> =
        Pair::datagrams(client(config, 1), server(server_config(), 2), Weather::default(), 3);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    let mut seen = vec![];
    while pair.step() && finished(&seen).is_none() {
        seen.extend(open_gates(&mut pair.a, Instant::ZERO));
    }
    assert_eq!(finished(&seen).unwrap().code, Code::PPP_REQUIRED_ADDRESS_REJECTED);
}

#[test]
fn both_ends_say_goodbye() {
    let mut pair: Pair<Ppp, Ppp> =
        Pair::datagrams(client(ClientConfig::default(), 1), server(server_config(), 2), Weather::default(), 3);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    while pair.a.layer.projection().is_none() || pair.b.layer.projection().is_none() {
        pair.step();
        open_gates(&mut pair.a, Instant::ZERO);
    }
    pair.b.layer.terminate(Instant::ZERO);
    pair.run_to(Instant::from_millis(1));
    assert_eq!(finished(&pair.a.events).unwrap().code, Code::REMOTE_DISCONNECTION);
    assert_eq!(finished(&pair.b.events).unwrap().code, Code::USER_DISCONNECTION);
    assert_eq!(pair.b.layer.poll_timeout(), None);
}

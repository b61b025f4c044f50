//! IPCP: addresses, name servers, and what can go wrong with them.

use crate::common::*;
use core::net::Ipv4Addr;
use rasman_core::{Batch, Code, DropReason, Layer, LayerName};
use rasman_ppp::{ClientConfig, Event};

const NONE: [u8; 4] = [0; 4];

#[test]
fn the_client_asks_takes_what_it_is_given_and_is_up() {
    let mut t = networking(ClientConfig::default());
    t.sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE))]);
    t.receives(ipcp(NAK, 1, &addresses([10, 0, 0, 9], [10, 0, 0, 1], [10, 0, 0, 2])));
    let given = addresses([10, 0, 0, 9], [10, 0, 0, 1], [10, 0, 0, 2]);
    t.sends([ipcp(REQ, 2, &given)]);
    t.receives(ipcp(ACK, 2, &given)).sends_nothing();
    t.receives(ipcp(REQ, 5, &opt(3, &[10, 0, 0, 1]))).sends([ipcp(ACK, 5, &opt(3, &[10, 0, 0, 1]))]);
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.to_string(), "10.0.0.9 -> 10.0.0.1, DNS 10.0.0.1 10.0.0.2, MTU 1500");
}

#[test]
fn the_request_is_repeated_every_restart_interval_and_given_up() {
    let mut t = networking(ClientConfig::default());
    let request = ipcp(REQ, 1, &addresses(NONE, NONE, NONE));
    t.sends([&request]);
    t.at(2_999).sends_nothing();
    t.at(3_000).sends([&request]);
    t.at(29_999).sends(vec![request; 8]);
    t.at(30_000);
    assert_eq!(gave_up(&mut t, Code::PPP_TIMEOUT).layer, LayerName::Ipcp);
}

#[test]
fn a_request_that_came_before_the_gate_is_not_lost() {
    let (mut t, token) = authenticated(ClientConfig::default());
    t.receives(ipcp(REQ, 5, &opt(3, &[10, 0, 0, 1]))).sends_nothing();
    t.call(|ppp, now| ppp.project(now, token));
    t.sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE)), ipcp(ACK, 5, &opt(3, &[10, 0, 0, 1]))]);
}

#[test]
fn a_request_that_came_before_the_server_was_ready_is_repeated() {
    let mut t = networking(ClientConfig::default());
    let request = ipcp(REQ, 1, &addresses(NONE, NONE, NONE));
    t.sends([&request]);
    t.at(300).receives(ipcp(REQ, 5, &opt(3, &[10, 0, 0, 1])));
    t.sends([request, ipcp(ACK, 5, &opt(3, &[10, 0, 0, 1]))]);
}

#[test]
fn name_servers_are_not_asked_for_if_not_wanted() {
    let mut t = networking(ClientConfig { request_dns: false, ..ClientConfig::default() });
    t.sends([ipcp(REQ, 1, &opt(3, &NONE))]);
}

#[test]
fn a_rejected_option_is_not_asked_again() {
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    t.receives(ipcp(REJ, 1, &opt(131, &NONE))).sends([ipcp(REQ, 2, &[opt(3, &NONE), opt(129, &NONE)].concat())]);
    t.receives(ipcp(NAK, 2, &addresses([10, 0, 0, 9], [10, 0, 0, 1], [10, 0, 0, 2])));
    t.sends([ipcp(REQ, 3, &[opt(3, &[10, 0, 0, 9]), opt(129, &[10, 0, 0, 1])].concat())]);
}

#[test]
fn no_address_is_738_however_it_is_said() {
    let scripts: [&[(u8, Vec<u8>)]; 3] =
        [&[(NAK, opt(3, &NONE))], &[(REJ, opt(3, &NONE))], &[(ACK, addresses(NONE, NONE, NONE))]];
    for script in scripts {
        let mut t = networking(ClientConfig::default());
        t.take_sent();
        t.receives(ipcp(REQ, 5, &opt(3, &[10, 0, 0, 1])));
        for (code, data) in script {
            t.receives(ipcp(*code, 1, data));
        }
        assert_eq!(gave_up(&mut t, Code::PPP_NO_ADDRESS_ASSIGNED).layer, LayerName::Ipcp);
    }
}

#[test]
fn a_required_address_is_taken_or_735() {
    let wanted = [10, 0, 0, 77];
    let config = || ClientConfig {
        request_address: Some(Ipv4Addr::from(wanted)),
        request_dns: false,
        ..ClientConfig::default()
    };
    for (code, data) in [(NAK, opt(3, &[10, 0, 0, 9])), (REJ, opt(3, &wanted))] {
        let mut t = networking(config());
        t.sends([ipcp(REQ, 1, &opt(3, &wanted))]);
        t.receives(ipcp(code, 1, &data));
        let cause = gave_up(&mut t, Code::PPP_REQUIRED_ADDRESS_REJECTED);
        assert_eq!(cause.did, "asked for the address 10.0.0.77");
    }
    let mut t = networking(config());
    t.receives(ipcp(ACK, 1, &opt(3, &wanted))).receives(ipcp(REQ, 1, &[]));
    assert_eq!(names(&t.take_events()), ["Projected"]);
}

#[test]
fn what_the_peer_may_not_ask_is_rejected() {
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    let vj = opt(2, &[0x00, 0x2d, 0x0f, 0x01]);
    let request = [opt(3, &NONE), vj.clone(), opt(129, &NONE), opt(130, &NONE), opt(1, &[0; 8])].concat();
    t.receives(ipcp(REQ, 1, &request)).sends([ipcp(REJ, 1, &request)]);
    let request = [opt(3, &[10, 0, 0, 1]), vj.clone()].concat();
    t.receives(ipcp(REQ, 2, &request)).sends([ipcp(REJ, 2, &vj)]);
}

#[test]
fn netbios_name_servers_are_asked_for_where_wanted_and_given_where_there_are_some() {
    let mut t = networking(ClientConfig { request_nbns: true, request_dns: false, ..ClientConfig::default() });
    t.sends([ipcp(REQ, 1, &[opt(3, &NONE), opt(130, &NONE), opt(132, &NONE)].concat())]);
    let given = [opt(3, &[10, 0, 0, 9]), opt(130, &[10, 0, 0, 1]), opt(132, &NONE)].concat();
    t.receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given)).receives(ipcp(REQ, 1, &[]));
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.nbns, [Ipv4Addr::new(10, 0, 0, 1)]);
}

#[test]
fn a_peer_that_wants_our_own_address_has_none() {
    let mut t = networking(ClientConfig { request_dns: false, ..ClientConfig::default() });
    t.take_sent();
    let ours = opt(3, &[10, 0, 0, 9]);
    // It asks before we know ours, so it is taken; and asks again afterwards.
    t.receives(ipcp(REQ, 1, &ours)).sends([ipcp(ACK, 1, &ours)]);
    t.receives(ipcp(NAK, 1, &ours)).sends([ipcp(REQ, 2, &ours)]);
    t.receives(ipcp(ACK, 2, &ours));
    let events = t.take_events();
    let [Event::Projected(projection)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(projection.to_string(), "10.0.0.9, MTU 1500");
    t.receives(ipcp(REQ, 2, &ours));
    assert_eq!(t.take_sent().pop(), Some(ipcp(REJ, 2, &ours)));
}

#[test]
fn a_peer_that_naks_for_ever_without_a_word_on_the_address_is_732() {
    let mut t = networking(ClientConfig::default());
    for _ in 0..200 {
        let id = t.take_sent().last().map_or(1, |frame| split(frame).2);
        t.receives(ipcp(NAK, id, &opt(129, &[10, 0, 0, 1])));
    }
    assert_eq!(cause(&mut t).code, Code::PPP_NOT_CONVERGING);
}

#[test]
fn a_peer_that_never_agrees_is_732() {
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    for n in 0..200 {
        let id = t.take_sent().last().map_or(1, |frame| split(frame).2);
        t.receives(ipcp(NAK, id, &opt(3, &[10, 0, 0, n])));
        if !t.side().events.is_empty() {
            break;
        }
    }
    let cause = cause(&mut t);
    assert_eq!((cause.code, cause.layer), (Code::PPP_NOT_CONVERGING, LayerName::Ipcp));
}

#[test]
fn the_end_of_ipcp_is_the_end_of_the_link() {
    let mut t = networking(ClientConfig::default());
    t.receives(ipcp(TERM_REQ, 4, b"No address for you"));
    let cause = gave_up(&mut t, Code::PPP_NCP_TERMINATED);
    assert_eq!(cause.said, "No address for you");
}

#[test]
fn a_terminate_ack_is_patience_not_failure() {
    // lwIP answers IPCP this way until CCP is up.
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    t.receives(ipcp(TERM_ACK, 1, &[])).sends_nothing();
    t.at(3_000).sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE))]);
    assert!(t.take_events().is_empty());
}

#[test]
fn ipcp_may_be_negotiated_again() {
    let mut t = projected(ClientConfig::default());
    t.receives(ipcp(REQ, 9, &opt(3, &[10, 66, 0, 1])));
    assert!(t.side().layer.projection().is_none());
    let sent = t.take_sent();
    t.receives(ipcp(ACK, 3, &split(&sent[0]).3));
    assert_eq!(names(&t.take_events()), ["Projected"]);
}

#[test]
fn each_time_up_has_its_own_rounds() {
    let mut t = projected(ClientConfig::default());
    let mut id = 2;
    for n in 0..15 {
        t.receives(ipcp(REQ, n, &opt(3, &[10, 66, 0, 1])));
        for round in 1..4 {
            id += 1;
            t.receives(ipcp(NAK, id, &opt(129, &[10, 66, 0, round])));
        }
        id += 1;
        let request = t.take_sent().pop().unwrap();
        t.receives(ipcp(ACK, id, &split(&request).3));
        assert_eq!(names(&t.take_events()), ["Projected"], "negotiation {n}");
    }
}

#[test]
fn what_came_before_a_renegotiation_is_forgotten() {
    let (mut t, _) = authenticated(ClientConfig::default());
    t.receives(ipcp(REQ, 5, &opt(3, &[10, 0, 0, 1])));
    t.receives(lcp(REQ, 8, &auth_ms_chap_v2()));
    let sent = t.take_sent();
    t.receives(lcp(ACK, 2, &split(&sent[0]).3)).call(|ppp, now| ppp.authenticate(now, alice()));
    t.receives(challenge(1, [1; 16]));
    let response = t.take_sent();
    t.receives(chap(3, 1, &proof(&response[0], [1; 16])));
    let Some(Event::Authenticated { token, .. }) = t.take_events().pop() else { panic!() };
    t.call(|ppp, now| ppp.project(now, token)).sends([ipcp(REQ, 1, &addresses(NONE, NONE, NONE))]);
}

#[test]
fn packets_flow_only_while_projected_and_never_larger_than_the_mtu() {
    let mut t = networking(ClientConfig::default());
    let mut out = Batch::new();
    let now = t.now();
    assert_eq!(t.side().layer.encap(now, &[], &[0x45; 20], &mut out), Err(DropReason::NotUp));
    t.receives(frame(0x0021, &[0x45; 20]));
    assert_eq!(t.side().dropped.last(), Some(&DropReason::NotUp));

    let mut t = projected(ClientConfig::default());
    let ppp = &mut t.side().layer;
    assert_eq!(ppp.encap(now, &[0x45; 20], &[1; 1481], &mut out), Err(DropReason::TooLarge));
    assert!(out.is_empty());
    assert_eq!(ppp.encap(now, &[0x45; 20], &[1; 1480], &mut out), Ok(()));
    assert_eq!(out.as_bytes()[..6], [0xff, 0x03, 0x00, 0x21, 0x45, 0x45]);
    t.receives(frame(0x0021, b"packet")).receives(&frame(0x0021, b"second")[2..]);
    assert_eq!(t.take_received(), [b"packet", b"second"]);
}

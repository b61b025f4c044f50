//! IPV6CP: identifiers, who begins, and that its failure fails nothing.

use crate::common::*;
use rasman_core::{Batch, DropReason, Instant, Layer};
use rasman_ppp::{ClientConfig, Ipv6Wish, Ppp, ServerConfig};
use rasman_testkit::{Pair, Trace, Weather};

fn ipv6cp(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0x8057, code, id, data)
}

fn config(ipv6: Ipv6Wish) -> ClientConfig {
    ClientConfig { ipv6, ..ClientConfig::default() }
}

/// IPv4 is up; gives what was sent for IPv6.
fn up(ipv6: Ipv6Wish) -> (Trace<Ppp>, Vec<Vec<u8>>) {
    let mut t = networking(config(ipv6));
    t.take_sent();
    let given = addresses([10, 66, 0, 2], [10, 66, 0, 53], [10, 66, 0, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    let sent = t.take_sent().into_iter().filter(|frame| split(frame).0 == 0x8057).collect();
    t.take_events();
    (t, sent)
}

#[test]
fn it_is_begun_as_the_entry_says() {
    let theirs = ipv6cp(REQ, 9, &opt(1, &[7; 8]));
    let (mut t, sent) = up(Ipv6Wish::Ask);
    let [request] = &sent[..] else { panic!("{sent:?}") };
    let ours = split(request).3;
    assert_eq!((ours[..2].to_vec(), ours.len(), ours[2] & 2), (vec![1, 10], 10, 0));
    t.receives(&theirs).sends([ipv6cp(ACK, 9, &opt(1, &[7; 8]))]);
    t.receives(ipv6cp(ACK, 1, &ours));
    let link = t.side().layer.ipv6().unwrap();
    assert_eq!((link.local.to_vec(), link.peer), (ours[2..].to_vec(), [7; 8]));
    assert_eq!(link.peer_address().to_string(), "fe80::707:707:707:707");

    let (mut t, sent) = up(Ipv6Wish::WhenOffered);
    assert!(sent.is_empty(), "SoftEther would stop for four seconds");
    t.receives(&theirs);
    let sent = t.take_sent();
    assert_eq!((split(&sent[0]).1, &sent[1]), (REQ, &ipv6cp(ACK, 9, &opt(1, &[7; 8]))));

    let (mut t, _) = up(Ipv6Wish::Off);
    t.receives(&theirs).sends([lcp(PROTO_REJ, 2, &theirs[2..])]);
}

#[test]
fn what_came_before_the_gate_is_not_lost() {
    let (mut t, token) = authenticated(config(Ipv6Wish::WhenOffered));
    t.receives(ipv6cp(REQ, 9, &opt(1, &[7; 8]))).sends_nothing();
    t.call(|ppp, now| ppp.project(now, token));
    let protocols: Vec<_> = t.take_sent().iter().map(|frame| (split(frame).0, split(frame).1)).collect();
    assert_eq!(protocols, [(0x8021, REQ), (0x8057, REQ), (0x8057, ACK)]);
}

#[test]
fn softether_answers_every_repetition_with_the_first_identifier() {
    let (mut t, sent) = up(Ipv6Wish::Ask);
    let ours = split(&sent[0]).3;
    t.at(3_000).sends([&sent[0]]);
    let suggestion = opt(1, &[9; 8]);
    t.at(4_000).receives(ipv6cp(NAK, 1, &suggestion)).sends([ipv6cp(REQ, 2, &suggestion)]);
    // The answer to the repetition: late, and it moves nothing.
    t.receives(ipv6cp(NAK, 1, &ours)).sends_nothing();
    t.receives(ipv6cp(ACK, 2, &suggestion)).receives(ipv6cp(REQ, 1, &opt(1, &[7; 8])));
    assert_eq!(t.side().layer.ipv6().unwrap().local, [9; 8]);
}

#[test]
fn its_failure_fails_nothing() {
    type Fails = fn(&mut Trace<Ppp>) -> &mut Trace<Ppp>;
    let fails: [Fails; 4] = [
        |t| t.receives(ipv6cp(TERM_REQ, 3, b"no IPv6 here")),
        |t| t.receives(lcp(PROTO_REJ, 3, &[0x80, 0x57, 1, 1, 0, 4])),
        |t| t.at(60_000),
        |t| t.receives(ipv6cp(CODE_REJ, 1, &[REQ, 1, 0, 4])),
    ];
    for fail in fails {
        let (mut t, _) = up(Ipv6Wish::Ask);
        fail(&mut t);
        assert!(finished(&t.take_events()).is_none());
        assert!(t.side().layer.projection().is_some() && t.side().layer.ipv6().is_none());
    }
}

#[test]
fn packets_of_both_versions_flow_once_both_are_up() {
    let client = client(config(Ipv6Wish::WhenOffered), 1);
    let server = server(ServerConfig { ipv6: Ipv6Wish::Ask, ..server_config() }, 2);
    let mut pair = Pair::datagrams(client, server, Weather::default(), 1);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    while pair.a.layer.ipv6().is_none() || pair.b.layer.ipv6().is_none() {
        let now = pair.now();
        open_gates(&mut pair.a, now);
        assert!(pair.step());
    }
    assert_eq!(pair.now(), Instant::ZERO, "no step of the negotiation waits");
    pair.send_a(&[0x60], b"six").unwrap();
    pair.send_a(&[0x45], b"four").unwrap();
    while pair.step() && pair.now() == Instant::ZERO {}
    // Before them a router was solicited, which this server passes on.
    assert_eq!(pair.b.received[1..], [&b"\x60six"[..], b"\x45four"]);

    let mut out = Batch::new();
    let mut t = projected(ClientConfig::default());
    let now = t.now();
    assert_eq!(t.side().layer.encap(now, &[0x60], &[0; 39], &mut out), Err(DropReason::NotUp));
    let mut packet = frame(0x57, &[0x60; 40]);
    t.receives(&mut packet);
    let sent = t.take_sent();
    assert_eq!(split(&sent[0]).1, PROTO_REJ, "IPv6 is not spoken here");
}

//! CCP and MPPE: what is agreed, what flows, and what happens where one end does not encrypt.

use crate::common::*;
use rasman_core::{Batch, Code, DropReason, Instant, Layer, LayerName};
use rasman_ppp::{ClientConfig, Mppe, MppeMode, MppeStrength, Ppp, ServerConfig};
use rasman_testkit::{Pair, Trace, Weather};

use MppeStrength::{Bits40, Bits56, Bits128};

fn mppe(strengths: &[MppeStrength], mode: MppeMode, required: bool) -> Option<Mppe> {
    Some(Mppe { strengths: strengths.to_vec(), mode, required })
}

fn pair(ours: Option<Mppe>, theirs: Option<Mppe>) -> Pair<Ppp, Ppp> {
    let client = client(ClientConfig { mppe: ours, ..ClientConfig::default() }, 1);
    let server = server(ServerConfig { mppe: theirs, ..server_config() }, 2);
    let mut pair = Pair::datagrams(client, server, Weather::default(), 1);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair
}

/// Runs until nothing happens any more at this moment; gives the client's events.
fn run(pair: &mut Pair<Ppp, Ppp>) -> Vec<rasman_ppp::Event> {
    let mut seen = vec![];
    for _ in 0..200 {
        let now = pair.now();
        seen.extend(open_gates(&mut pair.a, now));
        let both = pair.a.layer.projection().is_some() && pair.b.layer.projection().is_some();
        if both || finished(&seen).is_some() || !pair.step() {
            break;
        }
    }
    let now = pair.now();
    seen.extend(open_gates(&mut pair.a, now));
    seen
}

#[test]
fn every_strength_and_mode_carries_packets_both_ways() {
    let wishes: [(&[MppeStrength], &[MppeStrength]); 5] = [
        (&[Bits40], &[Bits40]),
        (&[Bits56], &[Bits128, Bits56, Bits40]),
        (&[Bits128], &[Bits128]),
        (&[Bits128, Bits56, Bits40], &[Bits40]),
        (&[Bits128, Bits56, Bits40], &[Bits128, Bits56, Bits40]),
    ];
    let modes = [MppeMode::Stateful, MppeMode::Stateless];
    for ((ours, theirs), (our_mode, their_mode)) in
        wishes.into_iter().flat_map(|w| modes.into_iter().flat_map(move |m| modes.map(|n| (w, (m, n)))))
    {
        let mut pair = pair(mppe(ours, our_mode, true), mppe(theirs, their_mode, true));
        let seen = run(&mut pair);
        assert_eq!(names(&seen), ["LinkEstablished", "Authenticated", "Projected"], "{ours:?} {theirs:?}");
        assert_eq!(pair.now(), Instant::ZERO, "no step of the negotiation waits");
        assert_eq!(pair.a.layer.projection().unwrap().mtu, 1496, "MPPE takes four octets");
        for n in 0..600_u16 {
            pair.send_a(b"E", &n.to_be_bytes()).unwrap();
            pair.send_b(b"E", &n.to_be_bytes()).unwrap();
            while pair.step() && pair.now() == Instant::ZERO {}
        }
        let expected: Vec<_> = (0..600_u16).map(|n| [&b"E"[..], &n.to_be_bytes()].concat()).collect();
        assert_eq!((&pair.a.received, &pair.b.received), (&expected, &expected));
        assert!(pair.a.layer.is_encrypted() && pair.b.layer.is_encrypted());
    }
}

#[test]
fn a_bad_wire_loses_packets_and_never_garbles_one() {
    let weather = Weather { loss: 20, duplicate: 10, reorder: 20, ..Weather::default() };
    for mode in [MppeMode::Stateful, MppeMode::Stateless] {
        let mut pair = pair(mppe(&[Bits128], mode, true), mppe(&[Bits128], mode, true));
        run(&mut pair);
        pair.a_to_b.set_weather(weather);
        for n in 0..2_000_u32 {
            pair.send_a(b"E", &n.to_be_bytes()).unwrap();
            let until = pair.now() + rasman_core::Duration::from_millis(100);
            pair.run_to(until);
        }
        let numbers: Vec<u32> =
            pair.b.received.iter().map(|p| u32::from_be_bytes(p[1..].try_into().unwrap())).collect();
        assert!(numbers.is_sorted() && numbers.iter().all(|n| *n < 2_000), "{mode:?}");
        assert!(numbers.len() > 500, "{mode:?}: {} came through", numbers.len());
    }
}

#[test]
fn no_common_strength_is_742_where_it_is_required() {
    let mut pair = pair(mppe(&[Bits128], MppeMode::Stateless, true), mppe(&[Bits40], MppeMode::Stateless, false));
    let cause = finished(&run(&mut pair)).cloned().unwrap();
    assert_eq!((cause.code, cause.layer), (Code::NO_REMOTE_ENCRYPTION, LayerName::Ccp));
    assert_eq!(cause.did, "asked for encryption by MPPE with 128 bits");
}

#[test]
fn a_peer_without_ccp_is_742_where_it_is_required_and_clear_where_not() {
    let mut bare = pair(mppe(&[Bits128], MppeMode::Stateless, true), None);
    let cause = finished(&run(&mut bare)).cloned().unwrap();
    assert_eq!((cause.code, &cause.said[..]), (Code::NO_REMOTE_ENCRYPTION, "Protocol-Reject of CCP"));

    let mut bare = pair(mppe(&[Bits128], MppeMode::Stateless, false), None);
    assert_eq!(names(&run(&mut bare)).last(), Some(&"Projected"));
    assert!(!bare.a.layer.is_encrypted());
    bare.send_a(b"E", b"clear").unwrap();
    while bare.step() && bare.now() == Instant::ZERO {}
    assert_eq!(bare.b.received, [b"Eclear"]);
}

#[test]
fn a_server_that_insists_is_743_where_the_entry_does_not_consent() {
    // Linux' pppd behind pptpd: its CCP is rejected, and it ends the link.
    let mut t = networking(ClientConfig::default());
    t.take_sent();
    let ccp = packet(0x80fd, REQ, 1, &opt(18, &[1, 0, 0, 0x40]));
    t.receives(&ccp).sends([lcp(PROTO_REJ, 2, &ccp[2..])]);
    t.receives(lcp(TERM_REQ, 9, b"MPPE required but peer negotiation failed"));
    let cause = cause(&mut t);
    assert_eq!(cause.code, Code::REMOTE_REQUIRES_ENCRYPTION);
    assert_eq!(cause.said, "MPPE required but peer negotiation failed");
}

fn ccp(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0x80fd, code, id, data)
}

fn asking(strengths: &[MppeStrength], mode: MppeMode, required: bool) -> Trace<Ppp> {
    let mut t = networking(ClientConfig { mppe: mppe(strengths, mode, required), ..ClientConfig::default() });
    let sent = t.take_sent();
    assert_eq!(split(&sent[0]).0, 0x80fd, "CCP is begun before IPCP");
    t
}

#[test]
fn rfc_3078_2_1_a_choice_is_answered_by_a_nak_with_one_of_them() {
    let mut t = asking(&[Bits128, Bits40], MppeMode::Stateless, true);
    t.receives(ccp(REQ, 5, &opt(18, &[1, 0, 0, 0x60]))).sends([ccp(NAK, 5, &opt(18, &[1, 0, 0, 0x40]))]);
    t.receives(ccp(REQ, 6, &opt(18, &[1, 0, 0, 0x20]))).sends([ccp(ACK, 6, &opt(18, &[1, 0, 0, 0x20]))]);
    // MPPC (C) is not there, the obsolete D neither, and stateful only where the entry says so.
    t.receives(ccp(REQ, 7, &opt(18, &[1, 0, 0, 0x41]))).sends([ccp(NAK, 7, &opt(18, &[1, 0, 0, 0x40]))]);
    t.receives(ccp(REQ, 8, &opt(18, &[0, 0, 0, 0x40]))).sends([ccp(NAK, 8, &opt(18, &[1, 0, 0, 0x40]))]);
    t.receives(ccp(REQ, 9, &opt(18, &[1, 0, 0, 0x80]))).sends([ccp(REJ, 9, &opt(18, &[1, 0, 0, 0x80]))]);
    t.receives(ccp(REQ, 10, &opt(18, &[1, 0, 0]))).sends([ccp(REJ, 10, &opt(18, &[1, 0, 0]))]);
    // Deflate and BSD-Compress; and a request that forgets MPPE is reminded of it.
    let others = [opt(26, &[0x78, 0]), opt(21, &[0x2f])].concat();
    t.receives(ccp(REQ, 11, &others)).sends([ccp(REJ, 11, &others)]);
    t.receives(ccp(REQ, 12, &[])).sends([ccp(NAK, 12, &opt(18, &[1, 0, 0, 0x40]))]);
    let mut t = asking(&[Bits128], MppeMode::Stateful, true);
    t.receives(ccp(REQ, 8, &opt(18, &[0, 0, 0, 0x40]))).sends([ccp(ACK, 8, &opt(18, &[0, 0, 0, 0x40]))]);
}

#[test]
fn nothing_flows_in_clear_where_encryption_is_required() {
    let mut t = asking(&[Bits128], MppeMode::Stateless, true);
    let given = addresses([10, 66, 0, 2], [10, 66, 0, 53], [10, 66, 0, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    assert!(t.take_events().is_empty(), "IPCP alone does not project");
    t.receives(frame(0x21, &[0x45; 20]));
    assert_eq!(t.side().dropped.last(), Some(&DropReason::NotUp));
    let now = t.now();
    let mut out = Batch::new();
    assert_eq!(t.side().layer.encap(now, &[], &[0x45; 20], &mut out), Err(DropReason::NotUp));
    t.receives(ccp(REQ, 5, &opt(18, &[1, 0, 0, 0x40]))).receives(ccp(ACK, 1, &opt(18, &[1, 0, 0, 0x40])));
    assert_eq!(names(&t.take_events()), ["Projected"]);
    t.receives(frame(0x21, &[0x45; 20]));
    assert!(t.take_received().is_empty());
    t.side().layer.encap(now, &[], &[0x45; 20], &mut out).unwrap();
    // Flushed, encrypted, count 0.
    assert_eq!((&out.as_bytes()[..6], out.as_bytes().len()), (&[0xff, 3, 0, 0xfd, 0x90, 0][..], 4 + 2 + 2 + 20));
    // The peer ends it.
    t.receives(ccp(TERM_REQ, 9, &[]));
    assert_eq!(gave_up(&mut t, Code::NO_REMOTE_ENCRYPTION).layer, LayerName::Ccp);
}

#[test]
fn a_lost_packet_of_a_stateful_peer_is_asked_for_once_a_quarter_of_a_second() {
    let mut t = asking(&[Bits128], MppeMode::Stateful, true);
    let given = addresses([10, 66, 0, 2], [10, 66, 0, 53], [10, 66, 0, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    t.receives(ccp(REQ, 5, &opt(18, &[0, 0, 0, 0x40]))).receives(ccp(ACK, 1, &opt(18, &[0, 0, 0, 0x40])));
    t.take_sent();
    for count in 3..40 {
        t.receives(frame(0xfd, &[0x10, count, 1, 2, 3, 4]));
    }
    t.sends([ccp(14, 2, &[])]);
    t.at(250).receives(frame(0xfd, &[0x10, 50, 1, 2, 3, 4])).sends([ccp(14, 3, &[])]);
    // RFC 3078 8: ours is flushed after the peer's Reset-Request.
    t.receives(ccp(14, 9, &[])).sends_nothing();
    let now = t.now();
    let mut out = Batch::new();
    t.side().layer.encap(now, &[], &[0x45; 20], &mut out).unwrap();
    assert_eq!(out.as_bytes()[4..6], [0x90, 0]);
    t.receives(frame(0xfd, &[0x10])).receives(frame(0xfd, &[])).receives(ccp(15, 9, &[])).sends_nothing();
}

//! Peers that mean harm: no panic, no loop, no growth.

use crate::common::*;
use proptest::prelude::*;
use rasman_core::{Batch, Code, Instant, Layer};
use rasman_ppp::{ClientConfig, Event, Ppp, Protocol, frame as wire};

#[test]
fn renegotiation_has_an_end() {
    let mut t = established(ClientConfig::default());
    let mut told = 0;
    for n in 0..100_u8 {
        t.receives(lcp(REQ, n, &auth_ms_chap_v2()));
        let sent = t.take_sent();
        if let Some(request) = sent.iter().find(|frame| split(frame).1 == REQ) {
            t.receives(lcp(ACK, split(request).2, &split(request).3));
        }
        let events = t.take_events();
        told += events.len();
        if let Some(cause) = finished(&events) {
            assert_eq!((n, cause.code), (20, Code::PPP_NOT_CONVERGING));
            assert!(told < 50);
            return;
        }
    }
    panic!("it went on for ever");
}

/// How many times the peer can negotiate IPCP again before it is told 732, each time so many milliseconds after IPCP
/// came up; it stops trying after 100.
fn ipcp_negotiations(interval: u64) -> usize {
    let mut t = projected(ClientConfig::default());
    for n in 0..100_u8 {
        t.at((u64::from(n) + 1) * interval).receives(ipcp(REQ, n, &opt(3, &[10, 66, 0, 1])));
        let sent = t.take_sent();
        if let Some(cause) = finished(&t.take_events()) {
            assert_eq!(cause.code, Code::PPP_NOT_CONVERGING);
            return usize::from(n);
        }
        let request = split(sent.iter().find(|frame| split(frame).1 == REQ).expect("tld,scr,sca/8"));
        t.receives(ipcp(ACK, request.2, &request.3));
        assert_eq!(names(&t.take_events()), ["Projected"], "negotiation {n}");
    }
    100
}

#[test]
fn renegotiations_count_when_they_follow_each_other_quickly() {
    assert_eq!(ipcp_negotiations(0), 20);
    assert_eq!(ipcp_negotiations(59_999), 20);
    assert_eq!(ipcp_negotiations(60_000), 100);
}

#[test]
fn a_server_may_negotiate_every_day() {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    assert_eq!(ipcp_negotiations(DAY), 100);

    let mut t = projected(ClientConfig::default());
    for n in 1..=100_u8 {
        t.at(u64::from(n) * DAY).receives(lcp(REQ, n, &auth_ms_chap_v2()));
        let request = split(&t.take_sent()[0]);
        t.receives(lcp(ACK, request.2, &request.3)).call(|ppp, now| ppp.authenticate(now, alice()));
        t.receives(challenge(n, [n; 16]));
        let response = t.take_sent();
        t.receives(chap(3, n, &proof(&response[0], [n; 16])));
        assert_eq!(names(&t.take_events()), ["Renegotiating", "LinkEstablished", "Authenticated"], "day {n}");
    }
}

#[test]
fn a_negotiation_longer_than_the_mru_is_not_read() {
    let mut t = established(ClientConfig::default());
    // Options of two octets each: reading them would cost many times what the peer has sent.
    let options = [99, 2].repeat(748);
    t.receives(lcp(REQ, 7, &options));
    assert!(t.take_sent().iter().any(|sent| split(sent).1 == REJ));
    t.receives(lcp(REQ, 8, &[99, 2].repeat(749))).sends_nothing();
}

#[test]
fn requests_that_can_never_be_acknowledged_have_an_end() {
    let mut t = established(ClientConfig::default());
    for n in 0..100_u8 {
        t.receives(lcp(REQ, n, &opt(99, b"never")));
        if let Some(cause) = finished(&t.take_events()) {
            assert_eq!(cause.code, Code::PPP_NOT_CONVERGING);
            return;
        }
    }
    panic!("it went on for ever");
}

#[test]
fn a_peer_that_acknowledges_and_never_asks_has_an_end() {
    let (mut t, _) = client_trace(ClientConfig::default());
    t.receives(lcp(TERM_ACK, 0, b""));
    for n in 1..100 {
        t.at(n * 3_000);
        for request in t.take_sent() {
            t.receives(lcp(ACK, split(&request).2, &split(&request).3));
        }
        if let Some(cause) = finished(&t.take_events()) {
            assert_eq!(cause.code, Code::PPP_NOT_CONVERGING);
            return;
        }
    }
    panic!("it went on for ever");
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let mut ppp = client(ClientConfig::default(), 1);
    ppp.lower_up(Instant::ZERO, 1500);
    for n in 0..100_000_u32 {
        let _ = ppp.handle_input(Instant::ZERO, &mut lcp(42, n as u8, &[0; 1400]));
    }
    let mut out = Batch::new();
    assert!(ppp.poll_transmit(Instant::ZERO, &mut out));
    assert!(out.byte_len() < 100_000);
}

/// One step of a random script.
#[derive(Clone, Debug)]
enum Step {
    Frame(Vec<u8>),
    Wait(u32),
    Authenticate,
    Project,
    Terminate,
    Reflect(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let protocol = prop_oneof![Just(0xc021_u16), Just(0xc223), Just(0x8021), Just(0x0021), Just(0x8057), any::<u16>()];
    let packet = (protocol, 0_u8..14, 0_u8..6, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(protocol, code, id, data)| packet(protocol, code, id, &data));
    prop_oneof![
        4 => packet.prop_map(Step::Frame),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Step::Frame),
        1 => (0_u32..10_000).prop_map(Step::Wait),
        1 => Just(Step::Authenticate),
        1 => Just(Step::Project),
        1 => Just(Step::Terminate),
        4 => (0_u8..5).prop_map(Step::Reflect),
    ]
}

/// Runs a script; checks what must always hold.
fn run(mut ppp: Ppp, steps: Vec<Step>) {
    let mut now = Instant::ZERO;
    let mut token = None;
    let mut over = false;
    let mut last_sent: Vec<Vec<u8>> = vec![];
    ppp.lower_up(now, 1500);
    for step in steps {
        match step {
            Step::Frame(mut frame) => drop(ppp.handle_input(now, &mut frame)),
            Step::Wait(millis) => now += rasman_core::Duration::from_millis(u64::from(millis)),
            Step::Authenticate => ppp.authenticate(now, alice()),
            Step::Project => {
                if let Some(token) = token.take() {
                    ppp.project(now, token);
                }
            }
            Step::Terminate => ppp.terminate(now),
            // The peer answers what we sent: acknowledged, refused, or sent back.
            Step::Reflect(code) => {
                if let Some(mut frame) = last_sent.pop() {
                    if code > 0 && frame.len() > 4 {
                        frame[4] = code;
                    }
                    let _ = ppp.handle_input(now, &mut frame);
                }
            }
        }
        ppp.handle_timeout(now);
        let mut out = Batch::new();
        let _ = ppp.poll_transmit(now, &mut out);
        assert!(out.len() <= 8, "{} frames for one step", out.len());
        for frame in out.frames() {
            assert!(frame.len() <= 4 + 1500);
            assert!(wire::parse(frame).is_ok());
        }
        last_sent.extend(out.frames().map(<[u8]>::to_vec));
        while let Some(event) = ppp.poll_event() {
            assert!(!over, "an event after Finished");
            match event {
                Event::Authenticated { token: given, .. } => token = Some(given),
                Event::Finished(_) => over = true,
                _ => {}
            }
        }
        assert!(!(over && ppp.projection().is_some()));
    }
    // Left alone, every link comes to rest.
    for _ in 0..200 {
        let Some(timeout) = ppp.poll_timeout() else { return };
        now = now.max(timeout.at);
        ppp.handle_timeout(now);
        let mut out = Batch::new();
        let _ = ppp.poll_transmit(now, &mut out);
    }
    panic!("timers run for ever: {:?}", ppp.poll_timeout());
}

proptest! {
    #[test]
    fn a_client_survives_any_script(steps in prop::collection::vec(step(), 0..80)) {
        run(client(ClientConfig::default(), 1), steps);
    }

    #[test]
    fn a_server_survives_any_script(steps in prop::collection::vec(step(), 0..80)) {
        run(server(server_config(), 1), steps);
    }

    #[test]
    fn frames_survive_emit_and_parse(number in any::<u16>(), information in prop::collection::vec(any::<u8>(), 0..64)) {
        let protocol = Protocol(number & 0xfeff);
        let frame = [&wire::header(protocol)[..], &information].concat();
        let (parsed, range) = wire::parse(&frame).unwrap();
        prop_assert_eq!(parsed, protocol);
        prop_assert_eq!(&frame[range], &information[..]);
    }
}

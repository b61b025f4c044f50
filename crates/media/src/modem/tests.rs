use super::*;
use crate::modem::hdlc::{Encoder, Fcs};
use rasman_core::*;
use rasman_testkit::{Chop, Pair, Trace};

fn settings(device: LineDevice) -> SerialSettings {
    let port = SerialPort::Device("/dev/ttyS0".into());
    SerialSettings::new(port, device)
}

fn modem() -> LineDevice {
    LineDevice::Modem(ModemSettings { number: "5551234".into(), ..ModemSettings::default() })
}

fn facts(has_lines: bool) -> PortFacts {
    let mut facts = PortFacts::default();
    facts.has_lines = has_lines;
    facts
}

fn hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

/// A link whose port is ready and which was told to connect.
fn connecting(device: LineDevice, has_lines: bool) -> Trace<SerialLink> {
    let mut t = Trace::new(SerialLink::caller(settings(device), Config::default()));
    t.call(|link, now| link.open(now));
    let [LinkEvent::Port(PortId(0), PortCommand::Open(PortSpec::Serial(port, _)))] = &t.take_events()[..] else {
        panic!("no port was asked for");
    };
    assert_eq!(port.to_string(), "/dev/ttyS0");
    t.call(|link, now| link.port_ready(now, PortId(0), &facts(has_lines))).sends_nothing();
    t.call(|link, now| link.connect(now));
    t
}

/// A modem that says OK to everything and connects.
fn connected(has_lines: bool) -> Trace<SerialLink> {
    let mut t = connecting(modem(), has_lines);
    for _ in 0..7 {
        t.receives("\r\nOK\r\n");
    }
    assert_eq!(t.take_sent().last().unwrap(), b"ATD5551234\r");
    t.receives("\r\nCONNECT 33600\r\n");
    let events = t.take_events();
    assert!(matches!(events.last(), Some(LinkEvent::Up(_))), "{events:?}");
    assert_eq!(events.len(), if has_lines { 2 } else { 1 }, "{events:?}");
    assert_eq!(t.side().layer.speed(), Some(33_600));
    t
}

fn down(t: &mut Trace<SerialLink>) -> Cause {
    match t.take_events().pop() {
        Some(LinkEvent::Down(cause)) => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_carries_frames_from_connect_on() {
    let mut t = connected(false);
    let mut frame = Batch::new();
    t.call(|link, now| link.encap(now, b"\xff\x03\xc0\x21", b"hello", &mut frame).unwrap());
    t.receives(frame.as_bytes());
    assert_eq!(t.take_received(), [b"\xff\x03\xc0\x21hello"]);
    assert!(t.side().dropped.is_empty(), "the line feed behind CONNECT is no noise");
}

#[test]
fn lcp_is_sent_as_if_nothing_had_been_negotiated() {
    let mut t = connected(false);
    t.call(|link, _| link.set_framing(LineFraming { send_accm: 0, receive_accm: 0, ..LineFraming::default() }));
    let mut out = Batch::new();
    t.call(|link, now| link.encap(now, b"\xff\x03\xc0\x21", b"\x01", &mut out).unwrap());
    t.call(|link, now| link.encap(now, &[], b"\xff\x03\xc0\x21\x01", &mut out).unwrap());
    t.call(|link, now| link.encap(now, b"\xff\x03\x00\x21", b"\x01", &mut out).unwrap());
    let frames: Vec<_> = out.frames().collect();
    assert_eq!(frames[0], frames[1]);
    assert_eq!(frames[0][..8], [0x7e, 0xff, 0x7d, 0x23, 0xc0, 0x21, 0x7d, 0x21]);
    assert_eq!(frames[2][..6], [0x7e, 0xff, 0x03, 0x00, 0x21, 0x01]);
}

#[test]
fn a_modem_without_lines_is_hung_up_by_escape_in_a_bounded_time() {
    let mut t = connected(false);
    t.call(|link, now| link.close(now, &hung_up()));
    assert!(t.side().layer.is_ending());
    t.at(1_099).sends_nothing().at(1_100).sends([b"+++"]).at(1_500).receives("\r\nOK\r\n").sends([b"ATH0\r"]);
    t.receives("\r\nOK\r\n");
    let [LinkEvent::Port(_, PortCommand::Close), LinkEvent::Down(cause)] = &t.take_events()[..] else { panic!() };
    assert_eq!(cause.code, Code::USER_DISCONNECTION);
    // A modem that says nothing takes no longer than the limit.
    let mut t = connected(false);
    t.call(|link, now| link.close(now, &hung_up()));
    let limit = t.side().layer.close_limit();
    t.at(u64::try_from(limit.as_millis()).unwrap());
    assert_eq!(down(&mut t).code, Code::USER_DISCONNECTION);
}

#[test]
fn a_modem_with_lines_is_hung_up_by_dtr() {
    let mut t = connected(true);
    t.call(|link, now| link.close(now, &hung_up())).sends_nothing();
    assert!(t.take_events().is_empty() && t.side().layer.is_ending());
    // The peer answers the goodbye; then the line is dropped.
    let mut answer = Batch::new();
    hdlc::Encoder::default().encode(b"\xff\x03\xc0\x21", b"\x06", &mut answer);
    t.receives(answer.as_bytes());
    let dtr = PortCommand::Line(LineCommand::Dtr(false));
    assert!(matches!(&t.take_events()[..], [LinkEvent::Port(_, command)] if *command == dtr));
    // The carrier drops, and the port with it.
    t.at(100).call(|link, now| link.port_closed(now, PortId(0), &PortClosed::ByPeer));
    assert!(matches!(&t.take_events()[..], [LinkEvent::Down(cause)] if cause.code == Code::USER_DISCONNECTION));
    let mut t = connected(true);
    t.call(|link, now| link.close(now, &hung_up())).at(799);
    assert!(t.take_events().is_empty());
    t.at(1_299);
    assert_eq!(t.take_events().len(), 1);
    t.at(1_300);
    assert_eq!(down(&mut t).code, Code::USER_DISCONNECTION);
}

#[test]
fn a_hang_up_stops_a_modem_that_dials() {
    let mut t = connecting(modem(), false);
    for _ in 0..7 {
        t.receives("OK\r");
    }
    t.take_sent();
    t.call(|link, now| link.close(now, &hung_up())).sends([b"\r"]);
    t.receives("\r\nNO CARRIER\r\n");
    assert_eq!(down(&mut t).code, Code::USER_DISCONNECTION);
    // One that is only being made ready has no line.
    let mut t = connecting(modem(), false);
    t.call(|link, now| link.close(now, &hung_up()));
    assert_eq!(down(&mut t).code, Code::USER_DISCONNECTION);
}

#[test]
fn a_lost_carrier_is_629_and_data_that_says_the_same_is_not() {
    let mut t = connected(false);
    t.receives("~half a frame\r\nNO CARRIER\r\n").at(1_099);
    assert!(t.take_events().is_empty());
    t.at(1_100);
    assert_eq!(down(&mut t).code, Code::REMOTE_DISCONNECTION);
    let mut t = connected(false);
    t.receives("~a page about modems\r\nNO CARRIER\r\n").at(500).receives("and more").at(60_000);
    assert!(t.take_events().is_empty());
    let mut t = connected(true);
    t.call(|link, now| link.port_closed(now, PortId(0), &PortClosed::ByPeer));
    assert_eq!(down(&mut t).code, Code::REMOTE_DISCONNECTION);
}

#[test]
fn a_port_that_closes_under_a_dialling_modem_is_630() {
    let mut t = connecting(modem(), true);
    t.call(|link, now| link.port_closed(now, PortId(0), &PortClosed::ByPeer));
    assert_eq!(down(&mut t).code, Code::HARDWARE_FAILURE);
}

#[test]
fn a_failed_call_closes_the_port_and_says_why() {
    let mut t = connecting(modem(), true);
    for _ in 0..7 {
        t.receives("OK\r");
    }
    t.receives("\r\nBUSY\r\n");
    let [LinkEvent::Port(_, PortCommand::Close), LinkEvent::Down(cause)] = &t.take_events()[..] else { panic!() };
    assert_eq!(cause.code, Code::LINE_BUSY);
    t.take_sent();
    t.receives("\r\nNO CARRIER\r\nCONNECT\r\n").at(1_000_000).sends_nothing();
    assert!(t.take_events().is_empty());
}

#[test]
fn null_modems_greet_each_other() {
    for longest in [1, 3, 0] {
        let caller = SerialLink::caller(settings(LineDevice::NullModem), Config::default());
        let answerer = SerialLink::answerer(settings(LineDevice::NullModem), Config::default());
        let mut pair = Pair::stream(caller, answerer, Chop { longest, delay: Duration::from_millis(10) }, 1);
        for link in [&mut pair.a.layer, &mut pair.b.layer] {
            link.open(Instant::ZERO);
            link.port_ready(Instant::ZERO, PortId(0), &facts(false));
            link.connect(Instant::ZERO);
        }
        let up = |events: &[LinkEvent]| events.iter().any(|event| matches!(event, LinkEvent::Up(_)));
        pair.run_until(|a, b| up(&a.events) && up(&b.events), 1_000).unwrap();
        pair.send_a(b"\xff\x03\x00\x21", b"packet").unwrap();
        pair.run_until(|_, b| !b.received.is_empty(), 1_000).unwrap();
        assert_eq!(pair.b.received, [b"\xff\x03\x00\x21packet"]);
    }
}

#[test]
fn nobody_at_the_other_end_of_a_null_modem_is_678() {
    let mut t = connecting(LineDevice::NullModem, false);
    t.sends([b"CLIENT"]).at(999).sends_nothing().at(1_000).sends([b"CLIENT"]);
    // The echo of the word is no answer.
    t.receives("CLIENT").at(10_000);
    assert_eq!(t.take_sent().len(), 8);
    assert_eq!(down(&mut t).code, Code::NO_ANSWER);
    // A peer that speaks PPP at once does not greet.
    let mut t = connecting(LineDevice::NullModem, false);
    let mut frame = Batch::new();
    hdlc::Encoder::default().encode(b"\xff\x03\xc0\x21", b"hello", &mut frame);
    t.receives(frame.as_bytes());
    assert_eq!(t.take_received(), [b"\xff\x03\xc0\x21hello"]);
}

#[test]
fn a_direct_line_is_up_at_once() {
    let mut t = connecting(LineDevice::Direct, true);
    t.sends_nothing();
    assert!(matches!(t.take_events()[..], [LinkEvent::Up(_)]));
    t.call(|link, now| link.close(now, &hung_up())).at(799);
    assert!(t.take_events().is_empty(), "the goodbye may be answered");
    t.at(800);
    assert!(matches!(t.take_events()[..], [LinkEvent::Port(_, PortCommand::Close), LinkEvent::Down(_)]));
}

fn fcs32() -> LineFraming {
    LineFraming { send_accm: 0, receive_accm: 0, send_fcs32: true, receive_fcs32: true, requests_twice: true }
}

/// What stands on the line for a frame.
fn on_line(t: &mut Trace<SerialLink>, frame: &[u8]) -> Vec<u8> {
    let mut out = Batch::new();
    t.call(|link, now| link.encap(now, &[], frame, &mut out).unwrap());
    out.as_bytes().to_vec()
}

#[test]
fn rfc_1570_2_1_frames_have_32_bits_but_for_those_that_negotiate() {
    let lcp = |code: u8| [0xff, 3, 0xc0, 0x21, code, 1, 0, 4];
    let encoded = |fcs, accm, frame: &[u8]| {
        let mut out = Batch::new();
        Encoder::new(fcs, accm).encode(&[], frame, &mut out);
        out.as_bytes().to_vec()
    };
    let (short, long) = (Fcs::Fcs16, Fcs::Fcs32);
    let mut t = connected(false);
    t.call(|link, _| link.set_framing(fcs32()));
    assert_eq!(on_line(&mut t, b"\x21E"), encoded(long, 0, b"\x21E"));
    for code in 2..=12 {
        let fcs = if code <= 7 { short } else { long };
        if code != 5 {
            assert_eq!(on_line(&mut t, &lcp(code)), encoded(fcs, u32::MAX, &lcp(code)), "code {code}");
        }
    }
    // 2.1.1: with the last sequence that was agreed, then with the default.
    for code in [1, 5] {
        let both = [encoded(long, u32::MAX, &lcp(code)), encoded(short, u32::MAX, &lcp(code))].concat();
        assert_eq!(on_line(&mut t, &lcp(code)), both, "code {code}");
    }
    // Nothing is agreed any more, or not yet, and the peer may still expect the longer one.
    let twice = LineFraming { requests_twice: true, ..LineFraming::default() };
    t.call(|link, _| link.set_framing(twice));
    let both = [encoded(long, u32::MAX, &lcp(1)), encoded(short, u32::MAX, &lcp(1))].concat();
    assert_eq!(on_line(&mut t, &lcp(1)), both);
    assert_eq!(on_line(&mut t, &lcp(9)), encoded(short, u32::MAX, &lcp(9)));
    t.call(|link, _| link.set_framing(LineFraming::default()));
    assert_eq!(on_line(&mut t, &lcp(1)), encoded(short, u32::MAX, &lcp(1)));
}

#[test]
fn rfc_1570_2_1_1_a_peer_may_negotiate_again_at_any_time() {
    let mut t = connected(false);
    t.call(|link, _| link.set_framing(fcs32()));
    let mut line = Batch::new();
    for (fcs, frame) in [
        (Fcs::Fcs32, &b"\x21E"[..]),
        (Fcs::Fcs32, b"\xff\x03\xc0\x21\x01\x01\x00\x04"),
        (Fcs::Fcs16, b"\xff\x03\xc0\x21\x01\x01\x00\x04"),
        // Neither data nor an echo is as short.
        (Fcs::Fcs16, b"\x21Edata"),
        (Fcs::Fcs16, b"\xff\x03\xc0\x21\x09\x01\x00\x08abcd"),
        (Fcs::Fcs16, b"\xff\x03\xc0\x21\x05\x01\x00\x04"),
    ] {
        Encoder::new(fcs, u32::MAX).encode(&[], frame, &mut line);
    }
    t.receives(line.as_bytes());
    let request = &b"\xff\x03\xc0\x21\x01\x01\x00\x04"[..];
    assert_eq!(t.take_received(), [&b"\x21E"[..], request, request, b"\xff\x03\xc0\x21\x05\x01\x00\x04"]);
    assert_eq!(t.side().dropped.len(), 2);
    t.call(|link, _| link.set_framing(LineFraming::default()));
    let mut line = Batch::new();
    Encoder::new(Fcs::Fcs16, u32::MAX).encode(&[], b"\xc0\x23data", &mut line);
    t.receives(line.as_bytes());
    assert_eq!(t.take_received(), [b"\xc0\x23data"], "what was agreed is forgotten");
}

#[test]
fn what_is_offered_again_is_not_said_again() {
    let mut t = connected(false);
    let mut line = b"~half a frame\r\nNO CARRIER\r\n".to_vec();
    for at in [0, 400, 800, 999] {
        t.at(5_000 + at).call(|link, now| {
            while !matches!(link.handle_input(now, &mut line), Input::NeedMore) {
                line.remove(0);
            }
        });
    }
    t.at(6_100);
    let downs = t.take_events().iter().filter(|event| matches!(event, LinkEvent::Down(_))).count();
    assert_eq!(downs, 1);
}

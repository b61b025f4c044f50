use super::*;

const ANSWERS: [&[u8]; 5] = [&[101, 0, 1, 0xc2, 0], &[102, 8], &[103, 1], &[104, 1], &[105, 3]];

/// What a server says that agrees with everything.
fn agreeing(answers: &[&[u8]]) -> Vec<u8> {
    let mut said = vec![IAC, DO, COM_PORT, IAC, DO, BINARY, IAC, WILL, BINARY];
    said.extend([IAC, DO, SUPPRESS_GO_AHEAD, IAC, WILL, SUPPRESS_GO_AHEAD]);
    for answer in answers {
        subnegotiation(answer[0], &answer[1..], &mut said);
    }
    said
}

fn port() -> ComPort {
    ComPort::new(LineSettings::default())
}

fn receive(port: &mut ComPort, wire: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Refused> {
    let (mut plain, mut out) = (Vec::new(), Vec::new());
    port.receive(wire, &mut plain, &mut out).map(|()| (plain, out))
}

/// A port that is ready.
fn ready() -> ComPort {
    let mut port = port();
    receive(&mut port, &agreeing(&ANSWERS)).unwrap();
    assert!(port.is_ready());
    port
}

fn modem_state(state: u8) -> Vec<u8> {
    let mut said = Vec::new();
    subnegotiation(NOTIFY_MODEMSTATE, &[state], &mut said);
    said
}

#[test]
fn it_asks_for_the_option_and_sets_the_line_when_it_is_there() {
    let mut port = port();
    let mut out = Vec::new();
    port.begin(&mut out);
    assert_eq!(out, [255, 251, 44, 255, 251, 0, 255, 251, 3, 255, 253, 0, 255, 253, 3]);
    let (plain, out) = receive(&mut port, &[IAC, DO, COM_PORT]).unwrap();
    assert!(
        plain.is_empty() && out.starts_with(&[255, 250, 44, 1, 0, 1, 0xc2, 0, 255, 240, 255, 250, 44, 2, 8, 255, 240])
    );
    // Said again it changes nothing, so nothing is answered.
    assert_eq!(receive(&mut port, &[IAC, DO, COM_PORT]).unwrap().1, []);
    assert!(!port.is_ready());
    for piece in agreeing(&ANSWERS).chunks(1) {
        receive(&mut port, piece).unwrap();
    }
    assert!(port.is_ready());
}

#[test]
fn each_setting_that_is_not_taken_is_told() {
    let refused = |wire: &[u8]| receive(&mut port(), wire).unwrap_err();
    assert_eq!(refused(&[IAC, DONT, COM_PORT]), Refused::Option);
    assert_eq!(refused(&[IAC, WONT, BINARY]), Refused::Binary);
    assert_eq!(refused(&[IAC, DONT, BINARY]), Refused::Binary);
    assert_eq!(refused(&agreeing(&[&[101, 0, 0, 0x25, 0x80]])), Refused::Speed(9600));
    assert_eq!(refused(&agreeing(&[&[101, 0]])), Refused::Speed(0));
    assert_eq!(refused(&agreeing(&[&[102, 7]])), Refused::Format);
    assert_eq!(refused(&agreeing(&[&[103, 2]])), Refused::Format);
    assert_eq!(refused(&agreeing(&[&[105, 1]])), Refused::Flow);
    assert!(receive(&mut port(), &[IAC, WONT, SUPPRESS_GO_AHEAD]).is_ok());
}

#[test]
fn what_it_does_not_speak_is_refused_once_for_each_time_it_is_asked() {
    let (_, out) = receive(&mut port(), &[IAC, DO, 31, IAC, WILL, 1, IAC, DONT, 31, IAC, WONT, 1]).unwrap();
    assert_eq!(out, [IAC, WONT, 31, IAC, DONT, 1]);
}

#[test]
fn all_octets_pass_both_ways_and_commands_vanish() {
    let all: Vec<u8> = (0..=255).collect();
    let mut wire = Vec::new();
    escape(&all, &mut wire);
    assert_eq!(wire.len(), 257);
    wire.extend([IAC, 241]);
    wire.extend(modem_state(CARRIER));
    escape(b"behind", &mut wire);
    for size in [1, 2, 7, wire.len()] {
        let mut port = ready();
        let (mut plain, mut out) = (Vec::new(), Vec::new());
        for piece in wire.chunks(size) {
            port.receive(piece, &mut plain, &mut out).unwrap();
        }
        assert_eq!(plain, [&all[..], b"behind"].concat());
        assert_eq!((out.as_slice(), port.carrier()), (&[][..], Some(true)));
    }
}

#[test]
fn a_carrier_that_drops_is_an_end_only_while_it_is_watched() {
    let mut port = ready();
    for state in [CARRIER, 0] {
        receive(&mut port, &modem_state(state)).unwrap();
    }
    assert!(!port.has_dropped());
    port.watch_carrier(true);
    receive(&mut port, &modem_state(0)).unwrap();
    assert!(!port.has_dropped(), "there was none");
    for state in [CARRIER, CARRIER | 1, 0x20] {
        assert!(!port.has_dropped());
        receive(&mut port, &modem_state(state)).unwrap();
    }
    assert!(port.has_dropped());
    port.watch_carrier(false);
    assert!(!port.has_dropped());
}

#[test]
fn lines_are_set_by_commands() {
    let (port, mut out) = (ready(), Vec::new());
    port.dtr(false, &mut out);
    port.dtr(true, &mut out);
    assert_eq!(out, [255, 250, 44, 5, 9, 255, 240, 255, 250, 44, 5, 8, 255, 240]);
}

#[test]
fn a_subnegotiation_without_an_end_is_not_kept() {
    let mut port = ready();
    let mut wire = vec![IAC, SB, COM_PORT, NOTIFY_MODEMSTATE];
    wire.resize(1 << 20, 7);
    assert_eq!(receive(&mut port, &wire).unwrap(), (Vec::new(), Vec::new()));
    assert_eq!(receive(&mut port, &[IAC, SE, b'x']).unwrap().0, b"x");
    assert_eq!(port.carrier(), None);
}

#[test]
fn characters_are_set_while_the_line_carries_and_only_the_last_answer_counts() {
    let mut port = ready();
    let mut out = Vec::new();
    let seven = CharacterFormat { data_bits: 7, parity: Parity::Even, stop_bits: StopBits::Two };
    port.set_format(seven, &mut out);
    port.set_format(CharacterFormat::default(), &mut out);
    let mut expected = Vec::new();
    for (code, value) in [(2, 7), (3, 3), (4, 2), (2, 8), (3, 1), (4, 1)] {
        subnegotiation(code, &[value], &mut expected);
    }
    assert_eq!(out, expected);
    assert!(port.is_ready());
    let answer = |port: &mut ComPort, code, value| {
        let mut said = Vec::new();
        subnegotiation(code, &[value], &mut said);
        receive(port, &said).map(drop)
    };
    assert_eq!(answer(&mut port, 102, 7), Ok(()));
    assert_eq!(answer(&mut port, 102, 7), Err(Refused::Format));
    assert_eq!(answer(&mut port, 103, 3), Ok(()));
    assert_eq!(answer(&mut port, 103, 1), Ok(()));
}

use super::*;
use rasman_core::{Code, Duration, Instant, ModemProfile, ModemSettings};

/// A dialogue against a script, in virtual time.
struct Talk {
    dialogue: Dialogue,
    now: Instant,
    outcome: Outcome,
}

impl Talk {
    fn call(modem: &ModemSettings) -> Self {
        let now = Instant::ZERO;
        Self { dialogue: Dialogue::call(now, modem), now, outcome: Outcome::Goes }
    }

    /// Waits until `millis` with every timeout at its time.
    fn at(&mut self, millis: u64) -> &mut Self {
        let to = Instant::from_millis(millis);
        while let Some(due) = self.dialogue.timeout().filter(|due| due.at <= to) {
            self.now = due.at;
            if let other @ (Outcome::Connected(_) | Outcome::Failed(_)) = self.dialogue.handle_timeout(self.now) {
                self.outcome = other;
            }
        }
        self.now = to;
        self
    }

    #[track_caller]
    fn sends(&mut self, text: &str) -> &mut Self {
        assert_eq!(String::from_utf8(self.dialogue.take_output()).unwrap(), text);
        self
    }

    fn hears(&mut self, line: &str) -> &mut Self {
        self.outcome = self.dialogue.handle_line(self.now, line);
        self
    }

    /// Answers `OK` until the modem dials; gives what was sent.
    fn until_it_dials(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        for _ in 0..30 {
            let command = String::from_utf8(self.dialogue.take_output()).unwrap();
            if self.dialogue.is_calling() {
                sent.push(command);
                return sent;
            }
            match command.as_str() {
                "AT+CPIN?\r" => self.hears("+CPIN: READY"),
                "AT+CREG?\r" => self.hears("+CREG: 1,5"),
                _ => self,
            };
            self.hears("OK");
            sent.push(command);
        }
        panic!("it never dials: {sent:?}");
    }

    #[track_caller]
    fn failed(&self) -> Code {
        let Outcome::Failed(cause) = &self.outcome else { panic!("{:?}", self.outcome) };
        assert!(!cause.advice.is_empty() && !cause.did.is_empty(), "{cause}");
        cause.code
    }
}

fn modem(number: &str) -> ModemSettings {
    ModemSettings { number: number.into(), ..ModemSettings::default() }
}

#[test]
fn v250_a_modem_is_made_ready_and_dials() {
    let settings = ModemSettings {
        prefix: "T0,".into(),
        suffix: "@".into(),
        init: vec!["ATS7=60".into(), "&K3".into()],
        speaker: true,
        ..modem("555 1234")
    };
    let mut talk = Talk::call(&settings);
    let expected = "AT ATZ ATE0V1Q0 ATX4 AT&C1&D2 ATS0=0 ATM1 ATS7=60 AT&K3 ATDT0,5551234@";
    let sent: Vec<String> = talk.until_it_dials().iter().map(|line| line.trim_end().to_owned()).collect();
    assert_eq!(sent.join(" "), expected);
    talk.hears("CONNECT 33600/ARQ/V34");
    assert_eq!(talk.outcome, Outcome::Connected(Some(33_600)));
    assert_eq!(talk.dialogue.timeout(), None);
}

#[test]
fn a_cellular_modem_waits_for_its_sim_and_the_network() {
    let settings =
        ModemSettings { profile: ModemProfile::Cellular, apn: Some("internet.example".into()), ..modem("*99***1#") };
    let sent = Talk::call(&settings).until_it_dials().concat();
    assert!(sent.contains("AT+CPIN?\r") && sent.contains("AT+CGDCONT=1,\"IP\",\"internet.example\"\r"), "{sent}");
    assert!(sent.ends_with("ATD*99***1#\r"), "{sent}");

    let ready = |talk: &mut Talk| {
        for _ in 0..5 {
            talk.hears("OK");
        }
        talk.dialogue.take_output();
    };
    let mut locked = Talk::call(&settings);
    ready(&mut locked);
    assert_eq!(locked.hears("+CPIN: SIM PIN").failed(), Code::DEVICE_NOT_READY);
    let mut empty = Talk::call(&settings);
    ready(&mut empty);
    assert_eq!(empty.hears("+CME ERROR: 10").failed(), Code::DEVICE_NOT_READY);

    let registering = || {
        let mut talk = Talk::call(&settings);
        ready(&mut talk);
        talk.hears("+CPIN: READY").hears("OK").sends("AT+CREG=1\r").hears("OK").sends("AT+CREG?\r");
        talk
    };
    // Not yet; then it is told unasked, and the modem is not asked again.
    let mut later = registering();
    later
        .hears("+CREG: 1,2")
        .hears("OK")
        .at(20_000)
        .sends("")
        .hears("+CREG: 1")
        .sends("AT+CGDCONT=1,\"IP\",\"internet.example\"\r");
    let mut denied = registering();
    assert_eq!(denied.hears("+CREG: 1,3").failed(), Code::NO_CARRIER);
    let mut never = registering();
    assert_eq!(never.hears("+CREG: 1,2").hears("OK").at(60_000).failed(), Code::NO_CARRIER);
    // The answer's own OK is not the next command's.
    let mut at_once = registering();
    at_once.hears("+CREG: 1,1").sends("").hears("OK").sends("AT+CGDCONT=1,\"IP\",\"internet.example\"\r");
}

#[test]
fn each_result_has_its_code() {
    let rows = [
        ("BUSY", 676),
        ("NO ANSWER", 678),
        ("NO CARRIER", 679),
        ("NO DIALTONE", 680),
        ("NO DIAL TONE", 680),
        ("VOICE", 677),
        ("ERROR", 651),
        ("+CME ERROR: 30", 651),
        ("DELAYED 00:02:00", 651),
        ("BLACKLISTED", 651),
        ("7", 676),
        ("8", 678),
        ("3", 679),
        ("6", 680),
        ("4", 651),
    ];
    for (line, code) in rows {
        let mut talk = Talk::call(&modem("1"));
        talk.until_it_dials();
        assert_eq!(talk.hears(line).failed(), Code(code), "{line}");
    }
    for (line, speed) in
        [("CONNECT", None), ("CONNECT 115200", Some(115_200)), ("1", None), ("~\u{7}xCONNECT 300", Some(300))]
    {
        let mut talk = Talk::call(&modem("1"));
        talk.until_it_dials();
        assert_eq!(talk.hears(line).outcome, Outcome::Connected(speed), "{line}");
    }
}

#[test]
fn progress_echoes_and_late_results_do_not_end_a_call() {
    let mut talk = Talk::call(&modem("1"));
    talk.until_it_dials();
    for line in ["ATD1", "RINGING", "RING", "CARRIER 31200", "PROTOCOL: LAPM", "COMPRESSION: V.42BIS", "OK", "+CREG: 1"]
    {
        assert_eq!(talk.hears(line).outcome, Outcome::Goes, "{line}");
    }
    assert_eq!(talk.hears("CONNECT 31200").outcome, Outcome::Connected(Some(31_200)));
    assert_eq!(talk.hears("NO CARRIER").outcome, Outcome::Goes, "it is over");
}

#[test]
fn words_that_end_like_a_result_are_none() {
    for line in ["DISCONNECT", "Disconnect 9600", "RECONNECT 2400", "RING DISCONNECT"] {
        assert!(!matches!(Reply::parse(line), Reply::Connect(_)), "{line}");
    }
    for line in ["CONNECT 9600", "xCONNECT 9600", "DISCONNECT CONNECT 9600"] {
        assert_eq!(Reply::parse(line).speed(), Some(9600), "{line}");
    }
}

#[test]
fn a_failure_tells_no_pin_and_no_password() {
    for secret in ["+CPIN=\"1234\"", "AT+CGAUTH=1,1,\"1234\",\"me\"", "E0+CPIN=1234;+CMEE=1"] {
        let settings = ModemSettings { init: vec![secret.into()], ..modem("1") };
        let until = |talk: &mut Talk| {
            while !talk.dialogue.take_output().windows(4).any(|sent| sent == b"1234") {
                talk.hears("OK");
            }
        };
        let (mut refused, mut late) = (Talk::call(&settings), Talk::call(&settings));
        until(&mut refused);
        until(&mut late);
        refused.hears("ERROR");
        late.at(60_000);
        for talk in [&refused, &late] {
            let Outcome::Failed(cause) = &talk.outcome else { panic!("{:?}", talk.outcome) };
            let told = format!("{cause} {:?}", talk.dialogue);
            assert!(cause.did.contains('=') && !told.contains("1234"), "{told}");
        }
    }
}

#[test]
fn a_modem_left_in_data_mode_is_recovered() {
    let mut talk = Talk::call(&modem("1"));
    talk.sends("AT\r").hears("garbage").at(3_000).sends("AT\rAT\r");
    // V.250: silence, +++, silence.
    talk.at(4_099).sends("").at(4_100).sends("+++").hears("OK").at(5_200).sends("ATH0\r").hears("OK").sends("ATZ\r");
}

#[test]
fn a_modem_that_says_nothing_is_692_in_a_bounded_time() {
    let mut talk = Talk::call(&modem("1"));
    talk.at(20_000);
    assert_eq!(talk.failed(), Code::PORT_OR_DEVICE);
    let Outcome::Failed(cause) = &talk.outcome else { unreachable!() };
    assert!(cause.advice.contains("cable"), "{cause}");
    let mut noisy = Talk::call(&modem("1"));
    noisy.hears("}}~~{x").at(20_000);
    let Outcome::Failed(cause) = &noisy.outcome else { panic!("{:?}", noisy.outcome) };
    assert!(cause.advice.contains("speed") && cause.said.contains("}}~~{x"), "{cause}");
}

#[test]
fn a_modem_that_stops_answering_is_692_and_one_that_never_connects_678() {
    let mut talk = Talk::call(&modem("1"));
    talk.hears("OK").hears("OK").at(5_000);
    assert_eq!(talk.failed(), Code::PORT_OR_DEVICE);
    let mut talk = Talk::call(&modem("1"));
    talk.until_it_dials();
    assert_eq!(talk.at(90_000).failed(), Code::NO_ANSWER);
}

#[test]
fn an_answering_modem_takes_the_call_when_it_rings() {
    let mut talk = Talk::call(&modem("1"));
    talk.dialogue = Dialogue::answer(Instant::ZERO, &modem("1"), Duration::from_secs(100));
    for _ in 0..7 {
        talk.hears("OK");
    }
    talk.dialogue.take_output();
    talk.at(50_000).sends("").hears("OK").sends("").hears("RING").sends("ATA\r").hears("CONNECT 9600");
    assert_eq!(talk.outcome, Outcome::Connected(Some(9_600)));
    let mut talk = Talk::call(&modem("1"));
    talk.dialogue = Dialogue::answer(Instant::ZERO, &modem("1"), Duration::from_secs(100));
    for _ in 0..7 {
        talk.hears("OK");
    }
    assert_eq!(talk.at(100_000).failed(), Code::NO_ANSWER);
}

#[test]
fn lines_are_found_in_whatever_comes() {
    let lines = |input: &[u8], piece: usize| {
        let mut reader = ReplyReader::default();
        let mut lines = Vec::new();
        for mut piece in input.chunks(piece) {
            while !piece.is_empty() {
                let (used, line) = reader.take(piece);
                piece = &piece[used..];
                lines.extend(line);
            }
        }
        lines
    };
    for piece in [1, 2, 5, 100] {
        assert_eq!(lines(b"\r\nOK\r\n\r\n\0RING\r0\r\xcfK\n", piece), ["OK", "RING", "0", "OK"]);
        assert_eq!(lines(&[b'x'; 10_000], piece), [""; 0]);
    }
    let mut long = vec![b'x'; 1_000_000];
    long.push(b'\r');
    assert_eq!(lines(&long, 4096)[0].len(), 256);
}

#[test]
fn v250_error_control_and_compression_are_turned_off_where_the_entry_says_so() {
    let settings = ModemSettings { without_error_control: true, without_compression: true, ..modem("1") };
    let sent = Talk::call(&settings).until_it_dials();
    let at = sent.iter().position(|command| command == "AT+ES=1\r").expect("told");
    assert_eq!(sent[at + 1], "AT+DS=0\r");
    let sent = Talk::call(&modem("1")).until_it_dials();
    assert!(!sent.iter().any(|command| command.contains("+ES") || command.contains("+DS")), "{sent:?}");
}

use super::*;
use rasman_core::Instant;

/// A modem in virtual time.
struct Desk {
    modem: Emulator,
    now: Instant,
}

impl Desk {
    fn new(personality: &str) -> Self {
        Self { modem: Emulator::new(personality.parse().unwrap()), now: Instant::from_millis(10_000) }
    }

    fn types(&mut self, text: &str) -> String {
        self.modem.from_computer(self.now, text.as_bytes());
        self.hears()
    }

    fn hears(&mut self) -> String {
        String::from_utf8_lossy(&self.modem.take_for_computer(self.now)).into_owned()
    }

    /// Lets time pass; gives what is said meanwhile.
    fn waits(&mut self, ms: u64) -> String {
        self.now += rasman_core::Duration::from_millis(ms);
        self.modem.handle_timeout(self.now);
        self.hears()
    }
}

#[test]
fn v250_commands_are_answered_as_they_ask() {
    let mut desk = Desk::new("");
    assert_eq!(desk.types("AT\r"), "AT\r\r\nOK\r\n");
    assert_eq!(desk.types("ate0\r"), "ate0\r\r\nOK\r\n");
    assert_eq!(desk.types("AT&F &C1&D2S0=0X4+CPIN?\r"), "\r\n+CPIN: READY\r\n\r\nOK\r\n");
    assert_eq!(desk.types("ATV0\r"), "0\r");
    assert_eq!(desk.types("ATZ\rnonsense\r"), "\r\nOK\r\nnonsense\r");
}

#[test]
fn a_call_carries_data_until_it_is_escaped_or_dropped() {
    let mut desk = Desk::new("speed=33600,garbage");
    desk.types("ATE0\r");
    assert_eq!(desk.types("ATDT5,55\r"), "");
    assert_eq!(desk.modem.poll_action(), Some(Action::Dial("555".into())));
    desk.modem.connected(desk.now);
    let said = desk.hears();
    assert!(said.ends_with("\r\nCONNECT 33600\r\n") && said.len() > 20, "{said}");
    desk.types("data+++");
    assert_eq!(desk.modem.take_for_line(), b"data+++");
    assert_eq!(desk.waits(2_000), "", "no silence before it");
    desk.types("+++");
    assert_eq!(desk.waits(999), "");
    assert_eq!(desk.waits(1), "\r\nOK\r\n");
    assert_eq!(desk.types("ATO\r"), "\r\nCONNECT\r\n");
    desk.modem.line_lost(desk.now);
    assert_eq!(desk.hears(), "\r\nNO CARRIER\r\n");
    assert_eq!(desk.modem.poll_action(), Some(Action::HangUp));
}

#[test]
fn numbers_have_their_fates_and_a_key_stops_a_call() {
    let mut desk = Desk::new("busy=1,no-answer=2,no-dialtone=3,no-carrier=4,numeric");
    desk.types("ATE0\r");
    let said: Vec<String> = ["1", "2", "3", "4"].iter().map(|number| desk.types(&format!("ATD{number}\r"))).collect();
    assert_eq!(said, ["7\r", "8\r", "6\r", "3\r"]);
    assert_eq!(desk.types("ATD5\r"), "");
    assert_eq!(desk.types("\r"), "3\r");
    assert_eq!(desk.modem.poll_action(), Some(Action::Dial("5".into())));
    assert_eq!(desk.modem.poll_action(), Some(Action::HangUp));
}

#[test]
fn faults_are_as_they_were_asked_for() {
    assert_eq!(Desk::new("mute").types("AT\r"), "");
    let mut twice = Desk::new("twice,late=500ms");
    assert_eq!(twice.types("ATE0\r"), "");
    assert!(twice.waits(500).ends_with("\r\nOK\r\n\r\nOK\r\n"));
    let mut echo = Desk::new("echo");
    echo.types("ATE0\r");
    assert_eq!(echo.types("AT\r"), "AT\r\r\nOK\r\n");
    let mut noisy = Desk::new("noise=10,carrier=3s");
    noisy.types("ATD1\r");
    noisy.modem.connected(noisy.now);
    noisy.hears();
    noisy.modem.from_line(noisy.now, &[0; 10_000]);
    let changed = noisy.modem.take_for_computer(noisy.now).iter().filter(|octet| **octet != 0).count();
    assert!((700..1300).contains(&changed), "{changed}");
    assert_eq!(noisy.waits(2_999), "");
    assert_eq!(noisy.waits(1), "\r\nNO CARRIER\r\n");
    for bad in ["speed=fast", "busy=", "noise=0", "late=5", "frobnicate"] {
        assert!(bad.parse::<Personality>().is_err(), "{bad}");
    }
}

#[test]
fn a_modem_that_is_called_rings_until_it_is_answered() {
    let mut desk = Desk::new("number=2");
    desk.types("ATE0\r");
    desk.modem.ring(desk.now);
    assert_eq!(desk.hears(), "\r\nRING\r\n");
    assert!(!desk.modem.is_idle());
    assert_eq!(desk.waits(2_000), "\r\nRING\r\n");
    desk.types("ATA\r");
    assert_eq!(desk.modem.poll_action(), Some(Action::Answer));
    desk.modem.connected(desk.now);
    assert_eq!(desk.hears(), "\r\nCONNECT 115200\r\n");
    desk.modem.dtr_dropped();
    assert_eq!(desk.modem.poll_action(), Some(Action::HangUp));
    assert!(desk.modem.is_idle());
}

#[test]
fn a_host_asks_before_it_puts_anybody_through() {
    let mut desk = Desk::new("login=alice:wonderland");
    desk.types("ATE0\r");
    let said = desk.types("ATD5\r");
    assert!(said.contains("CONNECT 115200") && said.ends_with("login: "), "{said}");
    assert_eq!(desk.modem.poll_action(), None, "nobody is called yet");
    assert_eq!(desk.types("bob\r"), "bob\r\nPassword: ");
    assert!(desk.types("wonderland\r").ends_with("login: "), "no echo");
    desk.types("alice\r");
    assert_eq!(desk.types("wonderland\r\x7e\x21"), "\r\nPPP begins\r\n");
    assert_eq!(desk.modem.poll_action(), Some(Action::Dial("5".into())));
    desk.types("\x7e");
    assert_eq!(desk.modem.take_for_line(), b"\x7e");
    // Three wrong ones are enough, and a silence leads back to commands.
    let mut desk = Desk::new("login=alice:wonderland");
    desk.types("ATE0\r");
    desk.types("ATD5\r");
    let said = desk.types("a\rb\ra\rb\ra\rb\rlost");
    assert!(said.ends_with("Too many attempts\r\n\r\nNO CARRIER\r\n"), "{said}");
    assert_eq!(desk.modem.poll_action(), Some(Action::HangUp));
    desk.types("ATD5\r");
    desk.waits(1_000);
    desk.types("+++");
    assert_eq!(desk.waits(1_000), "\r\nOK\r\n");
    assert_eq!(desk.types("ATH0\r"), "\r\nOK\r\n");
    assert!(desk.modem.is_idle());
}

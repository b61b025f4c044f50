use super::*;
use core::net::Ipv4Addr;
use rasman_core::{CharacterFormat, Credentials, Duration, Instant, Secret};

/// A script that runs, in virtual time.
struct Line {
    run: Run,
    now: Instant,
    progress: Progress,
    formats: Vec<CharacterFormat>,
    left: usize,
}

impl Line {
    fn new(body: &str) -> Self {
        Self::of(&format!("proc main\n{body}\nendproc\n"))
    }

    fn of(text: &str) -> Self {
        let script = Script::parse(text.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
        let login = Credentials { user: "alice".into(), password: "won^der<cr>".into(), ..Default::default() };
        let mut run = Run::new(script, "test.scp", login);
        let now = Instant::from_millis(5_000);
        let progress = run.start(now);
        Self { run, now, progress, formats: Vec::new(), left: 0 }
    }

    /// Gives what was sent since the last call.
    fn sent(&mut self) -> String {
        self.formats.extend(self.run.take_format());
        String::from_utf8_lossy(&self.run.take_output()).into_owned()
    }

    fn hears(&mut self, text: &str) -> &mut Self {
        let (used, progress) = self.run.handle_input(self.now, text.as_bytes());
        (self.left, self.progress) = (text.len() - used, progress);
        self
    }

    /// Lets time pass, each timeout at its own moment.
    fn waits(&mut self, ms: u64) -> &mut Self {
        let end = self.now + Duration::from_millis(ms);
        while let (Progress::Goes, due) = (&self.progress, self.run.timeout())
            && due.at <= end
        {
            self.now = self.now.max(due.at);
            self.progress = self.run.handle_timeout(self.now);
            self.formats.extend(self.run.take_format());
        }
        self.now = end;
        self
    }

    fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done)
    }

    fn goes(&self) -> bool {
        matches!(self.progress, Progress::Goes)
    }

    fn failed(&self) -> &Cause {
        let (Progress::Failed(cause) | Progress::Halted(cause)) = &self.progress else { panic!("{:?}", self.progress) };
        cause
    }
}

/// Gives what is wrong with a body.
fn wrong(body: &str) -> String {
    Script::parse(format!("proc main\n{body}\nendproc").as_bytes()).map(drop).expect_err(body).to_string()
}

#[test]
fn a_login_is_typed_as_it_is_asked_for() {
    let text = "; a comment\r\nproc main\r\n  waitfor \"ogin:\"\r\n  transmit $USERID, raw\r\n  transmit \"^M\"\r\n  \
                waitfor \"assword:\" until 20\r\n  transmit $PASSWORD, raw\r\n  transmit \"<cr>\"\r\nendproc\r\n";
    let mut line = Line::of(text);
    assert_eq!(line.sent(), "");
    line.hears("Welcome\r\nLogin");
    assert!(line.goes());
    assert_eq!(line.hears(": ").sent(), "alice\r");
    line.hears("alice\r\nPassword: ");
    assert_eq!(line.sent(), "won^der<cr>\r");
    assert!(line.is_done());
    assert_eq!(line.left, 1, "what follows the words is not the script's");
}

#[test]
fn texts_are_translated_unless_they_are_raw() {
    let mut line = Line::new(r#"transmit "^M^j^@^_<CR><lf>\"\^\<\\^1<x>" transmit "^M<cr>\\", raw transmit $PASSWORD"#);
    assert_eq!(line.sent(), "\r\n\0\x1f\r\n\"^<\\^1<x>^M<cr>\\\\won\x04er\r");
    assert!(line.is_done());
}

#[test]
fn a_case_counts_where_it_is_said() {
    assert!(Line::new("waitfor \"ppp>\"").hears("PPP>").is_done());
    let mut line = Line::new("waitfor \"ppp>\", matchcase");
    assert!(line.hears("PPP>").goes());
    assert!(line.hears("ppp>").is_done());
    // A text that begins again within itself.
    assert!(Line::new("waitfor \"aab\"").hears("aaaab").is_done());
}

#[test]
fn the_first_of_some_texts_tells_where_to_go_on() {
    let body = "Again:\nwaitfor \"busy\" then Again, \"ready\", matchcase then Go until 10\nhalt\nGo:\ntransmit \"go\"";
    let mut line = Line::new(body);
    line.hears("busy busy ready");
    assert_eq!((line.sent().as_str(), line.is_done()), ("go", true));
    let mut line = Line::new(body);
    line.hears("busy").waits(9_999);
    assert!(line.goes());
    line.waits(1);
    assert_eq!(line.failed().code.0, 703);
    assert!(line.failed().to_string().contains("line 4"), "{}", line.failed());
}

#[test]
fn success_and_failure_follow_the_last_waitfor() {
    let body = "waitfor \"x\" until 3\nif $SUCCESS then transmit \"yes\" endif\nif $FAILURE then transmit \"no\" endif";
    let mut line = Line::new(body);
    line.hears("x");
    assert_eq!(line.sent(), "yes");
    let mut line = Line::new(body);
    line.waits(2_999);
    assert_eq!(line.sent(), "");
    line.waits(1);
    assert_eq!(line.sent(), "no");
}

#[test]
fn what_comes_while_nobody_listens_is_kept() {
    let mut line = Line::new("delay 5\nwaitfor \"login:\"\ntransmit \"me\"");
    line.hears("login:").waits(4_999);
    assert_eq!(line.sent(), "");
    line.waits(1);
    assert_eq!((line.sent().as_str(), line.is_done()), ("me", true));
    // The last of it.
    let mut line = Line::new("delay 1\nwaitfor \"old\" until 1\nif $SUCCESS then transmit \"kept\" endif");
    line.hears("old").hears(&"x".repeat(4096)).waits(2_000);
    assert_eq!(line.sent(), "");
}

#[test]
fn expressions_are_computed_in_their_order() {
    for (expression, value) in [
        ("1 + 2 * 3 == 7", true),
        ("(1 + 2) * 3 == 9", true),
        ("7 / 2 - -1 == 4", true),
        ("!0 == -1", true),
        ("1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2", true),
        ("FALSE and FALSE or TRUE", true),
        ("!(TRUE or FALSE)", false),
        ("\"a\" + \"b\" == \"ab\"", true),
        ("$USERID != \"alice\"", false),
        ("n == 5 and s == \"x\" and b", true),
    ] {
        let body = format!(
            "integer n = (4 + 1)\nstring s = \"x\"\nboolean b = TRUE\ninteger unset\n\
             if {expression} then transmit \"yes\" endif"
        );
        assert_eq!(Line::new(&body).sent() == "yes", value, "{expression}");
    }
}

#[test]
fn loops_end_when_their_condition_does() {
    let body =
        "integer n = 3\nwhile n > 0 do\ntransmit \"x\"\nn = n - 1\nwaitfor \"more\" until 1\nendwhile\ntransmit \"!\"";
    let mut line = Line::new(body);
    assert_eq!(line.hears("more").sent(), "xx");
    line.waits(2_000);
    assert_eq!((line.sent().as_str(), line.is_done()), ("x!", true));
    // One that goes round without waiting ends as what it is.
    let line = Line::new("while TRUE do\nendwhile");
    assert_eq!(line.failed().code.0, 752);
    let line = Line::new("Top: goto Top");
    assert!(line.failed().to_string().contains("without end"), "{}", line.failed());
}

#[test]
fn addresses_are_found_in_what_comes() {
    let mut line = Line::new("string mine = (getip 2)\nset ipaddr mine");
    line.hears("The gateway is 192.0.2.1. Version 1.2.3, 999.1.1.1; you are 192.0.2.77");
    assert!(line.goes(), "more digits may follow");
    assert!(line.hears("\r\n").is_done());
    assert_eq!(line.run.address(), Some(Ipv4Addr::new(192, 0, 2, 77)));
    let mut line = Line::new("set ipaddr getip\ngetip");
    line.hears("10.0.0.7 ");
    assert!(line.goes());
    assert!(line.hears("10.0.0.8 ").is_done());
    assert_eq!(line.run.address(), Some(Ipv4Addr::new(10, 0, 0, 7)));
    assert_eq!(Line::new("set ipaddr \"nowhere\"").failed().code.0, 752);
    assert_eq!(Line::new("getip 0").failed().code.0, 752);
}

#[test]
fn the_port_is_told_before_what_is_sent_behind_it_and_set_back_for_ppp() {
    let mut line = Line::new(
        "transmit \"a\"\nset port databits 7\nset port parity even\nset port stopbits 2\nset screen keyboard off\ntransmit \"b\"",
    );
    assert_eq!(line.sent(), "a");
    let now = line.now;
    line.waits(0);
    assert!(line.is_done());
    assert_eq!((line.sent().as_str(), line.now), ("b", now));
    let told: Vec<_> = line.formats.iter().map(|format| (format.data_bits, format.parity, format.stop_bits)).collect();
    let expected = [
        (7, Parity::None, StopBits::One),
        (7, Parity::Even, StopBits::One),
        (7, Parity::Even, StopBits::Two),
        (8, Parity::None, StopBits::One),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_script_has_three_minutes() {
    let mut line = Line::new("waitfor \"login:\"\ntransmit $PASSWORD, raw\nwaitfor \"never\"");
    line.hears("login:").waits(1_000).hears("won^der<cr>\r\nsorry, alice: won^der<cr> is wrong\r\n").waits(178_999);
    assert!(line.goes());
    line.waits(1);
    let cause = line.failed();
    assert_eq!(cause.code.0, 638);
    assert!(cause.did.contains("line 4") && cause.said == "sorry, alice: *** is wrong", "{cause}");
    // A password that ends in what is cut off is not shown in parts.
    let mut line = Line::new("waitfor \"never\"");
    line.hears(&"y".repeat(250)).hears("won^der<cr>").hears(&"x".repeat(245)).waits(180_000);
    assert!(!line.failed().said.contains("er<cr>"), "{}", line.failed());
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (body, problem) in [
        ("\ntransmit", "line 3: a value was expected"),
        ("transmit \"open", "line 2: the text has no closing quotation mark"),
        ("transmit 5", "line 2: a string was expected, not an integer"),
        ("delay \"5\"", "line 2: an integer was expected, not a string"),
        ("if 1 then endif", "line 2: a boolean was expected, not an integer"),
        ("x = 1", "line 2: the variable x is not declared"),
        ("integer x\nx = TRUE", "line 3: an integer was expected, not a boolean"),
        ("integer x\nstring X", "line 3: the variable x is declared twice"),
        ("integer while", "line 2: \"while\" is a reserved word and no name"),
        ("transmit \"a\"\ninteger x", "line 3: variables are declared before the first command"),
        ("\ngoto Nowhere", "line 3: there is no label nowhere"),
        ("A:\nA:", "line 3: the label a stands twice"),
        ("frobnicate", "line 2: \"frobnicate\" is no command; \"=\" makes it an assignment, \":\" a label"),
        ("set port databits 9", "line 2: set port databits takes 5, 6, 7 or 8"),
        ("set port parity some", "line 2: set port parity takes none, odd, even, mark or space"),
        ("set volume 11", "line 2: set takes port, screen or ipaddr"),
        ("transmit $HOME", "line 2: there is no system variable $home"),
        ("transmit \"a\" + 1", "line 2: the operator does not take a string and an integer"),
        ("integer x = getip", "line 2: getip gives a string, and this takes an integer"),
        ("integer x = 9999999999", "line 2: the number is larger than 2147483647"),
        ("transmit \"a\" # b", "line 2: the character '#' has no meaning here"),
        ("if TRUE then", "line 3: \"endproc\" is no command that can stand here"),
    ] {
        assert_eq!(wrong(body), problem, "{body}");
    }
    let wrong = |text: &str| Script::parse(text.as_bytes()).map(drop).expect_err(text).to_string();
    assert_eq!(wrong(""), "line 1: \"proc\" was expected");
    assert_eq!(wrong("proc main\n\n"), "line 3: endproc is missing");
    assert_eq!(
        wrong("proc main\nendproc\nproc b\nendproc"),
        "line 3: something follows endproc; a script is the one procedure main"
    );
}

#[test]
fn a_script_is_bounded_in_what_it_is_and_does() {
    let deep = format!("transmit {}\"a\"{}", "(".repeat(100), ")".repeat(100));
    assert!(wrong(&deep).contains("nested"));
    assert!(wrong(&"if TRUE then ".repeat(100)).contains("nested"));
    assert!(wrong(&format!("delay 1{}", "+1".repeat(300))).contains("operators"));
    assert!(wrong(&(0..300).map(|n| format!("string s{n}\n")).collect::<String>()).contains("variables"));
    assert!(wrong(&format!("waitfor \"a\"{}", " then X, \"b\"".repeat(40))).contains("texts"));
    let doubles = "string s = \"0123456789\"\nwhile TRUE do\ns = s + s\nendwhile";
    assert!(Line::new(doubles).failed().to_string().contains("too long"));
    let babbles = "string s = \"0123456789012345678901234567890123456789\"\nwhile TRUE do\ntransmit s\nendwhile";
    let mut line = Line::new(babbles);
    assert!(line.failed().to_string().contains("65536"), "{}", line.failed());
    assert!(line.sent().len() <= 65_536);
    for body in ["delay 2147483647 + 1", "delay 1 / 0", "delay -1"] {
        assert_eq!(Line::new(body).failed().code.0, 752, "{body}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let script =
        rasman_core::LoginScript { name: "isp.scp".into(), text: Secret::new("proc main transmit \"wonder\" endproc") };
    let shown = format!("{script:?} {:?}", Script::of(&script).unwrap());
    assert!(shown.contains("isp.scp") && !shown.contains("wonder"), "{shown}");
    let broken = rasman_core::LoginScript { text: Secret::new("proc main\nwonder\nendproc"), ..script };
    let cause = Script::of(&broken).unwrap_err();
    assert_eq!((cause.code.0, cause.layer), (752, LayerName::Settings));
}

#[test]
fn what_a_script_sends_is_in_no_cause_even_if_it_is_echoed() {
    let body = "transmit \"S3cret^MPin77^M\"\ntransmit $USERID + \"^M\"\nwaitfor \"ok\" until 5\nhalt";
    for (echo, said) in [
        ("bad S3cret for alice", "bad *** for alice"),
        ("S3cret\r\nPin77?", "***?"),
        ("xS3cretS3cretPin77", "x*********"),
        ("S3cre is short", "S3cre is short"),
    ] {
        let mut line = Line::new(body);
        line.sent();
        line.hears(echo).waits(5_000);
        assert_eq!(line.failed().said, said);
    }
    // What is cut off at the front may be the rest of it.
    for length in 0..6 {
        let mut line = Line::new(body);
        line.hears(&("S3cret".repeat(100) + &"x".repeat(length))).waits(5_000);
        let said = &line.failed().said;
        assert_eq!(said.trim_end_matches('x').trim_matches('*'), "", "{said}");
    }
}

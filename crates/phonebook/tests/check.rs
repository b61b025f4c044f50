//! What is found in phone books, good, bad and hostile.

use rasman_phonebook::{Book, FINDINGS_MAX, Finding, Severity, check};

const SSTP: &str = include_str!("../samples/sstp.pbk");

fn found(bytes: impl Into<Vec<u8>>) -> Vec<Finding> {
    check(&Book::parse(bytes))
}

/// A sample with one line changed: the findings about it, and the number of that line.
fn changed(from: &str, to: &str) -> (Vec<Finding>, usize) {
    let line = SSTP.lines().position(|line| line == from).expect("a line of the sample") + 1;
    (found(SSTP.replacen(&format!("\r\n{from}\r\n"), &format!("\r\n{to}\r\n"), 1)), line)
}

fn one(from: &str, to: &str) -> Finding {
    let (findings, line) = changed(from, to);
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!(finding.line, line, "{finding}");
    finding.clone()
}

#[test]
fn the_samples_that_can_be_dialled_are_good_and_the_others_say_what_is_missing() {
    assert_eq!(found(SSTP), []);
    let samples = [(include_str!("../samples/modem.pbk"), false), (include_str!("../samples/pppoe.pbk"), true)];
    for (sample, refused) in samples {
        let findings = found(sample);
        assert!(findings.iter().all(|finding| finding.severity < Severity::Error), "{findings:#?}");
        let found = findings.iter().any(|finding| finding.what.contains("cannot be dialled yet"));
        assert_eq!(found, refused, "{findings:#?}");
    }
    let findings = found(include_str!("../samples/multilink.pbk"));
    let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let [several] = &errors[..] else { panic!("{findings:#?}") };
    assert!(several.what.contains("several links at once"), "{several}");
}

#[test]
fn bad_values_are_found_where_they_stand() {
    let finding = one("RedialSeconds=60", "RedialSeconds=1m");
    assert_eq!((finding.column, finding.length, finding.severity), (15, 2, Severity::Error));
    assert_eq!(one("IpAddress=0.0.0.0", "IpAddress=10.0.0.256").severity, Severity::Error);
    assert_eq!(one("SwCompression=0", "SwCompression=yes").severity, Severity::Error);
    assert_eq!(one("UseRasCredentials=1", "UseRasCredentials=2").severity, Severity::Warning);
    assert_eq!(one("Guid=7D3E91A0C25B4F48A6D10B57E8429C3F", "Guid=7D3E").severity, Severity::Error);
    assert_eq!(one("ms_server=1", "ms_server=x").severity, Severity::Error);
}

#[test]
fn unknown_keys_come_with_a_guess() {
    let finding = one("VpnStrategy=5", "VpnStratgey=5");
    assert_eq!((finding.severity, finding.advice.as_str()), (Severity::Warning, "did you mean VpnStrategy?"));
    let (findings, line) = changed("RouteVersion=1", "RouteVersion=1\r\nZ=1");
    assert_eq!((findings.len(), findings[0].line, findings[0].severity), (1, line + 1, Severity::Note));
    let (findings, line) = changed("Port=VPN2-0", "PhoneNumber=x");
    assert_eq!((findings[0].line, findings[0].severity), (line, Severity::Warning));
    assert!(findings[0].advice.contains("another group"));
}

#[test]
fn what_is_not_honoured_yet_is_said() {
    for (from, to) in [
        ("SwCompression=0", "SwCompression=1"),
        ("LcpExtensions=1", "LcpExtensions=0"),
        ("PrerequisiteEntry=", "PrerequisiteEntry=ISP"),
        ("Ipv6Assign=1", "Ipv6Assign=2"),
    ] {
        let finding = one(from, to);
        assert_eq!(finding.severity, Severity::Note);
        assert!(finding.what.contains("not honoured yet"), "{finding}");
    }
}

#[test]
fn b8_what_cannot_be_dialled_is_said_with_its_code() {
    let (findings, _) = changed("Type=2", "Type=5");
    assert!(findings[0].what.starts_with("the entry cannot be dialled (868): DEVICE=vpn"), "{findings:#?}");
    assert_eq!(one("VpnStrategy=5", "VpnStrategy=1").severity, Severity::Warning);
    assert_eq!(one("PhoneNumber=vpn.example.com", "PhoneNumber=https://x/").severity, Severity::Error);
}

#[test]
fn secrets_are_found_and_not_repeated() {
    for key in ["PreSharedKey", "ApnInfoPassword"] {
        let finding = one(&format!("{key}="), &format!("{key}=letmein"));
        assert_eq!(finding.severity, Severity::Error);
        assert!(!format!("{finding:?}").contains("letmein"));
    }
}

#[test]
fn keys_that_stand_twice_are_found() {
    let (findings, line) = changed("RedialAttempts=3", "RedialAttempts=3\r\nRedialAttempts=4");
    assert_eq!((findings.len(), findings[0].line), (1, line + 1));
    assert!(findings[0].what.contains(&format!("line {line} already")), "{}", findings[0]);
    let (findings, _) = changed("PhoneNumber=vpn.example.com", "PhoneNumber=a\r\nPhoneNumber=b");
    assert_eq!(findings, []);
}

#[test]
fn b2_a17_names_are_checked() {
    let names = |text: &str| -> Vec<(usize, Severity)> {
        let findings = found(text).into_iter().filter(|finding| finding.what.starts_with("the name"));
        findings.map(|finding| (finding.line, finding.severity)).collect()
    };
    assert_eq!(names("[a|b]\n[.x]\n[---]\n[]\n[ x]\n[ok]\n"), [1, 2, 3, 4, 5].map(|line| (line, Severity::Warning)));
    assert_eq!(names("[a]\nX=1\n[A]\n[a]\n"), [(3, Severity::Error), (4, Severity::Error)]);
    assert!(found("[a]\n[A]\n").iter().any(|finding| finding.what.contains("upper and lower case")));
}

#[test]
fn broken_lines_are_found() {
    let text = "Type=2\n; fine\n[a]\nType=2\nhuh\n[b\n [c]\n=1\nDEVICE=vpn\nMEDIA=rastapi\nPort=\0\n\nDEVICE=vpn\nPhoneNumber=a";
    let lines: Vec<(usize, Severity)> = found(text).iter().map(|finding| (finding.line, finding.severity)).collect();
    let (error, warning) = (Severity::Error, Severity::Warning);
    assert_eq!(
        lines,
        [(1, warning), (5, error), (6, error), (7, error), (8, error), (9, error), (11, error), (14, warning)]
    );
}

#[test]
fn cut_off_files_are_found() {
    let cut = |at: &str| found(&SSTP[..SSTP.find(at).unwrap()]);
    assert!(cut("tapi\r\n").iter().any(|finding| finding.what.contains("no line end")));
    assert!(cut("IpAssign").iter().any(|finding| finding.what.contains("before its DEVICE group")));
    let wide = b"\xFF\xFE[\0a\0]\0\n\0X".to_vec();
    assert!(found(wide).iter().any(|finding| finding.what.contains("middle of a character")));
}

#[test]
fn hostile_files_are_survived() {
    let binary: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let long_key = [b"[a]\n".to_vec(), vec![b'K'; 1 << 20], b"=1\n".to_vec()].concat();
    let long_name = [b"[".to_vec(), vec![b'n'; 1 << 20], b"]\n".to_vec()].concat();
    let many = b"[a]\nx\n".repeat(100_000);
    let repeated = [b"[a]\n".to_vec(), b"PhoneNumber=1\n".repeat(100_000)].concat();
    let utf16: Vec<u8> = std::iter::once('\u{FEFF}')
        .chain(SSTP.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [
        vec![],
        b"\xEF\xBB\xBF".to_vec(),
        b"\xFF\xFE".to_vec(),
        vec![0; 1000],
        binary,
        long_key,
        long_name,
        many,
        repeated,
    ] {
        let book = Book::parse(bytes.clone());
        assert!(check(&book).len() <= FINDINGS_MAX + 1);
        assert_eq!(book.to_bytes(), bytes);
    }
    assert_eq!(found(utf16), []);
    assert_eq!(found(b"x\n".repeat(5_000)).len(), FINDINGS_MAX + 1);
}

#[test]
fn lengths_count_characters_and_long_lines_are_not_cut_within_one() {
    let findings = found("[a]\r\n\tSchlüssel=1\r\n");
    let key = findings.iter().find(|finding| finding.what.contains("Schlüssel")).unwrap();
    assert_eq!((key.line, key.column, key.length), (2, 2, 9));
    // One byte further on, every character of two bytes begins elsewhere.
    for start in ["x", "xy"] {
        let findings = found(format!("[a]\r\nIpDnsSuffix={start}{}\r\n", "é".repeat(20_000)));
        assert!(!findings.iter().any(|finding| finding.what.contains("UTF-8")), "{findings:#?}");
    }
}

#[test]
fn entries_that_share_their_identity_are_told() {
    let copied = format!("{SSTP}{}", SSTP.replacen("[Head office]", "[Branch]", 1));
    let findings = found(copied);
    let lines = SSTP.lines().count();
    let first = SSTP.lines().position(|line| line.starts_with("Guid=")).unwrap() + 1;
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!((finding.line, finding.column, finding.severity), (lines + first, 6, Severity::Warning));
    assert!(finding.what.contains(&format!("line {first}")), "{finding}");
    // Without a value there is none to share, and an entry that another one hides has no say.
    let empty = SSTP.replacen("Guid=7D3E91A0C25B4F48A6D10B57E8429C3F", "Guid=", 1);
    assert_eq!(found(format!("{empty}{}", empty.replacen("[Head office]", "[Branch]", 1))), []);
    assert_eq!(found(SSTP.repeat(2)).len(), 1);
}

#[test]
fn what_is_kept_for_eap_and_cannot_be_read_is_told_once() {
    let with = |lines: &str| {
        let text = SSTP.replacen("\r\nCustomAuthKey=0\r\n", &format!("\r\nCustomAuthKey=25\r\n{lines}\r\n"), 1);
        let eap = text.replacen("\r\nAuthRestrictions=512\r\n", "\r\nAuthRestrictions=128\r\n", 1);
        assert_ne!(eap, text, "the sample allows MS-CHAPv2");
        found(eap)
    };
    let [finding] = &with("CustomAuthData=31444243")[..] else { panic!("one finding") };
    assert!(finding.severity == Severity::Error && finding.what.contains("is cut off"), "{finding}");
    let [finding] = &with("CustomAuthData=31444243\r\nRasmanEapServerName=radius")[..] else { panic!("one finding") };
    assert!(finding.severity == Severity::Warning && finding.what.contains("does not count"), "{finding}");
}

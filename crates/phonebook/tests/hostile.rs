//! Phone books that somebody made to do harm: no more time and memory than their size deserves, and no way out for a
//! secret.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests look at the clock")]

use rasman_phonebook::{
    Book, EditError, Filetime, Guid, Identity, LINKS_MAX, Properties, Scope, Severity, Subentry, UserPreferences, check,
};
use std::time::{Duration, Instant};

/// Runs something that takes minutes if it is quadratic and otherwise, unoptimised, a second or two.
fn linear<T>(run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    result
}

#[test]
fn many_links_devices_and_equal_keys_take_linear_time() {
    for (start, line) in
        [("", "MEDIA=x\nDEVICE=vpn\n"), ("MEDIA=x\n", "DEVICE=switch\n"), ("", "Type=2\n"), ("", "MEDIA=\n")]
    {
        let book = Book::parse(format!("[a]\n{start}{}", line.repeat(50_000)));
        let findings = linear(|| check(&book));
        assert!(!findings.is_empty(), "{line}");
        let properties = linear(|| book.properties("a").unwrap());
        assert!(properties.subentries.len() <= LINKS_MAX, "{line}");
    }
}

#[test]
fn links_beyond_the_limit_are_kept_and_told() {
    let text = format!("[a]\r\nType=2\r\n{}", "MEDIA=rastapi\r\nDEVICE=vpn\r\nPhoneNumber=b\r\n".repeat(LINKS_MAX + 2));
    let mut book = Book::parse(text.as_bytes());
    let line = 2 + 3 * LINKS_MAX + 1;
    assert!(check(&book).iter().any(|finding| finding.line == line && finding.severity == Severity::Warning));
    let mut properties = book.properties("a").unwrap();
    properties.redial_attempts = 7;
    book.set_properties(&properties, Filetime(1)).unwrap();
    assert_eq!(book.section("a").unwrap().media_count(), LINKS_MAX + 2);
    // None can be added that would not be read.
    properties.subentries.push(Subentry::default());
    let before = book.to_bytes();
    let error = book.set_properties(&properties, Filetime(1)).unwrap_err();
    assert_eq!((&error, error.code().0), (&EditError::TooManyLinks, 87));
    assert_eq!(book.to_bytes(), before);
    // Who takes links away means the last ones.
    properties.subentries.truncate(1);
    book.set_properties(&properties, Filetime(1)).unwrap();
    assert_eq!(book.section("a").unwrap().media_count(), 1);
}

#[test]
fn a_dial_has_no_more_servers_and_certificates_than_anybody_needs() {
    let identity = Identity { guid: Guid([7; 16]), dial_params_uid: 7 };
    let mut properties = Properties::sstp("a", "vpn.example.com", identity);
    properties.subentries[0].phone_numbers = vec!["vpn.example.com".to_owned(); 100_000];
    let preferences = UserPreferences::default();
    let error = properties.dial_entry(&preferences, |_: &str| Ok(Vec::new())).unwrap_err();
    assert_eq!((error.key, error.code.0), ("PhoneNumber", 749));
    properties.subentries[0].phone_numbers.truncate(1);
    properties.ca = vec!["ca.pem".to_owned(); 100_000];
    let mut opened = 0;
    let read = |_: &str| {
        opened += 1;
        Ok(vec![vec![0x30]])
    };
    assert_eq!(properties.dial_entry(&preferences, read).unwrap_err().key, "RasmanCa");
    assert_eq!(opened, 0);
}

#[test]
fn no_secret_is_written_into_a_book_and_none_is_shown() {
    let mut book = Book::parse(&b"[a]\nPreSharedKey=\nMEDIA=x\nDEVICE=y\n[b]\nPreSharedKey=hidden-1\n"[..]);
    let device = Scope::Device { media: 0, device: 0 };
    for (scope, key) in [(Scope::Entry, "PreSharedKey"), (device, "presharedkey"), (Scope::Entry, "ApnInfoPassword")] {
        let error = book.set("a", scope, key, "hidden-2").unwrap_err();
        assert_eq!((error.code().0, matches!(error, EditError::Secret { .. })), (87, true), "{key}");
        assert!(!error.to_string().contains("hidden-2"));
        assert!(book.add("a", scope, key, "hidden-2").is_err());
        assert!(book.set_all("a", scope, key, &["", "hidden-2"]).is_err());
    }
    // What an old program left there may be taken out, and stays otherwise.
    let shown = format!("{:?}{:?}", book, book.section("b").unwrap().lines().collect::<Vec<_>>());
    assert!(!shown.contains("hidden-1") && !shown.contains("104, 105, 100"), "{shown}");
    book.set("b", Scope::Entry, "Type", "2").unwrap();
    assert!(book.to_bytes().windows(8).any(|bytes| bytes == b"hidden-1"));
    book.set("b", Scope::Entry, "PreSharedKey", "").unwrap();
    assert!(!book.to_bytes().windows(8).any(|bytes| bytes == b"hidden-1"));
}

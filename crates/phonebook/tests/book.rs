//! Phone books as text: nothing is lost, only touched lines change.

use proptest::prelude::*;
use rasman_phonebook::{Book, EditError, Encoding, Scope};

const SAMPLES: [&[u8]; 4] = [
    include_bytes!("../samples/sstp.pbk"),
    include_bytes!("../samples/pppoe.pbk"),
    include_bytes!("../samples/modem.pbk"),
    include_bytes!("../samples/multilink.pbk"),
];
const DEVICE: Scope = Scope::Device { media: 0, device: 0 };

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once('\u{FEFF}').chain(text.chars()).collect::<String>().encode_utf16().flat_map(bytes).collect()
}

fn all_encodings(text: &str) -> Vec<(Encoding, Vec<u8>)> {
    let ansi = text.chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin character")).collect();
    vec![
        (Encoding::Utf8, text.into()),
        (Encoding::Utf8Mark, format!("\u{FEFF}{text}").into()),
        (Encoding::Utf16Le, wide(text, u16::to_le_bytes)),
        (Encoding::Utf16Be, wide(text, u16::to_be_bytes)),
        (Encoding::Ansi, ansi),
    ]
}

fn names(book: &Book) -> Vec<String> {
    book.entries().map(Into::into).collect()
}

#[test]
fn samples_are_read_and_written_without_loss() {
    let all = SAMPLES.concat();
    let book = Book::parse(all.clone());
    assert_eq!(book.to_bytes(), all);
    assert_eq!(names(&book), ["Head office", "Home broadband", "Bureau de Genève", "Two lines"]);
    assert_eq!(book.get("HEAD OFFICE", DEVICE, "PhoneNumber").as_deref(), Some("vpn.example.com"));
    assert_eq!(book.get("bureau de genÈve", Scope::Media(0), "Port").as_deref(), Some("COM3"));
    let two = book.section("two lines").unwrap();
    assert_eq!((two.media_count(), two.device_count(0), two.device_count(1), two.device_count(2)), (2, 1, 1, 0));
    let numbers: Vec<_> = two.values(Scope::Device { media: 1, device: 0 }, "PhoneNumber").collect();
    assert_eq!(numbers, ["0,5550124", "0,5550125"]);
}

#[test]
fn one_value_changes_one_line_in_every_encoding() {
    let text = "; été\r\n[Été]\nKey= a \r\nKey=b\n\r\nMEDIA=x\nPort=\n[b]\nKey=1";
    for (encoding, bytes) in all_encodings(text) {
        let mut book = Book::parse(bytes.clone());
        assert_eq!(book.encoding(), encoding);
        assert_eq!(book.to_bytes(), bytes);
        book.set("été", Scope::Entry, "Key", "ü").unwrap();
        book.set("été", Scope::Media(0), "Port", "COM1").unwrap();
        book.set("ÉTÉ", Scope::Entry, "New", "7").unwrap();
        book.set("b", Scope::Entry, "New", "8").unwrap();
        let expected = "; été\r\n[Été]\nKey=ü\r\nKey=b\nNew=7\r\n\r\nMEDIA=x\nPort=COM1\n[b]\nKey=1\r\nNew=8\r\n";
        let (_, expected) = all_encodings(expected).into_iter().find(|(e, _)| *e == encoding).unwrap();
        assert_eq!(book.to_bytes(), expected, "{encoding:?}");
    }
}

#[test]
fn repeated_keys_grow_and_shrink_in_place() {
    let mut book = Book::parse("[a]\nX=0\nRasmanCa=1\nY=0\nRasmanCa=2\nZ=0\n");
    book.add("a", Scope::Entry, "RasmanCa", "3").unwrap();
    assert_eq!(book.to_bytes(), b"[a]\nX=0\nRasmanCa=1\nY=0\nRasmanCa=2\nRasmanCa=3\nZ=0\n");
    book.set_all("a", Scope::Entry, "RasmanCa", &["9"]).unwrap();
    assert_eq!(book.to_bytes(), b"[a]\nX=0\nRasmanCa=9\nY=0\nZ=0\n");
    book.remove("a", Scope::Entry, "RasmanCa").unwrap();
    book.set_all("a", Scope::Entry, "W", &["1", "2"]).unwrap();
    assert_eq!(book.to_bytes(), b"[a]\nX=0\nY=0\nZ=0\nW=1\nW=2\n");
}

#[test]
fn e5_b4_what_cannot_be_done_is_refused_and_changes_nothing() {
    let bytes = b"[a]\nX=\xE9\nMEDIA=m\n[B]\n".to_vec();
    let mut book = Book::parse(bytes.clone());
    let entry = Scope::Entry;
    assert_eq!(book.set("c", entry, "X", "").unwrap_err().code().0, 623);
    assert_eq!(book.set("a", DEVICE, "X", ""), Err(EditError::NoGroup { key: "X".into() }));
    assert_eq!(book.set_all("a", entry, "X", &["ok", "no\n"]), Err(EditError::BadValue { key: "X".into() }));
    for value in ["a\rb", "a\0b"] {
        assert_eq!(book.set("a", entry, "X", value), Err(EditError::BadValue { key: "X".into() }));
    }
    for key in ["", " X", "X=", "[X", ";X", "MEDIA", "a\nb"] {
        assert_eq!(book.set("a", entry, key, ""), Err(EditError::BadKey { key: key.into() }), "{key}");
    }
    assert_eq!(book.remove("a", Scope::Media(0), "MEDIA"), Err(EditError::BadKey { key: "MEDIA".into() }));
    let missing = book.set("a", entry, "X", "aЖ").unwrap_err();
    assert!(missing.to_string().contains("\"Ж\", which the phone book's encoding, Windows-1252, lacks"), "{missing}");
    assert_eq!(book.create("b").unwrap_err().code().0, 183);
    assert_eq!(book.create("b:c").unwrap_err().code().0, 123);
    assert_eq!(book.rename("a", "b").unwrap_err().code().0, 183);
    assert_eq!(book.rename("a", "Ж").unwrap_err().code().0, 87);
    assert_eq!(book.delete("c").unwrap_err().code().0, 623);
    assert_eq!(book.to_bytes(), bytes);
}

#[test]
fn entries_are_made_renamed_and_removed() {
    let mut book = Book::new();
    book.create("Work").unwrap();
    book.create("Home").unwrap();
    book.set("work", Scope::Entry, "Type", "2").unwrap();
    assert_eq!(book.to_bytes(), b"[Work]\r\nType=2\r\n\r\n[Home]\r\n\r\n");
    book.rename("WORK", "Office: 2nd floor").unwrap();
    book.rename("home", "HOME").unwrap();
    assert_eq!(names(&book), ["Office: 2nd floor", "HOME"]);
    assert!(!book.contains("work") && book.contains("home"));
    book.delete("office: 2ND floor").unwrap();
    assert_eq!(book.to_bytes(), b"[HOME]\r\n\r\n");
}

#[test]
fn a_file_without_last_line_end_gets_one_when_something_follows() {
    for (bytes, expected) in [
        (&b"[a]\nX=1"[..], &b"[a]\nX=1\n[b]\n\n"[..]),
        (b"[a]\r\nX=1\r", b"[a]\r\nX=1\r\n[b]\r\n\r\n"),
        (b"; note", b"; note\r\n[b]\r\n\r\n"),
        (b"\xEF\xBB\xBF", b"\xEF\xBB\xBF[b]\r\n\r\n"),
    ] {
        let mut book = Book::parse(bytes);
        book.create("b").unwrap();
        assert_eq!(book.to_bytes(), expected);
    }
}

#[test]
fn of_equal_names_the_first_counts() {
    let mut book = Book::parse("[a]\nX=1\n[A]\nX=2\n[a]\nX=3\n");
    assert_eq!(names(&book), ["a"]);
    book.set("A", Scope::Entry, "X", "9").unwrap();
    book.rename("a", "A").unwrap();
    assert_eq!(names(&book), ["A"]);
    book.delete("a").unwrap();
    assert_eq!(names(&book), ["A"]);
    assert_eq!(book.to_bytes(), b"[A]\nX=2\n[a]\nX=3\n");
    book.rename("a", "b").unwrap();
    assert_eq!(names(&book), ["b", "a"]);
}

#[test]
fn an_entry_is_copied_into_another_encoding() {
    let from = Book::parse("[Été]\nKey=ü\n; end");
    for (encoding, bytes) in all_encodings("[old]\n") {
        let mut to = Book::parse(bytes.clone());
        to.copy_from(&from, "été", "Neu").unwrap();
        let again = Book::parse(to.to_bytes());
        // Latin letters alone are UTF-8 too.
        assert!(again.encoding() == encoding || encoding == Encoding::Ansi);
        assert_eq!(again.section("neu").unwrap().text(), "[Neu]\nKey=ü\n; end");
        assert_eq!(to.copy_from(&from, "été", "OLD").unwrap_err().code().0, 183);
        assert_eq!(to.copy_from(&from, "none", "x").unwrap_err().code().0, 623);
    }
    let mut ansi = Book::parse(b"[\xE9]\n".to_vec());
    let russian = Book::parse("[a]\nKey=Ж\n");
    assert!(matches!(ansi.copy_from(&russian, "a", "a"), Err(EditError::Unrepresentable { character: 'Ж', .. })));
}

#[test]
fn half_a_character_at_the_end_is_kept_and_blocks_changes() {
    let bytes = b"\xFF\xFE[\0a\0]\0\n\0X".to_vec();
    let mut book = Book::parse(bytes.clone());
    assert_eq!(book.create("b"), Err(EditError::Damaged));
    assert_eq!(book.set("a", Scope::Entry, "K", "1"), Err(EditError::Damaged));
    assert_eq!(book.to_bytes(), bytes);
}

/// Pieces that make phone books, good and bad.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"[a]",
        b"[A]",
        b"[b]",
        b"[",
        b"]",
        b"=",
        b"MEDIA=",
        b"DEVICE=",
        b"NETCOMPONENTS=",
        b"X=1",
        b"X",
        b"; c",
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xE9",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\xFE\xFF",
        "é".as_bytes(),
        b"\n\0",
        b"\0\n",
        b"[\0a\0]\0",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(Book::parse(bytes.clone()).to_bytes(), bytes);
    }

    #[test]
    fn any_lines_come_back(bytes in pieces()) {
        let book = Book::parse(bytes.clone());
        prop_assert_eq!(book.to_bytes(), bytes);
        for name in book.entries() {
            prop_assert_eq!(book.section(&name).unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_set_is_read_and_nothing_else_changes(bytes in pieces(), value in "[ -~é]{0,20}") {
        let mut book = Book::parse(bytes);
        for name in names(&book) {
            let before: Vec<(String, Vec<u8>)> = names(&book)
                .into_iter()
                .filter(|other| *other != name)
                .map(|other| (other.clone(), book.section(&other).unwrap().raw().to_vec()))
                .collect();
            if book.set(&name, Scope::Entry, "X", &value).is_ok() {
                prop_assert_eq!(book.get(&name, Scope::Entry, "X").unwrap(), value.clone());
            }
            for (other, raw) in before {
                prop_assert_eq!(book.section(&other).unwrap().raw(), &raw);
            }
        }
        let written = book.to_bytes();
        prop_assert_eq!(Book::parse(written.clone()).to_bytes(), written);
    }
}

#[test]
fn comments_above_a_header_stay_with_it() {
    let text =
        "; the book\n[a]\nK=1\nMEDIA=x\nDEVICE=y\n\n; about b\n# more\n[b]\nK=2\n; about c\n[c]\nK=3\n; the end\n";
    let book = Book::parse(text);
    let after = |change: fn(&mut Book)| {
        let mut book = book.clone();
        change(&mut book);
        String::from_utf8(book.to_bytes()).unwrap()
    };
    let gone = after(|book| book.delete("a").unwrap());
    assert_eq!(gone, "; the book\n; about b\n# more\n[b]\nK=2\n; about c\n[c]\nK=3\n; the end\n");
    let gone = after(|book| {
        book.delete("b").unwrap();
        book.delete("a").unwrap();
    });
    assert_eq!(gone, "; the book\n; about b\n# more\n; about c\n[c]\nK=3\n; the end\n");
    let gone = after(|book| {
        book.delete("a").unwrap();
        book.delete("b").unwrap();
        book.delete("c").unwrap();
    });
    assert_eq!(gone, "; the book\n; about b\n# more\n; about c\n");
    // New lines do not get between a header and its comments.
    let set = after(|book| book.set("a", DEVICE, "New", "1").unwrap());
    assert_eq!(set, text.replacen("DEVICE=y\n", "DEVICE=y\nNew=1\n", 1));
    let set = after(|book| book.set("b", Scope::Entry, "New", "1").unwrap());
    assert_eq!(set, text.replacen("K=2\n", "K=2\nNew=1\n", 1));
    // A copy is of the entry alone.
    let mut copy = Book::new();
    copy.copy_from(&book, "a", "copy").unwrap();
    assert_eq!(copy.to_bytes(), b"[copy]\nK=1\nMEDIA=x\nDEVICE=y\n\n");
}

//! Books from Windows and back.

use super::{assert_absent, read};
use rasman_phonebook::import::{Kind, export};
use rasman_phonebook::{Book, Scope};

const BOOK: &str = "; ours\r\n[Büro]\r\nEncoding=1\r\nType=2\r\nPreSharedKey=tops3cret\r\nUnknown = 1 ; x\r\n\r\n\
    NETCOMPONENTS=\r\nms_msclient=1\r\n\r\nMEDIA=rastapi\r\nPort=VPN2-0\r\nDEVICE=vpn\r\nPhoneNumber=vpn.example.org\r\n\r\n\
    [BÜRO]\r\nMEDIA=rastapi\r\n[ ]\r\nMEDIA=rastapi\r\n\
    [mobile]\r\nApnInfoUsername=dom\\bob\r\nApnInfoPassword=m0bile\r\nMEDIA=serial\r\nDEVICE=modem";

#[test]
fn entries_are_taken_over_line_by_line_without_secrets() {
    let imported = read(BOOK).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(imported.kind, Kind::WindowsBook);
    let kept = BOOK.split_once("[Büro]").unwrap().1.split_once("[BÜRO]").unwrap().0.replace("tops3cret", "");
    assert_eq!(imported.book.section("Büro").unwrap().raw(), format!("[Büro]{kept}").as_bytes());
    assert_eq!(imported.book.entries().collect::<Vec<_>>(), ["Büro", "mobile"]);
    assert_absent(&imported, "tops3cret");
    assert_absent(&imported, "m0bile");

    let [office, mobile] = &imported.credentials[..] else { panic!("two entries have secrets") };
    assert_eq!((office.entry.as_str(), office.pre_shared_key.as_ref().unwrap().expose()), ("Büro", &b"tops3cret"[..]));
    assert_eq!((mobile.user.as_str(), mobile.domain.as_str()), ("bob", "dom"));
    assert_eq!(mobile.password.as_ref().unwrap().expose(), b"m0bile");

    let left: Vec<_> = imported.not_mapped.iter().map(|line| (line.line, line.why)).collect();
    let hidden = "an earlier entry has the same name and hides it";
    assert_eq!(left, [(16, hidden), (18, "the name is not allowed for an entry")]);
}

#[test]
fn every_encoding_becomes_utf8() {
    let text = "[Büro]\r\nMEDIA=rastapi\r\nPort=é\r\n";
    let utf16: Vec<u8> = "\u{feff}".chars().chain(text.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    let ansi: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for source in [utf16, ansi, mark, text.as_bytes().to_vec()] {
        let imported = read(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(imported.book.to_bytes(), text.as_bytes());
        assert_eq!(imported.book.get("büro", Scope::Media(0), "Port").as_deref(), Some("é"));
    }
}

#[test]
fn what_is_imported_can_be_taken_over_and_exported_again() {
    let imported = read(BOOK).unwrap_or_else(|error| panic!("{error}"));
    let mut ours = Book::parse(*b"; mine\r\n[home]\r\nMEDIA=rastapi\r\n");
    ours.copy_from(&imported.book, "büro", "Office").unwrap();
    let one = String::from_utf8(export(&ours, Some("OFFICE")).unwrap()).unwrap();
    assert!(one.starts_with("[Office]\r\nEncoding=1\r\nType=2\r\nPreSharedKey=\r\nUnknown = 1 ; x\r\n"), "{one}");
    let all = export(&ours, None).unwrap();
    assert_eq!(Book::parse(all).entries().collect::<Vec<_>>(), ["home", "Office"]);
}

#[test]
fn b10_an_export_has_no_secret_and_is_never_empty() {
    let book = Book::parse(
        b"[a]\nPreSharedKey=s3cret\nMEDIA=x\npresharedkey = s3cret\nDEVICE=y\nApnInfoPassword=s3cret\nPhoneNumber=1"
            .to_vec(),
    );
    let text = String::from_utf8(export(&book, None).unwrap()).unwrap();
    assert_eq!(
        text,
        "[a]\r\nPreSharedKey=\r\nMEDIA=x\r\npresharedkey =\r\nDEVICE=y\r\nApnInfoPassword=\r\nPhoneNumber=1\r\n"
    );
    assert_eq!(export(&book, Some("none")), None);
    assert_eq!(export(&Book::new(), None), None);
}

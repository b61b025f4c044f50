//! Body of the fuzz target for the import of other programs' connections.

use rasman_core::Secret;
use rasman_phonebook::import::{Context, Imported, Kind, export, import};
use rasman_phonebook::{Book, Filetime, Guid, Identity, Properties, validate_new_name_for_rename};

const KINDS: [Option<Kind>; 4] = [None, Some(Kind::WindowsBook), Some(Kind::NetworkManager), Some(Kind::Pppd)];
const IDENTITY: Identity = Identity { guid: Guid([1; 16]), dial_params_uid: 1 };

/// Files of every kind: what is imported is a sound book, secrets are in the credentials alone, and what is left out is
/// told within bounds.
pub fn phonebook_import(data: &[u8]) {
    for kind in KINDS {
        let mut identity = || IDENTITY;
        let mut context = Context { name: "file", stamp: Filetime(1), identity: &mut identity };
        match import(data, kind, &mut context) {
            Ok(imported) => check(data, &imported),
            Err(error) => assert!(!error.to_string().contains(char::is_control), "one clean line"),
        }
    }
}

fn check(data: &[u8], imported: &Imported) {
    let bytes = imported.book.to_bytes();
    assert!(bytes.len() <= 4 * data.len() + 16_384, "a file does not grow");
    let book = Book::parse(bytes.clone());
    assert_eq!(book.to_bytes(), bytes);
    let names: Vec<_> = book.entries().map(|name| name.into_owned()).collect();
    assert_eq!(names, imported.book.entries().collect::<Vec<_>>(), "nothing hides in the text");
    if imported.kind != Kind::WindowsBook {
        assert_eq!(names.len(), 1);
    }
    for name in &names {
        assert!(validate_new_name_for_rename(name).is_ok());
        let _ = book.properties(name).expect("a listed entry");
        assert!(book.pre_shared_key(name).is_none());
    }
    for found in &imported.credentials {
        assert!(names.contains(&found.entry), "credentials belong to an entry");
        for secret in [&found.password, &found.pre_shared_key].into_iter().flatten() {
            absent(data, imported, &bytes, secret);
        }
    }
    for line in &imported.not_mapped {
        assert!(line.line <= data.len() + 1 && !line.to_string().contains(char::is_control));
    }
    match export(&imported.book, None) {
        Some(exported) => assert_eq!(Book::parse(exported).entries().collect::<Vec<_>>(), names),
        None => assert!(names.is_empty()),
    }
}

/// A secret that stands once in the file, and in no entry anyway, is neither in the book nor in a remark.
fn absent(data: &[u8], imported: &Imported, book: &[u8], secret: &Secret) {
    let secret = secret.expose();
    let times = |text: &[u8]| text.windows(secret.len().max(1)).filter(|window| *window == secret).count();
    if secret.len() < 8 || times(data) != 1 || usual().iter().any(|text| times(text) > 0) {
        return;
    }
    assert_eq!(times(book), 0, "a secret in the book");
    assert!(imported.not_mapped.iter().all(|line| times(line.to_string().as_bytes()) == 0), "a secret in a remark");
}

/// What stands in entries of each kind whatever the file says.
fn usual() -> Vec<Vec<u8>> {
    let entries = [
        Properties::sstp("file", "", IDENTITY),
        Properties::l2tp("imported", "", IDENTITY),
        Properties::pptp("file", "", IDENTITY),
        Properties::ikev2("file", "", IDENTITY),
        Properties::pppoe("file", "", IDENTITY),
        Properties::modem("file", "", "", "", IDENTITY),
        Properties::direct("file", "", "", IDENTITY),
    ];
    let book = |entry: &Properties| {
        let mut book = Book::new();
        book.set_properties(entry, Filetime(1)).expect("a sound entry");
        book.to_bytes()
    };
    entries.iter().map(book).collect()
}

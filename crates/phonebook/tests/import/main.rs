//! Connections of other programs become entries, and nothing is lost in silence.

mod network_manager;
mod pppd;
mod windows;

use rasman_phonebook::import::{Context, FoundCredentials, Imported, Kind, NotImportable, import};
use rasman_phonebook::{Filetime, Guid, Identity, Properties};

fn read(text: impl AsRef<[u8]>) -> Result<Imported, NotImportable> {
    let mut identity = || Identity { guid: Guid([7; 16]), dial_params_uid: 7 };
    let mut context = Context { name: "file", stamp: Filetime(1), identity: &mut identity };
    import(text.as_ref(), None, &mut context)
}

/// Reads a file that has one entry.
fn one(text: &str) -> (Properties, FoundCredentials, Vec<(usize, String)>) {
    let imported = read(text).unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<_> = imported.book.entries().collect();
    assert_eq!(names.len(), 1);
    let properties = imported.book.properties(&names[0]).unwrap();
    assert!(properties.unreadable.0.is_empty(), "{:?}", properties.unreadable);
    let left = imported.not_mapped.iter().map(|line| (line.line, line.what.clone())).collect();
    (properties, imported.credentials.into_iter().next().unwrap_or_default(), left)
}

fn error(text: &str) -> (u32, String) {
    let error = read(text).err().expect("an error");
    (error.code().0, error.to_string())
}

/// Asserts that a secret is nowhere but in the credentials.
fn assert_absent(imported: &Imported, secret: &str) {
    let book = String::from_utf8(imported.book.to_bytes()).unwrap();
    assert!(!book.contains(secret), "{book}");
    let told: String = imported.not_mapped.iter().map(|line| format!("{line}\n")).collect();
    assert!(!told.contains(secret), "{told}");
}

#[test]
fn what_a_file_is_shows_in_its_content() {
    let cases: [(&[u8], Option<Kind>); 9] = [
        (b"[a]\r\nType=2\r\nMEDIA=rastapi\r\nDEVICE=vpn\r\n", Some(Kind::WindowsBook)),
        (b"\xff\xfe[\0a\0]\0\r\0\n\0M\0E\0D\0I\0A\0=\0x\0\r\0\n\0", Some(Kind::WindowsBook)),
        (b"[connection]\nid=x\ntype=vpn\n", Some(Kind::NetworkManager)),
        (b"# peer\n/dev/ttyUSB0 115200\nnoauth\nconnect 'chat'\n", Some(Kind::Pppd)),
        (b"plugin pppoe.so\neth0\n", Some(Kind::Pppd)),
        (b"", None),
        (b"\0\0\0\0", None),
        (b"[section]\nkey=value\n", None),
        (b"Dear reader, nothing here is dialled.", None),
    ];
    for (bytes, kind) in cases {
        assert_eq!(Kind::detect(bytes), kind, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(error("nothing").0, 622);
}

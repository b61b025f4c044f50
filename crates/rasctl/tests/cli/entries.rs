//! `rasctl entry` and `rasctl credentials`.

use crate::scene::{Scene, has};
use std::fs;

const BOOK: &str = "home/.config/rasman/rasphone.pbk";

#[test]
fn b5_an_entry_is_added_listed_shown_changed_renamed_and_removed() {
    let scene = Scene::new("");
    scene.run(&["entry", "list"]).expect(0).says("There is no entry", "");
    let added = scene.run(&["entry", "add", "Work", "-m", "sstp", "-s", "vpn.example.com", "--json"]).expect(0).json();
    assert_eq!((&added["entry"], &added["dialable"]), (&"Work".into(), &true.into()));
    let list = scene.run(&["entry", "list", "--json"]).expect(0).json();
    assert_eq!((&list["entries"][0]["name"], &list["entries"][0]["scope"]), (&"Work".into(), &"user".into()));

    let before = fs::read(scene.path(BOOK)).unwrap();
    scene
        .run(&["entry", "set", "work", "server=vpn2.example.com:8443", "redial-attempts=7", "VpnStrategy=6"])
        .expect(0);
    let after = fs::read(scene.path(BOOK)).unwrap();
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&before), lines(&after));
    let changed =
        before.iter().zip(&after).filter(|(old, new)| old != new).map(|(old, _)| old.split('=').next().unwrap());
    let changed: Vec<_> = changed.collect();
    assert_eq!(before.len(), after.len());
    let dates = ["LowDateTime", "HighDateTime"];
    let others: Vec<_> = changed.into_iter().filter(|key| !dates.contains(key)).collect();
    assert_eq!(others, ["VpnStrategy", "RedialAttempts", "PhoneNumber"], "only touched lines change");

    let shown = scene.run(&["entry", "show", "WORK", "--json"]).expect(0).json();
    assert_eq!(shown["settings"]["server"], "vpn2.example.com:8443");
    assert_eq!(shown["settings"]["redial-attempts"], "7");
    assert_eq!(shown["settings"]["strategy"], "sstp-first");

    scene.run(&["entry", "rename", "work", "Head office"]).expect(0);
    scene.run(&["entry", "show", "work"]).expect(4).says("", "error 623");
    scene.run(&["entry", "remove", "head OFFICE"]).expect(0);
    scene.run(&["entry", "list"]).expect(0).says("There is no entry", "");
}

#[test]
fn b2_a17_names_that_cannot_be_are_refused() {
    let scene = Scene::new("");
    let add = |name: &str| scene.run(&["entry", "add", name, "-m", "sstp", "-s", "vpn.example.com"]);
    add("Work").expect(0);
    add("WORK").expect(6).says("", "already");
    for name in [".work", "a|b", "?"] {
        add(name).expect(6).says("", "error 123");
    }
    scene.run(&["entry", "add"]).expect(2).says("", "ENTRY is missing");
    scene.run(&["entry", "add", "x", "-m", "sstp"]).expect(2).says("", "--server is missing");
    scene.run(&["entry", "add", "x", "-m", "sstp", "-s", "h", "--set", "bogus=1"]).expect(2).says("", "no setting");
}

#[test]
fn entries_of_each_medium_are_added_and_say_whether_they_can_be_dialled() {
    let scene = Scene::new("");
    for (medium, more, dialable) in [
        ("ikev2", vec!["-s", "h"], false),
        ("l2tp", vec!["-s", "h"], false),
        ("pptp", vec!["-s", "h"], false),
        ("pppoe", vec!["--service", "isp"], false),
        ("modem", vec!["--number", "5550", "--port", "COM3"], true),
        ("direct", vec!["--port", "COM1"], true),
    ] {
        let arguments: Vec<_> = ["entry", "add", medium, "-m", medium, "--json"].into_iter().chain(more).collect();
        let added = scene.run(&arguments).expect(0).json();
        assert_eq!(added["dialable"], dialable, "{medium}");
        let shown = scene.run(&["entry", "show", medium, "--json"]).expect(0).json();
        assert_eq!(shown["medium"], medium);
        assert_eq!(shown["obstacle"]["problem"].is_string(), !dialable, "{medium}");
    }
}

#[test]
fn check_points_at_what_is_wrong() {
    let scene = Scene::new("");
    let book = "[a]\r\nType=x\r\nBogus=1\r\nhuh\r\n[A]\r\nPreSharedKey=hunter2\r\n";
    fs::write(scene.path("bad.pbk"), book).unwrap();
    let ran = scene.run(&["entry", "check", "bad.pbk"]).expect(6);
    assert!(ran.out.contains("bad.pbk:2:6: error: Type=x"), "{}", ran.out);
    assert!(ran.out.contains("    2 | Type=x\n      |      ^\n"), "{}", ran.out);
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    let json = scene.run(&["entry", "check", "bad.pbk", "--json"]).expect(6).json();
    let findings = json["phonebooks"][0]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|found| found["line"] == 3 && found["severity"] == "note"), "{findings:?}");
    assert!(findings.iter().any(|found| found["line"] == 5 && found["severity"] == "error"), "{findings:?}");
    for sample in ["sstp", "pppoe", "modem"] {
        let path = format!("{}/../phonebook/samples/{sample}.pbk", env!("CARGO_MANIFEST_DIR"));
        let json = scene.run(&["entry", "check", "--json", &path]).expect(0).json();
        assert_eq!(json["errors"], 0, "{sample}: {json}");
    }
    scene.run(&["entry", "check", "/nowhere.pbk"]).expect(6).says("", "error 621");
    scene.run(&["entry", "check", "/"]).expect(6).says("", "is a folder");
}

#[test]
fn secrets_in_a_book_are_neither_shown_nor_pointed_at() {
    let scene = Scene::new("");
    fs::write(scene.path("old.pbk"), "[a]\nType=2\nPreSharedKey=hunter2\nMEDIA=rastapi\nDEVICE=vpn\nPhoneNumber=h\n")
        .unwrap();
    for arguments in [
        vec!["entry", "check", "old.pbk"],
        vec!["entry", "show", "a", "--keys", "--phonebook", "old.pbk"],
        vec!["entry", "show", "a", "--json", "--phonebook", "old.pbk"],
        vec!["entry", "export", "--phonebook", "old.pbk"],
    ] {
        let ran = scene.run(&arguments);
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{ran:#?}");
    }
}

#[test]
fn a_wrong_value_is_refused_unless_forced() {
    let scene = Scene::with_entry("");
    let before = fs::read(scene.path(BOOK)).unwrap();
    scene.run(&["entry", "set", "Office", "Type=x"]).expect(6).says("", "--force");
    assert_eq!(fs::read(scene.path(BOOK)).unwrap(), before);
    scene.run(&["entry", "set", "Office", "Type=x", "--force"]).expect(0);
    scene.run(&["entry", "set", "Office", "Type=2", "PhoneNumber+=b.example.com"]).expect(0);
    let shown = scene.run(&["entry", "show", "Office", "--json"]).json();
    assert_eq!(shown["settings"]["alternates"], "b.example.com");
    scene.run(&["entry", "set", "Office", "--unset", "RasmanSocks"]).expect(0);
    assert_eq!(scene.run(&["entry", "show", "Office", "--json"]).json()["settings"]["proxy"], "");
}

#[test]
fn a_windows_book_is_imported_and_exported_without_loss() {
    let scene = Scene::new("");
    let sample = format!("{}/../phonebook/samples/sstp.pbk", env!("CARGO_MANIFEST_DIR"));
    scene.run(&["entry", "import", &sample, "--no-proxy"]).expect(0).says("Windows phone book", "");
    let exported = scene.run(&["entry", "export", "-o", "out.pbk"]).expect(0);
    assert!(exported.out.contains("1 entry is in out.pbk"), "{exported:?}");
    let text =
        |path: &str| String::from_utf8_lossy(&fs::read(path).unwrap()).lines().map(str::to_owned).collect::<Vec<_>>();
    let section = |lines: Vec<String>| {
        let start = lines.iter().position(|line| line.starts_with('[')).unwrap();
        lines[start..].iter().filter(|line| !line.is_empty()).cloned().collect::<Vec<_>>()
    };
    assert_eq!(section(text(&scene.text("out.pbk"))), section(text(&sample)));
    scene.run(&["entry", "import", &sample]).expect(6).says("", "--replace");
    scene.run(&["entry", "import", &sample, "--replace"]).expect(0);
    let shown = scene.run(&["entry", "show", "Head office", "--json"]).json();
    assert_eq!(shown["settings"]["proxy"], "127.0.0.1:0", "a door is opened");
}

#[test]
fn secrets_of_an_import_go_to_the_store_and_never_into_the_book() {
    let scene = Scene::new("");
    fs::create_dir_all(scene.path("home/.config/rasman")).unwrap();
    fs::write(scene.path("home/.config/rasman/rasman.toml"), "[credentials]\norder = [\"file\"]\n").unwrap();
    let keyfile = "[connection]\nid=Contoso\ntype=vpn\n[vpn]\n\
        service-type=org.freedesktop.NetworkManager.sstp\ngateway=vpn.contoso.com\nuser=CORP\\bob\npassword-flags=0\n\
        colour=blue\n[vpn-secrets]\npassword=hunter2\n";
    fs::write(scene.path("contoso.nmconnection"), keyfile).unwrap();
    let ran = scene.run(&["entry", "import", "contoso.nmconnection"]).expect(0);
    assert!(ran.out.contains("colour"), "what did not map is named: {}", ran.out);
    assert!(!ran.out.contains("hunter2") && !has(&scene.path(BOOK), "hunter2"));
    let stored = scene.run(&["credentials", "check", "contoso", "--json"]).expect(0).json();
    assert_eq!(
        (&stored["user"], &stored["domain"], &stored["password"]),
        (&"bob".into(), &"CORP".into(), &true.into())
    );
    fs::write(scene.path("what"), "nothing\n").unwrap();
    scene.run(&["entry", "import", "what"]).expect(6).says("", "--kind");
}

#[test]
fn k1_k4_credentials_go_in_are_told_of_and_cleared_and_never_come_out() {
    let scene = Scene::with_entry("");
    fs::write(scene.path("home/.config/rasman/rasman.toml"), "[credentials]\norder = [\"file\"]\n").unwrap();
    let password = scene.text("password");
    scene.run(&["credentials", "check", "Office"]).expect(13);
    scene.run(&["credentials", "set", "nope", "-u", "a", "--password-file", &password]).expect(4).says("", "error 623");
    scene.run(&["credentials", "set", "office", "-u", "alice", "--password-file", &password]).expect(0);
    for more in [&[][..], &["--json"][..]] {
        let arguments: Vec<_> = ["credentials", "check", "office"].into_iter().chain(more.iter().copied()).collect();
        let ran = scene.run(&arguments).expect(0).says("alice", "");
        assert!(!ran.out.contains("wonderland"));
    }
    // A13: whoever dials and names nobody is who is stored.
    let mut dial = scene.start(&["dial", "office", "--hold"]);
    dial.until("0x2000 Connected");
    dial.signal(rustix::process::Signal::TERM);
    dial.end().expect(0);
    scene.run(&["credentials", "clear", "office"]).expect(0);
    scene.run(&["credentials", "check", "office"]).expect(13);
    scene.run(&["dial", "office", "--hold"]).expect(13).says("", "nothing was sent");
}

#[test]
fn a_phone_book_anywhere_is_used_alone() {
    let scene = Scene::with_entry("");
    scene.run(&["entry", "list", "--phonebook", "my.pbk"]).expect(6).says("", "error 621");
    scene.run(&["entry", "add", "Other", "-m", "sstp", "-s", "h", "--phonebook", "my.pbk"]).expect(0);
    let list = scene.run(&["entry", "list", "--phonebook", "my.pbk", "--json"]).expect(0).json();
    assert_eq!((list["entries"].as_array().unwrap().len(), &list["entries"][0]["name"]), (1, &"Other".into()));
    scene.run(&["dial", "Office", "--hold", "--phonebook", "my.pbk"]).expect(4);
    scene.run(&["entry", "show", "Other"]).expect(4);
}

#[test]
fn a_certificate_is_kept_beside_the_book() {
    let scene = Scene::with_entry("");
    fs::remove_file(scene.path("ca.pem")).unwrap();
    let shown = scene.run(&["entry", "show", "Office", "--json"]).expect(0).json();
    assert_eq!(shown["dialable"], true, "{shown}");
    let kept = shown["settings"]["ca"].as_str().unwrap().to_owned();
    assert!(kept.contains("/home/.config/rasman/certificates/"), "{kept}");
    scene.run(&["entry", "set", "Office", "ca=/nowhere.pem"]).expect(6).says("", "/nowhere.pem cannot be read");
}

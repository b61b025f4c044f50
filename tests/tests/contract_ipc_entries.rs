//! The contract of entries and stored credentials at the socket: the tests of the Rust front, with the manager in a daemon
//! behind a socket, and what a foreign client, a hostile one and another user see of it.

#[path = "contract_rust_entries.rs"]
mod same;

use rasman::ipc::message::{Call, write};
use rasman::ipc::scope::{Place, Scope};
use rasman::ipc::secret::seal;
use rasman::ipc::send_all;
use rasman_phonebook::store::Places;
use rasman_tests::harness::lab;
use rasman_tests::ipc::Daemon;
use rasman_tests::ipc::raw::Raw;
use serde_json::{Value, json};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
const ASTERISKS: &str = "****************";

/// A user's home, and a daemon in a process of its own that works there.
struct Foreign {
    daemon: Daemon,
    raw: Raw,
    home: PathBuf,
}

impl Foreign {
    fn new() -> Self {
        let home = fresh("home");
        std::fs::create_dir_all(home.join("config/rasman")).unwrap();
        // Not the keyring of whoever runs the tests.
        std::fs::write(home.join("config/rasman/rasman.toml"), "[credentials]\norder = [\"file\"]\n").unwrap();
        let daemon = Daemon::at_home(HELPER, &home);
        let raw = Raw::connect(&daemon.folder);
        Self { daemon, raw, home }
    }

    fn book(&self) -> PathBuf {
        self.home.join("config/rasman/rasphone.pbk")
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.raw.call(method, parameters)
    }

    /// The code of a refusal, which is short whatever was asked for.
    fn refused(&mut self, method: &str, parameters: Value) -> u64 {
        self.raw.send(method, parameters, false, &[]);
        let reply = self.raw.receive().unwrap();
        assert!(reply.to_string().len() < 2048, "{:.3000}", reply.to_string());
        assert_eq!(reply["error"], "io.rasman.Manager.Refused", "{reply}");
        reply["parameters"]["cause"]["code"].as_u64().unwrap()
    }

    fn with_secret(&mut self, method: &str, parameters: Value, secret: &OwnedFd) -> Value {
        self.raw.send(method, parameters, false, &[secret.as_fd()]);
        self.raw.receive().unwrap()
    }

    /// Everything that is stored beside phone books.
    fn stored(&self) -> String {
        let mut all = String::new();
        gather(&self.home.join("state"), &mut all);
        all
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

fn gather(folder: &Path, all: &mut String) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match file.path().is_dir() {
            true => gather(&file.path(), all),
            false => all.push_str(&std::fs::read_to_string(file.path()).unwrap_or_default()),
        }
    }
}

fn fresh(what: &str) -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    std::env::temp_dir().join(format!("rasman-{what}-{}-{}", std::process::id(), LAST.fetch_add(1, Relaxed)))
}

fn named(name: &str) -> Value {
    json!({ "entry": name })
}

/// The text of an entry as a person would write it.
fn text(server: &str) -> String {
    format!(
        "[any name]\nType=2\nBaseProtocol=1\nVpnStrategy=5\nMEDIA=rastapi\nDevice=WAN Miniport (SSTP)\n\nDEVICE=vpn\nPhoneNumber={server}\n"
    )
}

#[test]
fn b1_b4_b5_b6_b12_e5_a_foreign_client_works_with_text_alone() {
    let mut client = Foreign::new();
    assert_eq!(client.call("Entries", json!({ "phonebook": null }))["entries"], json!([]));
    let defaults = client.call("GetEntry", named(""));
    assert_eq!(defaults["name"], "");
    assert!(defaults["text"].as_str().unwrap().contains("DEVICE=vpn"), "{defaults}");
    assert_eq!(client.refused("SetEntry", json!({ "entry": "work", "text": defaults["text"] })), 87, "no number yet");
    assert_eq!(client.refused("ValidateEntryName", named("a|b")), 123);
    client.call("ValidateEntryName", named("work"));
    client.call("SetEntry", json!({ "entry": "work", "text": text("vpn.example.com") }));
    assert_eq!(client.refused("ValidateEntryName", named("WORK")), 183);
    let listed = json!([{ "name": "work", "scope": "user", "phonebook": client.book() }]);
    assert_eq!(client.call("Entries", json!({}))["entries"], listed);
    assert_eq!(client.call("Entries", json!({ "phonebook": client.book() }))["entries"], listed);
    assert_eq!(client.refused("Entries", json!({ "phonebook": "/nowhere/x.pbk" })), 621);
    for (method, code) in [("GetEntry", 623), ("GetDialParams", 623), ("GetEapUserData", 623), ("DeleteEntry", 123)] {
        assert_eq!(client.refused(method, named("nowhere")), code, "{method}");
    }
    let nobody = json!({ "user": "alice", "domain": "" });
    let set = json!({ "entry": "nowhere", "mask": 1, "credentials": nobody });
    assert_eq!(client.refused("SetCredentials", set), 87);
    client.call("RenameEntry", json!({ "entry": "work", "name": "office" }));
    client.call("DeleteEntry", named("office"));
    assert_eq!(client.call("Entries", json!({}))["entries"], json!([]));
}

#[test]
fn b5_what_an_editor_wrote_stays_and_what_nobody_knows_is_refused() {
    let mut client = Foreign::new();
    let book = "; mine\r\n[work]\r\n; a remark\r\nFrobnicate=1\r\nPreSharedKey=sesame\r\n";
    let book = format!("{book}{}", text("a.example.com").replace("[any name]\n", "").replace('\n', "\r\n"));
    std::fs::write(client.book(), &book).unwrap();
    let read = client.call("GetEntry", named("Work"));
    assert_eq!(read["name"], "work");
    let read = read["text"].as_str().unwrap();
    assert!(read.contains("; a remark") && read.contains("PreSharedKey=\r\n") && !read.contains("sesame"), "{read}");
    client.call("SetEntry", json!({ "entry": "work", "text": read.replace("a.example.com", "b.example.com") }));
    let now = std::fs::read_to_string(client.book()).unwrap();
    assert!(
        now.contains("b.example.com") && now.contains("; a remark\r\nFrobnicate=1\r\nPreSharedKey=sesame\r\n"),
        "{now}"
    );
    for line in ["Frobnicate=2", "Nobody=1", "PreSharedKey=x", "nonsense", "IpAddress=everywhere"] {
        let text = read.replace("Frobnicate=1", line);
        assert_eq!(client.refused("SetEntry", json!({ "entry": "work", "text": text })), 87, "{line}");
    }
    assert_eq!(std::fs::read_to_string(client.book()).unwrap(), now);
}

#[test]
fn m7_links_travel_as_text() {
    let mut client = Foreign::new();
    client.call("SetEntry", json!({ "entry": "work", "text": text("a.example.com") }));
    let first = client.call("GetSubEntry", json!({ "entry": "work", "index": 1 }));
    let second = first["text"].as_str().unwrap().replace("a.example.com", "b.example.com");
    client.call("SetSubEntry", json!({ "entry": "work", "index": 2, "text": second }));
    assert!(client.call("GetEntry", named("work"))["text"].as_str().unwrap().contains("b.example.com"));
    assert_eq!(client.refused("SetSubEntry", json!({ "entry": "work", "index": 2, "text": "[x]\n" })), 87);
    client.call("DeleteSubEntry", json!({ "entry": "work", "index": 1 }));
    assert_eq!(client.refused("DeleteSubEntry", json!({ "entry": "work", "index": 1 })), 87);
}

#[test]
fn k1_k2_k3_k4_k6_secrets_go_in_as_descriptors_and_never_come_out() {
    let mut client = Foreign::new();
    client.call("SetEntry", json!({ "entry": "work", "text": text("a.example.com") }));
    let secret = seal(&"wonderland".into()).unwrap();
    let credentials = json!({ "user": "alice", "domain": "CORP", "secret": 0 });
    let set = |credentials: &Value| json!({ "entry": "work", "mask": 7, "credentials": credentials });
    let reply = client.with_secret("SetCredentials", set(&credentials), &secret);
    assert!(reply.get("error").is_none(), "{reply}");
    assert!(client.stored().contains("wonderland"));
    let all = json!({ "delivered": 7, "user": "alice", "password": ASTERISKS, "domain": "CORP" });
    assert_eq!(client.call("GetCredentials", json!({ "entry": "work", "mask": 7 })), all);
    // Inline is weaker, and works.
    client.call("SetCredentials", set(&json!({ "user": "alice", "domain": "CORP", "password": ASTERISKS })));
    assert!(client.stored().contains("wonderland"), "asterisks change nothing");
    let params = json!({ "user": "alice", "domain": "CORP", "callback_number": "", "has_password": true });
    assert_eq!(client.call("GetDialParams", named("work")), params);
    client.call("ClearCredentials", json!({ "entry": "work", "mask": 2 }));
    assert!(!client.stored().contains("wonderland"));
    let rest = json!({ "delivered": 5, "user": "alice", "password": "", "domain": "CORP" });
    assert_eq!(client.call("GetCredentials", json!({ "entry": "work", "mask": 7 })), rest);
    assert_eq!(client.refused("GetCredentials", json!({ "entry": "work", "mask": 0x80 })), 87);
    assert!(!std::fs::read_to_string(client.book()).unwrap().contains("wonderland"));
}

#[test]
fn k9_eap_data_of_an_entry_that_has_none_is_size_0() {
    let mut client = Foreign::new();
    client.call("SetEntry", json!({ "entry": "work", "text": text("a.example.com") }));
    assert_eq!(client.call("GetEapUserData", named("work")), json!({ "size": 0 }));
    let secret = seal(&rasman::Secret::new(vec![0, 1, 255])).unwrap();
    let reply = client.with_secret("SetEapUserData", json!({ "entry": "work", "secret": 0 }), &secret);
    assert!(reply.get("error").is_none(), "{reply}");
    assert_eq!(client.call("GetEapUserData", named("work")), json!({ "size": 3, "secret": 0 }));
    client.call("SetEapUserData", named("work"));
    assert_eq!(client.call("GetEapUserData", named("work")), json!({ "size": 0 }));
}

#[test]
fn a12_a13_a14_a15_a18_a_dial_takes_from_the_book_what_it_does_not_say() {
    let lab = lab("");
    let mut client = Foreign::new();
    let ca = client.home.join("config/rasman/ca.pem");
    std::fs::write(&ca, &lab.facts().ca_pem).unwrap();
    let server = lab.facts().address.to_string();
    let to =
        |server: &str| text(server).replace("Type=2", "Type=2\nRasmanSystemRoots=0\nRasmanCa=ca.pem\nRedialAttempts=0");
    client.call("SetEntry", json!({ "entry": "work", "text": to("127.0.0.1:1") }));
    let secret = seal(&rasman_lab::DEFAULT_PASSWORD.into()).unwrap();
    let credentials = json!({ "user": rasman_lab::DEFAULT_USER, "domain": "", "secret": 0 });
    let set = json!({ "entry": "work", "mask": 3, "credentials": credentials });
    assert!(client.with_secret("SetCredentials", set, &secret).get("error").is_none());
    let mut dial = |parameters: Value| {
        client.raw.send("Dial", parameters, true, &[]);
        loop {
            let reply = client.raw.receive().unwrap();
            if let Some(code) = reply["parameters"]["cause"]["code"].as_u64() {
                return (code, false);
            }
            let notification = &reply["parameters"]["notification"];
            if notification["last"] == true {
                let code = notification["error"]["code"].as_u64().unwrap_or(0);
                let other = Raw::connect(&client.daemon.folder);
                hang_up_all(other);
                return (code, true);
            }
        }
    };
    // Clauses A12, A13: this number, and whoever is stored.
    assert_eq!(dial(json!({ "entry": "work", "number": server })), (0, true));
    // Clauses A14, A15: the stored domain and password.
    let stored = json!({ "user": rasman_lab::DEFAULT_USER, "domain": "*", "password": ASTERISKS });
    assert_eq!(dial(json!({ "entry": "work", "number": server, "credentials": stored })), (0, true));
    assert_ne!(dial(json!({ "entry": "work" })).0, 0, "the entry's own number leads nowhere");
    // Clause A18: at once, and nothing is told.
    for (book, code) in [("/nowhere/x.pbk", 621), ("x.pbk", 87)] {
        assert_eq!(dial(json!({ "entry": "work", "phonebook": book })), (code, false));
    }
    assert_eq!(dial(json!({ "entry": "nowhere" })), (623, false));
}

fn hang_up_all(mut raw: Raw) {
    let connections = raw.call("List", json!({}))["connections"].clone();
    for connection in connections.as_array().unwrap() {
        raw.call("HangUp", json!({ "handle": connection["handle"], "force": true, "wait": true }));
    }
}

#[test]
fn hostile_texts_names_and_descriptors_are_refused_and_harm_nobody() {
    let mut client = Foreign::new();
    let long = "x".repeat(900_000);
    let escapes = "\u{1}".repeat(100_000);
    for name in [long.as_str(), "a\0b", "\0", &escapes, "../../x", "a\r\n[b]"] {
        assert_eq!(client.refused("GetEntry", named(name)), 623, "{name:.20}");
        assert_eq!(client.refused("ValidateEntryName", named(name)), 123, "{name:.20}");
        let set = json!({ "entry": name, "text": text("a.example.com") });
        assert_eq!(client.refused("SetEntry", set), 123, "{name:.20}");
    }
    let many = "[x]\n".repeat(100_000);
    let links = format!("[x]\n{}", "MEDIA=x\n".repeat(60_000));
    let keys = format!("[x]\n{}", "A=1\n".repeat(120_000));
    for text in [long.as_str(), "", "\0", "[x", "A=1\n[x]\n", &many, &links, &keys, "[x]\nType=\0\n"] {
        assert_eq!(client.refused("SetEntry", json!({ "entry": "work", "text": text })), 87, "{text:.20}");
    }
    for path in ["relative.pbk", "", "/a\0b", &format!("/{long}")] {
        assert_eq!(client.refused("Entries", json!({ "phonebook": path })), 87, "{path:.20}");
    }
    assert!(!client.book().exists(), "nothing was written");
    client.call("SetEntry", json!({ "entry": "work", "text": text("a.example.com") }));
    assert_eq!(client.refused("RenameEntry", json!({ "entry": "work", "name": long })), 123);

    let open = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    let sealed = seal(&"x".into()).unwrap();
    let credentials = |index: u64| json!({ "user": "alice", "domain": "", "secret": index });
    for (index, descriptor) in [(0, &open), (1, &sealed), (u64::from(u32::MAX), &sealed)] {
        let set = json!({ "entry": "work", "mask": 7, "credentials": credentials(index) });
        for (method, call) in [("SetCredentials", set), ("SetEapUserData", json!({ "entry": "work", "secret": index }))]
        {
            let reply = client.with_secret(method, call, descriptor);
            assert_eq!(reply["parameters"]["cause"]["code"], 87, "{method} {index}: {reply}");
        }
    }
    assert_eq!(client.stored(), "");
    // Beyond the cap of a message the connection is of no use any more; another one is.
    let call = Call { method: "io.rasman.Manager.SetEntry", parameters: &named(&"x".repeat(2 << 20)), more: false };
    let _ = send_all(&client.raw.stream, &write(&call), &[]);
    assert!(client.raw.receive().is_err());
    let mut other = Raw::connect(&client.daemon.folder);
    assert_eq!(other.call("Entries", json!({}))["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_long_list_comes_in_pages_and_whole() {
    let client = Foreign::new();
    let book: String = (0..8_000).map(|number| format!("[entry {number}]\r\nType=2\r\n")).collect();
    std::fs::write(client.book(), book).unwrap();
    let names: Vec<_> = client.daemon.manager().entries(None).unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(names, (0..8_000).map(|number| format!("entry {number}")).collect::<Vec<_>>());
}

#[test]
fn a_slow_phone_book_keeps_nobody_waiting() {
    let mut client = Foreign::new();
    client.call("SetEntry", json!({ "entry": "work", "text": text("a.example.com") }));
    // Another program is writing it.
    let lock = std::fs::File::create(client.book().with_file_name(".rasphone.pbk.rasman-lock")).unwrap();
    lock.lock().unwrap();
    client.raw.send("DeleteEntry", named("work"), false, &[]);
    let mut other = Raw::connect(&client.daemon.folder);
    other.call("List", json!({}));
    assert_eq!(other.call("Entries", json!({}))["entries"].as_array().unwrap().len(), 1, "it waits still");
    lock.unlock().unwrap();
    assert!(client.raw.receive().unwrap().get("error").is_none());
}

/// A user that no machine has.
const ALICE: u32 = 60_001;

#[test]
fn e10_k5_another_user_sees_all_users_entries_and_changes_none() {
    if rasman::ipc::scope::own_uid() != 0 {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "with CI=true this test must run, as root");
        eprintln!("SKIPPED: only root can be several users");
        return;
    }
    let home = fresh("machine");
    std::fs::create_dir_all(home.join("etc")).unwrap();
    let (user, all_users) = (home.join("user.pbk"), home.join("etc/rasphone.pbk"));
    std::fs::write(&user, text("mine.example.com").replace("any name", "mine")).unwrap();
    std::fs::write(&all_users, text("ours.example.com").replace("any name", "ours")).unwrap();
    let place = Place { scope: Scope::System, folder: fresh("system") };
    let folder = place.folder.clone();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let mut credentials = rasmand::config::CredentialSettings::default();
    credentials.order = vec![rasmand::config::Provider::File];
    credentials.folder = Some(home.join("state"));
    credentials.machine_folder = Some(home.join("credentials"));
    let phonebooks = Some(Places::new(Some(user.clone()), all_users.clone()));
    let settings = rasmand::Settings { workers: 1, phonebooks, credentials, ..Default::default() };
    let daemon = std::thread::spawn(move || {
        let ready = Box::new(move || ready.send(()).unwrap());
        let options =
            rasmand::daemon::Options { place, idle: None, admins: String::new(), settings, sandbox: None, ready };
        rasmand::daemon::run(options).unwrap();
    });
    is_ready.recv().unwrap();
    let as_alice = std::thread::spawn({
        let (folder, user) = (folder.clone(), user.clone());
        move || {
            let alice = rustix::process::Uid::from_raw(ALICE);
            rustix::thread::set_thread_res_uid(alice, alice, alice).unwrap();
            let mut raw = Raw::connect(&folder);
            assert_eq!(raw.call("Describe", json!({}))["uid"], ALICE);
            let listed = raw.call("Entries", json!({}))["entries"].clone();
            assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
            assert_eq!((&listed[0]["name"], &listed[0]["scope"]), (&json!("ours"), &json!("machine")));
            raw.call("GetEntry", named("ours"));
            let mut refused = |method: &str, parameters: Value| raw.refused(method, parameters).1;
            assert_eq!(refused("GetEntry", named("mine")), 623);
            assert_eq!(refused("GetEntry", json!({ "entry": "mine", "phonebook": user })), 5);
            let number = text("other.example.com");
            for name in ["ours", "new"] {
                assert_eq!(refused("SetEntry", json!({ "entry": name, "text": number })), 5);
            }
            assert_eq!(refused("RenameEntry", json!({ "entry": "ours", "name": "mine" })), 5);
            assert_eq!(refused("DeleteEntry", named("ours")), 5);
            // Clause K5: what is everybody's is not hers to change; her own login is.
            let credentials = json!({ "user": "alice", "domain": "", "password": "wonderland" });
            let set = |mask: u32| json!({ "entry": "ours", "mask": mask, "credentials": credentials });
            assert_eq!(refused("SetCredentials", set(0xf)), 5);
            raw.call("SetCredentials", set(7));
            assert_eq!(raw.call("GetCredentials", json!({ "entry": "ours", "mask": 7 }))["user"], "alice");
        }
    });
    let outcome = as_alice.join();
    let mut root = Raw::connect(&folder);
    let hers = root.call("GetCredentials", json!({ "entry": "ours", "mask": 7 }));
    root.call("SetEntry", json!({ "entry": "ours", "text": text("new.example.com") }));
    root.call("Stop", json!({}));
    daemon.join().unwrap();
    let now = std::fs::read_to_string(&all_users).unwrap();
    let _ = (std::fs::remove_dir_all(&home), std::fs::remove_dir_all(&folder));
    outcome.unwrap();
    assert_eq!((&hers["delivered"], &hers["user"]), (&json!(0), &json!("")), "hers are not root's");
    assert!(now.contains("new.example.com"));
}

//! Clients that harm themselves and nobody else.

use rasman_tests::harness::lab;
use rasman_tests::ipc::Daemon;
use rasman_tests::ipc::raw::Raw;
use serde_json::json;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");

/// Longer than a well-behaved client ever waits, on a machine that does other things as well.
const PROMPT: Duration = Duration::from_millis(500);

/// Asserts that another client is served, and how soon.
fn others_are_served(daemon: &Daemon) {
    let start = Instant::now();
    let mut other = Raw::connect(&daemon.folder);
    for _ in 0..20 {
        other.call("List", json!({}));
    }
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
}

/// Kilobytes of memory that the daemon uses.
fn memory(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Waits until the daemon has closed a connection.
fn is_closed(stream: &mut UnixStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
        }
    }
}

#[test]
fn one_that_sends_garbage_is_cut_off() {
    let daemon = Daemon::start(HELPER, &[]);
    let deep = "[".repeat(100_000);
    let messages: [&[u8]; 8] = [
        b"\0",
        b"GET / HTTP/1.1\r\n\r\n\0",
        b"\xff\xfe\xfd\0",
        b"{}\0",
        b"{\"method\": 7}\0",
        b"[1, 2, 3]\0",
        deep.as_bytes(),
        b"{\"method\": \"io.rasman.Manager.List\", \"upgrade\": true}\0",
    ];
    for message in messages {
        let mut stream = UnixStream::connect(daemon.folder.join("socket")).unwrap();
        stream.write_all(message).unwrap();
        stream.write_all(b"\0").unwrap_or(());
        assert!(is_closed(&mut stream), "{:?}", String::from_utf8_lossy(&message[..message.len().min(40)]));
        others_are_served(&daemon);
    }
}

#[test]
fn one_that_asks_for_what_is_not_there_is_told_so_and_stays() {
    let daemon = Daemon::start(HELPER, &[]);
    let mut raw = Raw::connect(&daemon.folder);
    let service = |name: &str| format!("org.varlink.service.{name}");
    assert_eq!(raw.refused("Frobnicate", json!({})).0, service("MethodNotFound"));
    assert_eq!(raw.refused("Events", json!({})).0, service("ExpectedMore"));
    assert_eq!(raw.refused("Status", json!({})).0, service("InvalidParameter"));
    assert_eq!(raw.refused("Status", json!({ "handle": "1", "frobnicate": true })).0, service("InvalidParameter"));
    raw.send_value(&json!({ "method": "org.example.Other.Call" }), &[]).unwrap();
    assert_eq!(raw.receive().unwrap()["error"], service("InterfaceNotFound"));
    for handle in ["", "1", "zzzzzzzzzzzzzzzz", "0000000000000001", "\u{1b}[2J"] {
        assert_eq!(raw.refused("Status", json!({ "handle": handle })), ("io.rasman.Manager.Refused".into(), 6));
    }
    assert_eq!(raw.refused("Dial", json!({})).1, 87, "neither entry nor settings");
    assert_eq!(raw.refused("Dial", json!({ "entry": "nowhere" })).1, 623);
    assert_eq!(raw.refused("Dial", json!({ "entry": "x", "channel": "guessed" })).1, 87);
    assert_eq!(raw.refused("Attach", json!({ "token": "guessed", "channel": "guessed" })).1, 87);
    // A call without a reply gets none.
    raw.send_value(&json!({ "method": "io.rasman.Manager.List", "oneway": true }), &[]).unwrap();
    assert!(raw.call("Describe", json!({}))["epoch"].is_string());
}

#[test]
fn one_that_sends_a_gigabyte_is_cut_off_at_a_megabyte() {
    let daemon = Daemon::start(HELPER, &[]);
    let before = memory(&daemon);
    let mut stream = UnixStream::connect(daemon.folder.join("socket")).unwrap();
    let block = vec![b'x'; 1 << 20];
    let mut sent = 0_usize;
    while sent < 1 << 30 {
        match stream.write(&block) {
            Ok(count) => sent += count,
            Err(_) => break,
        }
    }
    assert!(sent < 8 << 20, "it took {sent} bytes");
    assert!(is_closed(&mut stream));
    others_are_served(&daemon);
    let after = memory(&daemon);
    assert!(after < before + 16_000, "{before} kB before, {after} kB after");
}

#[test]
fn one_that_never_reads_is_not_served_on_and_costs_a_bounded_amount() {
    let daemon = Daemon::start(HELPER, &[]);
    let before = memory(&daemon);
    let mut stream = UnixStream::connect(daemon.folder.join("socket")).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let call = b"{\"method\": \"org.varlink.service.GetInterfaceDescription\", \"parameters\": {\"interface\": \"io.rasman.Manager\"}}\0";
    let mut calls = 0_u64;
    // The replies are a hundred times as long as the calls.
    while calls < 200_000 && stream.write_all(call).is_ok() {
        calls += 1;
    }
    assert!(calls < 200_000, "it is not read from any more");
    others_are_served(&daemon);
    let after = memory(&daemon);
    assert!(after < before + 16_000, "{before} kB before, {after} kB after");
    // Reading again is all it takes.
    let mut rest = [0; 4096];
    assert!(stream.read(&mut rest).unwrap() > 0);
}

#[test]
fn a_watcher_that_does_not_read_is_told_that_it_lagged_and_slows_nobody() {
    let lab = lab("silent=http");
    let daemon = Daemon::start(HELPER, &[]);
    let mut watcher = Raw::connect(&daemon.folder);
    watcher.send("Watch", json!({}), true, &[]);
    assert_eq!(watcher.receive().unwrap()["parameters"]["connections"], json!([]));
    let mut dialler = Raw::connect(&daemon.folder);
    let mut slowest = Duration::ZERO;
    for _ in 0..600 {
        let start = Instant::now();
        let reply = dialler.call("Dial", json!({ "settings": Daemon::settings(&lab) }));
        dialler.call("HangUp", json!({ "handle": reply["handle"], "wait": true }));
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < PROMPT, "{slowest:?}");
    // It reads again: changes, then that it lagged, with a snapshot.
    let lagged = loop {
        let reply = watcher.receive().expect("it was not cut off");
        if let Some(lagged) = reply["parameters"]["lagged"].as_u64() {
            assert!(reply["parameters"]["connections"].is_array());
            break lagged;
        }
    };
    assert!(lagged > 0);
}

#[test]
fn one_that_opens_thousands_of_connections_keeps_nobody_else_out() {
    let daemon = Daemon::start(HELPER, &[]);
    let mut kept = Vec::new();
    let mut turned_away = 0;
    for _ in 0..2_000 {
        let stream = UnixStream::connect(daemon.folder.join("socket")).unwrap();
        kept.push(stream);
    }
    for stream in &mut kept {
        stream.write_all(b"{\"method\": \"io.rasman.Manager.Describe\"}\0").unwrap_or(());
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut reply = [0; 2048];
        let count = stream.read(&mut reply).unwrap_or(0);
        if !String::from_utf8_lossy(&reply[..count]).contains("\"epoch\"") {
            turned_away += 1;
        }
    }
    assert!(turned_away >= 1_700, "only {turned_away} of 2,000");
    // Another program of the same user.
    let lab = lab("");
    let mut other = daemon.client(&[&serde_json::to_string(lab.facts()).unwrap()]);
    other.until("ready");
    other.tell("dial Lab");
    other.until("state Connected");
    drop(kept);
    other.tell("list");
    other.until("list");
}

/// How many descriptors the daemon has; nothing if only root may count them, as it has forbidden core files.
fn descriptors(daemon: &Daemon) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).ok()?.count())
}

#[test]
fn one_that_comes_and_goes_leaves_nothing_behind() {
    let daemon = Daemon::start(HELPER, &[]);
    let visit = || drop(Raw::connect(&daemon.folder).call("List", json!({})));
    visit();
    let Some(before) = descriptors(&daemon) else { return };
    for _ in 0..300 {
        visit();
    }
    // The last of them may not have been seen to leave yet.
    let after = descriptors(&daemon).unwrap();
    assert!(after < before + 10, "{before} before, {after} after");
}

#[test]
fn many_of_one_user_that_send_half_a_call_cost_a_bounded_amount() {
    let daemon = Daemon::start(HELPER, &[]);
    let before = memory(&daemon);
    let half = vec![b' '; 1 << 20];
    let mut cut_off = 0;
    let mut kept = Vec::new();
    for _ in 0..200 {
        let mut stream = UnixStream::connect(daemon.folder.join("socket")).unwrap();
        match stream.write_all(&half) {
            Ok(()) => kept.push(stream),
            Err(_) => cut_off += 1,
        }
    }
    others_are_served(&daemon);
    let after = memory(&daemon);
    assert!(cut_off > 100, "{cut_off} of 200 were cut off");
    assert!(after < before + 80_000, "{before} kB before, {after} kB after");
}

#[test]
fn a_dial_takes_no_more_than_it_needs() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let mut raw = Raw::connect(&daemon.folder);
    let mut settings = Daemon::settings(&lab);
    settings["medium"]["sstp"]["trust"]["added_roots"] = vec!["MAAA"; 30_000].into();
    assert_eq!(raw.refused("Dial", json!({ "settings": settings })).1, 87);
    let mut settings = Daemon::settings(&lab);
    let forward = json!({ "listen": "127.0.0.1:0", "host": "10.0.0.1", "port": 80 });
    settings["data_path"]["rootless"]["forwards"] = vec![forward; 65].into();
    assert_eq!(raw.refused("Dial", json!({ "settings": settings })).1, 87);
}

#[test]
fn h9_one_that_comes_back_takes_no_reference_of_another() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let mut other = daemon.client(&[&serde_json::to_string(lab.facts()).unwrap()]);
    other.until("ready");
    other.tell("dial Lab");
    let handle = other.until("handle");
    other.until("state Connected");
    let mut settings = Daemon::settings(&lab);
    settings["name"] = "Lab".into();
    let credentials = json!({ "user": rasman_lab::DEFAULT_USER, "password": rasman_lab::DEFAULT_PASSWORD });
    let dial = json!({ "settings": settings, "credentials": credentials });
    assert_eq!(Raw::connect(&daemon.folder).call("Dial", dial)["handle"], json!(handle));
    // Only once the daemon has seen that it left.
    others_are_served(&daemon);
    let mut again = Raw::connect(&daemon.folder);
    assert_eq!(again.call("HangUp", json!({ "handle": handle }))["remaining"], 1);
    other.tell(&format!("status {handle}"));
    assert_eq!(other.until("status"), "Connected");
}

#[test]
fn secrets_that_are_no_sealed_files_are_refused_and_descriptors_do_not_pile_up() {
    let lab = lab("");
    let daemon = Daemon::start(HELPER, &[]);
    let mut raw = Raw::connect(&daemon.folder);
    let credentials = json!({ "user": "alice", "domain": "", "secret": 0 });
    let dial = json!({ "settings": Daemon::settings(&lab), "credentials": credentials });
    let zero = File::open("/dev/zero").unwrap();
    raw.send("Dial", dial.clone(), false, &[zero.as_fd()]);
    assert_eq!(raw.receive().unwrap()["parameters"]["cause"]["code"], 87);
    // None at all, and more than are kept.
    assert_eq!(raw.refused("Dial", dial.clone()).1, 87);
    for _ in 0..200 {
        raw.send("List", json!({}), false, &[zero.as_fd(); 4]);
        raw.receive().unwrap();
    }
    // Only root may count the descriptors of a process that has forbidden core files.
    if let Ok(open) = std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())) {
        assert!(open.count() < 40);
    }
    let secret = rasman::ipc::secret::seal(&"wonderland".into()).unwrap();
    raw.send("Dial", dial, false, &[secret.as_fd()]);
    assert!(raw.receive().unwrap()["parameters"]["handle"].is_string());
}

/// Connections of one program, each with a dial that has to read a phone book.
const FLOOD: usize = 60;

/// A phone book that takes long to read and is never kept: its entry is too long.
fn slow_book(daemon: &Daemon) -> PathBuf {
    let book = "[E]\n".to_owned() + &"A=1\n".repeat(100_001);
    std::fs::create_dir_all(daemon.machine()).unwrap();
    let path = daemon.machine().join("rasphone.pbk");
    std::fs::write(&path, book).unwrap();
    path
}

/// How many threads of the daemon read files.
fn clerks(daemon: &Daemon) -> usize {
    let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
    let name =
        |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok();
    threads.filter_map(name).filter(|name| name.trim() == "rasman-clerk").count()
}

/// Whether a reply has not come yet.
fn waits(raw: &Raw) -> bool {
    raw.stream.set_nonblocking(true).unwrap();
    let peeked = socket2::SockRef::from(&raw.stream).peek(&mut [std::mem::MaybeUninit::uninit()]);
    raw.stream.set_nonblocking(false).unwrap();
    peeked.is_err()
}

#[test]
fn a_flood_of_dials_that_read_files_takes_a_bounded_number_of_threads_and_nobody_elses_turn() {
    let lab = lab("");
    let daemon = Daemon::system(HELPER, &[]);
    let facts = serde_json::to_string(lab.facts()).unwrap();
    let root = rasman::ipc::scope::own_uid() == 0;
    let mut other = root.then(|| daemon.client_as(60_001, &[60_001], &[&facts, "system"]));
    let book = slow_book(&daemon);
    let mut flood: Vec<Raw> = (0..FLOOD).map(|_| Raw::connect(&daemon.folder)).collect();
    for raw in &mut flood {
        raw.send("Dial", json!({ "entry": "nowhere", "phonebook": book }), false, &[]);
    }
    // Of the same user, without files: calls and a dial.
    let mut calls = Raw::connect(&daemon.folder);
    let mut most = 0;
    for _ in 0..20 {
        calls.call("List", json!({}));
        most = most.max(clerks(&daemon));
    }
    let credentials = json!({ "user": rasman_lab::DEFAULT_USER, "password": rasman_lab::DEFAULT_PASSWORD });
    let dial = json!({ "settings": Daemon::settings(&lab), "credentials": credentials });
    assert!(calls.call("Dial", dial)["handle"].is_string());
    // Of another user, with files.
    if let Some(other) = &mut other {
        other.until("ready");
        other.tell("entry nowhere");
        other.until("refused ");
        most = most.max(clerks(&daemon));
    }
    assert!(flood.iter().filter(|raw| waits(raw)).count() > 5, "the flood was over before others had their turn");
    assert!((1..=8).contains(&most), "{most} threads");
    let codes: Vec<_> =
        flood.iter_mut().map(|raw| raw.receive().unwrap()["parameters"]["cause"]["code"].clone()).collect();
    assert!(codes.iter().all(|code| *code == codes[0] && code.is_u64()), "{codes:?}");
    // Nobody is kept who has nothing to do.
    let start = Instant::now();
    while clerks(&daemon) > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "they stay");
        std::thread::yield_now();
    }
}

//! A daemon that is started by whoever needs it first, and ends when nobody does.

use rasman::daemon::Connector;
use rasman::{Code, Manager};
use rasman_tests::harness::{self, lab};
use rasman_tests::ipc::Daemon;
use std::process::Command;
use std::time::{Duration, Instant};

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

fn starting(daemon: &Daemon, idle: &str) -> Connector {
    daemon.starting().argument("--idle").argument(idle)
}

/// Waits until the daemon has taken its socket away.
fn ends(daemon: &Daemon) -> Duration {
    let start = Instant::now();
    while daemon.folder.join("socket").exists() {
        assert!(start.elapsed() < LONG, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

#[test]
fn first_clients_that_race_start_one_daemon() {
    let daemon = Daemon::absent(HELPER);
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let connector = starting(&daemon, "5");
            std::thread::spawn(move || connector.describe().expect("started").epoch)
        })
        .collect();
    let mut epochs: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "{epochs:?}");
}

#[test]
fn a_daemon_is_nobodys_child_and_ends_when_nobody_needs_it() {
    let daemon = Daemon::absent(HELPER);
    let manager = starting(&daemon, "0.3").connect().unwrap();
    // It stays as long as somebody is connected.
    std::thread::sleep(Duration::from_millis(700));
    assert!(manager.connections().is_empty() && daemon.folder.join("socket").exists());
    let children = std::fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
    for child in children.unwrap_or_default().split_whitespace() {
        let command = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        assert!(!command.contains(&*daemon.folder.to_string_lossy()), "{command}");
    }
    drop(manager);
    ends(&daemon);
}

#[test]
fn a44_a_connection_keeps_its_daemon_and_the_next_client_finds_it() {
    let lab = lab("");
    let daemon = Daemon::absent(HELPER);
    let dial = |manager: &Manager| {
        let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
        manager.dial_sync(rasman::Dial::settings(harness::entry(&lab)).credentials(credentials)).unwrap()
    };
    let handle = {
        let manager = starting(&daemon, "0.3").connect().unwrap();
        dial(&manager).handle()
    };
    std::thread::sleep(Duration::from_millis(800));
    let manager = daemon.manager();
    manager.connection(handle).unwrap().hang_up().unwrap().wait();
    drop(manager);
    ends(&daemon);
}

#[test]
fn a_client_whose_daemon_has_ended_starts_the_next_one() {
    let lab = lab("");
    let daemon = Daemon::absent(HELPER);
    let manager = starting(&daemon, "0.2").connect().unwrap();
    let before = manager.connections();
    // Stopped behind its back.
    daemon.connector().stop().unwrap();
    ends(&daemon);
    let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
    let dial = rasman::Dial::settings(harness::entry(&lab)).credentials(credentials);
    let connection = manager.dial_sync(dial).expect("a fresh daemon");
    assert!(before.is_empty());
    connection.hang_up().unwrap().wait();
}

#[test]
fn e9_a_manager_that_cannot_be_reached_is_711_with_how_to_start_it() {
    let daemon = Daemon::absent(HELPER);
    let error = daemon.connector().connect().err().unwrap();
    assert_eq!(error.code(), Code::RASMAN_CANNOT_INITIALIZE);
    let line = error.to_string();
    assert!(line.contains(&*daemon.folder.to_string_lossy()) && line.contains("rasmand --scope user"), "{line}");
    assert_eq!(line.lines().count(), 1);
    let error = daemon.connector().start(true).program("/nonexistent/rasmand").connect().err().unwrap();
    assert_eq!(error.code(), Code::RASMAN_CANNOT_INITIALIZE);
    assert!(error.to_string().contains("/nonexistent/rasmand"), "{error}");
    let error = daemon.connector().start(true).program("/bin/false").connect().err().unwrap();
    assert_eq!(error.code(), Code::RASMAN_CANNOT_INITIALIZE);
    let error = daemon.system_connector().connect().err().unwrap();
    assert!(error.to_string().contains("systemctl start"), "{error}");
}

#[test]
fn a_daemon_takes_nothing_from_whoever_started_it() {
    let daemon = Daemon::absent(HELPER);
    // As a script does that holds a lock: `exec 9>lock; flock 9; rasctl dial`.
    let script = r#"exec 9>"$1.lock"; umask 0; exec "$0" start --scope user --idle never --folder "$1""#;
    let status = Command::new("sh")
        .args(["-c", script, HELPER])
        .arg(&daemon.folder)
        .env("CREDENTIALS_DIRECTORY", "/run/credentials/other.service")
        .status()
        .unwrap();
    assert!(status.success());
    let lock = daemon.folder.with_extension("lock");
    let folder = daemon.folder.to_string_lossy();
    let is_ours = |pid: &String| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        command.contains("--detached") && command.contains(&*folder)
    };
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let pid = processes.filter_map(|name| name.into_string().ok()).find(is_ours).unwrap();
    std::fs::remove_file(&lock).unwrap();
    // Only root may look, as the daemon has forbidden core files.
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return };
    let open: Vec<_> = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok()).collect();
    assert!(!open.is_empty() && !open.iter().any(|file| file.to_string_lossy().contains(".lock")), "{open:?}");
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("CREDENTIALS_DIRECTORY"));
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Umask:	0077"), "{status}");
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<u64> = files.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[0] >= numbers[1].min(65_536), "{files}");
}

#[test]
fn a_second_daemon_in_the_same_place_says_so_and_ends() {
    let daemon = Daemon::start(HELPER, &[]);
    let output = Command::new(HELPER).args(["--scope", "user", "--folder"]).arg(&daemon.folder).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("found another manager at"), "{said}");
}

#[test]
fn the_users_folder_follows_the_environment_and_has_a_fallback() {
    let runtime = std::env::temp_dir().join(format!("rasman-runtime-{}", std::process::id()));
    std::fs::create_dir_all(&runtime).unwrap();
    let place = |runtime: Option<&std::path::Path>| {
        let mut command = Command::new(HELPER);
        command.args(["client", "where"]).env_remove("XDG_RUNTIME_DIR");
        if let Some(runtime) = runtime {
            command.env("XDG_RUNTIME_DIR", runtime);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    assert_eq!(place(Some(&runtime)), runtime.join("rasman").display().to_string());
    let uid = rasman::ipc::scope::own_uid();
    let fallbacks = [format!("/run/user/{uid}/rasman"), format!("/tmp/rasman-{uid}")];
    std::fs::remove_dir_all(&runtime).unwrap();
    for missing in [None, Some(runtime.as_path()), Some(std::path::Path::new("relative"))] {
        let place = place(missing);
        assert!(fallbacks.contains(&place), "{place}");
    }
}

//! Providers against what users, administrators and strangers do to them.

use super::*;
use crate::config::Ring;
use crate::scratch::Folder;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn place(name: &str) -> Place {
    let uid = rustix::process::geteuid().as_raw();
    Place { whose: Whose::User(uid), entry: EntryId::name(None, name), name: name.to_owned(), by_name: true }
}

fn text(found: Result<Option<Secret>, StoreError>) -> Option<String> {
    match found {
        Ok(found) => found.map(|secret| secret.expose_str().unwrap().to_owned()),
        Err(error) => panic!("{error:?}"),
    }
}

fn refusal<T>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Refused { did, advice }) => format!("{did}; {advice}"),
        Err(StoreError::Unavailable(why)) => panic!("unavailable: {why}"),
        Ok(_) => panic!("taken"),
    }
}

/// What this process takes from the modes of what it makes.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap();
    u32::from_str_radix(mask.trim(), 8).unwrap()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

// Files.

fn files(folder: &Folder) -> file::Files {
    let settings = CredentialSettings {
        folder: Some(folder.path().join("state/credentials")),
        machine_folder: Some(folder.path().join("machine/credentials")),
        ..CredentialSettings::default()
    };
    file::Files::new(&settings)
}

fn file_of(folder: &Folder, place: &Place) -> PathBuf {
    let uid = rustix::process::geteuid().as_raw();
    folder.path().join(format!("state/credentials/{uid}/{}.password", place.entry))
}

#[test]
fn a_file_keeps_an_item_for_its_owner_alone() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    assert_eq!(text(store.get(&work, Kind::Password)), None);
    store.clear(&work, Kind::Password).unwrap();
    store.set(&work, Kind::Password, &"first".into()).unwrap();
    store.set(&work, Kind::Password, &"second".into()).unwrap();
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("second"));
    assert_eq!(text(store.get(&work, Kind::UserName)), None);
    assert_eq!(text(store.get(&place("home"), Kind::Password)), None);
    let path = file_of(&folder, &work);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    for above in [path.parent().unwrap(), path.parent().unwrap().parent().unwrap()] {
        assert_eq!(fs::metadata(above).unwrap().permissions().mode() & 0o7777, 0o700);
    }
    let everybody = Place { whose: Whose::AllUsers, ..work.clone() };
    store.set(&everybody, Kind::Password, &"default".into()).unwrap();
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("second"));
    assert!(folder.path().join(format!("machine/credentials/all-users/{}.password", work.entry)).exists());
    let mode_of = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode_of("machine/credentials"), 0o700);
    assert_eq!(mode_of("machine"), 0o755 & !umask(), "the system's phone book is there, too");
    store.clear(&work, Kind::Password).unwrap();
    assert_eq!(text(store.get(&work, Kind::Password)), None);
    assert_eq!(text(store.get(&everybody, Kind::Password)).as_deref(), Some("default"));
}

#[test]
fn opaque_items_are_bytes_as_they_are() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    let blob: Vec<u8> = (0..=255).chain(*b"\r\n").collect();
    store.set(&work, Kind::EapUserData, &Secret::new(blob.clone())).unwrap();
    assert_eq!(store.get(&work, Kind::EapUserData).ok().flatten().unwrap().expose(), blob);
}

#[test]
fn a_file_that_others_can_use_is_refused_in_one_line() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    store.set(&work, Kind::Password, &"secret".into()).unwrap();
    let path = file_of(&folder, &work);
    for bad in [0o640, 0o604, 0o620, 0o666] {
        mode(&path, bad);
        let told = refusal(store.get(&work, Kind::Password));
        assert!(told.contains(&path.display().to_string()) && told.contains("chmod 600"), "{told}");
        assert!(!told.contains('\n') && !told.contains("secret"), "{told}");
    }
    mode(&path, 0o600);
    for above in [path.parent().unwrap(), path.parent().unwrap().parent().unwrap()] {
        mode(above, 0o755);
        assert!(refusal(store.get(&work, Kind::Password)).contains("chmod 700"));
        assert!(refusal(store.set(&work, Kind::Password, &"x".into())).contains("chmod 700"));
        mode(above, 0o700);
    }
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("secret"));
}

#[test]
fn what_stands_in_a_file_s_place_is_not_followed() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    store.set(&work, Kind::Password, &"secret".into()).unwrap();
    let path = file_of(&folder, &work);
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "theirs").unwrap();
    mode(&elsewhere, 0o600);
    fs::remove_file(&path).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(refusal(store.get(&work, Kind::Password)).contains("symbolic link"));
    // Writing replaces the link and leaves what it led to alone.
    store.set(&work, Kind::Password, &"ours".into()).unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("ours"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(store.get(&work, Kind::Password)).contains("no plain file"));
    fs::remove_dir(&path).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(refusal(store.get(&work, Kind::Password)).contains("no plain file"));
    // A folder that is a link, as somebody who may write above it could make one.
    let owner = path.parent().unwrap();
    fs::rename(owner, folder.path().join("moved")).unwrap();
    symlink(folder.path().join("moved"), owner).unwrap();
    assert!(refusal(store.get(&work, Kind::Password)).contains("no folder"));
}

#[test]
fn what_a_file_holds_is_one_line_of_text_and_not_large() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    store.set(&work, Kind::Password, &"secret".into()).unwrap();
    let path = file_of(&folder, &work);
    for (content, expected) in
        [("by hand\n", Some("by hand")), ("windows\r\n", Some("windows")), ("\n", None), ("", None)]
    {
        fs::write(&path, content).unwrap();
        assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), expected, "{content:?}");
    }
    let huge = "x".repeat(ITEM_MAX + 1);
    for content in [b"two\nlines".as_slice(), b"nul\0", b"\xff\xfe", b"escape\x1b[2J", huge.as_bytes()] {
        fs::write(&path, content).unwrap();
        let told = refusal(store.get(&work, Kind::Password));
        assert!(told.len() < 500, "{told}");
    }
}

#[test]
fn what_a_crash_left_is_replaced() {
    let folder = Folder::new("files");
    let (store, work) = (files(&folder), place("work"));
    store.set(&work, Kind::Password, &"first".into()).unwrap();
    let path = file_of(&folder, &work);
    fs::write(path.with_extension("password.new"), "half").unwrap();
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("first"));
    store.set(&work, Kind::Password, &"second".into()).unwrap();
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

// The service manager's credentials.

#[test]
fn credentials_of_the_service_manager_are_read_and_never_written() {
    let folder = Folder::new("systemd");
    let store = systemd::Systemd::at(folder.path().to_owned());
    let work = place("Office SSTP");
    assert_eq!(text(store.get(&work, Kind::Password)), None);
    let path = folder.path().join("rasman.office_20sstp.password");
    fs::write(&path, "handed over\n").unwrap();
    mode(&path, 0o440);
    assert_eq!(text(store.get(&work, Kind::Password)).as_deref(), Some("handed over"));
    assert!(matches!(store.set(&work, Kind::Password, &"x".into()), Err(StoreError::Unavailable(_))));
    // Another user's entry of that name leads where that user likes.
    assert_eq!(text(store.get(&Place { by_name: false, ..work.clone() }, Kind::Password)), None);
    mode(&path, 0o444);
    assert!(refusal(store.get(&work, Kind::Password)).contains("others can use it"));
}

// The kernel's keyring.

fn keyring(work: &Place, ring: Ring) -> Option<keyring::Keyring> {
    let store = keyring::Keyring::new(ring);
    match store.set(work, Kind::Password, &"probe".into()) {
        Ok(()) => Some(store),
        Err(StoreError::Unavailable(why)) => {
            eprintln!("skipped: {why}");
            None
        }
        Err(refused) => panic!("{refused:?}"),
    }
}

#[test]
fn the_keyring_keeps_an_item_for_the_user_s_processes() {
    for ring in [Ring::User, Ring::Persistent] {
        let work = place(&format!("keyring test {ring:?} {}", std::process::id()));
        if let Some(store) = keyring(&work, ring) {
            a_ring_keeps_an_item(&store, &work, ring);
        }
    }
}

fn a_ring_keeps_an_item(store: &keyring::Keyring, work: &Place, ring: Ring) {
    store.set(work, Kind::Password, &"in the kernel".into()).unwrap();
    assert_eq!(text(store.get(work, Kind::Password)).as_deref(), Some("in the kernel"));
    // Another thread possesses none of this one's rings, as another process.
    let other = work.clone();
    let seen = std::thread::spawn(move || text(keyring::Keyring::new(ring).get(&other, Kind::Password)));
    assert_eq!(seen.join().unwrap().as_deref(), Some("in the kernel"));
    assert_eq!(text(store.get(work, Kind::UserName)), None);
    assert_eq!(text(store.get(&place("some other entry"), Kind::Password)), None);
    let longest = "x".repeat(ITEM_MAX);
    store.set(work, Kind::EapUserData, &longest.as_str().into()).unwrap();
    assert_eq!(text(store.get(work, Kind::EapUserData)), Some(longest));
    for kind in [Kind::Password, Kind::EapUserData] {
        store.clear(work, kind).unwrap();
        store.clear(work, kind).unwrap();
        assert_eq!(text(store.get(work, kind)), None);
    }
}

#[test]
fn a_key_is_the_user_s_alone() {
    let work = place(&format!("keyring mode test {}", std::process::id()));
    let Some(store) = keyring(&work, Ring::User) else { return };
    let listed = fs::read_to_string("/proc/keys").unwrap_or_default();
    let description = format!(":{}:password", work.entry);
    if let Some(line) = listed.lines().find(|line| line.contains(&description)) {
        assert_eq!(line.split_whitespace().nth(4), Some("3f3f0000"), "{line}");
    }
    store.clear(&work, Kind::Password).unwrap();
}

#[test]
fn a_key_that_is_too_large_or_no_text_is_refused() {
    let work = place(&format!("keyring size test {}", std::process::id()));
    let Some(store) = keyring(&work, Ring::User) else { return };
    for payload in [vec![b'x'; ITEM_MAX + 1], b"two\nlines".to_vec(), vec![0xff; 3]] {
        store.set(&work, Kind::Password, &Secret::new(payload)).unwrap();
        assert!(refusal(store.get(&work, Kind::Password)).contains("the key rasman:"));
    }
    store.clear(&work, Kind::Password).unwrap();
}

// Commands.

fn shell(script: &str) -> command::Runner {
    runner(&["sh", "-c", script, "sh", "{entry}", "{kind}"], Duration::from_secs(20))
}

fn runner(command: &[&str], command_limit: Duration) -> command::Runner {
    let command = command.iter().map(|part| (*part).to_owned()).collect();
    command::Runner::new(&CredentialSettings { command, command_limit, ..CredentialSettings::default() })
}

#[test]
fn a_command_prints_the_secret_on_its_first_line() {
    let work = place("Büro; $(touch x) \"1\"");
    let got = |script: &str| text(shell(script).get(&work, Kind::Password));
    assert_eq!(got("printf 'secret\\nnotes\\n'").as_deref(), Some("secret"));
    assert_eq!(got("printf 'no line end'").as_deref(), Some("no line end"));
    assert_eq!(got("printf '%s %s' \"$1\" \"$2\"").as_deref(), Some("Büro; $(touch x) \"1\" password"));
    assert_eq!(
        got("printf '%s %s' \"$RASMAN_ENTRY\" $RASMAN_KIND").as_deref(),
        Some("Büro; $(touch x) \"1\" password")
    );
    assert_eq!(got("printf 'id %s' $RASMAN_UID"), Some(format!("id {}", rustix::process::geteuid().as_raw())));
    assert_eq!(got("cat; echo read nothing").as_deref(), Some("read nothing"));
    // It has none.
    assert_eq!(got("echo not this; exit 1"), None);
    assert_eq!(got("exit 0"), None);
    assert_eq!(got("kill -9 $$"), None);
}

#[test]
fn a_command_is_asked_only_for_what_it_can_tell_apart() {
    let work = place("work");
    let plain = runner(&["echo", "secret"], Duration::from_secs(20));
    assert_eq!(text(plain.get(&work, Kind::PreSharedKey)), None);
    assert_eq!(text(plain.get(&work, Kind::UserName)), None);
    assert_eq!(text(plain.get(&Place { by_name: false, ..work.clone() }, Kind::Password)), None);
    assert_eq!(text(shell("echo $2").get(&work, Kind::PreSharedKey)).as_deref(), Some("psk"));
    assert_eq!(text(runner(&[], Duration::from_secs(1)).get(&work, Kind::Password)), None);
}

#[test]
fn an_entry_s_name_is_no_option_of_the_command() {
    let told = refusal(runner(&["echo", "{entry}"], Duration::from_secs(20)).get(&place("-n1"), Kind::Password));
    assert!(told.contains("rename the entry"), "{told}");
    let before = runner(&["echo", "vpn/{entry}"], Duration::from_secs(20));
    assert_eq!(text(before.get(&place("-n1"), Kind::Password)).as_deref(), Some("vpn/-n1"));
}

#[test]
fn a_command_that_misbehaves_is_stopped() {
    let work = place("work");
    let told = |script: &str| refusal(shell(script).get(&work, Kind::Password));
    assert!(told("while :; do echo xxxxxxxxxxxxxxxx; done").contains("printed more than"));
    assert!(told("yes | tr -d '\\n'").contains("printed more than"));
    assert!(told("head -c 20000 /dev/zero | tr '\\0' x").contains("16 KiB"));
    assert!(told("printf 'nul\\0'").contains("not one line of text"));
    assert!(told("printf '\\377'").contains("not one line of text"));
    let missing = refusal(runner(&["/nowhere/at/all"], Duration::from_secs(1)).get(&work, Kind::Password));
    assert!(missing.contains("/nowhere/at/all") && missing.contains("rasman.toml"), "{missing}");
}

#[test]
fn a_command_is_killed_at_its_limit_with_what_it_has_started() {
    let folder = Folder::new("command");
    let mark = folder.path().join("pid");
    let limit = Duration::from_millis(300);
    // One hangs while it holds its output open, one has closed it, one has left it to a child.
    for script in ["sleep 1000", "exec >&-; sleep 1000", "sleep 1000 & echo $! > MARK; exit 0"] {
        let script = script.replace("MARK", &mark.display().to_string());
        let begun = Instant::now();
        let told = refusal(runner(&["sh", "-c", &script], limit).get(&place("work"), Kind::Password));
        assert!(told.contains("took longer"), "{told}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
    let pid = fs::read_to_string(&mark).unwrap().trim().parse().ok().and_then(rustix::process::Pid::from_raw).unwrap();
    assert!(ends_soon(pid));
}

/// Waits for the end of a process that is no child of ours.
fn ends_soon(pid: rustix::process::Pid) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Ok(process) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return true };
    let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
    poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)) == Ok(1)
}

// All of them together.

/// A provider that says what it is told to say.
struct Scripted(Provider, Result<Option<&'static str>, StoreError>);

impl SecretStore for Scripted {
    fn provider(&self) -> Provider {
        self.0
    }

    fn get(&self, _: &Place, _: Kind) -> Result<Option<Secret>, StoreError> {
        self.1.clone().map(|found| found.map(Secret::from))
    }

    fn set(&self, _: &Place, _: Kind, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::unavailable("it only reads"))
    }

    fn clear(&self, _: &Place, _: Kind) -> Result<(), StoreError> {
        Err(StoreError::unavailable("it only reads"))
    }
}

fn quick(secrets: &Secrets) -> Option<String> {
    match secrets.get_quick(&place("work"), Kind::Password) {
        Ok(Quick::Found(secret)) => Some(secret.expose_str().unwrap().to_owned()),
        Ok(Quick::None) => None,
        Ok(Quick::AskSlow) => Some("(slow)".to_owned()),
        Err(cause) => Some(cause.to_string()),
    }
}

#[test]
fn the_first_that_has_an_item_gives_it() {
    let has = |provider, item| -> Box<dyn SecretStore> { Box::new(Scripted(provider, item)) };
    let away = || Err(StoreError::unavailable("not here"));
    let secrets = Secrets::of(vec![
        has(Provider::Systemd, away()),
        has(Provider::Keyring, Ok(None)),
        has(Provider::File, Ok(Some("x"))),
    ]);
    assert_eq!(quick(&secrets).as_deref(), Some("x"));
    let secrets = Secrets::of(vec![has(Provider::Keyring, Ok(None)), has(Provider::Command, Ok(Some("slow")))]);
    assert_eq!(quick(&secrets).as_deref(), Some("(slow)"));
    let slow = secrets.get_slow(&place("work"), Kind::Password).unwrap().unwrap();
    assert_eq!(slow.expose_str(), Some("slow"));
    // What is not safe is not passed over.
    let refused = Err(StoreError::refused("found it open", "close it"));
    let secrets = Secrets::of(vec![has(Provider::File, refused), has(Provider::Systemd, Ok(Some("x")))]);
    let told = quick(&secrets).unwrap();
    assert!(
        told.starts_with("5 ") && told.contains("found it open (credentials, file)") && told.contains("close it"),
        "{told}"
    );
    assert_eq!(quick(&Secrets::default()), None);
}

#[test]
fn an_item_goes_to_the_first_that_can_keep_it_and_to_no_other() {
    let folder = Folder::new("secrets");
    let work = place("work");
    let systemd = || -> Box<dyn SecretStore> { Box::new(Scripted(Provider::Systemd, Ok(None))) };
    let secrets = Secrets::of(vec![systemd(), Box::new(files(&folder))]);
    secrets.set(&work, Kind::Password, &"kept".into()).unwrap();
    assert_eq!(quick(&secrets).as_deref(), Some("kept"));
    assert_eq!(secrets.clear(&work, Kind::Password), Ok(None));
    assert_eq!(quick(&secrets), None);
    // A provider that only reads and still has it is told.
    let secrets = Secrets::of(vec![Box::new(Scripted(Provider::Systemd, Ok(Some("x")))), Box::new(files(&folder))]);
    assert_eq!(secrets.clear(&work, Kind::Password), Ok(Some(Provider::Systemd)));
    let nowhere = Secrets::of(vec![systemd()]).set(&work, Kind::Password, &"x".into()).unwrap_err();
    assert_eq!(nowhere.code, Code::NOT_SUPPORTED);
    assert!(nowhere.to_string().contains("systemd: it only reads"), "{nowhere}");
}

#[test]
fn what_cannot_come_back_as_it_was_is_not_taken() {
    let folder = Folder::new("secrets");
    let secrets = Secrets::of(vec![Box::new(files(&folder))]);
    let huge = "x".repeat(ITEM_MAX + 1);
    for bad in ["", "line\n", "nul\0", huge.as_str()] {
        let refused = secrets.set(&place("work"), Kind::Password, &bad.into()).unwrap_err();
        assert_eq!(refused.code, Code::INVALID_PARAMETER);
    }
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

//! What a manager in its sandbox cannot do, and what it still can; as root and as nobody.

mod child;

use child::{Folder, Waiting, confined, is_root};
use rasman::{Credentials, DataPath, Dial, Entry, HangUp, Medium, Rootless, Trust};
use rasmand::Configuration;
use rasmand::config::{Provider, Ring};
use rasmand::sandbox::{Applied, Plan, Scope, apply};
use rustix::io::Errno;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::Command;

fn user() -> Plan {
    Plan::new(Scope::User, &Configuration::default())
}

/// A plan in which a shell prints the secrets.
fn with_command(program: &str) -> Plan {
    let mut configuration = Configuration::default();
    configuration.credentials.order = vec![Provider::Command];
    configuration.credentials.command = vec![program.to_owned()];
    Plan::new(Scope::User, &configuration)
}

/// What a test is about.
#[derive(Copy, Clone)]
enum Part {
    Files,
    Signals,
    Calls,
}

/// Tells whether the kernel has it, without asking the sandbox; if so, the sandbox must say that it holds.
fn has(applied: &Applied, test: &str, part: Part) -> bool {
    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    let hard = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let (exists, word) = match part {
        Part::Files => (hard().handle_access(AccessFs::from_all(ABI::V3)).is_ok(), "Landlock"),
        Part::Signals => (hard().scope(landlock::Scope::Signal).is_ok(), "signals"),
        Part::Calls => (Path::new("/proc/sys/kernel/seccomp/actions_avail").exists(), "seccomp"),
    };
    if exists {
        assert!(applied.holds().iter().any(|held| held.contains(word)), "{applied}");
    } else {
        println!("SKIPPED {test}: this kernel has no {word}; {applied}");
    }
    exists
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

const DENIED: Option<ErrorKind> = Some(ErrorKind::PermissionDenied);

#[test]
fn files_outside_of_the_plan_are_out_of_reach() {
    confined("files_outside_of_the_plan_are_out_of_reach", || {
        let (own, books, other) = (Folder::new("own"), Folder::new("books"), Folder::new("other"));
        let book = books.file("rasphone.pbk", "[Office]\r\n");
        let secret = other.file("id_ed25519", "a key");
        let fresh = own.path().join("run/rasman");
        let (log, link) = (other.path().join("log"), own.path().join("link"));
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let mut open = fs::File::create(&log).unwrap();

        let plan = user().readable(books.path()).writable(own.path()).writable(&fresh);
        let applied = apply(&plan);
        if !has(&applied, "files_outside_of_the_plan_are_out_of_reach", Part::Files) {
            return;
        }
        assert_eq!(fs::read_to_string(&book).unwrap(), "[Office]\r\n");
        assert_eq!(kind(fs::write(&book, "")), DENIED);
        assert_eq!(kind(fs::remove_file(&book)), DENIED);
        assert_eq!(kind(fs::read(&secret)), DENIED);
        assert_eq!(kind(fs::read(&link)), DENIED, "a link leads nowhere else");
        assert_eq!(kind(fs::read_dir(other.path())), DENIED);
        assert_eq!(kind(fs::write(std::env::temp_dir().join("rasman-dropped"), "")), DENIED);
        assert_eq!(kind(fs::write("/etc/rasman-dropped", "")), DENIED);
        assert_eq!(kind(fs::read_dir("/home")), DENIED);
        open.write_all(b"what was open stays open").unwrap();

        // A book is replaced by renaming, a socket is made and removed.
        assert!(fs::metadata(&fresh).unwrap().is_dir(), "a folder of the plan is made");
        fs::write(fresh.join("new"), "text").unwrap();
        fs::rename(fresh.join("new"), own.path().join("old")).unwrap();
        fs::write(own.path().join("old"), "t").unwrap();
        drop(std::os::unix::net::UnixListener::bind(fresh.join("socket")).unwrap());
        fs::remove_file(fresh.join("socket")).unwrap();
        fs::remove_dir_all(own.path().join("run")).unwrap();
    });
}

#[test]
fn no_program_is_executed() {
    confined("no_program_is_executed", || {
        assert!(Command::new("true").status().unwrap().success());
        let _ = apply(&user());
        assert_eq!(kind(Command::new("true").status()), DENIED);
        assert_eq!(kind(Command::new("/bin/sh").args(["-c", "exit"]).status()), DENIED);
    });
}

#[test]
fn only_the_systems_programs_are_executed_for_a_credential_command() {
    confined("only_the_systems_programs_are_executed_for_a_credential_command", || {
        use std::os::unix::fs::PermissionsExt;
        let own = Folder::new("own");
        let dropped = own.file("dropped", "#!/bin/sh\nexit 0\n");
        fs::set_permissions(&dropped, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Command::new(&dropped).status().unwrap().success());

        let applied = apply(&with_command("sh").writable(own.path()));
        let status = Command::new("sh").args(["-c", "exit 3"]).status().unwrap();
        assert_eq!(status.code(), Some(3));
        if has(&applied, "only_the_systems_programs_are_executed_for_a_credential_command", Part::Files) {
            assert_eq!(kind(Command::new(&dropped).status()), DENIED, "what may be written may not be run");
            let outside = std::env::temp_dir().join("rasman-dropped");
            let written = Command::new("sh").args(["-c", "echo > \"$0\""]).arg(&outside).output().unwrap();
            assert!(!written.status.success() && !outside.exists(), "the command is confined as we are");
        }
    });
}

#[test]
fn dangerous_calls_are_denied() {
    confined("dangerous_calls_are_denied", || {
        let null = fs::File::open("/dev/null").unwrap();
        let own = rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty());
        let own = own.unwrap();
        let calls = || -> Vec<(&str, Option<Errno>)> {
            use rustix::fs::{CWD, FileType, Mode};
            use rustix::mount::{FsOpenFlags, MountFlags, UnmountFlags};
            use rustix::net::{AddressFamily, SocketType, socket};
            use rustix::process::PidfdGetfdFlags;
            let nowhere = "/nowhere/at/all";
            vec![
                ("chroot", rustix::process::chroot(nowhere).err()),
                ("pivot_root", rustix::process::pivot_root(nowhere, nowhere).err()),
                ("umount2", rustix::mount::unmount(nowhere, UnmountFlags::empty()).err()),
                ("mount", rustix::mount::mount(nowhere, nowhere, "none", MountFlags::empty(), None).err()),
                ("fsopen", rustix::mount::fsopen("", FsOpenFlags::from_bits_retain(0x80)).err()),
                ("setns", rustix::thread::move_into_link_name_space(own.as_fd(), None).err()),
                ("pidfd_getfd", rustix::process::pidfd_getfd(&own, 0, PidfdGetfdFlags::empty()).err()),
                ("mknodat", rustix::fs::mknodat(CWD, nowhere, FileType::Fifo, Mode::empty(), 0).err()),
                ("ioctl", rustix::io::ioctl_fionbio(&null, false).err()),
                ("AF_ALG", socket(AddressFamily::from_raw(38), SocketType::SEQPACKET, None).err()),
                ("AF_VSOCK", socket(AddressFamily::VSOCK, SocketType::STREAM, None).err()),
                ("AF_INET", socket(AddressFamily::INET, SocketType::STREAM, None).err()),
                ("AF_NETLINK", socket(AddressFamily::NETLINK, SocketType::RAW, None).err()),
            ]
        };
        use std::os::fd::AsFd;
        let before = calls();
        let applied = apply(&user());
        if !has(&applied, "dangerous_calls_are_denied", Part::Calls) {
            return;
        }
        for ((name, before), (_, after)) in before.into_iter().zip(calls()) {
            if ["ioctl", "AF_INET", "AF_NETLINK"].contains(&name) {
                assert_eq!(after, before, "{name} is needed");
                continue;
            }
            // Some ask for a capability first, but these never do.
            let open = ["chroot", "pidfd_getfd", "AF_ALG", "AF_VSOCK"].contains(&name);
            assert!(!open || before != Some(Errno::PERM), "{name} was denied before");
            assert_eq!(after, Some(Errno::PERM), "{name}, before: {before:?}");
        }
    });
}

#[test]
fn dangerous_calls_are_denied_to_the_credential_command() {
    const TEST: &str = "dangerous_calls_are_denied_to_the_credential_command";
    confined(TEST, || {
        let script = "import ctypes, sys\n\
            c = ctypes.CDLL(None, use_errno=True)\n\
            x86 = sys.argv[1] == 'x86_64'\n\
            def call(name, function, *arguments):\n\
            \x20   ctypes.set_errno(0)\n\
            \x20   function(*arguments)\n\
            \x20   print(name, ctypes.get_errno())\n\
            number = lambda here, there: ctypes.c_long(here if x86 else there)\n\
            call('ptrace', c.ptrace, 0, 0, 0, 0)\n\
            call('unshare', c.unshare, 0)\n\
            call('personality', c.personality, 0xffffffff)\n\
            call('process_vm_readv', c.process_vm_readv, 0, 0, 0, 0, 0, 0)\n\
            call('bpf', c.syscall, number(321, 280), 99, 0, 0)\n\
            call('perf_event_open', c.syscall, number(298, 241), 0, 0, 0, 0, 0)\n\
            call('userfaultfd', c.syscall, number(323, 282), 0x80)\n\
            call('io_uring_setup', c.syscall, ctypes.c_long(425), 0, 0)\n\
            call('keyctl', c.syscall, number(250, 219), 0, 0, 0)\n\
            call('clone', c.syscall, number(56, 220), 0x10000000 | 0x40000000 | 0x800, 0, 0, 0, 0)\n\
            call('clone3', c.syscall, ctypes.c_long(435), 0, 0)\n\
            if x86: call('x32', c.syscall, ctypes.c_long(0x40000000 | 39))\n";
        let run = || {
            let mut command = Command::new("/usr/bin/python3");
            let output = command.args(["-I", "-c", script, std::env::consts::ARCH]).output();
            output.map(|output| String::from_utf8(output.stdout).unwrap())
        };
        let Ok(before) = run() else {
            return println!("SKIPPED {TEST}: there is no python3");
        };
        assert!(before.contains("ptrace 0\nunshare 0\npersonality 0\n"), "{before}");
        let applied = apply(&with_command("python3"));
        if !has(&applied, TEST, Part::Calls) {
            return;
        }
        let after = run().unwrap();
        let mut lines: Vec<&str> = after.lines().filter(|line| !line.ends_with(" 1")).collect();
        lines.retain(|line| *line != "x32 38");
        assert_eq!(lines, ["clone3 38"], "{after}");
        assert_eq!(after.lines().count(), before.lines().count());
    });
}

#[test]
fn user_scope_keeps_no_capability_in_any_thread() {
    confined("user_scope_keeps_no_capability_in_any_thread", || {
        gives_up_capabilities(Scope::User, 0);
        assert!(fs::File::create_new("/dev/rasman-sandbox").is_err(), "devices are opened, and none is made");
    });
}

#[test]
fn system_scope_keeps_two_capabilities_and_the_tun_device() {
    confined("system_scope_keeps_two_capabilities_and_the_tun_device", || {
        let open = || kind(fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun"));
        let before = open();
        gives_up_capabilities(Scope::System, NET_ADMIN | NET_RAW);
        assert_eq!(open(), before);
    });
}

/// Applies a plan and looks at what this thread and a new one have.
fn gives_up_capabilities(scope: Scope, keeps: u64) {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
    let given = capability_sets()[1];
    let applied = apply(&Plan::new(scope, &Configuration::default()));
    let kept = keeps & given;
    let bounding = |set: u64| if is_root() { set } else { 0 };
    for sets in [capability_sets(), std::thread::spawn(capability_sets).join().unwrap()] {
        let [inherited, permitted, effective, ambient, bound] = sets;
        assert_eq!((inherited, permitted, effective, ambient), (0, kept, kept, 0), "{applied}");
        assert_eq!(bounding(bound), 0, "{applied}");
    }
    let more = CapabilitySet::from_bits_retain(kept) | CapabilitySet::SYS_ADMIN;
    let regained = CapabilitySets { effective: more, permitted: more, inheritable: CapabilitySet::empty() };
    assert_eq!(set_capabilities(None, regained), Err(Errno::PERM));
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
    let told = applied.lacks().iter().any(|lack| lack.contains("CAP_NET_ADMIN"));
    assert_eq!(told, kept != keeps, "{applied}");
}

/// Inheritable, permitted, effective, ambient, bounding.
fn capability_sets() -> [u64; 5] {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    ["CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapAmb:\t", "CapBnd:\t"].map(|name| {
        let set = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(set, 16).unwrap()
    })
}

const NET_ADMIN: u64 = 1 << 12;
const NET_RAW: u64 = 1 << 13;

#[test]
fn signals_reach_nobody_else() {
    confined("signals_reach_nobody_else", || {
        use rustix::process::{Signal, kill_process, test_kill_process};
        let other = Waiting::start();
        assert_eq!(test_kill_process(other.pid()), Ok(()));
        let applied = apply(&user());
        if has(&applied, "signals_reach_nobody_else", Part::Signals) {
            assert_eq!(kill_process(other.pid(), Signal::KILL), Err(Errno::PERM));
            assert_eq!(test_kill_process(rustix::process::getpid()), Ok(()));
        }
    });
}

#[test]
fn names_sockets_threads_and_authorities_still_work() {
    confined("names_sockets_threads_and_authorities_still_work", || {
        let authorities = rustls_native_certs::load_native_certs().certs.len();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _ = apply(&user());
        assert!(("localhost", 1).to_socket_addrs().unwrap().next().is_some());
        let address = listener.local_addr().unwrap();
        let accepted = std::thread::spawn(move || listener.accept().unwrap().0);
        TcpStream::connect(address).unwrap().write_all(b"x").unwrap();
        let mut byte = [0];
        accepted.join().unwrap().read_exact(&mut byte).unwrap();
        assert_eq!(rustls_native_certs::load_native_certs().certs.len(), authorities);
        assert!(TcpListener::bind("127.0.0.1:0").is_ok(), "doors may be opened");
        assert!(std::thread::available_parallelism().is_ok());
    });
}

#[test]
fn keyring_is_there_only_for_its_provider() {
    confined("keyring_is_there_only_for_its_provider", || {
        use linux_keyutils::{KeyRing, KeyRingIdentifier};
        let ring = || KeyRing::from_special_id(KeyRingIdentifier::Thread, true).is_ok();
        if !ring() {
            return println!(
                "SKIPPED keyring_is_there_only_for_its_provider: the kernel's keyrings are forbidden here"
            );
        }
        let mut configuration = Configuration::default();
        configuration.credentials.order = vec![Provider::Keyring];
        configuration.credentials.keyring = Ring::User;
        let _ = apply(&Plan::new(Scope::User, &configuration));
        assert!(ring());
        // A second sandbox can only take more away.
        let applied = apply(&user());
        assert!(!has(&applied, "keyring_is_there_only_for_its_provider", Part::Calls) || !ring());
    });
}

#[test]
fn a_whole_dial_works() {
    confined("a_whole_dial_works", || {
        let lab = rasman_lab::spawn(rasman_lab::Config::default()).unwrap();
        let runtime = Folder::new("runtime");
        // As the daemon does it: what hides its memory hides some of /proc from itself.
        rasmand::forbid_core_dumps().unwrap();
        let _ = apply(&user().writable(runtime.path()));
        let mut entry = Entry::sstp("Lab", "localhost");
        let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!() };
        sstp.port = lab.facts().address.port();
        sstp.trust = Trust { added_roots: vec![lab.facts().ca_der.clone()], ..Trust::default() };
        entry.data_path =
            DataPath::Rootless(Rootless { socks: Some(([127, 0, 0, 1], 0).into()), ..Rootless::default() });

        let settings = rasmand::Settings { entries: vec![entry], workers: 2, ..rasmand::Settings::default() };
        let manager = rasmand::embedded(settings).unwrap();
        let credentials = Credentials {
            user: rasman_lab::DEFAULT_USER.to_owned(),
            domain: String::new(),
            password: rasman_lab::DEFAULT_PASSWORD.into(),
        };
        let connection = manager.dial_sync(Dial::entry("Lab").credentials(credentials)).unwrap();
        fs::write(runtime.path().join("journal"), "connected").unwrap();
        assert!(connection.projection().is_ok());
        assert!(matches!(connection.hang_up().unwrap().wait(), HangUp::Gone(_)));
    });
}

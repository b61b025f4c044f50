//! The examples for C and Python, as somebody builds and runs them: `cc` and pkg-config, a daemon, a lab.
#![forbid(unsafe_code)]

use rasman::ConnState;
use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::{self, lab};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c")
}

fn example(name: &str) -> PathBuf {
    capi::compile(&folder().join(name).with_extension("c"), Language::C)
}

/// Runs a program with these lines at its standard input.
fn run(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out.into_owned()
}

fn dialled(world: &World, name: &str, input: &str) -> Output {
    let mut command = world.command(&example(name));
    command.args([harness::ENTRY, "alice"]);
    run(command, input)
}

#[test]
fn asynchronous_with_a_handler_of_each_type() {
    let lab = lab("");
    let world = World::of(&lab);
    let said = said(&dialled(&world, "async", "wonderland\n"));
    assert_eq!(said.matches("state 0x2000, error 0").count(), 3, "{said}");
    assert!(world.manager().connections().is_empty());
    let refused = dialled(&world, "async", "looking-glass\n");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("error 691"), "{refused:?}");
    assert!(!refused.status.success());
}

#[test]
fn an_event_loop_with_a_message_queue() {
    let lab = lab("");
    let world = World::of(&lab);
    let said = said(&dialled(&world, "queue", "wonderland\n"));
    assert!(said.contains("state 0x2000, error 0") && said.contains("SOCKS5 proxy at 127.0.0.1:"), "{said}");
}

#[test]
fn synchronous_then_listed_and_hung_up_by_other_programs() {
    let lab = lab("");
    let world = World::of(&lab);
    assert!(said(&dialled(&world, "sync", "wonderland\n")).starts_with("connected 0x"));
    assert_eq!(world.manager().connections()[0].state, ConnState::Connected);
    let listed = world.run(&example("list"), &[]);
    assert!(listed.contains("Lab: WAN Miniport (SSTP), 127.0.0.1, state 0x2000, error 0"), "{listed}");
    assert_eq!(world.run(&example("hangup"), &["lab"]), "Lab: hung up\n");
    let refused = dialled(&world, "sync", "looking-glass\n");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("error 691"), "{refused:?}");
}

#[test]
fn another_password_for_a_paused_dial() {
    let lab = lab("");
    let world = World::of(&lab);
    let output = dialled(&world, "retry", "looking-glass\nthrough-the-looking-glass\nwonderland\n");
    assert!(said(&output).starts_with("connected 0x"));
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("refused").count(), 2);
}

/// Reads up to what is awaited.
fn hear(from: &mut impl Read, awaited: &str) {
    let mut heard = Vec::new();
    while !heard.ends_with(awaited.as_bytes()) {
        let mut octet = [0];
        assert_eq!(from.read(&mut octet).expect("it says something"), 1, "{}", String::from_utf8_lossy(&heard));
        heard.push(octet[0]);
    }
}

#[test]
fn a_terminal_on_the_line() {
    let lab = harness::lab_with_modems(&["speed=0,login=alice:wonderland"]);
    let login = rasman_core::LineLogin { terminal_after_dial: true, ..Default::default() };
    let entry = harness::modem_entry_with(&lab, login);
    let world = World::with(rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() });
    let mut command = world.command(&example("terminal"));
    command.args([harness::ENTRY, "alice"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    keys.write_all(b"wonderland\n").unwrap();
    for (prompt, typed) in [("login: ", "alice\n"), ("Password: ", "wonderland\n"), ("PPP begins", ".\n")] {
        hear(&mut screen, prompt);
        keys.write_all(typed.as_bytes()).unwrap();
    }
    hear(&mut screen, "connected 0x");
    assert!(child.wait().unwrap().success());
    assert_eq!(world.manager().connections()[0].state, ConnState::Connected);
}

#[test]
fn connections_that_come_and_go_are_noticed() {
    let lab = lab("");
    let world = World::of(&lab);
    let mut child = world.command(&example("watch")).arg("2").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("watching"));
    let connection = world.manager().dial_sync(harness::dial()).unwrap();
    assert_eq!(lines.next().as_deref(), Some("1 connections"));
    let _ = connection.hang_up().unwrap().wait();
    assert_eq!(lines.next().as_deref(), Some("0 connections"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn python_dials_by_ctypes() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("SKIPPED python_dials_by_ctypes: python3 is not there");
        return;
    }
    let lab = lab("");
    let world = World::of(&lab);
    let mut command = world.command(Path::new("python3"));
    command.arg(folder().join("dial.py")).args([harness::ENTRY, "alice"]);
    command.env("RASAPI32", capi::prefix().join("lib/librasapi32.so.0"));
    let said = said(&run(command, "wonderland\n"));
    assert!(said.starts_with("state 0x0, error 0\n") && said.ends_with("state 0x2000, error 0\n"), "{said}");
}

#[test]
fn the_static_library_serves_too() {
    let lab = lab("");
    let world = World::of(&lab);
    let library = capi::prefix().join("lib/librasapi32.a");
    let flags = [library.to_str().unwrap(), "-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];
    // Behind the source, as a linker takes of an archive what was missed before.
    let program = capi::compile_behind(&folder().join("sync.c"), Language::C, &flags);
    let linked = Command::new("ldd").arg(&program).output().unwrap();
    assert!(!String::from_utf8_lossy(&linked.stdout).contains("librasapi32"), "{linked:?}");
    let mut command = world.command(&program);
    command.args([harness::ENTRY, "alice"]);
    assert!(said(&run(command, "wonderland\n")).starts_with("connected 0x"));
}

#[test]
fn each_is_cpp_as_well_and_bears_short_wide_characters() {
    let files = std::fs::read_dir(folder()).unwrap().flatten().map(|file| file.path());
    for source in files.filter(|path| path.extension().is_some_and(|extension| extension == "c")) {
        for (language, flags) in [(Language::Cpp, &[][..]), (Language::C, &["-fshort-wchar", "-DUNICODE"])] {
            assert!(capi::compile_with(&source, language, flags).is_file(), "{}", source.display());
        }
    }
}

#[test]
fn the_makefile_builds_them_all() {
    let copy = capi::prefix().join(format!("examples-{}", std::process::id()));
    let script = "umask 022 && cp -r \"$1\" \"$2\" && make -s -C \"$2\" && ls \"$2\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(folder()).arg(&copy);
    command.env("PKG_CONFIG_PATH", capi::prefix().join("lib/pkgconfig"));
    if Command::new("make").arg("--version").output().is_err()
        || Command::new("pkg-config").arg("--version").output().is_err()
    {
        println!("SKIPPED the_makefile_builds_them_all: make or pkg-config is not there");
        return;
    }
    let files = said(&command.output().unwrap());
    for file in std::fs::read_dir(folder()).unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if let Some(program) = name.strip_suffix(".c") {
            assert!(files.lines().any(|line| line == program), "{program} is not in the Makefile");
        }
    }
    let _ = std::fs::remove_dir_all(copy);
}

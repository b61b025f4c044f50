//! What happens on a terminal: prompts without echo, questions in mid-dial, signs of life.

use crate::scene::{RASCTL, RASDIAL, Scene};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

/// A program at a terminal of 80 columns.
struct Terminal {
    ours: File,
    child: Child,
    shown: String,
    /// How much of it was looked at.
    seen: usize,
}

impl Terminal {
    fn start(scene: &Scene, program: &str, arguments: &[&str]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        tcsetwinsize(&theirs, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let stream = |descriptor: &OwnedFd| Stdio::from(descriptor.try_clone().unwrap());
        let mut command = scene.command(program);
        command.args(arguments).env("TERM", "xterm");
        command.stdin(stream(&theirs)).stdout(stream(&theirs)).stderr(stream(&theirs));
        let child = command.spawn().unwrap();
        Self { ours: File::from(ours), child, shown: String::new(), seen: 0 }
    }

    /// Reads until `wanted` was shown, behind what was waited for before.
    #[track_caller]
    fn until(&mut self, wanted: &str) {
        let mut bytes = [0; 4096];
        loop {
            if let Some(at) = self.shown[self.seen..].find(wanted) {
                self.seen += at + wanted.len();
                return;
            }
            match self.ours.read(&mut bytes) {
                Ok(read) if read > 0 => self.shown.push_str(&String::from_utf8_lossy(&bytes[..read])),
                _ => panic!("no {wanted:?} in {}", self.shown),
            }
        }
    }

    fn type_line(&mut self, line: &str) {
        self.ours.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether it echoes, makes lines, and so on.
    fn modes(&self) -> LocalModes {
        tcgetattr(&self.ours).unwrap().local_modes
    }

    /// Reads the rest, and gives the exit code.
    fn end(&mut self) -> Option<i32> {
        let mut bytes = [0; 4096];
        // A terminal whose other side is closed is an error to read.
        while let Ok(read @ 1..) = self.ours.read(&mut bytes) {
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn p1_a_refused_password_is_asked_for_again_in_mid_dial_and_never_shown() {
    let scene = Scene::with_entry("");
    let mut terminal = Terminal::start(&scene, RASCTL, &["dial", "office", "-u", "alice"]);
    terminal.until("Password of alice for office: ");
    terminal.type_line("looking-glass");
    terminal.until("RetryAuthentication");
    terminal.until("User name [alice]: ");
    terminal.type_line("");
    terminal.until("Password of alice: ");
    terminal.type_line("wonderland");
    terminal.until("Connected");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.shown);
    assert!(!terminal.shown.contains("looking-glass") && !terminal.shown.contains("wonderland"), "{}", terminal.shown);
    scene.run(&["hangup"]).expect(0);
}

#[test]
fn a_dial_that_takes_its_time_shows_that_it_is_alive() {
    let scene = Scene::with_entry("silent=auth");
    let password = scene.text("password");
    let arguments = ["dial", "office", "-u", "alice", "--password-file", &password];
    let mut terminal = Terminal::start(&scene, RASCTL, &arguments);
    terminal.until("Authenticate, for ");
    terminal.until("Authenticate, for ");
    rustix::process::kill_process(rustix::process::Pid::from_child(&terminal.child), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(terminal.end(), Some(17));
}

/// An entry with a terminal behind the modem, where a host asks for name and password.
fn with_terminal() -> Scene {
    let scene = Scene::with_modems("", &["login=alice:wonderland,speed=0"]);
    let port = scene.text("modem0");
    let entry = ["entry", "add", "Office", "--medium", "modem", "--number", "5550123", "--port", &port];
    scene.run(&[&entry[..], &["--set", "redial-attempts=0", "--set", "terminal-after=yes"]].concat()).expect(0);
    let password = scene.text("password");
    scene.run(&["credentials", "set", "Office", "-u", "alice", "--password-file", &password]).expect(0);
    scene
}

/// Dials it up to the terminal; also gives how the terminal was before.
fn at_the_terminal(scene: &Scene) -> (Terminal, LocalModes) {
    let mut terminal = Terminal::start(scene, RASCTL, &["dial", "Office"]);
    let before = terminal.modes();
    terminal.until("Interactive");
    terminal.until("Ctrl-] goes on");
    terminal.until("login: ");
    assert_ne!(terminal.modes(), before, "keys go on as they are");
    (terminal, before)
}

#[test]
fn a_person_logs_in_on_the_line_and_the_dial_goes_on() {
    let scene = with_terminal();
    let shown = scene.run(&["entry", "show", "Office", "--json"]).expect(0).json();
    let settings = &shown["settings"];
    assert_eq!((&settings["terminal-before"], &settings["terminal-after"]), (&"no".into(), &"yes".into()));
    let (mut terminal, before) = at_the_terminal(&scene);
    terminal.press("alice\r");
    terminal.until("Password: ");
    terminal.press("wonderland\r");
    terminal.until("PPP begins");
    terminal.press("\x1d");
    terminal.until("Connected");
    assert_eq!(terminal.modes(), before);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.shown);
    scene.run(&["hangup"]).expect(0);
}

#[test]
fn whatever_ends_a_terminal_it_is_as_it_was() {
    let scene = with_terminal();
    let (mut terminal, before) = at_the_terminal(&scene);
    terminal.press("\x1c");
    terminal.until("hanging up the dial");
    assert_eq!(terminal.modes(), before);
    assert_eq!(terminal.end(), Some(17), "{}", terminal.shown);
    let (mut terminal, before) = at_the_terminal(&scene);
    rustix::process::kill_process(rustix::process::Pid::from_child(&terminal.child), rustix::process::Signal::TERM)
        .unwrap();
    terminal.until("hanging up the dial");
    assert_eq!(terminal.modes(), before);
    assert_eq!(terminal.end(), Some(17), "{}", terminal.shown);
}

#[test]
fn a_host_that_hangs_up_ends_the_terminal() {
    let scene = with_terminal();
    let (mut terminal, before) = at_the_terminal(&scene);
    for _ in 0..3 {
        terminal.press("mallory\r");
        terminal.until("Password: ");
        terminal.press("x\r");
    }
    terminal.until("Too many attempts");
    terminal.until("error 629");
    assert_eq!(terminal.modes(), before);
    assert_ne!(terminal.end(), Some(0), "{}", terminal.shown);
}

#[test]
fn without_a_terminal_of_its_own_a_dial_says_what_to_do() {
    let scene = with_terminal();
    let refused = scene.run(&["dial", "Office"]);
    assert!(refused.err.starts_with("rasctl: error 703: "), "{refused:?}");
    assert!(refused.err.contains("dial where somebody can be asked"), "{refused:?}");
}

#[test]
fn an_entry_is_made_by_questions() {
    let scene = Scene::new("");
    let mut terminal = Terminal::start(&scene, RASCTL, &["entry", "add"]);
    terminal.until("Name of the entry: ");
    terminal.type_line("Work");
    terminal.until("[sstp]: ");
    terminal.type_line("");
    terminal.until("Server: ");
    terminal.type_line("vpn.example.com");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.shown);
    let shown = scene.run(&["entry", "show", "work", "--json"]).expect(0).json();
    assert_eq!(shown["settings"]["server"], "vpn.example.com");
}

#[test]
fn rasdial_asks_for_an_asterisk_and_warns_of_a_password() {
    let scene = Scene::with_entry("");
    let mut terminal = Terminal::start(&scene, RASDIAL, &["Office", "alice", "*"]);
    terminal.until("Password of alice: ");
    terminal.type_line("wonderland");
    terminal.until("Successfully connected to Office.");
    assert_eq!(terminal.end(), Some(0));
    assert!(!terminal.shown.contains("can be read by others"), "{}", terminal.shown);
    let mut terminal = Terminal::start(&scene, RASDIAL, &["Office", "alice", "wonderland"]);
    terminal.until("can be read by others");
    assert_eq!(terminal.end(), Some(0));
    scene.rasdial(&["/disconnect"]).expect(0);
}

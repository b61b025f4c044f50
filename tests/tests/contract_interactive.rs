//! The contract's clauses of Interactive, with a manager in this process and with one behind its socket: a person, or a program
//! of the client's, has the line.
#![forbid(unsafe_code)]

use rasman::{Answer, Code, ConnState, Detail, Dial, Dialing, Interaction, Manager, QuestionKind, StateClass};
use rasman_core::{CharacterFormat, LineLogin};
use rasman_dial::Config;
use rasman_lab::{DEFAULT_PASSWORD, Running};
use rasman_tests::capi::World;
use rasman_tests::harness::{credentials, dial, dial_as, get, lab_with_modems, manager_with, modem_entry_with, sha256};
use rasman_tests::ipc::Daemon;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(120);
const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");

/// A host that asks for the login of the lab's user, behind a modem.
fn host() -> Running {
    lab_with_modems(&[&format!("speed=0,login=alice:{DEFAULT_PASSWORD}")])
}

/// A lab's client, at one of the two fronts.
struct Front {
    lab: Running,
    manager: Manager,
    /// The daemon, if there is one.
    _world: Option<World>,
}

impl Front {
    /// Both fronts, with an entry of which the login is this.
    fn both(lab: fn() -> Running, login: &LineLogin) -> [Self; 2] {
        [Self::rust(lab(), login), Self::ipc(lab(), login)]
    }

    fn rust(lab: Running, login: &LineLogin) -> Self {
        let manager = manager_with(vec![modem_entry_with(&lab, login.clone())], Config::default());
        Self { lab, manager, _world: None }
    }

    fn ipc(lab: Running, login: &LineLogin) -> Self {
        let entries = vec![modem_entry_with(&lab, login.clone())];
        let world = World::with(rasmand::Settings { entries, workers: 1, ..Default::default() });
        let manager = world.manager();
        Self { lab, manager, _world: Some(world) }
    }

    /// Dials up to Interactive.
    async fn pauses(&self, dial: Dial) -> (Dialing, Paused) {
        let mut dialing = self.manager.dial(dial).expect("it is dialled");
        let paused = Paused::of(&mut dialing).await;
        (dialing, paused)
    }

    /// What was connected carries, and goes.
    async fn carries(&self, mut dialing: Dialing) {
        let last = follow(&mut dialing).await;
        assert_eq!(last, (ConnState::Connected, 0));
        let connection = dialing.connection();
        let socks = connection.status().expect("known").doors.socks.expect("open");
        let page = timeout(LONG, get(socks, Ipv4Addr::new(10, 99, 0, 1), "/")).await.expect("in time").expect("a page");
        assert_eq!(sha256(&page), self.lab.facts().page_sha256);
        assert_eq!(connection.line().expect_err("it is given back").code(), Code::INVALID_AUTH_STATE);
        timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
    }
}

fn after() -> LineLogin {
    LineLogin { terminal_after_dial: true, ..LineLogin::default() }
}

/// A dial in Interactive, and its line.
struct Paused {
    states: Vec<ConnState>,
    question: u32,
    why: Interaction,
    line: UnixStream,
    heard: Vec<u8>,
}

impl Paused {
    async fn of(dialing: &mut Dialing) -> Self {
        let mut states = Vec::new();
        loop {
            let told = timeout(LONG, dialing.next()).await.expect("it is told in time").expect("it pauses first");
            assert!(told.error.is_none(), "{told:?}");
            states.push(told.state);
            let Detail::Question(question) = told.detail else { continue };
            let QuestionKind::Interactive(why) = question.kind else { panic!("{question:?}") };
            // Clause P3.
            assert_eq!((told.state, told.state.number()), (ConnState::Interactive, 0x1000));
            assert_eq!(told.state.class(), StateClass::Paused);
            let line = UnixStream::from_std(dialing.connection().line().expect("it is ours")).expect("a socket");
            return Self { states, question: question.id, why, line, heard: Vec::new() };
        }
    }

    /// Reads up to what is awaited.
    async fn hears(&mut self, awaited: &str) {
        let mut octets = [0; 256];
        while !self.heard.windows(awaited.len()).any(|heard| heard == awaited.as_bytes()) {
            let read = timeout(LONG, self.line.read(&mut octets)).await.expect("in time").expect("it can be read");
            assert_ne!(read, 0, "{awaited} did not come: {:?}", String::from_utf8_lossy(&self.heard));
            self.heard.extend_from_slice(&octets[..read]);
        }
        self.heard.clear();
    }

    async fn types(&mut self, text: &str) {
        self.line.write_all(text.as_bytes()).await.expect("it can be written");
    }

    async fn logs_in(&mut self) {
        self.hears("login: ").await;
        self.types("alice\r").await;
        self.hears("Password: ").await;
        self.types(&format!("{DEFAULT_PASSWORD}\r")).await;
    }

    /// Reads to the end of the line.
    async fn ends(mut self) {
        let mut rest = Vec::new();
        let end = timeout(LONG, self.line.read_to_end(&mut rest)).await.expect("in time");
        assert!(end.is_ok(), "{end:?}");
    }
}

/// Follows to the end; gives what was told last.
async fn follow(dialing: &mut Dialing) -> (ConnState, u32) {
    let mut last = (ConnState::OpenPort, 0);
    while let Some(told) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        last = (told.state, told.error_number());
    }
    last
}

#[tokio::test]
async fn p3_a_terminal_after_dialling_lets_a_person_log_in() {
    for front in Front::both(host, &after()) {
        let (dialing, mut paused) = front.pauses(dial().paused_states(true)).await;
        let chain = [ConnState::DeviceConnected, ConnState::ConnectDevice, ConnState::Interactive];
        assert!(paused.states.ends_with(&chain), "{:?}", paused.states);
        assert_eq!(paused.why, Interaction::TerminalAfterDial);
        assert_eq!(dialing.connection().status().expect("known").device.kind, "switch");
        paused.logs_in().await;
        paused.hears("PPP begins").await;
        let wrong = dialing.answer(paused.question, Answer::Accept).expect_err("it is no answer to this");
        assert_eq!(wrong.code(), Code::INVALID_PARAMETER);
        dialing.answer(paused.question, Answer::Continue).expect("it is the answer");
        front.carries(dialing).await;
        paused.ends().await;
    }
}

#[tokio::test]
async fn p3_what_is_written_before_the_answer_goes_out_before_it() {
    for front in Front::both(host, &after()) {
        let (dialing, mut paused) = front.pauses(dial().paused_states(true)).await;
        paused.logs_in().await;
        // The host says that PPP begins when it has read the password; nobody waits for that.
        dialing.answer(paused.question, Answer::Continue).expect("it is the answer");
        front.carries(dialing).await;
    }
}

#[tokio::test]
async fn p3_a_terminal_before_dialling_speaks_to_the_modem() {
    let login = LineLogin { terminal_before_dial: true, ..LineLogin::default() };
    for front in Front::both(|| lab_with_modems(&["speed=0"]), &login) {
        let (dialing, mut paused) = front.pauses(dial().paused_states(true)).await;
        let chain = [ConnState::PortOpened, ConnState::ConnectDevice, ConnState::Interactive];
        assert!(paused.states.ends_with(&chain), "{:?}", paused.states);
        paused.types("AT\r").await;
        paused.hears("OK").await;
        dialing.answer(paused.question, Answer::Continue).expect("it is the answer");
        front.carries(dialing).await;
    }
}

#[tokio::test]
async fn a58_p11_a_script_of_the_program_has_the_line_where_entry_and_dial_want_it() {
    let login = LineLogin { custom_script: true, ..LineLogin::default() };
    for front in Front::both(host, &login) {
        // Clause A58: the option and the entry's flag; no paused states.
        let (dialing, mut paused) = front.pauses(dial().custom_scripting(true)).await;
        assert_eq!(paused.why, Interaction::CustomScript);
        paused.logs_in().await;
        dialing.answer(paused.question, Answer::Continue).expect("it is the answer");
        front.carries(dialing).await;
    }
    for (login, dial) in [(login, dial().paused_states(true)), (LineLogin::default(), dial().custom_scripting(true))] {
        for front in Front::both(|| lab_with_modems(&["speed=0"]), &login) {
            let dialing = front.manager.dial(dial.clone()).expect("it is dialled");
            front.carries(dialing).await;
        }
    }
}

#[tokio::test]
async fn p3_a_halted_script_leaves_the_line_to_a_person() {
    let text = "proc main\nwaitfor \"login:\"\nhalt\nendproc";
    let script = rasman_core::LoginScript { name: "isp.scp".into(), text: text.into() };
    let login = LineLogin { script: Some(script), ..LineLogin::default() };
    for front in Front::both(host, &login) {
        let (dialing, mut paused) = front.pauses(dial().paused_states(true)).await;
        assert_eq!(paused.why, Interaction::HaltedScript { script: "isp.scp".into(), line: 3 });
        let error = dialing.connection().status().expect("known").error.expect("why it gave up");
        assert_eq!(error.code, Code::INTERACTIVE_MODE);
        paused.types("alice\r").await;
        paused.hears("Password: ").await;
        paused.types(&format!("{DEFAULT_PASSWORD}\r")).await;
        dialing.answer(paused.question, Answer::Continue).expect("it is the answer");
        front.carries(dialing).await;
        // Clause P2: without paused states it ends the dial.
        let mut dialing = front.manager.dial(dial()).expect("it is dialled");
        assert_eq!(follow(&mut dialing).await, (ConnState::ConnectDevice, 703));
    }
}

/// What a script has learnt on the line is what PPP goes by.
#[tokio::test]
async fn a58_p11_a_script_brings_the_credentials_of_ppp() {
    let login = LineLogin { custom_script: true, ..LineLogin::default() };
    for front in Front::both(host, &login) {
        let wrong = dial_as("looking-glass").custom_scripting(true);
        let (dialing, mut paused) = front.pauses(wrong).await;
        paused.logs_in().await;
        dialing.connection().set_line_format(CharacterFormat::default()).expect("it has the line");
        let learnt = Answer::LoggedIn(credentials(DEFAULT_PASSWORD));
        dialing.answer(paused.question, learnt).expect("it is the answer");
        front.carries(dialing).await;
    }
}

#[tokio::test]
async fn a58_p11_a20_a_script_that_gives_up_ends_the_dial_with_its_error() {
    let login = LineLogin { custom_script: true, ..LineLogin::default() };
    for front in Front::both(host, &login) {
        let (mut dialing, paused) = front.pauses(dial().custom_scripting(true)).await;
        let nothing = dialing.answer(paused.question, Answer::GiveUp(Code(0))).expect_err("it is no error");
        assert_eq!(nothing.code(), Code::INVALID_PARAMETER);
        dialing.answer(paused.question, Answer::GiveUp(Code(4711))).expect("it is the answer");
        assert_eq!(follow(&mut dialing).await, (ConnState::Interactive, 4711));
        let late = dialing.connection().set_line_format(CharacterFormat::default()).expect_err("it has it no more");
        assert_eq!(late.code(), Code::INVALID_AUTH_STATE);
        let why = dialing.connection().status().expect("known").error.expect("it failed");
        assert!(why.to_string().contains("the script gave up with 4711"), "{why}");
        paused.ends().await;
    }
}

#[tokio::test]
async fn p3_without_paused_states_a_terminal_is_703() {
    for front in Front::both(host, &after()) {
        let mut dialing = front.manager.dial(dial()).expect("it is dialled");
        assert_eq!(follow(&mut dialing).await, (ConnState::OpenPort, 703));
    }
}

#[tokio::test]
async fn p3_a_carrier_that_drops_ends_the_terminal() {
    for front in Front::both(|| lab_with_modems(&["speed=0,carrier=1s,login=alice:wonderland"]), &after()) {
        let (mut dialing, mut paused) = front.pauses(dial().paused_states(true)).await;
        paused.hears("login: ").await;
        let last = follow(&mut dialing).await;
        assert_eq!(last, (ConnState::Interactive, Code::REMOTE_DISCONNECTION.0));
        assert_eq!(dialing.connection().line().expect_err("it is gone").code(), Code::INVALID_AUTH_STATE);
        paused.ends().await;
    }
}

#[tokio::test]
async fn p3_a_hang_up_ends_the_terminal_and_frees_the_modem() {
    for front in Front::both(host, &after()) {
        for _ in 0..2 {
            let (mut dialing, paused) = front.pauses(dial().paused_states(true)).await;
            let hanging_up = dialing.connection().hang_up().expect("known");
            timeout(LONG, hanging_up).await.expect("in time");
            assert_eq!(follow(&mut dialing).await, (ConnState::Disconnected, 0));
            paused.ends().await;
        }
    }
}

/// Clause A23: in this process whoever dials is the dial itself.
#[tokio::test]
async fn a23_a_terminal_ends_with_the_dial_that_is_dropped() {
    for front in Front::both(host, &after()) {
        for _ in 0..2 {
            let (dialing, paused) = front.pauses(dial().paused_states(true)).await;
            let connection = dialing.connection();
            let gone = connection.closed();
            drop(dialing);
            timeout(LONG, gone).await.expect("in time");
            paused.ends().await;
        }
    }
}

/// Clause A23, with a program that is killed at the terminal.
#[tokio::test]
async fn a23_a_terminal_ends_with_the_program_that_dialled() {
    let lab = host();
    let home = Daemon::absent(HELPER).folder.with_extension("home");
    let folder = home.join("config/rasman");
    std::fs::create_dir_all(&folder).expect("a folder");
    let port = lab.facts().modems[0].display().to_string();
    let book = format!(
        "[Work]\r\nMEDIA=serial\r\nPort={port}\r\n\r\nDEVICE=modem\r\nPhoneNumber=5550100\r\n\r\nDEVICE=switch\r\nTerminal=1\r\n"
    );
    std::fs::write(folder.join("rasphone.pbk"), book).expect("it can be written");
    let daemon = Daemon::at_home(HELPER, &home);
    let manager = daemon.manager();
    for _ in 0..2 {
        let mut client = daemon.client(&[&serde_json::to_string(lab.facts()).expect("JSON")]);
        client.until("ready");
        client.tell("paused Work");
        client.until("state Interactive");
        let connection = manager.connection(manager.connections()[0].handle).expect("known");
        // Another program of the user may look, and does not keep it.
        let line = UnixStream::from_std(connection.line().expect("it is given")).expect("a socket");
        let gone = connection.closed();
        client.kill();
        timeout(LONG, gone).await.expect("in time");
        Paused { states: vec![], question: 0, why: Interaction::TerminalAfterDial, line, heard: vec![] }.ends().await;
    }
    let _ = std::fs::remove_dir_all(&home);
}

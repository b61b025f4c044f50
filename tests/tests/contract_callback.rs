//! The contract's clauses of callback, with a manager in this process and with one behind its socket: the lab hangs up and
//! calls our modem.
#![forbid(unsafe_code)]

use rasman::{Answer, ConnState, Detail, Dial, Dialing, Manager, QuestionKind};
use rasman_core::{Callback, LineDevice, LoginScript, Medium};
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_tests::capi::World;
use rasman_tests::harness::{CALLED, calling_lab, dial, manager_with, modem_entry};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(120);

/// A lab's client, at one of the two fronts.
struct Front {
    lab: Running,
    manager: Manager,
    /// The daemon, if there is one.
    _world: Option<World>,
}

impl Front {
    fn rust(preset: bool) -> Self {
        let lab = calling_lab(preset);
        let mut config = Config::default();
        config.modem_reset = Duration::from_secs(1);
        let manager = manager_with(vec![modem_entry(&lab)], config);
        Self { lab, manager, _world: None }
    }

    fn ipc(preset: bool) -> Self {
        let lab = calling_lab(preset);
        let settings = rasmand::Settings { entries: vec![modem_entry(&lab)], workers: 1, ..Default::default() };
        let world = World::with(settings);
        let manager = world.manager();
        Self { lab, manager, _world: Some(world) }
    }

    /// Dials, gives this answer to each question, and hangs up; gives the states that were told.
    async fn connects(&self, dial: Dial, answer: &str) -> Vec<ConnState> {
        let before = self.lab.stats().accepted;
        let mut dialing = self.manager.dial(dial).expect("it is dialled");
        let states = follow(&mut dialing, answer).await;
        let connection = dialing.connection();
        timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
        let calls = self.lab.stats().accepted - before;
        let called_back = states.contains(&ConnState::WaitForCallback);
        assert_eq!(calls, if called_back { 2 } else { 1 }, "{states:?}");
        states
    }
}

async fn follow(dialing: &mut Dialing, answer: &str) -> Vec<ConnState> {
    let mut states = Vec::new();
    while let Some(told) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        assert!(told.error.is_none(), "{told:?}");
        states.push(told.state);
        if let Detail::Question(question) = &told.detail {
            assert_eq!(question.kind, QuestionKind::CallbackNumber { numbers: vec![], may_decline: true });
            let nonsense = dialing.answer(question.id, Answer::CallbackNumber("nowhere".into()));
            assert_eq!(nonsense.expect_err("it is no number").code().0, 704);
            dialing.answer(question.id, Answer::CallbackNumber(answer.into())).expect("the question is open");
        }
    }
    assert_eq!(states.last(), Some(&ConnState::Connected));
    states
}

const CALLED_BACK: [ConnState; 4] = [
    ConnState::PrepareForCallback,
    ConnState::WaitForModemReset,
    ConnState::WaitForCallback,
    ConnState::ReAuthenticate,
];

fn has_called_back(states: &[ConnState]) -> bool {
    states.windows(CALLED_BACK.len()).any(|window| window == CALLED_BACK)
}

/// Clauses A63, A64, S7.
async fn calls_back(front: Front, preset: Front) {
    assert!(has_called_back(&front.connects(dial().callback_number(CALLED), "").await));
    assert!(!has_called_back(&front.connects(dial(), "").await), "no number, no callback");
    let asked = front.manager.dial(dial().callback_number("*")).err().expect("nobody may be asked");
    assert_eq!(asked.code().0, 704);
    // The server's own number goes before ours.
    assert!(has_called_back(&preset.connects(dial().callback_number("5550111"), "").await));
}

/// Clause P6.
async fn asks(front: Front, preset: Front) {
    let asking = || dial().callback_number("*").paused_states(true);
    let states = front.connects(asking(), CALLED).await;
    let at = states.iter().position(|state| *state == ConnState::CallbackSetByCaller).expect("it asks");
    assert_eq!(states[at - 2..at], [ConnState::AuthNotify, ConnState::AuthCallback]);
    assert!(has_called_back(&states[at + 1..]));
    let states = front.connects(asking(), "").await;
    assert!(states.contains(&ConnState::CallbackSetByCaller) && !has_called_back(&states));
    // Who may not choose is not asked, nor is who has said a number.
    let states = preset.connects(asking(), "").await;
    assert!(!states.contains(&ConnState::CallbackSetByCaller) && has_called_back(&states));
    let states = front.connects(asking().callback_number(CALLED), "").await;
    assert!(!states.contains(&ConnState::CallbackSetByCaller));
}

#[tokio::test]
async fn a63_a64_s7_the_server_calls_back() {
    calls_back(Front::rust(false), Front::rust(true)).await;
    calls_back(Front::ipc(false), Front::ipc(true)).await;
}

#[tokio::test]
async fn p6_the_number_is_asked_for() {
    asks(Front::rust(false), Front::rust(true)).await;
    asks(Front::ipc(false), Front::ipc(true)).await;
}

#[tokio::test]
async fn a_line_that_a_program_describes_is_dialled_at_both_fronts() {
    for front in [Front::rust(false), Front::ipc(false)] {
        let mut entry = modem_entry(&front.lab);
        entry.name = "described".into();
        entry.callback = Callback::Number(CALLED.into());
        // The lab's modem answers OK to what it does not know.
        let Medium::Serial(line) = &mut entry.medium else { panic!("a modem is a line") };
        let LineDevice::Modem(modem) = &mut line.device else { panic!("it is one") };
        modem.init = vec!["+CPIN=1234".into()];
        let script = "proc main\ntransmit \"\", raw\nendproc";
        line.login.script = Some(LoginScript { name: "none.scp".into(), text: script.into() });
        let credentials = dial().credentials;
        let states = front.connects(Dial::settings(entry).credentials(credentials), "").await;
        assert!(has_called_back(&states), "{states:?}");
        assert_eq!(states.iter().filter(|state| **state == ConnState::ConnectDevice).count(), 2, "the script is one");
    }
}

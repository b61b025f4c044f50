//! The contract at the socket: what the state of an account and methods of EAP ask, the answers to it, and what a dial says
//! of the modem.
#![forbid(unsafe_code)]

use rasman::{Answer, AuthMethod, ClientCertificate, ConnState, Detail, Dial, Dialing, EapDialog, Entry, QuestionKind};
use rasman_lab::DEFAULT_PASSWORD;
use rasman_tests::capi::World;
use rasman_tests::eap::{entry_with, lab_with, pkcs12};
use rasman_tests::harness::{ENTRY, credentials, dial, dial_as};
use rasman_tests::line::BusyModem;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(60);

fn daemon_with(entry: Entry) -> World {
    World::with(rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() })
}

/// Gives what was told last, and which questions were put; each gets this answer.
async fn follow(dialing: &mut Dialing, answer: &Answer) -> (ConnState, u32, Vec<(ConnState, QuestionKind)>) {
    let (mut last, mut asked) = ((ConnState::OpenPort, 0), Vec::new());
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        last = (notification.state, notification.error_number());
        if let Detail::Question(question) = &notification.detail {
            asked.push((notification.state, question.kind.clone()));
            dialing.answer(question.id, answer.clone()).expect("the question is open");
        }
    }
    (last.0, last.1, asked)
}

#[tokio::test]
async fn p8_an_expired_password_is_changed() {
    let lab = lab_with(&[AuthMethod::MsChapV2], "account=password-expired", false);
    let world = daemon_with(entry_with(&lab, &[AuthMethod::MsChapV2]));
    let manager = world.manager();
    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, asked) = follow(&mut dialing, &Answer::NewPassword("looking-glass".into())).await;
    assert_eq!((state, error), (ConnState::Connected, 0));
    assert!(matches!(asked[..], [(ConnState::PasswordExpired, QuestionKind::PasswordExpired { .. })]), "{asked:?}");
    let connection = dialing.connection();
    drop(dialing);
    let _ = timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
    let mut dialing = manager.dial(dial_as("wonderland")).unwrap();
    let (state, error, _) = follow(&mut dialing, &Answer::Accept).await;
    assert_eq!((state, error), (ConnState::AuthNotify, 691));
}

#[tokio::test]
async fn a60_what_eap_has_for_the_user_comes_with_the_dial() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let Some(file) = pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!(
            "SKIPPED a60_what_eap_has_for_the_user_comes_with_the_dial: there is no openssl to make a file"
        );
    };
    entry.eap.certificate = Some(ClientCertificate { file, ..Default::default() });
    let world = daemon_with(entry);
    let manager = world.manager();
    // Beside the password of the credentials, and without one.
    for dial in [dial(), dial_as("")] {
        let mut dialing = manager.dial(dial.eap_user_data("sesame")).unwrap();
        let (state, error, asked) = follow(&mut dialing, &Answer::Accept).await;
        assert_eq!((state, error, asked), (ConnState::Connected, 0, Vec::new()));
        let connection = dialing.connection();
        drop(dialing);
        let _ = timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn p9_a_certificate_that_is_not_trusted_is_asked_about() {
    let method = AuthMethod::PeapMsChapV2;
    let (lab, other) = (lab_with(&[method], "", false), lab_with(&[method], "", false));
    let mut entry = entry_with(&lab, &[method]);
    entry.eap.trust.added_roots = vec![other.facts().ca_der.clone()];
    let world = daemon_with(entry);
    let manager = world.manager();
    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, asked) = follow(&mut dialing, &Answer::Accept).await;
    assert_eq!((state, error), (ConnState::Connected, 0));
    let [(ConnState::InvokeEapUI, QuestionKind::EapDialog(EapDialog::ServerCertificate { .. }))] = asked[..] else {
        panic!("{asked:?}");
    };
}

#[tokio::test]
async fn a54_a55_a_dial_says_what_goes_around_the_number_and_whether_the_speaker_is_on() {
    let modem = BusyModem::start();
    let world = daemon_with(modem.entry(ENTRY));
    let manager = world.manager();
    let expected = [("9,5551234@", true), ("5551234", true), ("9,5551234@", false), ("9,5551234@", true)];
    let dial = || Dial::entry(ENTRY).credentials(credentials(DEFAULT_PASSWORD));
    let dials = [dial(), dial().prefix_and_suffix(false), dial().speaker(false), dial().speaker(true)];
    assert_eq!(modem.calls_of(&manager, dials).await, expected.map(|(number, on)| (number.to_owned(), on)));
}

//! Paused states: RetryAuthentication.

mod world;

use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{Answer, AuthMethod, Code, ConnState, Detail, QuestionKind, Secret};
use rasman_dial::{Command, DialPlan};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use world::*;

fn asking(password: &str) -> DialPlan {
    DialPlan { paused_states: true, ..plan(password) }
}

fn question(world: &World) -> u32 {
    match &world.told.last().expect("told").1.detail {
        Detail::Question(question) => question.id,
        other => panic!("no question: {other:?}"),
    }
}

fn answer(id: u32, password: &str) -> Command {
    Command::Answer { id, answer: Answer::Credentials(credentials(password)) }
}

#[test]
fn p1_p2_a43_without_paused_states_a_question_is_an_error() {
    let mut world = World::new(plan("wrong"), server());
    world.settle();
    assert!(world.states().iter().all(|(state, _)| *state != ConnState::RetryAuthentication));
    assert_eq!(world.last().2, 691);
}

#[test]
fn a13_without_credentials_nothing_is_sent_and_the_dial_fails_or_asks() {
    let nobody = |paused_states| DialPlan { credentials: Default::default(), paused_states, ..plan("") };
    let mut world = World::new(nobody(false), server());
    world.settle();
    assert_eq!((world.last().1, world.last().2), (ConnState::AuthNotify, 691));
    assert!(world.connection.status().error.unwrap().did.contains("nothing was sent"));

    let mut world = World::new(nobody(true), server());
    world.settle();
    assert_eq!(world.last().1, ConnState::RetryAuthentication);
    world.command(answer(question(&world), "wonderland"));
    assert_eq!(world.last().1, ConnState::Connected);
    assert_eq!(world.ports_opened, 1, "the server has refused nobody yet, so the link is still good");
}

#[test]
fn a13_a_certificate_counts_only_where_no_other_method_can_be_agreed() {
    let nobody = |methods: &[AuthMethod]| {
        let mut plan = DialPlan { credentials: Default::default(), ..plan("") };
        Arc::make_mut(&mut plan.entry).authentication = methods.to_vec();
        let mut world = World::new(plan, server());
        world.settle();
        world.connection.status().error.expect("nobody comes in").did
    };
    let beside = nobody(&[AuthMethod::EapTls, AuthMethod::MsChapV2]);
    assert!(beside.contains("nothing was sent"), "{beside}");
    let alone = nobody(&[AuthMethod::EapTls]);
    assert!(!alone.contains("nothing was sent"), "{alone}");
}

/// Alice, whose password has expired; counts the changes that are asked for.
#[derive(Default)]
struct Expired(AtomicU32);

impl Accounts for Expired {
    fn account(&self, _: &str, _: &str) -> Option<Account> {
        Some(Account { password: "wonderland".into(), state: AccountState::PasswordExpired })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    fn change_password(&self, _: &str, _: &str, _: &Secret) -> Result<(), Code> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Code::CHANGING_PASSWORD)
    }
}

#[test]
fn p8_a_new_password_that_the_fresh_link_did_not_want_is_forgotten() {
    let accounts = Arc::new(Expired::default());
    let mut expired = server();
    expired.ppp.accounts = accounts.clone();
    let mut plan = asking("wonderland");
    Arc::make_mut(&mut plan.entry).redial.on_link_failure = true;
    let mut world = World::new(plan, expired.clone());
    world.settle();
    assert!(matches!(&world.told.last().expect("told").1.detail,
        Detail::Question(question) if matches!(question.kind, QuestionKind::PasswordExpired { .. })));
    world.server_ppp_hangs_up();
    world.run_until(10_000);
    // Meanwhile the account is usable again.
    world.servers = vec![("vpn.example.com", server())];
    world.command(Command::Answer { id: question(&world), answer: Answer::NewPassword("looking-glass".into()) });
    world.run_until(100_000);
    assert_eq!((world.connection.state(), world.ports_opened), (ConnState::Connected, 2));
    // On another day it has expired again.
    world.servers = vec![("vpn.example.com", expired)];
    world.port_breaks();
    world.run_until(200_000);
    assert!(world.ports_opened > 2, "the link was made again");
    assert_eq!(accounts.0.load(Ordering::Relaxed), 0, "nobody was asked for that change");
}

#[test]
fn p2_p3_p13_with_paused_states_the_dial_waits_in_retry_authentication() {
    let mut config = server();
    config.ppp.retries = 2;
    let mut world = World::new(asking("wrong"), config);
    world.settle();
    let states = world.states();
    assert_eq!(states[states.len() - 2..], [(ConnState::AuthNotify, 0), (ConnState::RetryAuthentication, 0)]);
    let status = world.connection.status();
    assert_eq!((status.state, status.error.map(|c| c.code.0)), (ConnState::RetryAuthentication, Some(691)));
    let told = world.told.len();
    world.run_until(20_000);
    assert_eq!(world.told.len(), told);
}

#[test]
fn p7_p14_other_credentials_are_tried_on_the_same_link_if_the_server_allows() {
    let mut config = server();
    config.ppp.retries = 2;
    let mut world = World::new(asking("wrong"), config);
    world.settle();
    let asked = world.told.len();
    world.command(answer(question(&world), "wonderland"));
    assert_eq!(world.last().1, ConnState::Connected);
    assert_eq!(world.ports_opened, 1, "on the same link");
    let after: Vec<_> = world.states()[asked..].iter().map(|(state, _)| *state).collect();
    assert_eq!(after[0], ConnState::AuthRetry, "the states that follow are told, the paused one is not repeated");
    assert!(!after.contains(&ConnState::RetryAuthentication));
}

#[test]
fn p7_other_credentials_are_tried_on_a_fresh_link_if_the_server_hangs_up_at_the_first_refusal() {
    let mut world = World::new(asking("wrong"), server());
    world.run_until(20_000);
    assert_eq!(world.last().1, ConnState::RetryAuthentication);
    let asked = world.told.len();
    world.command(answer(question(&world), "wonderland"));
    world.run_until(40_000);
    assert_eq!(world.last().1, ConnState::Connected, "{:?}", world.states());
    assert_eq!(world.ports_opened, 2);
    assert_eq!(world.states()[asked..asked + 2], [(ConnState::AuthRetry, 0), (ConnState::OpenPort, 0)]);
}

#[test]
fn p7_other_credentials_are_tried_on_a_fresh_link_if_the_hang_up_crosses_the_answer() {
    let mut config = server();
    config.ppp.retries = 2;
    let mut world = World::new(asking("wrong"), config);
    world.settle();
    let asked = world.told.len();
    world.server_ppp_hangs_up();
    world.command(answer(question(&world), "wonderland"));
    world.run_until(20_000);
    assert_eq!(world.last().1, ConnState::Connected, "{:?}", world.states());
    assert_eq!(world.ports_opened, 2);
    assert!(world.states()[asked..].iter().all(|(_, error)| *error == 0));
}

#[test]
fn p14_a_further_refusal_asks_again_until_the_answers_are_used_up() {
    let mut config = server();
    config.ppp.retries = 10;
    let mut world = World::new(asking("wrong"), config);
    world.settle();
    for attempts in 1..=3 {
        let Detail::Question(question) = &world.told.last().expect("told").1.detail else { panic!("no question") };
        let expected = QuestionKind::RetryAuthentication { refused: Code::AUTHENTICATION_FAILURE, attempts };
        assert_eq!(question.kind, expected);
        world.command(answer(question.id, "wrong again"));
    }
    assert_eq!((world.last().1, world.last().2), (ConnState::AuthNotify, 691), "{:?}", world.states());
}

#[test]
fn p12_an_answer_to_another_question_is_not_taken() {
    let mut config = server();
    config.ppp.retries = 2;
    let mut world = World::new(asking("wrong"), config);
    world.command(answer(1, "too early"));
    world.settle();
    let id = question(&world);
    world.command(answer(id + 1, "wonderland"));
    assert_eq!(world.connection.state(), ConnState::RetryAuthentication);
    world.command(answer(id, "wonderland"));
    assert_eq!(world.connection.state(), ConnState::Connected);
    world.command(answer(id, "late"));
    assert_eq!(world.connection.state(), ConnState::Connected);
}

#[test]
fn p5_an_answer_inside_the_handler_takes_effect_when_it_has_returned() {
    let mut config = server();
    config.ppp.retries = 2;
    let mut world = World::new(DialPlan { handler: true, ..asking("wrong") }, config);
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::RetryAuthentication {
        world.handler_returns(true);
    }
    world.command(answer(question(&world), "wonderland"));
    assert_eq!(world.connection.state(), ConnState::RetryAuthentication, "held");
    world.prompt = true;
    world.handler_returns(true);
    assert_eq!(world.connection.state(), ConnState::Connected);
}

#[test]
fn p10_a_hang_up_instead_of_an_answer_ends_the_dial() {
    let mut world = World::new(asking("wrong"), server());
    world.run_until(1_000);
    world.command(hang_up());
    world.run_until(10_000);
    assert_eq!(world.finished.map(|c| c.code), Some(Code::USER_DISCONNECTION));
}

#[test]
fn p2_a_question_has_a_deadline_and_its_cause_then_ends_the_dial() {
    let mut config = server();
    config.ppp.retries = 2;
    config.ppp.negotiation.authentication = rasman_core::Duration::from_secs(3_600);
    let mut world = World::new(asking("wrong"), config);
    world.run_until(299_999);
    assert_eq!(world.connection.state(), ConnState::RetryAuthentication);
    assert_eq!(world.last().2, 0);
    world.run_until(300_000);
    assert_eq!(world.last(), (300_000, ConnState::RetryAuthentication, 691));
}

#[test]
fn e11_accounts_that_may_not_dial_are_told_by_their_code() {
    for (state, code) in [
        (AccountState::Disabled, 647),
        (AccountState::PasswordExpired, 648),
        (AccountState::NoDialIn, 649),
        (AccountState::RestrictedHours, 646),
    ] {
        let mut world = World::new(plan("wonderland"), server_with(state));
        world.settle();
        assert_eq!((world.last().1, world.last().2), (ConnState::AuthNotify, code));
    }
}

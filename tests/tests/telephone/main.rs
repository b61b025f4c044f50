//! Two of our modems, in virtual time: each end dials, answers, hangs up and is called back through a modem of the lab, over
//! a telephone network between the two.

mod exchange;
mod slow;

use exchange::{CALLER, Exchange, SERVER};
use rasman_core::{
    Answer, Callback, Cause, Code, ConnState, Detail, Duration, Instant, LayerName, Question, QuestionKind,
};
use rasman_dial::Command;
use rasman_ppp::CallbackPolicy;
use rasman_tests::peers::caller::CONNECTED;
use std::slice::from_ref;

/// Longer than any of these takes: the wait for a call is two minutes.
const LONG: Duration = Duration::from_secs(900);

fn preset() -> CallbackPolicy {
    CallbackPolicy { preset: Some(CALLER.into()), ..CallbackPolicy::default() }
}

fn by_caller() -> CallbackPolicy {
    CallbackPolicy { none: true, by_caller: true, ..CallbackPolicy::default() }
}

fn number() -> Callback {
    Callback::Number(CALLER.into())
}

/// What is told from Authenticate to ApplySettings without a call back.
fn straight() -> &'static [ConnState] {
    &CONNECTED[5..13]
}

/// And with one: after ReAuthenticate as after Authenticate.
fn called_back() -> Vec<ConnState> {
    let back = [
        ConnState::Authenticate,
        ConnState::AuthNotify,
        ConnState::PrepareForCallback,
        ConnState::WaitForModemReset,
        ConnState::WaitForCallback,
        ConnState::ReAuthenticate,
    ];
    [&back, &straight()[1..]].concat()
}

#[track_caller]
fn connected_by(world: &Exchange, states: &[ConnState]) {
    let from = world.told.iter().position(|told| told.state == ConnState::Authenticate).expect("it gets so far");
    let told: Vec<_> = world.told[from..].iter().map(|told| told.state).collect();
    assert_eq!(told, [states, &[ConnState::Connected]].concat(), "{:?}", world.told.last());
}

#[test]
fn a64_two_of_our_modems_call_each_other_back() {
    for (policy, wish) in [(preset(), Callback::Allowed), (preset(), number()), (by_caller(), number())] {
        for has_lines in [true, false] {
            let mut world = Exchange::new(wish.clone(), Some(policy.clone()));
            world.has_lines = has_lines;
            world.run(LONG);
            connected_by(&world, &called_back());
            assert_eq!(world.calls, [SERVER, CALLER], "the server calls the second time");
            let called = world.called_at[1].since(world.hung_up_at.expect("the first line went down"));
            assert!(called >= Duration::from_secs(4), "{called:?}: the modem gets the time that was asked for");
            world.hang_up();
            assert!(world.finished.is_some() && world.is_on_hook(), "lines_{has_lines}");
        }
    }
}

#[test]
fn a63_without_a_number_nobody_is_called_who_need_not_be() {
    for wish in [Callback::Allowed, Callback::Refused] {
        let mut world = Exchange::new(wish, Some(by_caller()));
        world.run(LONG);
        connected_by(&world, straight());
        assert_eq!(world.calls, [SERVER]);
    }
    // A server that knows no callback has no say in it either.
    let mut world = Exchange::new(number(), None);
    world.run(LONG);
    connected_by(&world, straight());
}

fn question(world: &Exchange) -> Question {
    let told = world.told.last().expect("something was told");
    assert_eq!(told.state, ConnState::CallbackSetByCaller);
    let Detail::Question(question) = &told.detail else { panic!("{told:?}") };
    question.clone()
}

#[test]
fn p6_an_asterisk_asks_after_authentication_and_the_answer_goes_on() {
    let asked = [ConnState::AuthNotify, ConnState::AuthCallback, ConnState::CallbackSetByCaller];
    let ways = [(CALLER, &called_back()[2..], 2), ("", &straight()[1..], 1)];
    for (answer, states, calls) in ways {
        let mut world = Exchange::asking(by_caller());
        world.run(Duration::from_secs(60));
        let question = question(&world);
        let kind = QuestionKind::CallbackNumber { numbers: vec![], may_decline: true };
        assert_eq!(question.kind, kind);
        assert!(world.connection.status().error.is_none(), "nothing was refused");
        for nonsense in [Answer::CallbackNumber("555\r".into()), Answer::Accept] {
            world.command(Command::Answer { id: question.id, answer: nonsense });
            assert_eq!(world.connection.state(), ConnState::CallbackSetByCaller);
        }
        world.command(Command::Answer { id: question.id, answer: Answer::CallbackNumber(answer.into()) });
        world.run(LONG);
        connected_by(&world, &[from_ref(&ConnState::Authenticate), &asked, states].concat());
        assert_eq!(world.calls.len(), calls);
    }
}

#[test]
fn p6_only_those_are_asked_who_may_choose() {
    let mut world = Exchange::asking(preset());
    world.run(LONG);
    connected_by(&world, &called_back());

    let list = CallbackPolicy { list: vec!["5550111".into(), CALLER.into()], ..CallbackPolicy::default() };
    let mut world = Exchange::asking(list);
    world.run(Duration::from_secs(60));
    let question = question(&world);
    let numbers = vec!["5550111".to_owned(), CALLER.to_owned()];
    assert_eq!(question.kind, QuestionKind::CallbackNumber { numbers, may_decline: false });
    world.command(Command::Answer { id: question.id, answer: Answer::CallbackNumber(String::new()) });
    assert_eq!(world.connection.state(), ConnState::CallbackSetByCaller, "it has to be one of them");
    world.command(Command::Answer { id: question.id, answer: Answer::CallbackNumber(CALLER.into()) });
    world.run(LONG);
    assert_eq!(world.connection.state(), ConnState::Connected);
    assert_eq!(world.calls, [SERVER, CALLER]);
}

#[track_caller]
fn failed_in(world: &Exchange, state: ConnState, code: Code) -> Cause {
    let last = world.told.last().expect("something was told");
    let cause = last.error.clone().unwrap_or_else(|| panic!("{last:?}"));
    assert_eq!((last.state, cause.code), (state, code), "{cause}");
    cause
}

#[test]
fn a_question_that_nobody_answers_or_that_is_hung_up_on_ends_the_dial() {
    let mut world = Exchange::asking(by_caller());
    world.run(LONG);
    // The server gives up first; then there is nobody to tell a number to.
    let cause = failed_in(&world, ConnState::CallbackSetByCaller, Code::REMOTE_DISCONNECTION);
    assert_eq!(cause.layer, LayerName::Lcp);
    assert!(world.is_on_hook());

    let mut world = Exchange::asking(by_caller());
    world.run(Duration::from_secs(60));
    world.hang_up();
    assert_eq!(world.told.last().map(|told| told.state), Some(ConnState::Disconnected));
    assert!(world.finished.is_some() && world.is_on_hook());
}

#[test]
fn a_server_that_insists_without_consent_is_refused_and_explained() {
    let mut world = Exchange::new(Callback::Refused, Some(preset()));
    world.run(LONG);
    let last = world.told.last().and_then(|told| told.error.clone()).expect("it fails");
    assert_eq!((last.code, last.layer), (Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp), "{last}");
    assert_eq!(world.calls, [SERVER]);

    // And one that wants a number of us, who have none.
    let policy = CallbackPolicy { by_caller: true, ..CallbackPolicy::default() };
    let mut world = Exchange::new(Callback::Allowed, Some(policy));
    world.run(LONG);
    failed_in(&world, ConnState::AuthNotify, Code::BAD_CALLBACK_NUMBER);
    assert!(world.is_on_hook());
}

#[test]
fn a_server_that_does_not_call_is_waited_for_a_bounded_time() {
    let mut world = Exchange::new(number(), Some(by_caller()));
    world.loses_calls_back = true;
    world.run(LONG);
    failed_in(&world, ConnState::WaitForCallback, Code::NO_ANSWER);
    let waited = world.now.since(world.hung_up_at.expect("it hung up"));
    assert!(waited >= Duration::from_secs(120), "{waited:?}");
    assert!(world.is_on_hook());
}

#[test]
fn a_dial_can_be_hung_up_in_every_state_of_a_callback() {
    for state in &called_back()[1..7] {
        let mut world = Exchange::new(number(), Some(by_caller()));
        world.stop_at = Some(*state);
        world.run(LONG);
        assert_eq!(world.told.last().map(|told| told.state), Some(*state));
        world.hang_up();
        assert_eq!(world.told.last().map(|told| (told.state, told.error_number())), Some((ConnState::Disconnected, 0)));
        assert!(world.finished.is_some() && world.is_on_hook(), "{state}");
    }
}

#[test]
fn a_handler_holds_each_state_and_the_call_is_not_lost() {
    let mut world = Exchange::new(number(), Some(by_caller()));
    world.handler_takes = Some(Duration::from_millis(1500));
    world.run(LONG);
    connected_by(&world, &called_back());
}

#[test]
fn whoever_calls_back_must_still_know_us() {
    // Another server's call: it does not know the password, and is told nothing.
    let mut world = Exchange::new(number(), Some(by_caller()));
    world.another_calls = true;
    world.run(LONG);
    let last = world.told.last().expect("something was told");
    assert_eq!(last.state, ConnState::AuthNotify, "{last:?}");
    assert!(last.error.is_some());
    assert!(world.is_on_hook());
}

#[test]
fn a_redial_after_a_callback_that_failed_calls_itself() {
    let mut world = Exchange::redialling(number(), by_caller());
    world.loses_calls_back = true;
    world.run(Duration::from_secs(300));
    assert!(world.calls.iter().filter(|called| *called == SERVER).count() >= 2, "{:?}", world.calls);
}

//! Both ends of CBCP, cell by cell.

use super::*;
use crate::Protocol;
use rasman_core::{Batch, Code};

/// One end, with what it sends.
struct End {
    cbcp: Cbcp,
    out: Outbox,
    now: Instant,
}

impl End {
    fn caller() -> Self {
        let cbcp = Cbcp::caller(Instant::ZERO, &Negotiation::default(), Duration::from_secs(9));
        Self { cbcp, out: Outbox::new(), now: Instant::ZERO }
    }

    fn answerer(policy: &CallbackPolicy) -> Self {
        let mut out = Outbox::new();
        let cbcp = Cbcp::answerer(Instant::ZERO, &Negotiation::default(), policy, &mut out);
        Self { cbcp, out, now: Instant::ZERO }
    }

    #[track_caller]
    fn takes(&mut self, code: u8, id: u8, data: &[u8]) -> Handled {
        let length = u16::try_from(data.len() + 4).unwrap().to_be_bytes();
        let packet = [&[code, id][..], &length, data].concat();
        self.cbcp.input(self.now, &Packet::parse(&packet).unwrap(), &mut self.out)
    }

    #[track_caller]
    fn sends(&mut self, expected: &[(u8, u8, &[u8])]) {
        let mut batch = Batch::new();
        self.out.drain(&mut batch);
        let sent: Vec<Vec<u8>> = batch.frames().map(<[u8]>::to_vec).collect();
        let wanted = expected.iter().map(|(code, id, data)| {
            let length = u16::try_from(data.len() + 4).unwrap().to_be_bytes();
            [&crate::frame::header(Protocol::CBCP)[..], &[*code, *id], &length, data].concat()
        });
        assert_eq!(sent, wanted.collect::<Vec<_>>());
    }

    /// Goes to the next thing that is due, which is `after` so many milliseconds.
    #[track_caller]
    fn waits(&mut self, after: u64) -> Outcome {
        let at = self.cbcp.timeout().expect("a timer runs").at;
        assert_eq!(at.since(self.now), Duration::from_millis(after));
        let early = Instant::from_micros(at.as_micros() - 1);
        assert_eq!(self.cbcp.handle_timeout(early, &mut self.out), Outcome::Same);
        self.now = at;
        self.cbcp.handle_timeout(at, &mut self.out)
    }
}

fn any() -> CallbackPolicy {
    CallbackPolicy { none: true, by_caller: true, preset: Some("555".into()), list: vec!["556".into()] }
}

fn call(number: &str) -> Outcome {
    Outcome::Agreed(Some(CallbackCall { number: number.into(), delay: Duration::from_secs(9) }))
}

#[track_caller]
fn failed(outcome: Outcome) -> Code {
    let Outcome::Failed(cause) = outcome else { panic!("{outcome:?}") };
    cause.code
}

const REQ: u8 = 1;
const RES: u8 = 2;
const ACK: u8 = 3;
const NO: &[u8] = &[1, 2];
const USER: &[u8] = &[2, 5, 0, 1, 0];
const PRESET: &[u8] = &[3, 3, 9];

#[test]
fn a_caller_waits_for_the_request_then_for_its_owner_then_for_the_ack() {
    let mut caller = End::caller();
    assert_eq!(
        caller.takes(REQ, 1, &[NO, USER].concat()),
        Ok(Outcome::Offered(CallbackOffer { none: true, by_caller: true, ..CallbackOffer::default() }))
    );
    caller.sends(&[]);
    assert!(caller.cbcp.timeout().is_none(), "a person may think; the answerer asks again");
    assert_eq!(caller.takes(REQ, 2, &[NO, USER].concat()), Ok(Outcome::Same));
    let number = CallbackChoice::Number("555".into());
    assert!(!caller.cbcp.choose(caller.now, CallbackChoice::Preset, &mut caller.out), "was not offered");
    assert!(!caller.cbcp.choose(caller.now, CallbackChoice::Number("5\r5".into()), &mut caller.out));
    assert!(caller.cbcp.choose(caller.now, number.clone(), &mut caller.out));
    assert!(!caller.cbcp.choose(caller.now, number, &mut caller.out), "once");
    let response: &[u8] = &[2, 8, 9, 1, b'5', b'5', b'5', 0];
    caller.sends(&[(RES, 2, response)]);
    assert_eq!(caller.takes(ACK, 2, response), Ok(Outcome::Agreed(None)));
    assert!(caller.takes(REQ, 3, NO).is_err() && caller.takes(ACK, 2, response).is_err());
    assert!(caller.cbcp.timeout().is_none());
    caller.sends(&[]);
}

#[test]
fn a_response_is_repeated_every_restart_interval_and_at_each_request() {
    let mut caller = End::caller();
    let _ = caller.takes(REQ, 1, &[3, 3, 0]);
    assert!(caller.cbcp.choose(caller.now, CallbackChoice::Preset, &mut caller.out));
    caller.sends(&[(RES, 1, PRESET)]);
    assert_eq!(caller.waits(3_000), Outcome::Same);
    caller.sends(&[(RES, 1, PRESET)]);
    assert_eq!(caller.takes(REQ, 2, &[3, 3, 0]), Ok(Outcome::Same));
    caller.sends(&[(RES, 2, PRESET)]);
    for _ in 3..10 {
        assert_eq!(caller.waits(3_000), Outcome::Same);
        caller.sends(&[(RES, 2, PRESET)]);
    }
    let outcome = caller.waits(3_000);
    assert_eq!(failed(outcome), Code::BAD_CALLBACK_NUMBER);
}

#[test]
fn a_caller_passes_over_what_is_not_meant_for_it() {
    let mut caller = End::caller();
    for code in [0, RES, ACK, 4, 255] {
        assert!(caller.takes(code, 1, NO).is_err(), "{code}");
    }
    assert!(caller.takes(REQ, 1, &[]).is_err() && caller.takes(REQ, 1, &[9, 2]).is_err());
    let _ = caller.takes(REQ, 1, &[NO, USER].concat());
    assert!(caller.takes(ACK, 1, NO).is_err(), "nothing was chosen");
    assert!(caller.cbcp.choose(caller.now, CallbackChoice::None, &mut caller.out));
    caller.sends(&[(RES, 1, NO)]);
    assert!(caller.takes(ACK, 2, NO).is_err(), "another identifier");
    assert!(caller.takes(ACK, 1, PRESET).is_err(), "another choice");
    assert_eq!(caller.takes(ACK, 1, NO), Ok(Outcome::NoCallback));
}

#[test]
fn a_server_that_never_asks_is_given_up_and_one_that_takes_its_offer_back_too() {
    let mut caller = End::caller();
    let outcome = caller.waits(60_000);
    assert_eq!(failed(outcome), Code::PPP_TIMEOUT);

    let mut caller = End::caller();
    let _ = caller.takes(REQ, 1, USER);
    let other = CallbackOffer { preset: true, ..CallbackOffer::default() };
    assert_eq!(caller.takes(REQ, 2, &[3, 3, 0]), Ok(Outcome::Offered(other)), "it may change its mind");
    assert!(caller.cbcp.choose(caller.now, CallbackChoice::Preset, &mut caller.out));
    assert_eq!(caller.takes(REQ, 3, NO).map(failed), Ok(Code::BAD_CALLBACK_NUMBER));
}

#[test]
fn a_server_that_begins_with_the_network_calls_nobody() {
    assert_eq!(End::caller().cbcp.network_began(), Outcome::NoCallback);
    let mut caller = End::caller();
    let _ = caller.takes(REQ, 1, USER);
    assert_eq!(caller.cbcp.network_began(), Outcome::Same, "it insists on a callback");
    let mut caller = End::caller();
    let _ = caller.takes(REQ, 1, &[NO, USER].concat());
    caller.cbcp.choose(caller.now, CallbackChoice::None, &mut caller.out);
    assert_eq!(caller.cbcp.network_began(), Outcome::NoCallback, "our response was heard");
    let mut caller = End::caller();
    let _ = caller.takes(REQ, 1, &[3, 3, 0]);
    caller.cbcp.choose(caller.now, CallbackChoice::Preset, &mut caller.out);
    assert_eq!(caller.cbcp.network_began(), Outcome::Same);
}

#[test]
fn an_answerer_asks_until_there_is_a_response() {
    let mut answerer = End::answerer(&any());
    let offer = any().offer().emit();
    answerer.sends(&[(REQ, 1, &offer)]);
    for id in 2..=40 {
        assert_eq!(answerer.waits(3_000), Outcome::Same);
        answerer.sends(&[(REQ, id, &offer)]);
    }
    let outcome = answerer.waits(3_000);
    assert_eq!(failed(outcome), Code::PPP_TIMEOUT);
}

#[test]
fn an_answerer_acknowledges_each_of_its_offers() {
    let cases: [(&[u8], Outcome); 4] = [
        (NO, Outcome::NoCallback),
        (&[2, 8, 9, 1, b'5', b'5', b'7', 0], call("557")),
        (PRESET, call("555")),
        (&[4, 8, 9, 1, b'5', b'5', b'6', 0], call("556")),
    ];
    for (response, outcome) in cases {
        let mut answerer = End::answerer(&any());
        let _ = answerer.out.drain(&mut Batch::new());
        let calls = outcome != Outcome::NoCallback;
        assert_eq!(answerer.takes(RES, 1, response), Ok(outcome));
        answerer.sends(&[(ACK, 1, response)]);
        assert_eq!(answerer.takes(RES, 1, response), Ok(Outcome::Same), "it did not hear the first");
        answerer.sends(&[(ACK, 1, response)]);
        assert!(answerer.takes(RES, 1, &[2, 6, 9, 1, b'6', 0]).is_err(), "it has chosen");
        assert_eq!(answerer.cbcp.timeout().is_some(), calls);
        if calls {
            assert_eq!(answerer.waits(10_000), Outcome::HangUp);
            assert!(answerer.cbcp.timeout().is_none());
        }
    }
}

#[test]
fn an_answerer_asks_again_after_what_was_not_offered_and_gives_up() {
    let policy = CallbackPolicy { by_caller: true, ..CallbackPolicy::default() };
    let offer = policy.offer().emit();
    let mut answerer = End::answerer(&policy);
    answerer.sends(&[(REQ, 1, &offer)]);
    assert!(answerer.takes(RES, 7, PRESET).is_err(), "another identifier");
    assert!(answerer.takes(REQ, 1, PRESET).is_err() && answerer.takes(ACK, 1, PRESET).is_err());
    let bad: [&[u8]; 5] = [NO, PRESET, &[], &[2, 5, 0, 1, 0], &[2, 7, 0, 1, b'5', b'\r', 0]];
    for (id, response) in (1..).zip(bad) {
        assert_eq!(answerer.takes(RES, id, response), Ok(Outcome::Same));
        answerer.sends(&[(REQ, id + 1, &offer)]);
    }
    assert_eq!(answerer.takes(RES, 6, NO).map(failed), Ok(Code::BAD_CALLBACK_NUMBER));
}

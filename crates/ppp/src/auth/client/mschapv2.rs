//! MS-CHAPv2: answer the challenge, check the server's proof; a refusal may leave the way open.

use super::Client;
use crate::auth::{AuthProtocol, Io, Outcome, malformed};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol};
use rasman_auth::ChapPacket;
use rasman_auth::mschapv2::Attempt;
use rasman_core::{Cause, Code, Credentials, DropReason, Instant, LayerName, Rng, Secret, Timeout};

/// ```text
/// Closed --authenticate()--> Listening --Challenge--> Answered --Success, proof right--> Done
///    ^  (keeps a challenge)                             |  ^ |
///    '------------- Failure, R=1 -----------------------'  | '--- Failure, E=648 ---> Expired
///                      repeats until a verdict comes ------'------ change_password() ----'
/// ```
pub(super) struct MsChapV2Client {
    state: State,
    credentials: Option<Credentials>,
    /// The new password, until the server has judged the change.
    new: Option<Secret>,
    negotiation: Negotiation,
}

enum State {
    /// The gate is closed; the latest challenge waits behind it.
    Closed { challenge: Option<Challenge> },
    /// The gate is open, no challenge has come yet.
    Listening { give_up_at: Instant },
    /// A response is on its way.
    Answered { attempt: Box<Attempt>, resend_at: Instant, left: u32, known: bool },
    /// The password has expired; a new one goes with this challenge.
    Expired { challenge: Challenge },
    /// The server has proved itself.
    Done { attempt: Box<Attempt> },
    /// The server refuses for good.
    Refused,
}

type Challenge = (u8, [u8; 16]);

impl Client for MsChapV2Client {
    fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome {
        match self.state {
            State::Closed { challenge } => {
                self.credentials = Some(credentials);
                self.state = State::Listening { give_up_at: now + self.negotiation.authentication };
                if let Some(challenge) = challenge {
                    self.answer(now, challenge, false, io.rng, io.out);
                }
            }
            State::Listening { .. } => self.credentials = Some(credentials),
            State::Answered { .. } | State::Expired { .. } | State::Done { .. } | State::Refused => {}
        }
        Outcome::Same
    }

    fn change_password(&mut self, now: Instant, new: &Secret, io: &mut Io<'_>) -> Outcome {
        let (State::Expired { challenge: (id, challenge) }, Some(old)) = (&self.state, &self.credentials) else {
            return Outcome::Same;
        };
        let Some(attempt) = Attempt::change(old, new, *id, *challenge, io.rng) else {
            let cause = Cause::new(Code::CHANGING_PASSWORD, LayerName::Auth)
                .did("had a new password of more than 256 characters, which MS-CHAPv2 cannot carry")
                .advice("choose a shorter one");
            return Outcome::Refused { cause, retry: true, dialog: None };
        };
        self.new = Some(new.clone());
        self.send(now, Box::new(attempt), false, io.out);
        Outcome::Same
    }

    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match ChapPacket::parse(information).map_err(malformed)? {
            ChapPacket::Challenge { id, value, .. } => {
                let value = value.try_into().map_err(|_| DropReason::Malformed("a challenge of 16 octets"))?;
                self.challenge(now, (id, value), io.rng, io.out)
            }
            ChapPacket::Success { id, message } => self.success(id, message),
            ChapPacket::Failure { id, message } => self.failure(id, message),
            ChapPacket::Response { .. } | ChapPacket::ChangePassword { .. } => {
                Err(DropReason::Unexpected("a Response to a client"))
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::Listening { give_up_at } if *give_up_at <= now => super::silent(AuthProtocol::MsChapV2),
            State::Answered { attempt, resend_at, left, .. } if *resend_at <= now => {
                if *left == 0 {
                    return super::no_verdict("MS-CHAPv2 response", self.negotiation.max_configure);
                }
                *left -= 1;
                *resend_at = now + self.negotiation.restart;
                out.information(Protocol::CHAP, attempt.packet());
                Outcome::Same
            }
            _ => Outcome::Same,
        }
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Listening { give_up_at } => Some(Timeout { at: *give_up_at, why: "CHAP challenge" }),
            State::Answered { resend_at, .. } => Some(Timeout { at: *resend_at, why: "CHAP response" }),
            State::Closed { .. } | State::Expired { .. } | State::Done { .. } | State::Refused => None,
        }
    }
}

impl MsChapV2Client {
    pub(super) fn new(negotiation: Negotiation) -> Self {
        Self { state: State::Closed { challenge: None }, credentials: None, new: None, negotiation }
    }

    fn challenge(
        &mut self,
        now: Instant,
        challenge: Challenge,
        rng: &mut dyn Rng,
        out: &mut Outbox,
    ) -> Result<Outcome, DropReason> {
        let known = match &mut self.state {
            State::Closed { challenge: kept } => {
                *kept = Some(challenge);
                return Ok(Outcome::Same);
            }
            // The server repeats itself: its challenge or our response was late.
            State::Answered { attempt, .. } | State::Done { attempt } if attempt.answers(challenge.0, &challenge.1) => {
                out.information(Protocol::CHAP, attempt.packet());
                return Ok(Outcome::Same);
            }
            State::Listening { .. } => false,
            State::Answered { known, .. } => *known,
            // RFC 1994 4.1: a challenge may come "at any time during the Network-Layer Protocol phase".
            State::Done { .. } => true,
            State::Expired { .. } => return Err(DropReason::Unexpected("a Challenge in place of a verdict")),
            State::Refused => return Err(DropReason::Unexpected("a Challenge after a refusal")),
        };
        self.answer(now, challenge, known, rng, out);
        Ok(Outcome::Same)
    }

    /// Answers a challenge; `known` if the server has proved itself on this link before.
    fn answer(&mut self, now: Instant, (id, challenge): Challenge, known: bool, rng: &mut dyn Rng, out: &mut Outbox) {
        let Some(credentials) = &self.credentials else { return };
        let attempt = match &self.new {
            // The verdict on the change was lost; a server that goes on to challenge has made it.
            Some(new) => {
                Attempt::new(&Credentials { password: new.clone(), ..credentials.clone() }, id, challenge, rng)
            }
            None => Attempt::new(credentials, id, challenge, rng),
        };
        let attempt = Box::new(attempt);
        self.send(now, attempt, known, out);
    }

    fn send(&mut self, now: Instant, attempt: Box<Attempt>, known: bool, out: &mut Outbox) {
        out.information(Protocol::CHAP, attempt.packet());
        let left = self.negotiation.max_configure.saturating_sub(1);
        self.state = State::Answered { attempt, resend_at: now + self.negotiation.restart, left, known };
    }

    fn success(&mut self, id: u8, message: &[u8]) -> Result<Outcome, DropReason> {
        let (attempt, known) = self.verdict_on(id)?;
        match attempt.verify(message) {
            Ok((token, keys)) => {
                if let (Some(credentials), Some(new)) = (&mut self.credentials, self.new.take()) {
                    credentials.password = new;
                }
                self.state = State::Done { attempt };
                Ok(if known { Outcome::Same } else { Outcome::Granted(token, keys) })
            }
            Err(cause) => Ok(Outcome::Failed(cause)),
        }
    }

    fn failure(&mut self, id: u8, message: &[u8]) -> Result<Outcome, DropReason> {
        let (attempt, known) = self.verdict_on(id)?;
        let refusal = attempt.refused(message);
        self.new = None;
        if known {
            return Ok(Outcome::Failed(refusal.cause));
        }
        let next = id.wrapping_add(1);
        if let Some(challenge) = refusal.change {
            self.state = State::Expired { challenge: (next, challenge) };
        } else if let Some(challenge) = refusal.retry {
            self.credentials = None;
            self.state = State::Closed { challenge: Some((next, challenge)) };
        }
        let retry = !matches!(self.state, State::Refused);
        Ok(Outcome::Refused { cause: refusal.cause, retry, dialog: None })
    }

    /// Takes the attempt that a verdict is about.
    fn verdict_on(&mut self, id: u8) -> Result<(Box<Attempt>, bool), DropReason> {
        match core::mem::replace(&mut self.state, State::Refused) {
            State::Answered { attempt, known, .. } if attempt.id() == id => Ok((attempt, known)),
            other => {
                self.state = other;
                Err(DropReason::Unexpected("a verdict on a response that is not the last"))
            }
        }
    }
}

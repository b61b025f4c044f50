//! CHAP with MD5: answer challenges, whenever they come.

use super::Client;
use crate::auth::{AuthProtocol, Io, Outcome, malformed, no_keys};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol};
use rasman_auth::ChapPacket;
use rasman_auth::chap_md5::Attempt;
use rasman_core::{Credentials, DropReason, Instant, Timeout};

/// The states of [`MsChapV2Client`](super::mschapv2::MsChapV2Client), but that a Failure is the end.
pub(super) struct ChapClient {
    state: State,
    credentials: Option<Credentials>,
    negotiation: Negotiation,
}

enum State {
    Closed { challenge: Option<Challenge> },
    Listening { give_up_at: Instant },
    Answered { attempt: Attempt, resend_at: Instant, left: u32, known: bool },
    Done { attempt: Attempt },
    Refused,
}

type Challenge = (u8, Vec<u8>);

impl ChapClient {
    pub(super) fn new(negotiation: Negotiation) -> Self {
        Self { state: State::Closed { challenge: None }, credentials: None, negotiation }
    }

    fn answer(&mut self, now: Instant, (id, challenge): &Challenge, known: bool, out: &mut Outbox) {
        let Some(credentials) = &self.credentials else { return };
        let attempt = Attempt::new(credentials, *id, challenge);
        out.information(Protocol::CHAP, attempt.packet());
        let left = self.negotiation.max_configure.saturating_sub(1);
        self.state = State::Answered { attempt, resend_at: now + self.negotiation.restart, left, known };
    }

    fn challenge(&mut self, now: Instant, challenge: Challenge, out: &mut Outbox) -> Result<Outcome, DropReason> {
        let known = match &mut self.state {
            State::Closed { challenge: kept } => {
                *kept = Some(challenge);
                return Ok(Outcome::Same);
            }
            State::Answered { attempt, .. } | State::Done { attempt } if attempt.answers(challenge.0, &challenge.1) => {
                out.information(Protocol::CHAP, attempt.packet());
                return Ok(Outcome::Same);
            }
            State::Listening { .. } => false,
            State::Answered { known, .. } => *known,
            // RFC 1994 2: challenges come "at random intervals" as well.
            State::Done { .. } => true,
            State::Refused => return Err(DropReason::Unexpected("a Challenge after a refusal")),
        };
        self.answer(now, &challenge, known, out);
        Ok(Outcome::Same)
    }

    fn verdict(&mut self, id: u8, refused: Option<&[u8]>) -> Result<Outcome, DropReason> {
        let (attempt, known) = match core::mem::replace(&mut self.state, State::Refused) {
            State::Answered { attempt, known, .. } if attempt.id() == id => (attempt, known),
            other => {
                self.state = other;
                return Err(DropReason::Unexpected("a verdict on a response that is not the last"));
            }
        };
        match refused {
            None => {
                let token = attempt.accepted();
                self.state = State::Done { attempt };
                Ok(if known { Outcome::Same } else { Outcome::Granted(token, no_keys()) })
            }
            Some(message) if known => Ok(Outcome::Failed(attempt.refused(message))),
            Some(message) => Ok(Outcome::Refused { cause: attempt.refused(message), retry: false, dialog: None }),
        }
    }
}

impl Client for ChapClient {
    fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome {
        if let State::Closed { challenge } = &mut self.state {
            let challenge = challenge.take();
            self.credentials = Some(credentials);
            self.state = State::Listening { give_up_at: now + self.negotiation.authentication };
            if let Some(challenge) = challenge {
                self.answer(now, &challenge, false, io.out);
            }
        }
        Outcome::Same
    }

    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match ChapPacket::parse(information).map_err(malformed)? {
            ChapPacket::Challenge { value: [], .. } => Err(DropReason::Malformed("a challenge of one octet or more")),
            ChapPacket::Challenge { id, value, .. } => self.challenge(now, (id, value.to_vec()), io.out),
            ChapPacket::Success { id, .. } => self.verdict(id, None),
            ChapPacket::Failure { id, message } => self.verdict(id, Some(message)),
            ChapPacket::Response { .. } | ChapPacket::ChangePassword { .. } => {
                Err(DropReason::Unexpected("a Response to a client"))
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::Listening { give_up_at } if *give_up_at <= now => super::silent(AuthProtocol::Chap),
            State::Answered { attempt, resend_at, left, .. } if *resend_at <= now => {
                if *left == 0 {
                    return super::no_verdict("CHAP response", self.negotiation.max_configure);
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
            State::Closed { .. } | State::Done { .. } | State::Refused => None,
        }
    }
}

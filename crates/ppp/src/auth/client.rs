//! The client's part: wait for the gate and the challenge, answer, check the server's proof.

use super::Outcome;
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol};
use rasman_auth::ChapPacket;
use rasman_auth::mschapv2::Attempt;
use rasman_core::{Cause, Code, Credentials, DropReason, Instant, LayerName, Rng, Timeout};

/// The client's authentication phase.
///
/// ```text
/// Closed --authenticate()--> Listening --Challenge--> Answered --Success, proof right--> Done
///    ^  (keeps a challenge)                             |  ^
///    '------------- Failure, R=1 -----------------------'  '-- repeats the Response until a verdict comes
/// ```
pub(crate) struct ClientAuth {
    state: State,
    credentials: Option<Credentials>,
    negotiation: Negotiation,
}

enum State {
    /// The gate is closed; the latest challenge waits behind it.
    Closed { challenge: Option<Challenge> },
    /// The gate is open, no challenge has come yet.
    Listening { give_up_at: Instant },
    /// A response is on its way.
    Answered { attempt: Box<Attempt>, resend_at: Instant, left: u32, known: bool },
    /// The server has proved itself.
    Done { attempt: Box<Attempt> },
    /// The server refuses for good.
    Refused,
}

type Challenge = (u8, [u8; 16]);

impl ClientAuth {
    pub(crate) fn new(negotiation: Negotiation) -> Self {
        Self { state: State::Closed { challenge: None }, credentials: None, negotiation }
    }

    /// Opens the gate.
    pub(crate) fn authenticate(&mut self, now: Instant, credentials: Credentials, rng: &mut dyn Rng, out: &mut Outbox) {
        match self.state {
            State::Closed { challenge } => {
                self.credentials = Some(credentials);
                self.state = State::Listening { give_up_at: now + self.negotiation.authentication };
                if let Some(challenge) = challenge {
                    self.answer(now, challenge, false, rng, out);
                }
            }
            State::Listening { .. } => self.credentials = Some(credentials),
            State::Answered { .. } | State::Done { .. } | State::Refused => {}
        }
    }

    pub(crate) fn input(
        &mut self,
        now: Instant,
        packet: &ChapPacket<'_>,
        rng: &mut dyn Rng,
        out: &mut Outbox,
    ) -> Result<Outcome, DropReason> {
        match *packet {
            ChapPacket::Challenge { id, value, .. } => {
                let value = value.try_into().map_err(|_| DropReason::Malformed("a challenge of 16 octets"))?;
                self.challenge(now, (id, value), rng, out)
            }
            ChapPacket::Success { id, message } => self.success(id, message),
            ChapPacket::Failure { id, message } => self.failure(id, message),
            ChapPacket::Response { .. } => Err(DropReason::Unexpected("a Response to a client")),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::Listening { give_up_at } if *give_up_at <= now => Outcome::Failed(
                Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                    .did("waited for the server's challenge")
                    .advice("the server agreed to MS-CHAPv2 but does not ask; look into its log"),
            ),
            State::Answered { attempt, resend_at, left, .. } if *resend_at <= now => {
                if *left == 0 {
                    return Outcome::Failed(
                        Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                            .did(format!("sent the MS-CHAPv2 response {} times", self.negotiation.max_configure))
                            .advice("the server does not give a verdict; look into its log"),
                    );
                }
                *left -= 1;
                *resend_at = now + self.negotiation.restart;
                out.information(Protocol::CHAP, attempt.packet());
                Outcome::Same
            }
            _ => Outcome::Same,
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Listening { give_up_at } => Some(Timeout { at: *give_up_at, why: "CHAP challenge" }),
            State::Answered { resend_at, .. } => Some(Timeout { at: *resend_at, why: "CHAP response" }),
            State::Closed { .. } | State::Done { .. } | State::Refused => None,
        }
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
            State::Refused => return Err(DropReason::Unexpected("a Challenge after a refusal")),
        };
        self.answer(now, challenge, known, rng, out);
        Ok(Outcome::Same)
    }

    /// Answers a challenge; `known` if the server has proved itself on this link before.
    fn answer(&mut self, now: Instant, (id, challenge): Challenge, known: bool, rng: &mut dyn Rng, out: &mut Outbox) {
        let Some(credentials) = &self.credentials else { return };
        let attempt = Box::new(Attempt::new(credentials, id, challenge, rng));
        out.information(Protocol::CHAP, attempt.packet());
        let left = self.negotiation.max_configure.saturating_sub(1);
        self.state = State::Answered { attempt, resend_at: now + self.negotiation.restart, left, known };
    }

    fn success(&mut self, id: u8, message: &[u8]) -> Result<Outcome, DropReason> {
        let (attempt, known) = self.verdict_on(id)?;
        match attempt.verify(message) {
            Ok((token, keys)) => {
                self.state = State::Done { attempt };
                Ok(if known { Outcome::Same } else { Outcome::Granted(token, keys) })
            }
            Err(cause) => Ok(Outcome::Failed(cause)),
        }
    }

    fn failure(&mut self, id: u8, message: &[u8]) -> Result<Outcome, DropReason> {
        let (attempt, known) = self.verdict_on(id)?;
        let refusal = attempt.refused(message);
        self.credentials = None;
        if known {
            return Ok(Outcome::Failed(refusal.cause));
        }
        if let Some(challenge) = refusal.retry {
            self.state = State::Closed { challenge: Some((id.wrapping_add(1), challenge)) };
        }
        Ok(Outcome::Refused { cause: refusal.cause, retry: refusal.retry.is_some() })
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

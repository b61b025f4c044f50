//! The end that called, and is to be called back.

use super::wire::{ACK, REQUEST, RESPONSE};
use super::{CallbackChoice, CallbackOffer, Handled, Outcome};
use crate::outbox::Outbox;
use crate::packet::Packet;
use crate::{Negotiation, Protocol};
use rasman_core::{Cause, Code, DropReason, Duration, Instant, LayerName, Timeout};

/// The caller of \[MS-CBCP\] 3.1.
pub(crate) struct Caller {
    state: State,
    restart: Duration,
    /// How many responses may be sent.
    responses_max: u32,
    responses: u32,
    /// How long, in seconds, our modem needs before it can be called.
    delay: u8,
}

enum State {
    /// The answerer has not said yet what may be.
    WaitForRequest {
        give_up_at: Instant,
    },
    /// Our owner has to choose; the answerer repeats its request meanwhile.
    Choosing {
        id: u8,
        offer: CallbackOffer,
    },
    WaitForAck {
        id: u8,
        choice: CallbackChoice,
        repeat_at: Instant,
    },
    Done,
}

impl Caller {
    pub(super) fn new(now: Instant, negotiation: &Negotiation, delay: Duration) -> Self {
        Self {
            state: State::WaitForRequest { give_up_at: now + negotiation.authentication },
            restart: negotiation.restart,
            responses_max: negotiation.max_configure,
            responses: 0,
            delay: u8::try_from(delay.as_secs()).unwrap_or(u8::MAX),
        }
    }

    pub(super) fn input(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        match packet.code {
            REQUEST => self.request(now, packet, out),
            ACK => self.ack(packet),
            _ => Err(DropReason::Unexpected("a CBCP packet of a caller")),
        }
    }

    fn request(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let offer = CallbackOffer::parse(packet.data).map_err(|error| DropReason::Malformed(error.expected))?;
        match &mut self.state {
            State::Choosing { id, offer: known } if *known == offer => *id = packet.id,
            State::WaitForRequest { .. } | State::Choosing { .. } => {
                self.state = State::Choosing { id: packet.id, offer: offer.clone() };
                return Ok(Outcome::Offered(offer));
            }
            // [MS-CBCP] 3.1.5.3: it did not get our response, or did not take it.
            State::WaitForAck { choice, .. } if offer.allows(choice) => {
                let choice = choice.clone();
                return Ok(self.respond(now, packet.id, choice, out));
            }
            State::WaitForAck { .. } => return Ok(Outcome::Failed(self.refused())),
            State::Done => return Err(DropReason::Unexpected("a Callback-Request after the agreement")),
        }
        Ok(Outcome::Same)
    }

    fn ack(&mut self, packet: &Packet<'_>) -> Handled {
        let State::WaitForAck { id, choice, .. } = &self.state else {
            return Err(DropReason::Unexpected("a Callback-Ack that was not waited for"));
        };
        let (acked, _) = CallbackChoice::parse(packet.data).map_err(|error| DropReason::Malformed(error.expected))?;
        if packet.id != *id || acked != *choice {
            return Err(DropReason::Unexpected("a Callback-Ack of something else"));
        }
        let calls = choice.calls();
        self.state = State::Done;
        Ok(if calls { Outcome::Agreed(None) } else { Outcome::NoCallback })
    }

    pub(super) fn choose(&mut self, now: Instant, choice: CallbackChoice, out: &mut Outbox) -> bool {
        let State::Choosing { id, offer } = &self.state else { return false };
        let allowed = offer.allows(&choice);
        if allowed {
            let id = *id;
            let _ = self.respond(now, id, choice, out);
        }
        allowed
    }

    /// An answerer that goes on to the network calls nobody: it took our `no`, or does not do what it agreed to.
    pub(super) fn network_began(&mut self) -> Outcome {
        let calls_nobody = match &self.state {
            State::WaitForRequest { .. } => true,
            State::WaitForAck { choice, .. } => !choice.calls(),
            State::Choosing { offer, .. } => offer.none,
            State::Done => false,
        };
        if !calls_nobody {
            return Outcome::Same;
        }
        self.state = State::Done;
        Outcome::NoCallback
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &self.state {
            State::WaitForRequest { give_up_at } if *give_up_at <= now => Outcome::Failed(
                Cause::new(Code::PPP_TIMEOUT, LayerName::Cbcp)
                    .did("waited for the server's Callback-Request")
                    .advice("the server agreed to negotiate a callback and did not; try without one"),
            ),
            State::WaitForAck { id, choice, repeat_at } if *repeat_at <= now => {
                let (id, choice) = (*id, choice.clone());
                self.respond(now, id, choice, out)
            }
            _ => Outcome::Same,
        }
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::WaitForRequest { give_up_at } => Some(Timeout { at: *give_up_at, why: "Callback-Request" }),
            State::WaitForAck { repeat_at, .. } => Some(Timeout { at: *repeat_at, why: "Callback-Ack" }),
            State::Choosing { .. } | State::Done => None,
        }
    }

    fn respond(&mut self, now: Instant, id: u8, choice: CallbackChoice, out: &mut Outbox) -> Outcome {
        if self.responses >= self.responses_max {
            return Outcome::Failed(self.refused());
        }
        self.responses += 1;
        out.packet(Protocol::CBCP, RESPONSE, id, &[&choice.emit(self.delay)]);
        self.state = State::WaitForAck { id, choice, repeat_at: now + self.restart };
        Outcome::Same
    }

    fn refused(&self) -> Cause {
        Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp)
            .did(format!("sent {} Callback-Responses", self.responses))
            .said("no Callback-Ack")
            .advice("give another number to be called back at, or none")
    }
}

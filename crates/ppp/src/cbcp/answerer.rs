//! The end that was called, and calls back.

use super::wire::{ACK, REQUEST, RESPONSE};
use super::{CallbackChoice, Handled, Outcome};
use crate::outbox::Outbox;
use crate::packet::Packet;
use crate::{CallbackCall, CallbackPolicy, Negotiation, Protocol};
use rasman_core::{Cause, Code, DropReason, Duration, Instant, LayerName, Timeout};

/// The answerer of \[MS-CBCP\] 3.2.
pub(crate) struct Answerer {
    policy: CallbackPolicy,
    state: State,
    /// Of the last request.
    id: u8,
    requests: u32,
    refusals: u32,
    restart: Duration,
    refusals_max: u32,
}

enum State {
    WaitForResponse {
        repeat_at: Instant,
    },
    Done {
        /// What was acknowledged, for a caller that did not hear it.
        acked: Vec<u8>,
        /// By when a caller that is to be called has to have hung up.
        hang_up_at: Option<Instant>,
    },
}

impl Answerer {
    pub(super) fn start(now: Instant, negotiation: &Negotiation, policy: &CallbackPolicy, out: &mut Outbox) -> Self {
        let mut answerer = Self {
            policy: policy.clone(),
            state: State::WaitForResponse { repeat_at: now },
            // [MS-CBCP] 2.2.4.1: 1 in the first request, and one more in each that follows.
            id: 0,
            requests: 0,
            refusals: 0,
            restart: negotiation.restart,
            refusals_max: negotiation.max_failure,
        };
        answerer.request(now, out);
        answerer
    }

    pub(super) fn input(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        if packet.code != RESPONSE || packet.id != self.id {
            return Err(DropReason::Unexpected("no Callback-Response to the last request"));
        }
        if let State::Done { acked, .. } = &self.state {
            if packet.data != acked {
                return Err(DropReason::Unexpected("a Callback-Response after the agreement"));
            }
            out.packet(Protocol::CBCP, ACK, packet.id, &[acked]);
            return Ok(Outcome::Same);
        }
        match CallbackChoice::parse(packet.data) {
            Ok((choice, delay)) if self.policy.offer().allows(&choice) => {
                Ok(self.agree(now, packet, choice, delay, out))
            }
            // [MS-CBCP] 3.2.5.3: the request is sent again.
            _ => Ok(self.refuse(now, out)),
        }
    }

    fn agree(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        choice: CallbackChoice,
        delay: u8,
        out: &mut Outbox,
    ) -> Outcome {
        out.packet(Protocol::CBCP, ACK, packet.id, &[packet.data]);
        let hang_up_at = choice.calls().then(|| now + HANG_UP);
        self.state = State::Done { acked: packet.data.to_vec(), hang_up_at };
        let number = match choice {
            CallbackChoice::None => return Outcome::NoCallback,
            CallbackChoice::Number(number) | CallbackChoice::Listed(number) => number,
            CallbackChoice::Preset => self.policy.preset.clone().unwrap_or_default(),
        };
        Outcome::Agreed(Some(CallbackCall { number, delay: Duration::from_secs(delay.into()) }))
    }

    fn refuse(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        self.refusals += 1;
        if self.refusals > self.refusals_max {
            let cause = Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp)
                .did("offered what callbacks there may be")
                .said("chose none of them");
            return Outcome::Failed(cause);
        }
        self.request(now, out);
        Outcome::Same
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::WaitForResponse { repeat_at } if *repeat_at <= now => {
                if self.requests >= REQUESTS_MAX {
                    let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Cbcp)
                        .did(format!("sent {REQUESTS_MAX} Callback-Requests"));
                    return Outcome::Failed(cause);
                }
                self.request(now, out);
                Outcome::Same
            }
            State::Done { hang_up_at, .. } if hang_up_at.is_some_and(|at| at <= now) => {
                *hang_up_at = None;
                Outcome::HangUp
            }
            _ => Outcome::Same,
        }
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::WaitForResponse { repeat_at } => Some(Timeout { at: *repeat_at, why: "Callback-Response" }),
            State::Done { hang_up_at, .. } => hang_up_at.map(|at| Timeout { at, why: "caller hangs up" }),
        }
    }

    fn request(&mut self, now: Instant, out: &mut Outbox) {
        self.id = self.id.wrapping_add(1);
        self.requests += 1;
        out.packet(Protocol::CBCP, REQUEST, self.id, &[&self.policy.offer().emit()]);
        self.state = State::WaitForResponse { repeat_at: now + self.restart };
    }
}

/// So many requests without a response, with the restart timer between: two minutes, as a person may have to be asked.
const REQUESTS_MAX: u32 = 40;
/// How long a caller that is to be called back may take to hang up.
const HANG_UP: Duration = Duration::from_secs(10);

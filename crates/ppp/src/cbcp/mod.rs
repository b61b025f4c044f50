//! CBCP, the Callback Control Protocol (\[MS-CBCP\], after draft-gidwani-ppp-callback-cp): once the server knows who
//! calls, both agree whether it hangs up and calls back, and where.
//!
//! ```text
//! caller                                  answerer
//!   |<-- Callback-Request: what may be --------|   repeated until there is a response
//!   |--- Callback-Response: one of it -------->|   repeated until there is an answer
//!   |<-- Callback-Ack: the same ---------------|
//!   network, or Terminate-Request; then the answerer dials
//! ```

mod answerer;
mod caller;
#[cfg(test)]
mod tests;
mod wire;

use crate::outbox::Outbox;
use crate::packet::Packet;
use crate::{CallbackCall, CallbackPolicy, Negotiation};
use answerer::Answerer;
use caller::Caller;
use rasman_core::{Cause, DropReason, Duration, Instant, Timeout};

pub use wire::{CallbackChoice, CallbackOffer};

/// One end of CBCP.
pub(crate) enum Cbcp {
    Caller(Caller),
    Answerer(Answerer),
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It goes on.
    Same,
    /// The caller has to choose.
    Offered(CallbackOffer),
    /// Both agreed that nobody is called: the network follows.
    NoCallback,
    /// Both agreed on a call; the answerer knows where and after which delay.
    Agreed(Option<CallbackCall>),
    /// The caller was to hang up, and has not.
    HangUp,
    /// The link must end.
    Failed(Cause),
}

type Handled = Result<Outcome, DropReason>;

impl Cbcp {
    /// Makes the caller's end, which waits for the first request.
    pub(crate) fn caller(now: Instant, negotiation: &Negotiation, delay: Duration) -> Self {
        Self::Caller(Caller::new(now, negotiation, delay))
    }

    /// Makes the answerer's end, which sends the first request.
    pub(crate) fn answerer(now: Instant, negotiation: &Negotiation, policy: &CallbackPolicy, out: &mut Outbox) -> Self {
        Self::Answerer(Answerer::start(now, negotiation, policy, out))
    }

    /// Takes a packet. What is no packet of the other end's in this state is dropped without an answer.
    pub(crate) fn input(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        match self {
            Self::Caller(caller) => caller.input(now, packet, out),
            Self::Answerer(answerer) => answerer.input(now, packet, out),
        }
    }

    /// Answers what was [offered](Outcome::Offered); tells whether it was still to be answered, and with this.
    pub(crate) fn choose(&mut self, now: Instant, choice: CallbackChoice, out: &mut Outbox) -> bool {
        match self {
            Self::Caller(caller) => caller.choose(now, choice, out),
            Self::Answerer(_) => false,
        }
    }

    /// The other end has begun with the network: for it, this is over.
    pub(crate) fn network_began(&mut self) -> Outcome {
        match self {
            Self::Caller(caller) => caller.network_began(),
            Self::Answerer(_) => Outcome::Same,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match self {
            Self::Caller(caller) => caller.handle_timeout(now, out),
            Self::Answerer(answerer) => answerer.handle_timeout(now, out),
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        match self {
            Self::Caller(caller) => caller.timeout(),
            Self::Answerer(answerer) => answerer.timeout(),
        }
    }
}

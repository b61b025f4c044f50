//! The callback that is negotiated between authentication and network.

use super::input::malformed;
use super::phases::Phase;
use super::{Ppp, Role};
use crate::cbcp::{Cbcp, Outcome};
use crate::packet::Packet;
use crate::{CallbackChoice, Event, Protocol};
use rasman_auth::Authenticated;
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, SessionKeys, Timeout};

/// CBCP, and what authentication gave before it.
pub(super) struct Pending {
    cbcp: Cbcp,
    /// Taken when the network follows.
    granted: Option<(Authenticated, SessionKeys)>,
}

impl Pending {
    pub(super) fn timeout(&self) -> Option<Timeout> {
        self.cbcp.timeout()
    }
}

impl Ppp {
    /// Answers [`Event::CallbackOffered`]; tells whether the offer has this choice and still waited for one.
    pub fn choose_callback(&mut self, now: Instant, choice: CallbackChoice) -> bool {
        match &mut self.callback {
            Some(pending) if self.phase == Phase::Callback => pending.cbcp.choose(now, choice, &mut self.out),
            _ => false,
        }
    }

    /// The peer is who it says, or believes it of us: a callback goes before the rest if LCP has agreed on one.
    pub(super) fn granted(&mut self, now: Instant, token: Authenticated, keys: SessionKeys) {
        let agreed = self.lcp.options().calls_back();
        let cbcp = match &self.role {
            Role::Client(config) if agreed => {
                Cbcp::caller(now, &config.negotiation, config.callback.unwrap_or_default())
            }
            Role::Server(config) if let (true, Some(policy)) = (agreed, &config.callback) => {
                Cbcp::answerer(now, &config.negotiation, policy, &mut self.out)
            }
            Role::Server(config) if config.callback.as_ref().is_some_and(|policy| !policy.none) => {
                return self.fail(now, not_called_back("negotiated no callback"));
            }
            Role::Client(_) | Role::Server(_) => return self.let_in(now, token, keys),
        };
        self.enter(Phase::Callback);
        self.callback = Some(Pending { cbcp, granted: Some((token, keys)) });
        if let Some(early) = self.parked.take(Protocol::CBCP) {
            let _ = self.callback_input(now, &early);
        }
    }

    pub(super) fn callback_input(&mut self, now: Instant, information: &[u8]) -> Result<(), DropReason> {
        let packet = Packet::parse(information).map_err(malformed)?;
        let pending = self.callback.as_mut().ok_or(DropReason::NotUp)?;
        let outcome = pending.cbcp.input(now, &packet, &mut self.out)?;
        self.callback_became(now, outcome);
        Ok(())
    }

    pub(super) fn callback_timeout(&mut self, now: Instant) {
        if let Some(pending) = &mut self.callback {
            let outcome = pending.cbcp.handle_timeout(now, &mut self.out);
            self.callback_became(now, outcome);
        }
    }

    pub(super) fn callback_network_began(&mut self, now: Instant) {
        if let Some(pending) = &mut self.callback {
            let outcome = pending.cbcp.network_began();
            self.callback_became(now, outcome);
        }
    }

    /// The caller agreed to negotiate and does not know how.
    pub(super) fn callback_rejected(&mut self, now: Instant) {
        let may_go_on = matches!(&self.role, Role::Server(config) if config.callback.as_ref().is_some_and(|p| p.none));
        if may_go_on {
            self.callback_became(now, Outcome::NoCallback);
        } else {
            self.fail(now, not_called_back("rejected CBCP, to which it had agreed"));
        }
    }

    fn callback_became(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Offered(offer) => {
                // Only the latest can be answered, so a peer that changes its mind does not grow the queue.
                self.events.retain(|event| !matches!(event, Event::CallbackOffered(_)));
                self.events.push_back(Event::CallbackOffered(offer));
            }
            Outcome::NoCallback => {
                let granted = self.callback.as_mut().and_then(|pending| pending.granted.take());
                if let Some((token, keys)) = granted {
                    self.let_in(now, token, keys);
                }
            }
            Outcome::Agreed(call) => self.events.push_back(Event::CallbackAgreed(call)),
            Outcome::HangUp => self.terminate(now),
            Outcome::Failed(cause) => self.fail(now, cause),
        }
    }
}

fn not_called_back(said: &str) -> Cause {
    Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp).did("has to call back whoever calls").said(said)
}

//! EAP: send a request until its response comes (RFC 3748 4.3), judge that, or have it judged elsewhere.

use super::Server;
use crate::auth::{Io, Outcome};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol, ServerConfig};
use rasman_auth::Accounts;
use rasman_auth::eap::{self, Relay, ServerSettings, ServerStep, Verdict};
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, Rng, Timeout};
use std::sync::Arc;

pub(super) struct EapServer {
    judge: Judge,
    negotiation: Negotiation,
    state: State,
}

/// Who judges responses.
enum Judge {
    Here { server: Box<eap::Server>, accounts: Arc<dyn Accounts + Send + Sync> },
    Elsewhere(Relay),
}

enum State {
    /// `request` waits for its response. When it has been repeated often enough the peer's user may still be typing.
    Asked {
        request: Vec<u8>,
        resend_at: Option<Instant>,
        left: u32,
        give_up_at: Instant,
    },
    /// A response is being judged elsewhere.
    Away {
        give_up_at: Instant,
    },
    Decided,
}

impl EapServer {
    /// Asks who is there.
    pub(super) fn start(now: Instant, config: &ServerConfig, rng: &mut dyn Rng, out: &mut Outbox) -> Self {
        let (judge, request) = Judge::start(config, rng);
        let mut started = Self { judge, negotiation: config.negotiation.clone(), state: State::Decided };
        started.ask(now, request, out);
        started
    }

    fn ask(&mut self, now: Instant, request: Vec<u8>, out: &mut Outbox) {
        out.information(Protocol::EAP, &request);
        let give_up_at = match &self.state {
            // An old response has the same request repeated: that buys the peer no time.
            State::Asked { request: same, give_up_at, .. } if *same == request => *give_up_at,
            State::Asked { .. } | State::Away { .. } | State::Decided => now + self.negotiation.authentication,
        };
        self.state = State::Asked {
            request,
            resend_at: Some(now + self.negotiation.restart),
            left: self.negotiation.max_configure.saturating_sub(1),
            give_up_at,
        };
    }

    fn stepped(&mut self, now: Instant, step: ServerStep, out: &mut Outbox) -> Outcome {
        match step {
            ServerStep::Send(request) => {
                self.ask(now, request, out);
                Outcome::Same
            }
            ServerStep::Granted { reply, token, keys } => {
                out.information(Protocol::EAP, &reply);
                self.state = State::Decided;
                Outcome::Granted(token, keys)
            }
            ServerStep::Refused { reply, cause } => {
                out.information(Protocol::EAP, &reply);
                self.state = State::Decided;
                Outcome::Failed(cause)
            }
        }
    }
}

impl Judge {
    /// Gives who judges, and the first request.
    fn start(config: &ServerConfig, rng: &mut dyn Rng) -> (Self, Vec<u8>) {
        if config.eap_elsewhere {
            let mut relay = Relay::new(rng);
            let request = relay.start();
            return (Self::Elsewhere(relay), request);
        }
        let settings = ServerSettings {
            name: config.name.clone(),
            methods: config.authentication.clone(),
            retries: config.retries,
            crypto_binding: config.crypto_binding,
            tunnels: Arc::clone(&config.tunnels),
        };
        let mut server = Box::new(eap::Server::new(settings, rng));
        let request = server.start();
        (Self::Here { server, accounts: Arc::clone(&config.accounts) }, request)
    }
}

impl Server for EapServer {
    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match &mut self.judge {
            Judge::Here { server, accounts } => {
                let step = server.input(information, &**accounts, io.rng)?;
                Ok(self.stepped(now, step, io.out))
            }
            Judge::Elsewhere(relay) => {
                let ask = relay.input(information)?;
                self.state = State::Away { give_up_at: now + self.negotiation.authentication };
                Ok(Outcome::Elsewhere(ask))
            }
        }
    }

    fn verdict(&mut self, now: Instant, verdict: Verdict, io: &mut Io<'_>) -> Outcome {
        let Judge::Elsewhere(relay) = &mut self.judge else { return Outcome::Same };
        match relay.verdict(verdict) {
            Some(step) => self.stepped(now, step, io.out),
            None => Outcome::Same,
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        let (State::Asked { give_up_at, .. } | State::Away { give_up_at }) = &self.state else { return Outcome::Same };
        if *give_up_at <= now {
            let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Auth);
            return Outcome::Failed(cause.did(match &self.state {
                State::Away { .. } => "waited for the authentication server's word on a response of EAP",
                _ => "waited for the response to a request of EAP",
            }));
        }
        let State::Asked { request, resend_at, left, .. } = &mut self.state else { return Outcome::Same };
        if resend_at.is_some_and(|at| at <= now) {
            out.information(Protocol::EAP, request);
            *left = left.saturating_sub(1);
            *resend_at = (*left > 0).then(|| now + self.negotiation.restart);
        }
        Outcome::Same
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Asked { resend_at, give_up_at, .. } => {
                let at = resend_at.unwrap_or(*give_up_at).min(*give_up_at);
                Some(Timeout { at, why: "EAP request" })
            }
            State::Away { give_up_at } => Some(Timeout { at: *give_up_at, why: "EAP judged elsewhere" }),
            State::Decided => None,
        }
    }
}

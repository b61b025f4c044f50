//! EAP: send a request until its response comes (RFC 3748 4.3), judge that.

use super::Server;
use crate::auth::{Io, Outcome};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol, ServerConfig};
use rasman_auth::Accounts;
use rasman_auth::eap::{self, ServerSettings, ServerStep};
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, Rng, Timeout};
use std::sync::Arc;

pub(super) struct EapServer {
    server: eap::Server,
    accounts: Arc<dyn Accounts + Send + Sync>,
    negotiation: Negotiation,
    state: State,
}

enum State {
    /// `request` waits for its response. When it has been repeated often enough the peer's user may still be typing.
    Asked {
        request: Vec<u8>,
        resend_at: Option<Instant>,
        left: u32,
        give_up_at: Instant,
    },
    Decided,
}

impl EapServer {
    /// Asks who is there.
    pub(super) fn start(now: Instant, config: &ServerConfig, rng: &mut dyn Rng, out: &mut Outbox) -> Self {
        let settings = ServerSettings {
            name: config.name.clone(),
            methods: config.authentication.clone(),
            retries: config.retries,
            tunnels: Arc::clone(&config.tunnels),
        };
        let mut server = eap::Server::new(settings, rng);
        let request = server.start();
        let negotiation = config.negotiation.clone();
        let mut started = Self { server, accounts: Arc::clone(&config.accounts), negotiation, state: State::Decided };
        started.ask(now, request, out);
        started
    }

    fn ask(&mut self, now: Instant, request: Vec<u8>, out: &mut Outbox) {
        out.information(Protocol::EAP, &request);
        let give_up_at = match &self.state {
            // An old response has the same request repeated: that buys the peer no time.
            State::Asked { request: same, give_up_at, .. } if *same == request => *give_up_at,
            State::Asked { .. } | State::Decided => now + self.negotiation.authentication,
        };
        self.state = State::Asked {
            request,
            resend_at: Some(now + self.negotiation.restart),
            left: self.negotiation.max_configure.saturating_sub(1),
            give_up_at,
        };
    }
}

impl Server for EapServer {
    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match self.server.input(information, &*self.accounts, io.rng)? {
            ServerStep::Send(request) => {
                self.ask(now, request, io.out);
                Ok(Outcome::Same)
            }
            ServerStep::Granted { reply, token, keys } => {
                io.out.information(Protocol::EAP, &reply);
                self.state = State::Decided;
                Ok(Outcome::Granted(token, keys))
            }
            ServerStep::Refused { reply, cause } => {
                io.out.information(Protocol::EAP, &reply);
                self.state = State::Decided;
                Ok(Outcome::Failed(cause))
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        let State::Asked { request, resend_at, left, give_up_at } = &mut self.state else { return Outcome::Same };
        if *give_up_at <= now {
            let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Auth);
            return Outcome::Failed(cause.did("waited for the response to a request of EAP"));
        }
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
            State::Decided => None,
        }
    }
}

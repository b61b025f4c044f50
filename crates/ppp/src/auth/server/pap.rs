//! PAP: wait for a request, judge it.

use super::Server;
use crate::auth::{Io, Outcome, malformed, no_keys};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol, ServerConfig};
use rasman_auth::Accounts;
use rasman_auth::pap::{PapPacket, Verdict, judge};
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, Timeout};
use std::sync::Arc;

pub(super) struct PapServer {
    accounts: Arc<dyn Accounts + Send + Sync>,
    negotiation: Negotiation,
    retries: u32,
    state: State,
}

enum State {
    Waiting {
        give_up_at: Instant,
        cause: Option<Cause>,
    },
    /// The verdict stands; a request that is repeated gets the same answer (RFC 1334 2.2.1).
    Decided {
        reply: Vec<u8>,
    },
}

impl PapServer {
    pub(super) fn start(now: Instant, config: &ServerConfig) -> Self {
        let negotiation = config.negotiation.clone();
        let state = State::Waiting { give_up_at: now + negotiation.authentication, cause: None };
        Self { accounts: Arc::clone(&config.accounts), negotiation, retries: config.retries, state }
    }
}

impl Server for PapServer {
    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        let PapPacket::Request { id, peer, password } = PapPacket::parse(information).map_err(malformed)? else {
            return Err(DropReason::Unexpected("an answer of PAP to a server"));
        };
        if let State::Decided { reply } = &mut self.state {
            reply[1] = id;
            io.out.information(Protocol::PAP, reply);
            return Ok(Outcome::Same);
        }
        match judge(id, peer, password, &*self.accounts) {
            Verdict::Granted { reply, token } => {
                io.out.information(Protocol::PAP, &reply);
                self.state = State::Decided { reply };
                Ok(Outcome::Granted(token, no_keys()))
            }
            Verdict::Refused { reply, cause } => {
                io.out.information(Protocol::PAP, &reply);
                if self.retries == 0 {
                    self.state = State::Decided { reply };
                    return Ok(Outcome::Failed(cause));
                }
                self.retries -= 1;
                let give_up_at = now + self.negotiation.authentication;
                self.state = State::Waiting { give_up_at, cause: Some(cause) };
                Ok(Outcome::Same)
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant, _: &mut Outbox) -> Outcome {
        match &self.state {
            State::Waiting { give_up_at, cause } if *give_up_at <= now => {
                let silent = || Cause::new(Code::PPP_TIMEOUT, LayerName::Auth).did("waited for a request of PAP");
                Outcome::Failed(cause.clone().unwrap_or_else(silent))
            }
            _ => Outcome::Same,
        }
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Waiting { give_up_at, .. } => Some(Timeout { at: *give_up_at, why: "PAP request" }),
            State::Decided { .. } => None,
        }
    }
}

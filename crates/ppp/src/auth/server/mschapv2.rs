//! MS-CHAPv2: challenge until a response comes, judge it, give a wrong one its further attempts.

use super::Server;
use crate::auth::{Io, Outcome, malformed};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol, ServerConfig};
use rasman_auth::mschapv2::{self, Verdict};
use rasman_auth::{Accounts, ChapPacket};
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, Rng, Timeout};
use std::sync::Arc;

pub(super) struct MsChapV2Server {
    server: mschapv2::Server,
    accounts: Arc<dyn Accounts + Send + Sync>,
    negotiation: Negotiation,
    state: State,
}

enum State {
    /// The challenge is out.
    Challenged { resend_at: Instant, left: u32 },
    /// The last response was wrong; the peer's user may be typing.
    AwaitingRetry { give_up_at: Instant, cause: Cause },
    /// The verdict stands.
    Decided,
}

impl MsChapV2Server {
    /// Sends the challenge.
    pub(super) fn start(now: Instant, config: &ServerConfig, rng: &mut dyn Rng, out: &mut Outbox) -> Self {
        let server = mschapv2::Server::new(&config.name, config.retries, rng);
        out.information(Protocol::CHAP, &server.challenge());
        let negotiation = config.negotiation.clone();
        let left = negotiation.max_configure.saturating_sub(1);
        let state = State::Challenged { resend_at: now + negotiation.restart, left };
        Self { server, accounts: Arc::clone(&config.accounts), negotiation, state }
    }
}

impl Server for MsChapV2Server {
    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        let out = &mut *io.out;
        let verdict = match ChapPacket::parse(information).map_err(malformed)? {
            ChapPacket::Response { id, value, name } => self.server.response(id, value, name, &*self.accounts, io.rng),
            ChapPacket::ChangePassword { id, value } => self.server.change_password(id, value, &*self.accounts, io.rng),
            _ => return Err(DropReason::Unexpected("a CHAP packet other than a Response to a server")),
        };
        match verdict.map_err(malformed)? {
            Verdict::Granted { reply, token, keys } => {
                out.information(Protocol::CHAP, &reply);
                self.state = State::Decided;
                Ok(Outcome::Granted(token, keys))
            }
            Verdict::Refused { reply, cause, retry } => {
                out.information(Protocol::CHAP, &reply);
                if !retry {
                    self.state = State::Decided;
                    return Ok(Outcome::Failed(cause));
                }
                // RFC 2759 6: R=1 "disables short timeouts"
                self.state = State::AwaitingRetry { give_up_at: now + self.negotiation.authentication, cause };
                Ok(Outcome::Same)
            }
            Verdict::Repeated { reply } => {
                out.information(Protocol::CHAP, &reply);
                Ok(Outcome::Same)
            }
            Verdict::Unexpected => Err(DropReason::Unexpected("a Response to another challenge")),
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::Challenged { resend_at, left } if *resend_at <= now => {
                if *left == 0 {
                    return Outcome::Failed(
                        Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                            .did(format!("sent the MS-CHAPv2 challenge {} times", self.negotiation.max_configure)),
                    );
                }
                *left -= 1;
                *resend_at = now + self.negotiation.restart;
                out.information(Protocol::CHAP, &self.server.challenge());
                Outcome::Same
            }
            State::AwaitingRetry { give_up_at, cause } if *give_up_at <= now => Outcome::Failed(cause.clone()),
            _ => Outcome::Same,
        }
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Challenged { resend_at, .. } => Some(Timeout { at: *resend_at, why: "CHAP challenge" }),
            State::AwaitingRetry { give_up_at, .. } => Some(Timeout { at: *give_up_at, why: "CHAP retry" }),
            State::Decided => None,
        }
    }
}

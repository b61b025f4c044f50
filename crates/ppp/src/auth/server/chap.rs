//! CHAP with MD5: challenge until a response comes, judge it once.

use super::Server;
use crate::auth::{Io, Outcome, malformed, no_keys};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol, ServerConfig};
use rasman_auth::chap_md5::{self, Verdict};
use rasman_auth::{Accounts, ChapPacket};
use rasman_core::{Cause, Code, DropReason, Instant, LayerName, Rng, Timeout};
use std::sync::Arc;

pub(super) struct ChapServer {
    server: chap_md5::Server,
    accounts: Arc<dyn Accounts + Send + Sync>,
    negotiation: Negotiation,
    /// While the challenge waits for its response.
    challenged: Option<Challenged>,
}

struct Challenged {
    resend_at: Instant,
    left: u32,
}

impl ChapServer {
    /// Sends the challenge.
    pub(super) fn start(now: Instant, config: &ServerConfig, rng: &mut dyn Rng, out: &mut Outbox) -> Self {
        let server = chap_md5::Server::new(&config.name, rng);
        out.information(Protocol::CHAP, &server.challenge());
        let negotiation = config.negotiation.clone();
        let left = negotiation.max_configure.saturating_sub(1);
        let challenged = Some(Challenged { resend_at: now + negotiation.restart, left });
        Self { server, accounts: Arc::clone(&config.accounts), negotiation, challenged }
    }
}

impl Server for ChapServer {
    fn input(&mut self, _: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        let ChapPacket::Response { id, value, name } = ChapPacket::parse(information).map_err(malformed)? else {
            return Err(DropReason::Unexpected("a CHAP packet other than a Response to a server"));
        };
        let (reply, outcome) = match self.server.response(id, value, name, &*self.accounts) {
            Verdict::Granted { reply, token } => (reply, Outcome::Granted(token, no_keys())),
            Verdict::Refused { reply, cause } => (reply, Outcome::Failed(cause)),
            Verdict::Repeated { reply } => (reply, Outcome::Same),
            Verdict::Unexpected => return Err(DropReason::Unexpected("a Response to another challenge")),
        };
        self.challenged = None;
        io.out.information(Protocol::CHAP, &reply);
        Ok(outcome)
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        let Some(challenged) = self.challenged.as_mut().filter(|challenged| challenged.resend_at <= now) else {
            return Outcome::Same;
        };
        if challenged.left == 0 {
            let times = self.negotiation.max_configure;
            let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Auth);
            return Outcome::Failed(cause.did(format!("sent the CHAP challenge {times} times")));
        }
        challenged.left -= 1;
        challenged.resend_at = now + self.negotiation.restart;
        out.information(Protocol::CHAP, &self.server.challenge());
        Outcome::Same
    }

    fn timeout(&self) -> Option<Timeout> {
        self.challenged.as_ref().map(|challenged| Timeout { at: challenged.resend_at, why: "CHAP challenge" })
    }
}

//! The server's end.

mod chap;
mod eap;
mod mschapv2;
mod pap;

use super::{AuthProtocol, Io, Outcome};
use crate::ServerConfig;
use crate::outbox::Outbox;
use rasman_auth::eap::Verdict;
use rasman_core::{DropReason, Instant, Rng, Timeout};

/// A protocol at the server's end.
pub(super) trait Server: Send {
    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason>;

    /// Takes the word of a server that is elsewhere.
    fn verdict(&mut self, now: Instant, verdict: Verdict, io: &mut Io<'_>) -> Outcome {
        let _ = (now, verdict, io);
        Outcome::Same
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome;

    fn timeout(&self) -> Option<Timeout>;
}

pub(super) fn start(
    now: Instant,
    protocol: AuthProtocol,
    config: &ServerConfig,
    rng: &mut dyn Rng,
    out: &mut Outbox,
) -> Box<dyn Server> {
    match protocol {
        AuthProtocol::Pap => Box::new(pap::PapServer::start(now, config)),
        AuthProtocol::Chap => Box::new(chap::ChapServer::start(now, config, rng, out)),
        AuthProtocol::MsChapV2 => Box::new(mschapv2::MsChapV2Server::start(now, config, rng, out)),
        AuthProtocol::Eap => Box::new(eap::EapServer::start(now, config, rng, out)),
    }
}

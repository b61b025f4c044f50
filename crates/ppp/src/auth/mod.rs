//! The authentication phase of a link (RFC 1661 3.5): MS-CHAPv2 from either end, with its timers.

mod client;
mod server;

use crate::outbox::Outbox;
use rasman_auth::{Authenticated, ChapPacket};
use rasman_core::{Cause, DropReason, Instant, Rng, SessionKeys, Timeout};

pub(crate) use client::ClientAuth;
pub(crate) use server::ServerAuth;

/// The authentication phase of one link.
pub(crate) enum Auth {
    Client(ClientAuth),
    Server(ServerAuth),
}

/// What became of the authentication.
pub(crate) enum Outcome {
    /// It goes on.
    Same,
    /// It succeeded.
    Granted(Authenticated, SessionKeys),
    /// The peer refused us.
    Refused { cause: Cause, retry: bool },
    /// The link must end.
    Failed(Cause),
}

impl Auth {
    /// Takes a CHAP packet.
    pub(crate) fn input(
        &mut self,
        now: Instant,
        information: &[u8],
        rng: &mut dyn Rng,
        out: &mut Outbox,
    ) -> Result<Outcome, DropReason> {
        let packet = ChapPacket::parse(information).map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        match self {
            Self::Client(client) => client.input(now, &packet, rng, out),
            Self::Server(server) => server.input(now, &packet, rng, out),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match self {
            Self::Client(client) => client.handle_timeout(now, out),
            Self::Server(server) => server.handle_timeout(now, out),
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        match self {
            Self::Client(client) => client.timeout(),
            Self::Server(server) => server.timeout(),
        }
    }
}

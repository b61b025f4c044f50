//! The authentication phase of a link (RFC 1661 3.5), from either end, with its timers.

mod client;
mod protocol;
mod server;

use crate::outbox::Outbox;
use crate::{ClientConfig, Protocol, ServerConfig};
use rasman_auth::Authenticated;
use rasman_auth::eap::{Ask, Verdict};
use rasman_core::{Cause, Credentials, DropReason, EapDialog, Instant, Rng, Secret, SessionKeys, Timeout};

pub use protocol::AuthProtocol;

/// The authentication phase of one link.
pub(crate) struct Auth {
    protocol: AuthProtocol,
    end: End,
}

enum End {
    Client(Box<dyn client::Client>),
    Server(Box<dyn server::Server>),
}

/// What became of the authentication.
pub(crate) enum Outcome {
    /// It goes on.
    Same,
    /// It succeeded.
    Granted(Authenticated, SessionKeys),
    /// The peer refused us.
    Refused {
        cause: Cause,
        /// Other credentials, or with 648 and 709 a new password, are taken on this link.
        retry: bool,
        dialog: Option<EapDialog>,
    },
    /// A server that is elsewhere is to be asked.
    Elsewhere(Ask),
    /// The link must end.
    Failed(Cause),
}

impl Auth {
    /// Makes the client's end, which waits for its gate to open.
    pub(crate) fn client(protocol: AuthProtocol, config: &ClientConfig) -> Self {
        Self { protocol, end: End::Client(client::new(protocol, config)) }
    }

    /// Makes the server's end, which speaks first where the protocol has it so.
    pub(crate) fn server(
        now: Instant,
        protocol: AuthProtocol,
        config: &ServerConfig,
        rng: &mut dyn Rng,
        out: &mut Outbox,
    ) -> Self {
        Self { protocol, end: End::Server(server::start(now, protocol, config, rng, out)) }
    }

    /// Tells whose frames it takes.
    pub(crate) fn frames(&self) -> Protocol {
        self.protocol.frames()
    }

    /// Opens a client's gate, or answers a refusal.
    pub(crate) fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome {
        match &mut self.end {
            End::Client(client) => client.authenticate(now, credentials, io),
            End::Server(_) => Outcome::Same,
        }
    }

    /// Answers a client's refusal for an expired password.
    pub(crate) fn change_password(&mut self, now: Instant, new: &Secret, io: &mut Io<'_>) -> Outcome {
        match &mut self.end {
            End::Client(client) => client.change_password(now, new, io),
            End::Server(_) => Outcome::Same,
        }
    }

    /// Takes the word of a server that is elsewhere.
    pub(crate) fn verdict(&mut self, now: Instant, verdict: Verdict, io: &mut Io<'_>) -> Outcome {
        match &mut self.end {
            End::Client(_) => Outcome::Same,
            End::Server(server) => server.verdict(now, verdict, io),
        }
    }

    /// Takes a packet of its protocol.
    pub(crate) fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match &mut self.end {
            End::Client(client) => client.input(now, information, io),
            End::Server(server) => server.input(now, information, io),
        }
    }

    /// The peer has begun with the network, which it does once it lets us in.
    pub(crate) fn network_began(&mut self) -> Outcome {
        match &mut self.end {
            End::Client(client) => client.network_began(),
            End::Server(_) => Outcome::Same,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.end {
            End::Client(client) => client.handle_timeout(now, out),
            End::Server(server) => server.handle_timeout(now, out),
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        match &self.end {
            End::Client(client) => client.timeout(),
            End::Server(server) => server.timeout(),
        }
    }
}

/// Where randomness comes from and packets go to.
pub(crate) struct Io<'a> {
    pub(crate) rng: &'a mut dyn Rng,
    pub(crate) out: &'a mut Outbox,
}

fn malformed(malformed: rasman_core::Malformed) -> DropReason {
    DropReason::Malformed(malformed.expected)
}

/// The keys of a method that has none.
fn no_keys() -> SessionKeys {
    SessionKeys { master_send: Vec::new(), master_receive: Vec::new() }
}

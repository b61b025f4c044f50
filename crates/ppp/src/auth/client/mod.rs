//! The client's end: a gate, and a protocol behind it.

mod chap;
mod eap;
mod mschapv2;
mod pap;

use super::{AuthProtocol, Io, Outcome};
use crate::ClientConfig;
use crate::outbox::Outbox;
use rasman_core::{Cause, Code, Credentials, DropReason, Instant, LayerName, Secret, Timeout};

/// A protocol at the client's end. It keeps what comes before its gate opens.
pub(super) trait Client: Send {
    /// Opens the gate, or answers a refusal with other credentials.
    fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome;

    /// Answers a refusal for an expired password.
    fn change_password(&mut self, now: Instant, new: &Secret, io: &mut Io<'_>) -> Outcome {
        let _ = (now, new, io);
        Outcome::Same
    }

    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason>;

    /// The server negotiates the network.
    fn network_began(&mut self) -> Outcome {
        Outcome::Same
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome;

    fn timeout(&self) -> Option<Timeout>;
}

pub(super) fn new(protocol: AuthProtocol, config: &ClientConfig) -> Box<dyn Client> {
    let negotiation = config.negotiation.clone();
    match protocol {
        AuthProtocol::Pap => Box::new(pap::PapClient::new(negotiation)),
        AuthProtocol::Chap => Box::new(chap::ChapClient::new(negotiation)),
        AuthProtocol::MsChapV2 => Box::new(mschapv2::MsChapV2Client::new(negotiation)),
        AuthProtocol::Eap => Box::new(eap::EapClient::new(negotiation, config)),
    }
}

/// The server does not say what it has to say first.
fn silent(protocol: AuthProtocol) -> Outcome {
    Outcome::Failed(
        Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
            .did("waited for the server's challenge")
            .advice(format!("the server agreed to {protocol} but does not ask; look into its log")),
    )
}

/// The server gives no verdict on what was sent so often.
fn no_verdict(what: &str, times: u32) -> Outcome {
    Outcome::Failed(
        Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
            .did(format!("sent the {what} {times} times"))
            .advice("the server does not give a verdict; look into its log"),
    )
}

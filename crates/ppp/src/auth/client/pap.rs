//! PAP: ask until an answer comes.

use super::Client;
use crate::auth::{Io, Outcome, malformed, no_keys};
use crate::outbox::Outbox;
use crate::{Negotiation, Protocol};
use rasman_auth::pap::{PapPacket, Request};
use rasman_core::{Credentials, DropReason, Instant, Timeout};

/// ```text
/// Closed --authenticate()--> Asked --Ack--> Done
///    ^                        |  ^
///    '---------- Nak ---------'  '-- repeats the request
/// ```
pub(super) struct PapClient {
    state: State,
    id: u8,
    negotiation: Negotiation,
}

enum State {
    Closed,
    Asked { request: Request, resend_at: Instant, left: u32 },
    Done,
}

impl PapClient {
    pub(super) fn new(negotiation: Negotiation) -> Self {
        Self { state: State::Closed, id: 0, negotiation }
    }
}

impl Client for PapClient {
    fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome {
        if !matches!(self.state, State::Closed) {
            return Outcome::Same;
        }
        // RFC 1334 2.2.1: "The Identifier field MUST be changed each time an Authenticate-Request packet is issued."
        self.id = self.id.wrapping_add(1);
        match Request::new(&credentials, self.id) {
            Ok(request) => {
                io.out.information(Protocol::PAP, request.packet());
                let left = self.negotiation.max_configure.saturating_sub(1);
                self.state = State::Asked { request, resend_at: now + self.negotiation.restart, left };
                Outcome::Same
            }
            Err(cause) => Outcome::Refused { cause, retry: true, dialog: None },
        }
    }

    fn input(&mut self, _: Instant, information: &[u8], _: &mut Io<'_>) -> Result<Outcome, DropReason> {
        let packet = PapPacket::parse(information).map_err(malformed)?;
        let State::Asked { request, .. } = &self.state else {
            return Err(DropReason::Unexpected("an answer of PAP to no request"));
        };
        match request.answered(&packet) {
            None => Err(DropReason::Unexpected("an answer of PAP to another request")),
            Some(Ok(token)) => {
                self.state = State::Done;
                Ok(Outcome::Granted(token, no_keys()))
            }
            Some(Err(cause)) => {
                self.state = State::Closed;
                Ok(Outcome::Refused { cause, retry: true, dialog: None })
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match &mut self.state {
            State::Asked { request, resend_at, left } if *resend_at <= now => {
                if *left == 0 {
                    return super::no_verdict("PAP request", self.negotiation.max_configure);
                }
                *left -= 1;
                *resend_at = now + self.negotiation.restart;
                out.information(Protocol::PAP, request.packet());
                Outcome::Same
            }
            _ => Outcome::Same,
        }
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Asked { resend_at, .. } => Some(Timeout { at: *resend_at, why: "PAP request" }),
            State::Closed | State::Done => None,
        }
    }
}

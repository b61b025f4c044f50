//! EAP: answer requests; the server repeats what is lost.

use super::Client;
use crate::auth::{AuthProtocol, Io, Outcome};
use crate::outbox::Outbox;
use crate::{ClientConfig, Negotiation, Protocol};
use rasman_auth::Authenticated;
use rasman_auth::eap::{EapPacket, Peer, PeerSettings, Step};
use rasman_core::{Cause, Code, Credentials, DropReason, EapDialog, Instant, LayerName, Secret, SessionKeys, Timeout};

/// ```text
/// Closed --authenticate()--> Running --Success, method proven--> Done --Request--> Running, known
///    (keeps a request)        |   ^
///                             v   | authenticate(), change_password()
///                            Paused
/// ```
pub(super) struct EapClient {
    state: State,
    settings: PeerSettings,
    credentials: Option<Credentials>,
    negotiation: Negotiation,
}

enum State {
    /// The gate is closed; the latest request waits behind it.
    Closed {
        request: Option<Vec<u8>>,
    },
    /// The next packet is awaited. `known`: the server has let us in before.
    Running {
        peer: Box<Peer>,
        give_up_at: Instant,
        known: bool,
    },
    /// The user is asked.
    Paused {
        peer: Box<Peer>,
    },
    /// We are in.
    Done,
    Over,
}

impl EapClient {
    pub(super) fn new(negotiation: Negotiation, config: &ClientConfig) -> Self {
        let settings = PeerSettings {
            methods: config.authentication.clone(),
            eap: config.eap.settings.clone(),
            tunnels: config.eap.tunnels.clone(),
        };
        Self { state: State::Closed { request: None }, settings, credentials: None, negotiation }
    }

    fn run(&mut self, now: Instant, peer: Box<Peer>, known: bool) {
        self.state = State::Running { peer, give_up_at: now + self.negotiation.authentication, known };
    }

    fn fresh_peer(&self) -> Option<Box<Peer>> {
        let credentials = self.credentials.clone()?;
        Some(Box::new(Peer::new(self.settings.clone(), credentials)))
    }

    /// Does what the peer's step says.
    fn stepped(&mut self, now: Instant, peer: Box<Peer>, known: bool, step: Step, io: &mut Io<'_>) -> Outcome {
        match step {
            Step::Send(packet) => {
                io.out.information(Protocol::EAP, &packet);
                self.run(now, peer, known);
                Outcome::Same
            }
            Step::Granted { token, keys } => self.granted(known, token, keys),
            Step::Paused { cause, .. } if known => self.ended(cause),
            Step::Paused { cause, .. } => {
                self.state = State::Paused { peer };
                Outcome::Refused { cause, retry: true, dialog: None }
            }
            Step::Refused(cause) if known => self.ended(cause),
            Step::Refused(cause) => self.refused(cause, None),
            Step::Failed { last_words, cause, dialog } => {
                if let Some(words) = last_words {
                    io.out.information(Protocol::EAP, &words);
                }
                match dialog {
                    Some(dialog) if !known => self.refused(cause, Some(dialog)),
                    _ => self.ended(cause),
                }
            }
        }
    }

    fn granted(&mut self, known: bool, token: Authenticated, keys: SessionKeys) -> Outcome {
        self.state = State::Done;
        if known { Outcome::Same } else { Outcome::Granted(token, keys) }
    }

    fn refused(&mut self, cause: Cause, dialog: Option<EapDialog>) -> Outcome {
        self.state = State::Over;
        Outcome::Refused { cause, retry: false, dialog }
    }

    fn ended(&mut self, cause: Cause) -> Outcome {
        self.state = State::Over;
        Outcome::Failed(cause)
    }

    /// Sends what the user's answer led to.
    fn resumed(&mut self, now: Instant, peer: Box<Peer>, packet: Option<Vec<u8>>, io: &mut Io<'_>) -> Outcome {
        match packet {
            Some(packet) => {
                io.out.information(Protocol::EAP, &packet);
                self.run(now, peer, false);
                Outcome::Same
            }
            None => {
                self.state = State::Paused { peer };
                let cause = Cause::new(Code::CHANGING_PASSWORD, LayerName::Auth)
                    .did("had an answer that the method cannot send")
                    .advice("choose a password of at most 256 characters");
                Outcome::Refused { cause, retry: true, dialog: None }
            }
        }
    }
}

impl Client for EapClient {
    fn authenticate(&mut self, now: Instant, credentials: Credentials, io: &mut Io<'_>) -> Outcome {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Closed { request } => {
                self.credentials = Some(credentials);
                let Some(peer) = self.fresh_peer() else { return Outcome::Same };
                self.run(now, peer, false);
                match request {
                    Some(request) => self.input(now, &request, io).unwrap_or(Outcome::Same),
                    None => Outcome::Same,
                }
            }
            State::Paused { mut peer } => {
                self.credentials = Some(credentials.clone());
                let packet = peer.retry(&credentials, io.rng);
                self.resumed(now, peer, packet, io)
            }
            other => {
                self.state = other;
                Outcome::Same
            }
        }
    }

    fn change_password(&mut self, now: Instant, new: &Secret, io: &mut Io<'_>) -> Outcome {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Paused { mut peer } => {
                if let Some(credentials) = &mut self.credentials {
                    credentials.password = new.clone();
                }
                let packet = peer.change_password(new, io.rng);
                self.resumed(now, peer, packet, io)
            }
            other => {
                self.state = other;
                Outcome::Same
            }
        }
    }

    fn input(&mut self, now: Instant, information: &[u8], io: &mut Io<'_>) -> Result<Outcome, DropReason> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Closed { .. } => {
                self.state = State::Closed { request: Some(information.to_vec()) };
                Ok(Outcome::Same)
            }
            State::Running { mut peer, give_up_at, known } => match peer.input(information, io.rng) {
                Ok(step) => Ok(self.stepped(now, peer, known, step, io)),
                Err(reason) => {
                    self.state = State::Running { peer, give_up_at, known };
                    Err(reason)
                }
            },
            // RFC 3748 2.1: the server may ask again at any time; its last words may also just come twice.
            State::Done if matches!(EapPacket::parse(information), Ok(EapPacket::Request { .. })) => {
                let Some(mut peer) = self.fresh_peer() else { return Err(DropReason::NotUp) };
                self.state = State::Done;
                let step = peer.input(information, io.rng)?;
                Ok(self.stepped(now, peer, true, step, io))
            }
            other => {
                self.state = other;
                Err(DropReason::Unexpected("an EAP packet that nothing waits for"))
            }
        }
    }

    fn network_began(&mut self) -> Outcome {
        let State::Running { peer, known, .. } = &mut self.state else { return Outcome::Same };
        let known = *known;
        // RFC 3748 4.2: a Success that is lost is not repeated, and what follows it says the same.
        match peer.accepted_otherwise() {
            Some((token, keys)) => self.granted(known, token, keys),
            None => Outcome::Same,
        }
    }

    fn handle_timeout(&mut self, now: Instant, _: &mut Outbox) -> Outcome {
        match &self.state {
            State::Running { give_up_at, known, .. } if *give_up_at <= now => match known {
                // It let us in, asked again, and forgot about it.
                true => {
                    self.state = State::Done;
                    Outcome::Same
                }
                false => super::silent(AuthProtocol::Eap),
            },
            _ => Outcome::Same,
        }
    }

    fn timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Running { give_up_at, .. } => Some(Timeout { at: *give_up_at, why: "EAP request" }),
            State::Closed { .. } | State::Paused { .. } | State::Done | State::Over => None,
        }
    }
}

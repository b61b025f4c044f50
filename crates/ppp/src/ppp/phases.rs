//! How the link moves from phase to phase (RFC 1661 3.2).

use super::{Ppp, Role};
use crate::auth::{self, Auth};
use crate::config::DEFAULT_MRU;
use crate::control::Outcome;
use crate::lcp::Meaning;
use crate::{Event, Framing, Protocol};
use rasman_auth::Authenticated;
use rasman_core::{Cause, Code, Instant, LayerName, SessionKeys};

/// The phases of RFC 1661 3.2, with the client's second gate and our own end told apart.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The carrier is not up yet, or not any more.
    Dead,
    /// LCP negotiates.
    Establish,
    /// LCP is Opened.
    Authenticate,
    /// CBCP: both know who calls, and negotiate whether the server calls back.
    Callback,
    /// A client waits for its owner to open the second gate.
    Authenticated,
    /// IPCP negotiates or is Opened.
    Network,
    /// Our Terminate-Request waits for its answer.
    Terminate,
    /// Finished has been told.
    Over,
}

impl Ppp {
    /// The only assignment of the phase.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    pub(super) fn lcp_meant(&mut self, now: Instant, meaning: Meaning) {
        match meaning {
            Meaning::Outcome(outcome) => self.lcp_became(now, outcome),
            Meaning::ProtocolRejected(protocol) => self.protocol_rejected(now, protocol),
            Meaning::TimeRemaining(seconds, said) => {
                // The latest is all that matters, so a flood of them does not grow the queue.
                self.events.retain(|event| !matches!(event, Event::TimeRemaining { .. }));
                self.announced = Some(seconds).filter(|seconds| *seconds != u32::MAX);
                self.events.push_back(Event::TimeRemaining { seconds, said });
            }
        }
    }

    pub(super) fn lcp_became(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Up => self.established(now),
            Outcome::Down => self.renegotiating(now),
            Outcome::Terminated(said) => self.terminated(now, &said),
            Outcome::Finished => self.lcp_finished(now),
            Outcome::Failed(cause) => self.fail(now, cause),
        }
    }

    /// LCP is Opened: authentication begins, with what came early.
    fn established(&mut self, now: Instant) {
        let Some(authentication) = self.lcp.options().method() else {
            // The entry lists methods, so it wants one: without authentication the server proves nothing.
            let cause = self.lcp.options().no_common_method();
            return self.fail(now, cause);
        };
        self.out.set_mru(self.lcp.options().send_mru());
        self.enter(Phase::Authenticate);
        self.events.push_back(Event::LinkEstablished { authentication });
        self.auth = Some(match &self.role {
            Role::Client(config) => Auth::client(authentication, config),
            Role::Server(config) => Auth::server(now, authentication, config, &mut *self.rng, &mut self.out),
        });
        if let Some(early) = self.parked.take(authentication.frames()) {
            let _ = self.auth_input(now, &early);
        }
        if let Some(credentials) = self.early_credentials.take() {
            self.authenticate(now, credentials);
        }
    }

    /// The peer took LCP down to negotiate again: what was proven and projected is void.
    fn renegotiating(&mut self, now: Instant) {
        match self.phase {
            Phase::Authenticate | Phase::Callback | Phase::Authenticated | Phase::Network => {
                self.leave_phases(now);
                self.enter(Phase::Establish);
                self.events.push_back(Event::Renegotiating);
            }
            Phase::Dead | Phase::Establish | Phase::Terminate | Phase::Over => {}
        }
    }

    /// Forgets everything above LCP.
    pub(super) fn leave_phases(&mut self, now: Instant) {
        self.auth = None;
        self.callback = None;
        self.early_credentials = None;
        self.keys = None;
        self.parked.clear();
        self.network.leave(now, &mut self.out);
        self.out.set_mru(DEFAULT_MRU);
    }

    /// The peer sent a Terminate-Request; it has its Terminate-Ack.
    fn terminated(&mut self, now: Instant, said: &[u8]) {
        let said = if said.is_empty() { b"Terminate-Request" } else { said };
        let cause = match self.phase {
            Phase::Dead | Phase::Over => return,
            Phase::Terminate => super::hung_up(),
            Phase::Establish if self.lcp.options().has_refused() => self.lcp.options().no_common_method(),
            _ if !self.was_projected && self.lcp.options().callback_refused().is_some() => {
                self.lcp.options().callback_refused().expect("it was asked for in vain").said(said)
            }
            Phase::Establish if !self.was_projected => Cause::new(Code::PPP_LCP_TERMINATED, LayerName::Lcp)
                .did("negotiated the link")
                .said(said)
                .advice("the server wants no link with us: ask its administrator what its log says"),
            Phase::Authenticate => Cause::new(Code::REMOTE_DISCONNECTION, LayerName::Auth)
                .did("authenticated")
                .said(said)
                .advice("the server hung up without a verdict; check the user name and the password, then its log"),
            Phase::Network if self.network.encryption_rejected && !self.was_projected => {
                Cause::new(Code::REMOTE_REQUIRES_ENCRYPTION, LayerName::Ccp)
                    .did("rejected CCP, as the entry does not consent to MPPE")
                    .said(said)
                    .advice("let the entry encrypt by MPPE, or the server do without it")
            }
            Phase::Establish | Phase::Callback | Phase::Authenticated | Phase::Network => {
                Cause::new(Code::REMOTE_DISCONNECTION, LayerName::Lcp)
                    .did("had a PPP link")
                    .said(said)
                    .advice("the server ended it; if that was not meant, ask its administrator what its log says")
            }
        };
        let cause = match self.announced {
            Some(seconds) if cause.layer == LayerName::Lcp && self.was_projected => {
                cause.did(format!("was told {seconds} s of the session remain"))
            }
            _ => cause,
        };
        if !self.lcp.is_stopping() {
            // RFC 1661 4.1 goes on asking after a Terminate-Request in negotiation; the peer has said that it is over.
            self.lcp.lower_down(now, &mut self.out);
        }
        self.finish(now, cause);
    }

    /// LCP is closed as we wanted, or nobody answers.
    fn lcp_finished(&mut self, now: Instant) {
        let cause = match self.phase {
            Phase::Dead | Phase::Over => return,
            Phase::Terminate => super::hung_up(),
            _ if self.heard => Cause::new(Code::PPP_TIMEOUT, LayerName::Lcp)
                .did("repeated LCP's request until its retries were used up")
                .advice("the server stopped answering in the middle of the negotiation; try again"),
            _ => Cause::new(Code::PPP_NO_RESPONSE, LayerName::Lcp)
                .did("repeated LCP's request until its retries were used up")
                .advice("the carrier is up but nobody speaks PPP on it; check that this is a dial-in or VPN server"),
        };
        self.finish(now, cause);
    }

    fn protocol_rejected(&mut self, now: Instant, protocol: Protocol) {
        match (protocol, self.phase) {
            (Protocol::LCP, _) => {
                let outcome = self.lcp.rejected(now, &mut self.out);
                self.lcp_became(now, outcome);
            }
            (protocol, Phase::Authenticate) if self.auth.as_ref().is_some_and(|auth| auth.frames() == protocol) => {
                let agreed = self.lcp.options().method().map_or_else(String::new, |agreed| agreed.to_string());
                let cause = Cause::new(Code::PEER_REFUSED_AUTH, LayerName::Auth)
                    .did(format!("authenticated by {agreed}, as agreed"))
                    .said(format!("Protocol-Reject of {protocol}"))
                    .advice("the server agreed to a method that it does not have; check its settings");
                self.fail(now, cause);
            }
            (Protocol::CBCP, Phase::Callback) => self.callback_rejected(now),
            (_, Phase::Network) => self.network_rejected(now, protocol),
            // A protocol that we do not use, or no longer (SoftEther rejects EAP this way).
            _ => {}
        }
    }

    pub(super) fn auth_became(&mut self, now: Instant, outcome: auth::Outcome) {
        match outcome {
            auth::Outcome::Same => {}
            auth::Outcome::Granted(token, keys) => self.granted(now, token, keys),
            auth::Outcome::Refused { cause, retry, dialog } => {
                self.events.push_back(Event::AuthenticationRefused { cause, retry, dialog });
            }
            auth::Outcome::Elsewhere(ask) => {
                // The word on an earlier response is void, so nobody need be asked for it any more.
                self.events.retain(|event| !matches!(event, Event::EapResponse { .. }));
                self.asked += 1;
                self.events.push_back(Event::EapResponse { number: self.asked, ask });
            }
            auth::Outcome::Failed(cause) => self.fail(now, cause),
        }
    }

    /// Authentication is complete: the second gate, and on a server the network.
    pub(super) fn let_in(&mut self, now: Instant, token: Authenticated, keys: SessionKeys) {
        self.enter(Phase::Authenticated);
        self.keys = self.network.ccp.is_some().then(|| keys.clone());
        self.events.push_back(Event::Authenticated { token: token.clone(), keys });
        if let Role::Server(_) = self.role {
            self.start_network(now, &token);
        }
    }

    /// The peer negotiates the network while we wait for its verdict, or for its callback.
    pub(super) fn network_began(&mut self, now: Instant) {
        if self.phase == Phase::Callback {
            return self.callback_network_began(now);
        }
        let outcome = self.auth.as_mut().map_or(auth::Outcome::Same, Auth::network_began);
        self.auth_became(now, outcome);
    }

    /// Ends the link for a reason of ours: the peer gets a Terminate-Request, our owner the cause, at once.
    pub(super) fn fail(&mut self, now: Instant, cause: Cause) {
        if matches!(self.phase, Phase::Dead | Phase::Over) {
            return;
        }
        let _ = self.lcp.close(now, cause.code.name().unwrap_or_default(), &mut self.out);
        self.finish(now, cause);
    }

    pub(super) fn finish(&mut self, now: Instant, cause: Cause) {
        self.leave_phases(now);
        self.enter(Phase::Over);
        self.events.push_back(Event::Finished(cause));
    }
}

impl Role {
    pub(super) fn framing(&self) -> Framing {
        match self {
            Self::Client(config) => config.framing,
            Self::Server(config) => config.framing,
        }
    }
}

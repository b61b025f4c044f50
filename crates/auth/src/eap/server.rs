//! The server's end: whoever lets others in (RFC 3748 2, RFC 4137 5).

use super::md5::Md5Server;
use super::method::{Context, ServerMethod, Verdict};
use super::mschapv2::MsChapV2Server;
use super::peap::PeapServer;
use super::tls::TlsServer;
use super::tls_only::TlsOnlyServer;
use super::ttls::TtlsServer;
use super::{EapPacket, EapType, NoTunnels, ServerTunnels, TunnelError, type_of, types_of};
use crate::{Accounts, Authenticated};
use rasman_core::{AuthMethod, Cause, Code, DropReason, LayerName, Rng, SessionKeys};
use std::sync::Arc;

/// What a server offers and needs.
#[derive(Clone)]
pub struct ServerSettings {
    /// Its name in challenges.
    pub name: String,
    /// The methods that it offers, most preferred first; those that are none of EAP do not count.
    pub methods: Vec<AuthMethod>,
    /// How many further attempts a peer has within EAP-MSCHAPv2.
    pub retries: u32,
    /// Whether PEAP binds what is inside to the tunnel by a Cryptobinding TLV; old servers do not.
    pub crypto_binding: bool,
    /// Where TLS comes from.
    pub tunnels: Arc<dyn ServerTunnels>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            methods: Vec::new(),
            retries: 0,
            crypto_binding: true,
            tunnels: Arc::new(NoTunnels),
        }
    }
}

/// The authentication of one peer.
///
/// Send what [`start`](Self::start) gives, hand every packet to [`input`](Self::input), and repeat what was sent last
/// until the next packet comes.
pub struct Server {
    settings: ServerSettings,
    id: u8,
    state: State,
    identity: String,
    /// The last response and the request that it led to.
    last: Option<(Vec<u8>, Vec<u8>)>,
    responses: u32,
}

enum State {
    /// Nothing was sent yet.
    Fresh,
    Identity,
    /// A method runs, or was proposed.
    Method {
        method: AuthMethod,
        kind: EapType,
        exchange: Box<dyn ServerMethod>,
        begun: bool,
    },
    Over,
}

/// What follows a response.
#[must_use]
pub enum ServerStep {
    /// Send this request.
    Send(Vec<u8>),
    /// The peer is let in.
    Granted {
        /// The Success to send.
        reply: Vec<u8>,
        /// The proof.
        token: Authenticated,
        /// The keys as the server sees them; empty ones for a method without keys.
        keys: SessionKeys,
    },
    /// The peer is not let in.
    Refused {
        /// The Failure to send.
        reply: Vec<u8>,
        /// Why.
        cause: Cause,
    },
}

impl Server {
    /// Makes a server; its identifiers begin anywhere.
    #[must_use]
    pub fn new(settings: ServerSettings, rng: &mut dyn Rng) -> Self {
        let (identity, id) = (String::new(), rng.u8());
        Self { settings, id, state: State::Fresh, identity, last: None, responses: 0 }
    }

    /// Gives the first request, which asks who is there.
    #[must_use]
    pub fn start(&mut self) -> Vec<u8> {
        self.start_with(self.id)
    }

    /// The same with an identifier, for who has asked in our place, as a RADIUS client does.
    #[must_use]
    pub fn start_with(&mut self, id: u8) -> Vec<u8> {
        self.state = State::Identity;
        self.id = id;
        EapPacket::Request { id, kind: EapType::IDENTITY, data: &[] }.emit()
    }

    /// Judges a packet.
    ///
    /// # Errors
    /// Why it was discarded; nothing has changed then.
    pub fn input(
        &mut self,
        packet: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Result<ServerStep, DropReason> {
        self.judge(self.id.wrapping_add(1), packet, accounts, rng)
    }

    /// The same with the identifier of the request that may follow, for EAP inside EAP.
    pub(super) fn judge(
        &mut self,
        next: u8,
        packet: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Result<ServerStep, DropReason> {
        let parsed = EapPacket::parse(packet).map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        let EapPacket::Response { id, kind, data } = parsed else {
            return Err(DropReason::Unexpected("an EAP packet other than a Response to a server"));
        };
        if id != self.id {
            return match &self.last {
                // It crossed with our next request.
                Some((response, request)) if response == packet => Ok(ServerStep::Send(request.clone())),
                _ => Err(DropReason::Unexpected("a Response to another request")),
            };
        }
        if self.responses == RESPONSES_MAX {
            let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Auth);
            return Ok(self.refuse(id, cause.did(format!("judged {RESPONSES_MAX} responses of EAP"))));
        }
        let step = self.step(id, next, kind, data, accounts, rng)?;
        self.responses += 1;
        if let ServerStep::Send(request) = &step {
            self.last = Some((packet.to_vec(), request.clone()));
        }
        Ok(step)
    }

    fn step(
        &mut self,
        id: u8,
        next: u8,
        kind: EapType,
        data: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Result<ServerStep, DropReason> {
        match &mut self.state {
            State::Identity if kind == EapType::IDENTITY => {
                self.identity = String::from_utf8_lossy(&data[..data.len().min(IDENTITY_MAX)]).into_owned();
                let first = types_of(&self.settings.methods).first().copied();
                Ok(self.propose(id, next, first, rng))
            }
            // RFC 3748 5.3.1: only in answer to a first request.
            State::Method { begun: false, .. } if kind == EapType::NAK => {
                let wanted = data.iter().map(|kind| EapType(*kind));
                let ours = types_of(&self.settings.methods);
                let common = wanted.into_iter().find(|kind| ours.contains(kind));
                Ok(self.propose(id, next, common, rng))
            }
            State::Method { method, kind: ours, exchange, begun } if *ours == kind => {
                let mut context = Context { accounts, identity: &self.identity, rng };
                let verdict = exchange.response(id, next, data, &mut context)?;
                *begun = true;
                let method = *method;
                Ok(self.became(id, next, kind, method, verdict))
            }
            _ => Err(DropReason::Unexpected("a Response of another method")),
        }
    }

    fn became(&mut self, id: u8, next: u8, kind: EapType, method: AuthMethod, verdict: Verdict) -> ServerStep {
        match verdict {
            Verdict::Request(data) => {
                self.id = next;
                ServerStep::Send(EapPacket::Request { id: next, kind, data: &data }.emit())
            }
            Verdict::Granted { user, keys } => {
                self.state = State::Over;
                let reply = EapPacket::Success { id }.emit();
                ServerStep::Granted { reply, token: Authenticated::new(method, user), keys }
            }
            Verdict::Refused(cause) => self.refuse(id, cause),
        }
    }

    fn refuse(&mut self, id: u8, cause: Cause) -> ServerStep {
        self.state = State::Over;
        ServerStep::Refused { reply: EapPacket::Failure { id }.emit(), cause }
    }

    fn propose(&mut self, id: u8, next: u8, kind: Option<EapType>, rng: &mut dyn Rng) -> ServerStep {
        let methods = &self.settings.methods;
        let method = methods.iter().copied().find(|method| type_of(*method) == kind).filter(|_| kind.is_some());
        let (Some(kind), Some(method)) = (kind, method) else {
            let cause = Cause::new(Code::PEER_REFUSED_AUTH, LayerName::Auth);
            return self.refuse(id, cause.did("offered every method of EAP that is allowed").said("Nak"));
        };
        match self.begin(method, rng) {
            Ok(mut exchange) => {
                let data = exchange.start(next, rng);
                self.id = next;
                self.state = State::Method { method, kind, exchange, begun: false };
                ServerStep::Send(EapPacket::Request { id: next, kind, data: &data }.emit())
            }
            Err(TunnelError { cause, .. }) => self.refuse(id, cause),
        }
    }

    fn begin(&self, method: AuthMethod, rng: &mut dyn Rng) -> Result<Box<dyn ServerMethod>, TunnelError> {
        let ServerSettings { name, methods, retries, tunnels, .. } = &self.settings;
        Ok(match method {
            AuthMethod::EapTls => {
                Box::new(TlsServer::new(EapType::TLS, tunnels.server(true)?, TlsOnlyServer::default()))
            }
            AuthMethod::PeapMsChapV2 => {
                let inner = PeapServer::new(&self.settings, rng);
                Box::new(TlsServer::new(EapType::PEAP, tunnels.server(false)?, inner))
            }
            AuthMethod::TtlsMsChapV2 | AuthMethod::TtlsPap => {
                let inner = TtlsServer::new(name, methods.clone());
                Box::new(TlsServer::new(EapType::TTLS, tunnels.server(false)?, inner))
            }
            AuthMethod::EapMsChapV2 => Box::new(MsChapV2Server::new(name, *retries, rng)),
            _ => Box::new(Md5Server::new(name)),
        })
    }
}

/// How many responses are judged.
const RESPONSES_MAX: u32 = 250;
/// The most octets of an identity that are kept.
const IDENTITY_MAX: usize = 256;

//! The peer's end: whoever wants to be let in (RFC 3748 2, RFC 4137 4).

use super::md5::Md5;
use super::method::{Method, State};
use super::mschapv2::MsChapV2;
use super::peap::Peap;
use super::tls::TlsPeer;
use super::tls_only::TlsOnly;
use super::ttls::{self, Ttls};
use super::{EapPacket, EapType, NoTunnels, TunnelError, Tunnels, type_of, types_of};
use crate::Authenticated;
use rasman_core::{
    AuthMethod, Cause, Code, Credentials, DropReason, EapDialog, EapSettings, LayerName, Rng, Secret, SessionKeys,
};
use std::sync::Arc;

/// What a peer allows and needs.
#[derive(Clone)]
pub struct PeerSettings {
    /// The methods that are allowed, most preferred first; those that are none of EAP do not count.
    pub methods: Vec<AuthMethod>,
    /// What they need beside name and password.
    pub eap: EapSettings,
    /// Where TLS comes from.
    pub tunnels: Arc<dyn Tunnels>,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self { methods: Vec::new(), eap: EapSettings::default(), tunnels: Arc::new(NoTunnels) }
    }
}

/// One authentication of one peer.
///
/// Hand every packet to [`input`](Self::input) and do what the [`Step`] says. A method that the server proposes and the
/// settings do not allow is answered by a Nak with those that they do, in their order; an allowed one is taken as it
/// comes.
///
/// Everything that a server can make it store is bounded: the last request and its response, a TLS message of 64 KiB,
/// and the number of requests.
pub struct Peer {
    settings: PeerSettings,
    credentials: Credentials,
    running: Option<Running>,
    /// The last request and what it was answered by: a repeated one gets the same answer (RFC 3748 4.1).
    last: Option<Last>,
    /// The methods that the server proposed in vain.
    proposed: Vec<EapType>,
    requests: u32,
    over: bool,
}

struct Running {
    method: AuthMethod,
    kind: EapType,
    exchange: Box<dyn Method>,
}

struct Last {
    request: Vec<u8>,
    /// Nothing while the user is asked.
    response: Option<Vec<u8>>,
    form: Form,
}

/// How a response has to look.
#[derive(Copy, Clone)]
struct Form {
    id: u8,
    kind: EapType,
    /// The request came in the expanded form of RFC 3748 5.7.
    expanded: bool,
}

/// What follows a packet.
#[must_use]
pub enum Step {
    /// Send this.
    Send(Vec<u8>),
    /// The server lets us in, and the method has proven what it has to.
    Granted {
        /// The proof.
        token: Authenticated,
        /// The keys as the peer sees them; empty ones for a method without keys.
        keys: SessionKeys,
    },
    /// The server waits for other credentials or for a new password: [`Peer::retry`], [`Peer::change_password`].
    Paused {
        /// Why it refused.
        cause: Cause,
        /// The password has expired: a new one is wanted.
        expired: bool,
    },
    /// The server refused; it is over.
    Refused(Cause),
    /// We end it.
    Failed {
        /// What the server should still be told.
        last_words: Option<Vec<u8>>,
        /// Why.
        cause: Cause,
        /// What the user could say to mend it in another attempt.
        dialog: Option<EapDialog>,
    },
}

impl Peer {
    /// Makes a peer that waits for the first request.
    #[must_use]
    pub fn new(settings: PeerSettings, credentials: Credentials) -> Self {
        Self { settings, credentials, running: None, last: None, proposed: Vec::new(), requests: 0, over: false }
    }

    /// Takes a packet.
    ///
    /// # Errors
    /// Why it was discarded; nothing has changed then.
    pub fn input(&mut self, packet: &[u8], rng: &mut dyn Rng) -> Result<Step, DropReason> {
        if self.over {
            return Err(DropReason::NotUp);
        }
        match EapPacket::parse(packet).map_err(|malformed| DropReason::Malformed(malformed.expected))? {
            EapPacket::Request { id, kind, data } => {
                self.request(packet, Form { id, kind, expanded: false }, data, rng)
            }
            // RFC 3748 4.2: a Success that comes before its time is nobody's word.
            EapPacket::Success { .. } => match self.accepted_otherwise() {
                Some((token, keys)) => Ok(Step::Granted { token, keys }),
                None => Err(DropReason::Unexpected("a Success before the method has proven anything")),
            },
            EapPacket::Failure { .. } => {
                self.over = true;
                Ok(Step::Refused(self.refusal().unwrap_or_else(|| self.unexplained())))
            }
            EapPacket::Response { .. } => Err(DropReason::Unexpected("a Response to a peer")),
        }
    }

    /// Takes what the lower layer does as a sign of success (RFC 3748 4.2): a Success is not repeated when it is lost.
    /// `None` if the method has not proven what it has to.
    pub fn accepted_otherwise(&mut self) -> Option<(Authenticated, SessionKeys)> {
        let running = self.running.as_ref().filter(|running| matches!(running.exchange.state(), State::Proven))?;
        let token = Authenticated::new(running.method, self.credentials.qualified_user());
        let keys = running.exchange.keys();
        self.over = true;
        Some((token, keys))
    }

    /// Answers a pause with other credentials; gives what to send, nothing if there is no pause.
    #[must_use]
    pub fn retry(&mut self, credentials: &Credentials, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let data = self.running.as_mut()?.exchange.retry(credentials, rng)?;
        self.credentials = credentials.clone();
        self.resume(&data)
    }

    /// Answers a pause with a new password; gives what to send, nothing if there is no pause or the password is too
    /// long for the method.
    #[must_use]
    pub fn change_password(&mut self, new: &Secret, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let data = self.running.as_mut()?.exchange.change_password(new, rng)?;
        self.credentials.password = new.clone();
        self.resume(&data)
    }

    /// Gives the method that runs.
    #[must_use]
    pub fn method(&self) -> Option<AuthMethod> {
        self.running.as_ref().map(|running| running.method)
    }

    /// Gives what the method knows of a refusal.
    pub(super) fn refusal(&self) -> Option<Cause> {
        match self.running.as_ref()?.exchange.state() {
            State::Refused(cause) | State::Failed { cause, .. } | State::Paused { cause, .. } => Some(cause),
            State::Running | State::Proven => None,
        }
    }

    fn request(&mut self, packet: &[u8], form: Form, data: &[u8], rng: &mut dyn Rng) -> Result<Step, DropReason> {
        if let Some(last) = self.last.as_ref().filter(|last| last.request == packet) {
            return match &last.response {
                Some(response) => Ok(Step::Send(response.clone())),
                None => Err(DropReason::Unexpected("a request that waits for the user")),
            };
        }
        if self.requests == REQUESTS_MAX {
            self.over = true;
            let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                .did(format!("answered {REQUESTS_MAX} requests of EAP"))
                .advice("the server does not come to an end; look into its log");
            return Ok(Step::Failed { last_words: None, cause, dialog: None });
        }
        let step = self.dispatch(form, data, rng)?;
        self.requests += 1;
        let response = match &step {
            Step::Send(response) => Some(response.clone()),
            _ => None,
        };
        let form = self.last_form(form, data);
        self.last = Some(Last { request: packet.to_vec(), response, form });
        Ok(step)
    }

    fn dispatch(&mut self, form: Form, data: &[u8], rng: &mut dyn Rng) -> Result<Step, DropReason> {
        match form.kind {
            EapType::IDENTITY => Ok(Step::Send(respond(form, &self.identity()))),
            // RFC 3748 5.2: its text is for people; it must be answered and changes nothing.
            EapType::NOTIFICATION => Ok(Step::Send(respond(form, &[]))),
            EapType::NAK => Err(DropReason::Unexpected("a Nak to a peer")),
            EapType::EXPANDED if !form.expanded => match standard_type(data) {
                Some((kind, data)) => self.dispatch(Form { kind, expanded: true, ..form }, data, rng),
                None => Ok(Step::Send(self.nak(Form { expanded: true, ..form }))),
            },
            kind => self.method_request(form, kind, data, rng),
        }
    }

    fn method_request(
        &mut self,
        form: Form,
        kind: EapType,
        data: &[u8],
        rng: &mut dyn Rng,
    ) -> Result<Step, DropReason> {
        match &self.running {
            // RFC 3748 2.1: one method in a conversation.
            Some(running) if running.kind != kind => return Err(DropReason::Unexpected("a second method")),
            Some(_) => {}
            None => match self.choose(kind) {
                None => return Ok(Step::Send(self.nak(form))),
                Some(method) => match self.begin(method) {
                    Ok(exchange) => self.running = Some(Running { method, kind, exchange }),
                    Err(TunnelError { cause, dialog }) => {
                        self.over = true;
                        return Ok(Step::Failed { last_words: None, cause, dialog });
                    }
                },
            },
        }
        let running = self.running.as_mut().expect("was just made");
        let answer = running.exchange.request(form.id, data, rng)?;
        let reply = answer.map(|data| respond(form, &data));
        match running.exchange.state() {
            State::Failed { cause, dialog } => {
                self.over = true;
                Ok(Step::Failed { last_words: reply, cause, dialog })
            }
            State::Paused { cause, expired } => Ok(Step::Paused { cause, expired }),
            State::Running | State::Proven | State::Refused(_) => {
                reply.map(Step::Send).ok_or(DropReason::Unexpected("a request without an answer"))
            }
        }
    }

    fn choose(&self, kind: EapType) -> Option<AuthMethod> {
        self.settings.methods.iter().copied().find(|method| type_of(*method) == Some(kind))
    }

    fn begin(&self, method: AuthMethod) -> Result<Box<dyn Method>, TunnelError> {
        let credentials = self.credentials.clone();
        let must_bind = self.settings.eap.require_crypto_binding;
        let tunnel = |certificate| self.settings.tunnels.peer(&self.settings.eap, certificate);
        Ok(match method {
            AuthMethod::EapTls => Box::new(TlsPeer::new(EapType::TLS, tunnel(true)?, TlsOnly::default())),
            AuthMethod::PeapMsChapV2 => {
                Box::new(TlsPeer::new(EapType::PEAP, tunnel(false)?, Peap::new(credentials, must_bind)))
            }
            AuthMethod::TtlsMsChapV2 | AuthMethod::TtlsPap => {
                Box::new(TlsPeer::new(EapType::TTLS, tunnel(false)?, Ttls::new(credentials, method)))
            }
            AuthMethod::EapMsChapV2 => Box::new(MsChapV2::new(credentials)),
            _ => Box::new(Md5::new(credentials)),
        })
    }

    /// RFC 3748 5.3: refuses the proposal and lists what is allowed.
    fn nak(&mut self, form: Form) -> Vec<u8> {
        if self.proposed.len() < PROPOSED_MAX && !self.proposed.contains(&form.kind) {
            self.proposed.push(form.kind);
        }
        let mut types = types_of(&self.settings.methods);
        if types.is_empty() {
            // RFC 3748 5.3.1: zero says that there is no alternative.
            types.push(EapType(0));
        }
        if !form.expanded {
            let data: Vec<u8> = types.iter().map(|kind| kind.0).collect();
            return EapPacket::Response { id: form.id, kind: EapType::NAK, data: &data }.emit();
        }
        // RFC 3748 5.3.2: everything in the expanded form.
        let all = core::iter::once(EapType::NAK).chain(types);
        let entries: Vec<u8> = all.flat_map(|kind| [EapType::EXPANDED.0, 0, 0, 0, 0, 0, 0, kind.0]).collect();
        EapPacket::Response { id: form.id, kind: EapType::EXPANDED, data: &entries[1..] }.emit()
    }

    fn identity(&self) -> Vec<u8> {
        let outer = &self.settings.eap.outer_identity;
        let hides = self.settings.methods.iter().all(|method| method.has_tls());
        // A name of its own is only of use where the true one follows inside TLS.
        if hides && !outer.is_empty() {
            return outer.clone().into_bytes();
        }
        self.credentials.qualified_user().into_bytes()
    }

    /// Remembers the unwrapped form, for an answer after a pause.
    fn last_form(&self, form: Form, data: &[u8]) -> Form {
        match standard_type(data).filter(|_| form.kind == EapType::EXPANDED) {
            Some((kind, _)) => Form { kind, expanded: true, ..form },
            None => form,
        }
    }

    fn resume(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        let last = self.last.as_mut()?;
        let packet = respond(last.form, data);
        last.response = Some(packet.clone());
        Some(packet)
    }

    /// The cause of a Failure of which the method knows nothing.
    fn unexplained(&self) -> Cause {
        let user = self.credentials.qualified_user();
        match &self.running {
            Some(Running { method: AuthMethod::EapTls, .. }) => {
                Cause::new(Code::EAP_USER_CERT_OTHER_ERROR, LayerName::Auth)
                    .did(format!("authenticated {user} by EAP-TLS"))
                    .said("EAP Failure")
                    .advice("check that the server accepts this certificate, and for this user; its log tells why")
            }
            Some(_) => ttls::refused(&user),
            None if !self.proposed.is_empty() => self.no_common_method(),
            None => ttls::refused(&user),
        }
    }

    fn no_common_method(&self) -> Cause {
        let join = |names: Vec<String>| names.join(" or ");
        let allowed = join(self.settings.methods.iter().filter(|m| m.is_eap()).map(ToString::to_string).collect());
        let proposed = join(self.proposed.iter().map(ToString::to_string).collect());
        Cause::new(Code::PEER_REFUSED_AUTH, LayerName::Auth)
            .did(format!("allowed authentication by {allowed} alone"))
            .said(format!("offered {proposed}"))
            .advice(format!("allow {allowed} on the server, or another method in the entry"))
    }
}

/// Reads the expanded type (RFC 3748 5.7) of a method that has a type of one octet.
fn standard_type(data: &[u8]) -> Option<(EapType, &[u8])> {
    match data {
        [0, 0, 0, 0, 0, 0, kind, rest @ ..] if *kind != EapType::EXPANDED.0 => Some((EapType(*kind), rest)),
        _ => None,
    }
}

fn respond(form: Form, data: &[u8]) -> Vec<u8> {
    let Form { id, kind, expanded } = form;
    if !expanded {
        return EapPacket::Response { id, kind, data }.emit();
    }
    let data = [&[0, 0, 0, 0, 0, 0, kind.0], data].concat();
    EapPacket::Response { id, kind: EapType::EXPANDED, data: &data }.emit()
}

/// How many requests are answered: a handshake with long certificates has some dozens.
const REQUESTS_MAX: u32 = 250;
/// How many proposals an explanation names.
const PROPOSED_MAX: usize = 8;

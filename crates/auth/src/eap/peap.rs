//! PEAP version 0 ([MS-PEAP]) with EAP-MSCHAPv2 inside, and its crypto binding.
//!
//! Inside, EAP packets travel without their header of four octets, but for the extensions (type 33), which carry the
//! result. Some servers send whole packets nevertheless.
//!
//! ```text
//!   | <-- Identity ---------- |    [1]
//!   | <-- EAP-MSCHAPv2 ------ |    [26, ...]   and so on
//!   | <-- Result, binding --- |    [1, id, length, 33, TLVs]
//!   | --- Result, binding --> |    [2, id, length, 33, TLVs]
//! ```

use super::method::{Context, State};
use super::packet::HEADER;
use super::tls::{Ids, Inner, ServerInner, broken, raw_key_material};
use super::ttls::refused;
use super::{EapPacket, EapType, Peer, PeerSettings, Server, ServerSettings, ServerStep, Step, Tunnel, TunnelError};
use crate::weak;
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Reader, Rng, Secret, SessionKeys};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The peer's end.
pub(super) struct Peap {
    peer: Peer,
    user: String,
    /// Whether a server without crypto binding is refused ([MS-PEAP] 3.1.1: isCryptoRequired).
    must_bind: bool,
    state: State,
    /// What the method inside has proven.
    inner_keys: Option<SessionKeys>,
    keys: Option<SessionKeys>,
    /// The request that was left open.
    open: u8,
}

impl Peap {
    pub(super) fn new(credentials: Credentials, must_bind: bool) -> Self {
        let user = credentials.qualified_user();
        let settings = PeerSettings { methods: vec![AuthMethod::EapMsChapV2], ..PeerSettings::default() };
        let peer = Peer::new(settings, credentials);
        Self { peer, user, must_bind, state: State::Running, inner_keys: None, keys: None, open: 0 }
    }

    fn inner(&mut self, id: u8, packet: &[u8], tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError> {
        let step = match self.peer.input(packet, rng) {
            Ok(step) => step,
            // As outside: what makes no sense is not answered, so the acknowledgement has to do.
            Err(_) => return Ok(()),
        };
        match step {
            Step::Send(reply) => self.reply(&reply, tunnel)?,
            Step::Granted { keys, .. } => self.inner_keys = Some(keys),
            Step::Paused { cause, expired } => {
                self.open = id;
                self.state = State::Paused { cause, expired };
            }
            Step::Refused(cause) => self.state = State::Refused(cause),
            Step::Failed { last_words, cause, .. } => {
                if let Some(words) = last_words {
                    self.reply(&words, tunnel)?;
                }
                self.state = State::Failed { cause, dialog: None };
            }
        }
        Ok(())
    }

    fn reply(&self, packet: &[u8], tunnel: &mut dyn Tunnel) -> Result<(), TunnelError> {
        tunnel.send(packet.get(HEADER..).unwrap_or_default())
    }

    /// Takes the server's result, which ends the inside.
    fn result(&mut self, id: u8, tlvs: &[u8], tunnel: &mut dyn Tunnel) -> Result<(), TunnelError> {
        let Extensions { success, binding } = Extensions::parse(tlvs).ok_or_else(|| broken("extensions of PEAP"))?;
        // [MS-PEAP] 3.2.5.4.6: the Success inside is left out; the result stands for it.
        if self.inner_keys.is_none() {
            self.inner_keys = self.peer.accepted_otherwise().map(|(_, keys)| keys);
        }
        let Some(inner_keys) = self.inner_keys.clone().filter(|_| success) else {
            if success {
                let cause = Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Auth)
                    .did("waited for the proof that the server knows the password")
                    .said("success, without it")
                    .advice("do not trust this server");
                self.state = State::Failed { cause, dialog: None };
            } else if !matches!(self.state, State::Refused(_)) {
                self.state = State::Refused(self.peer.refusal().unwrap_or_else(|| refused(&self.user)));
            }
            return tunnel.send(&extensions(RESPONSE, id, false, None));
        };
        let answer = match binding {
            // [MS-PEAP] 3.2.5.4.6: it is answered as one that is wrong.
            None if self.must_bind => {
                let cause = Cause::new(Code::PEAP_CRYPTOBINDING_NOTRECEIVED, LayerName::Auth)
                    .did("demanded the proof that the server of PEAP and the one that knows the password are the same")
                    .said("success, without it")
                    .advice("have crypto binding turned on at the authentication server, or do not demand it");
                self.state = State::Failed { cause, dialog: None };
                return tunnel.send(&extensions(RESPONSE, id, false, None));
            }
            None => None,
            Some(binding) => {
                let keys = BindingKeys::new(&*raw_key_material(EapType::PEAP, tunnel)?, &isk_of_peer(&inner_keys));
                if !binding.is_right(BINDING_REQUEST, &keys) {
                    let cause = Cause::new(Code::PEAP_CRYPTOBINDING_INVALID, LayerName::Auth)
                        .did("checked that the server of PEAP and the one that knows the password are the same")
                        .advice("somebody stands between: do not trust this network");
                    self.state = State::Failed { cause, dialog: None };
                    return tunnel.send(&extensions(RESPONSE, id, false, None));
                }
                self.keys = Some(keys.session_keys());
                Some(Binding::new(BINDING_RESPONSE, binding.nonce, &keys))
            }
        };
        self.state = State::Proven;
        tunnel.send(&extensions(RESPONSE, id, true, answer.as_ref()))
    }

    fn resumed(&mut self, packet: Option<Vec<u8>>, tunnel: &mut dyn Tunnel) -> bool {
        let Some(packet) = packet else { return false };
        self.state = State::Running;
        self.reply(&packet, tunnel).is_ok()
    }
}

impl Inner for Peap {
    fn opened(&mut self, _: &mut dyn Tunnel, _: &mut dyn Rng) -> Result<(), TunnelError> {
        Ok(())
    }

    fn plain(&mut self, id: u8, plain: &[u8], tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError> {
        let packet = whole(REQUEST, id, plain);
        match EapPacket::parse(&packet) {
            Ok(EapPacket::Request { id, kind: EapType::EXTENSIONS, data }) => self.result(id, data, tunnel),
            _ => self.inner(id, &packet, tunnel, rng),
        }
    }

    fn state(&self) -> State {
        self.state.clone()
    }

    fn keys(&self) -> Option<SessionKeys> {
        self.keys.clone()
    }

    fn retry(&mut self, credentials: &Credentials, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> bool {
        let packet = self.peer.retry(credentials, rng);
        self.resumed(packet, tunnel)
    }

    fn change_password(&mut self, new: &Secret, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> bool {
        let packet = self.peer.change_password(new, rng);
        self.resumed(packet, tunnel)
    }
}

/// The server's end.
pub(super) struct PeapServer {
    server: Server,
    /// Whether the result is bound to the tunnel.
    binds: bool,
    state: ServerState,
    keys: Option<SessionKeys>,
}

enum ServerState {
    Inside,
    /// The result is out.
    Telling {
        result: Result<String, Cause>,
        binding: Option<(Box<BindingKeys>, [u8; 32])>,
    },
    Ended(Result<String, Cause>),
}

impl PeapServer {
    pub(super) fn new(settings: &ServerSettings, rng: &mut dyn Rng) -> Self {
        let settings = ServerSettings { methods: vec![AuthMethod::EapMsChapV2], ..settings.clone() };
        let binds = settings.crypto_binding;
        Self { server: Server::new(settings, rng), binds, state: ServerState::Inside, keys: None }
    }

    fn tell(
        &mut self,
        next: u8,
        result: Result<(String, SessionKeys), Cause>,
        tunnel: &mut dyn Tunnel,
        rng: &mut dyn Rng,
    ) -> Result<(), TunnelError> {
        let (result, request, binding) = match result {
            Err(cause) => (Err(cause), extensions(REQUEST, next, false, None), None),
            Ok((user, _)) if !self.binds => (Ok(user), extensions(REQUEST, next, true, None), None),
            Ok((user, inner)) => {
                let keys = BindingKeys::new(&*raw_key_material(EapType::PEAP, tunnel)?, &isk_of_server(&inner));
                let mut nonce = [0; 32];
                rng.fill(&mut nonce);
                let ours = Binding::new(BINDING_REQUEST, nonce, &keys);
                (Ok(user), extensions(REQUEST, next, true, Some(&ours)), Some((Box::new(keys), nonce)))
            }
        };
        self.state = ServerState::Telling { result, binding };
        tunnel.send(&request)
    }

    /// Takes the peer's answer to the result.
    fn told(&mut self, plain: &[u8]) -> Result<(), TunnelError> {
        let ServerState::Telling { result, binding } = &self.state else { return Ok(()) };
        let packet = whole(RESPONSE, 0, plain);
        let Ok(EapPacket::Response { kind: EapType::EXTENSIONS, data, .. }) = EapPacket::parse(&packet) else {
            return Err(broken("an answer to the result"));
        };
        let Some(answer) = Extensions::parse(data) else { return Err(broken("extensions of PEAP")) };
        let mut ended = result.clone();
        if !answer.success && ended.is_ok() {
            let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth);
            ended = Err(cause.did("told the peer that it may come in").said("failure"));
        }
        // A peer without crypto binding leaves it out, and then both take the tunnel's keys ([MS-PEAP] 3.1.5.7).
        if let (Some((keys, nonce)), Some(theirs)) = (binding, answer.binding) {
            if theirs.nonce != *nonce || !theirs.is_right(BINDING_RESPONSE, keys) {
                return Err(broken("the right crypto binding"));
            }
            self.keys = Some(super::tls::mirrored(keys.session_keys()));
        }
        self.state = ServerState::Ended(ended);
        Ok(())
    }
}

impl ServerInner for PeapServer {
    fn opened(&mut self, next: u8, tunnel: &mut dyn Tunnel, _: &mut Context<'_>) -> Result<(), TunnelError> {
        let identity = self.server.start_with(next);
        tunnel.send(&identity[HEADER..])
    }

    fn plain(
        &mut self,
        ids: Ids,
        plain: &[u8],
        tunnel: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError> {
        if !matches!(self.state, ServerState::Inside) {
            return self.told(plain);
        }
        if plain.is_empty() {
            return Ok(());
        }
        let packet = whole(RESPONSE, ids.response, plain);
        match self.server.judge(ids.next, &packet, context.accounts, context.rng) {
            Err(_) => Err(broken("an EAP response")),
            Ok(ServerStep::Send(request)) => tunnel.send(&request[HEADER..]),
            Ok(ServerStep::Granted { token, keys, .. }) => {
                self.tell(ids.next, Ok((token.user().to_owned(), keys)), tunnel, context.rng)
            }
            Ok(ServerStep::Refused { cause, .. }) => self.tell(ids.next, Err(cause), tunnel, context.rng),
        }
    }

    fn ended(&self) -> Option<Result<(String, Option<SessionKeys>), Cause>> {
        match &self.state {
            ServerState::Ended(ended) => Some(ended.clone().map(|user| (user, self.keys.clone()))),
            ServerState::Inside | ServerState::Telling { .. } => None,
        }
    }
}

/// Puts the header before a packet that travelled without.
fn whole(code: u8, id: u8, plain: &[u8]) -> Vec<u8> {
    let announced = plain.get(2..4).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])));
    if matches!(plain.first(), Some(1..=4)) && announced == Some(plain.len()) {
        return plain.to_vec();
    }
    let length = u16::try_from(HEADER + plain.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[code, id, length[0], length[1]], plain].concat()
}

/// What the extensions say ([MS-PEAP] 2.2.8.1).
struct Extensions {
    success: bool,
    binding: Option<Binding>,
}

impl Extensions {
    fn parse(tlvs: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(tlvs);
        let (mut success, mut binding) = (None, None);
        while !reader.is_empty() {
            let kind = reader.u16("TLV type").ok()?;
            let length = usize::from(reader.u16("TLV length").ok()?);
            let value = reader.take(length, "TLV value").ok()?;
            match kind & TLV_TYPE {
                RESULT => success = Some(value == SUCCESS.to_be_bytes()),
                CRYPTO_BINDING => binding = Some(Binding::parse(value)?),
                // What has to be understood and is not must not be passed over.
                _ if kind & MANDATORY != 0 => return None,
                _ => {}
            }
        }
        Some(Self { success: success?, binding })
    }
}

/// Writes the extensions with their header.
fn extensions(code: u8, id: u8, success: bool, binding: Option<&Binding>) -> Vec<u8> {
    let result = if success { SUCCESS } else { FAILURE };
    let mut out = vec![code, id, 0, 0, EapType::EXTENSIONS.0];
    for number in [MANDATORY | RESULT, 2, result] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    if let Some(binding) = binding {
        out.extend_from_slice(&binding.emit());
    }
    let length = u16::try_from(out.len()).expect("two short TLVs");
    out[2..4].copy_from_slice(&length.to_be_bytes());
    out
}

/// The Cryptobinding TLV ([MS-PEAP] 2.2.8.1.1).
#[derive(Copy, Clone)]
struct Binding {
    subtype: u8,
    /// The version that the sender got from the other end.
    received_version: u8,
    nonce: [u8; 32],
    mac: [u8; 20],
}

impl Binding {
    fn new(subtype: u8, nonce: [u8; 32], keys: &BindingKeys) -> Self {
        let mut binding = Self { subtype, received_version: 0, nonce, mac: [0; 20] };
        binding.mac = keys.mac(&binding);
        binding
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let [_reserved, _version, received_version, subtype] = reader.array("four octets").ok()?;
        let nonce = reader.array("Nonce").ok()?;
        let mac = reader.array("Compound_MAC").ok()?;
        reader.is_empty().then_some(Self { subtype, received_version, nonce, mac })
    }

    fn emit(&self) -> [u8; 60] {
        let mut out = [0; 60];
        out[..2].copy_from_slice(&CRYPTO_BINDING.to_be_bytes());
        out[2..4].copy_from_slice(&56_u16.to_be_bytes());
        out[6] = self.received_version;
        out[7] = self.subtype;
        out[8..40].copy_from_slice(&self.nonce);
        out[40..].copy_from_slice(&self.mac);
        out
    }

    fn is_right(&self, subtype: u8, keys: &BindingKeys) -> bool {
        self.subtype == subtype && bool::from(keys.mac(self).ct_eq(&self.mac))
    }
}

/// The keys of the binding ([MS-PEAP] 3.1.5.5.2, 3.1.5.7).
struct BindingKeys {
    intermediate: Zeroizing<[u8; 40]>,
    compound_mac: Zeroizing<[u8; 20]>,
}

impl BindingKeys {
    /// `tunnel` is the key material of the tunnel, `inner` the 32 octets of the method inside.
    fn new(tunnel: &[u8; 128], inner: &[u8; 32]) -> Self {
        let mut derived = Zeroizing::new([0; 60]);
        prf_plus(&tunnel[..40], &[b"Inner Methods Compound Keys", inner], &mut *derived);
        Self {
            intermediate: Zeroizing::new(core::array::from_fn(|i| derived[i])),
            compound_mac: Zeroizing::new(core::array::from_fn(|i| derived[40 + i])),
        }
    }

    /// [MS-PEAP] 3.1.5.5.1: over the TLV without its MAC, and the type of PEAP. Neither end sends outer TLVs.
    fn mac(&self, binding: &Binding) -> [u8; 20] {
        let tlv = Binding { mac: [0; 20], ..*binding }.emit();
        weak::hmac_sha1(&*self.compound_mac, &[&tlv, &[EapType::PEAP.0]])
    }

    /// The keys as the peer sees them.
    fn session_keys(&self) -> SessionKeys {
        let mut compound = Zeroizing::new([0; 128]);
        prf_plus(&*self.intermediate, &[b"Session Key Generating Function\0"], &mut *compound);
        SessionKeys { master_send: compound[..32].to_vec(), master_receive: compound[32..64].to_vec() }
    }
}

/// PRF+ of RFC 4306 2.13 in [MS-PEAP]'s form: two octets of zero stand behind the counter.
fn prf_plus(key: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let mut last: Vec<u8> = Vec::new();
    for (counter, block) in (1_u8..).zip(out.chunks_mut(20)) {
        let mut parts = vec![&last[..]];
        parts.extend_from_slice(seed);
        let tail = [counter, 0, 0];
        parts.push(&tail);
        let next = weak::hmac_sha1(key, &parts);
        block.copy_from_slice(&next[..block.len()]);
        last = next.to_vec();
    }
}

/// [MS-PEAP] 3.1.5.5.2.2: the inner keys, the peer's sending one first, cut or filled up to 32 octets.
fn isk_of_peer(keys: &SessionKeys) -> Zeroizing<[u8; 32]> {
    let mut isk = Zeroizing::new([0; 32]);
    isk.iter_mut().zip(keys.master_send.iter().chain(&keys.master_receive)).for_each(|(to, from)| *to = *from);
    isk
}

fn isk_of_server(keys: &SessionKeys) -> Zeroizing<[u8; 32]> {
    isk_of_peer(&super::tls::mirrored(keys.clone()))
}

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
/// The M bit of a TLV, and the bits of its type.
const MANDATORY: u16 = 0x8000;
const TLV_TYPE: u16 = 0x3fff;
const RESULT: u16 = 3;
const CRYPTO_BINDING: u16 = 12;
const SUCCESS: u16 = 1;
const FAILURE: u16 = 2;
const BINDING_REQUEST: u8 = 0;
const BINDING_RESPONSE: u8 = 1;

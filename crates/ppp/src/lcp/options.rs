//! LCP's option set (RFC 1661 6, RFC 1662 7.1, RFC 1570 2.1, 2.3): MRU, ACCM, Authentication-Protocol, Magic-Number, PFC,
//! ACFC, FCS-Alternatives, Callback. All others are rejected, the MRRU of multilink (RFC 1990) among them.

use super::callback::{BY_CBCP, Callback};
use super::checksum::{Checksums, FCS_32, FCS_ALTERNATIVES};
use super::loops::looped;
use crate::config::DEFAULT_MRU;
use crate::options::{OptionWriter, Options, RawOption, Reply};
use crate::{AuthProtocol, Checksum, Framing, Protocol};
use rasman_core::{AuthMethod, Cause, Code, LayerName, LineFraming, Rng};

/// What we ask of the link and what the peer asks of it.
pub(crate) struct LcpOptions {
    mru: Wish<u16>,
    magic: Wish<u32>,
    accm: Wish<u32>,
    compress_protocol: Wish<()>,
    compress_address: Wish<()>,
    checksums: Checksums,
    auth: Auth,
    callback: Callback,
    /// The largest information field that the carrier takes.
    carrier_mru: u16,
    /// RFC 1661 4.6 Max-Failure, for proposals of authentication.
    max_failure: u32,
    /// What the peer's present request says.
    peer: Peer,
    /// A magic number to suggest or to change to.
    fresh_magic: u32,
    /// How often the peer used our magic number.
    collisions: u32,
    /// The last authentication that the peer proposed and we refused.
    refused: Option<String>,
    refusals: u32,
}

/// What the peer asks for; what it does not mention has RFC 1661's default.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Peer {
    mru: u16,
    /// What it lets us leave out or unescaped.
    framing: Framing,
    /// How we have to authenticate ourselves.
    demands: Option<AuthProtocol>,
    /// It wants to be called back.
    callback: bool,
}

/// An option of ours.
#[derive(Copy, Clone)]
enum Wish<T> {
    Asked(T),
    /// Not worth asking, or the peer does not want it.
    Default,
}

/// Who proves themselves to whom.
enum Auth {
    /// We demand one of these; the first one is what we ask for now.
    Demand(Vec<AuthProtocol>),
    /// We accept one of these, most preferred first.
    Accept(Vec<AuthProtocol>),
}

impl LcpOptions {
    /// Asks nothing of the peer but accepts what it demands, if it is one of `methods`.
    pub(crate) fn client(methods: &[AuthMethod], mru: u16, framing: Framing, max_failure: u32) -> Self {
        Self::new(Auth::Accept(AuthProtocol::of_all(methods)), mru, framing, max_failure)
    }

    /// Demands that the peer authenticates itself with one of `methods`.
    pub(crate) fn server(methods: &[AuthMethod], mru: u16, framing: Framing, max_failure: u32) -> Self {
        Self::new(Auth::Demand(AuthProtocol::of_all(methods)), mru, framing, max_failure)
    }

    fn new(auth: Auth, mru: u16, framing: Framing, max_failure: u32) -> Self {
        Self {
            mru: if mru == DEFAULT_MRU { Wish::Default } else { Wish::Asked(mru) },
            magic: Wish::Asked(0),
            accm: framing.accm.map_or(Wish::Default, Wish::Asked),
            compress_protocol: if framing.compress_protocol { Wish::Asked(()) } else { Wish::Default },
            compress_address: if framing.compress_address { Wish::Asked(()) } else { Wish::Default },
            checksums: Checksums::new(framing.checksum),
            auth,
            callback: Callback::default(),
            carrier_mru: u16::MAX,
            max_failure,
            peer: Peer::UNKNOWN,
            fresh_magic: 0,
            collisions: 0,
            refused: None,
            refusals: 0,
        }
    }

    /// Has callbacks negotiated as well.
    pub(crate) fn with_callback(mut self, callback: Callback) -> Self {
        self.callback = callback;
        self
    }

    /// Tells whether both agreed to negotiate a callback after authentication.
    pub(crate) fn calls_back(&self) -> bool {
        self.callback.is_asked() || self.peer.callback
    }

    /// Gives the cause of an end if the peer wanted to negotiate a callback and we do not.
    pub(crate) fn callback_refused(&self) -> Option<Cause> {
        self.callback.refused()
    }

    /// Begins on a carrier: a new magic number (RFC 1661 6.4) and no more than the carrier takes.
    pub(crate) fn carrier(&mut self, carrier_mru: u16, rng: &mut dyn Rng) {
        self.carrier_mru = carrier_mru.max(MRU_MIN);
        let mru = match self.mru {
            Wish::Asked(mru) => mru,
            Wish::Default => DEFAULT_MRU,
        };
        if mru > self.carrier_mru {
            self.mru = Wish::Asked(self.carrier_mru);
        }
        self.draw(rng);
        if let Wish::Asked(magic) = &mut self.magic {
            *magic = self.fresh_magic;
        }
        self.collisions = 0;
        self.peer = Peer::UNKNOWN;
    }

    /// Draws a magic number; not zero, which RFC 1661 6.4 forbids.
    pub(crate) fn draw(&mut self, rng: &mut dyn Rng) {
        self.fresh_magic = rng.u32().max(1);
    }

    /// Gives our magic number for echoes: zero if the option is not in use (RFC 1661 5.8).
    pub(crate) fn magic(&self) -> u32 {
        match self.magic {
            Wish::Asked(magic) => magic,
            Wish::Default => 0,
        }
    }

    /// Gives the authentication protocol that both agreed on.
    pub(crate) fn method(&self) -> Option<AuthProtocol> {
        match &self.auth {
            Auth::Demand(methods) => methods.first().copied(),
            Auth::Accept(_) => self.peer.demands,
        }
    }

    /// Gives the largest packet that we may send: neither peer nor carrier takes more.
    pub(crate) fn send_mru(&self) -> u16 {
        self.peer.mru.min(self.carrier_mru)
    }

    /// Gives how we may write frames: what the peer takes, as far as we want it ourselves.
    pub(crate) fn framing(&self, wanted: Framing) -> Framing {
        Framing {
            accm: self.peer.framing.accm,
            compress_protocol: wanted.compress_protocol && self.peer.framing.compress_protocol,
            compress_address: wanted.compress_address && self.peer.framing.compress_address,
            checksum: self.checksums.sent(),
        }
    }

    /// Gives how frames are written on a line of octets while what was negotiated holds, or while it does not.
    pub(crate) fn line_framing(&self, is_opened: bool) -> LineFraming {
        let requests_twice = self.checksums.sent() == Checksum::Fcs32;
        if !is_opened {
            return LineFraming { requests_twice, ..LineFraming::default() };
        }
        LineFraming {
            // RFC 1662 7.1: without the option, all control characters are escaped.
            send_accm: self.peer.framing.accm.unwrap_or(u32::MAX),
            receive_accm: match self.accm {
                Wish::Asked(accm) => accm,
                Wish::Default => u32::MAX,
            },
            send_fcs32: requests_twice,
            receive_fcs32: self.checksums.asked(),
            requests_twice,
        }
    }

    /// Tells whether the peer proposed authentication that we refused.
    pub(crate) fn has_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Makes the cause of a link without a common authentication method.
    pub(crate) fn no_common_method(&self) -> Cause {
        let (did, methods) = match &self.auth {
            Auth::Demand(methods) => ("demanded authentication by", methods),
            Auth::Accept(methods) => ("allowed authentication by", methods),
        };
        let names: Vec<String> = methods.iter().map(ToString::to_string).collect();
        let names = if names.is_empty() { "no method".to_string() } else { names.join(" or ") };
        let said = match (&self.refused, &self.auth) {
            (Some(proposal), _) => format!("offered {proposal}"),
            (None, Auth::Accept(_)) => "asked for no authentication".to_string(),
            (None, Auth::Demand(_)) => "refused to authenticate itself".to_string(),
        };
        Cause::new(Code::PEER_REFUSED_AUTH, LayerName::Lcp)
            .did(format!("{did} {names} alone"))
            .said(said)
            .advice(format!("allow {names} on the server, or another method in the entry"))
    }

    fn judge_mru(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        // RFC 1661 6.1: the option tells what the peer can take; smaller is always possible for us.
        match option.array().map(u16::from_be_bytes) {
            Some(mru) if mru >= MRU_MIN => self.peer.mru = mru,
            Some(_) => reply.nak(option, &MRU_MIN.to_be_bytes()),
            None => reply.nak(option, &DEFAULT_MRU.to_be_bytes()),
        }
    }

    /// RFC 1662 7.1, RFC 1661 6.5, 6.6: the peer tells what it takes; we may make use of it and need not. A link that
    /// has frames of its own knows no map, and acknowledging one costs it nothing.
    fn judge_framing(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        let framing = &mut self.peer.framing;
        match (option.kind, option.value) {
            (ACCM, &[a, b, c, d]) => framing.accm = Some(u32::from_be_bytes([a, b, c, d])),
            (ACCM, _) => reply.nak(option, &[0; 4]),
            (PFC, []) => framing.compress_protocol = true,
            (ACFC, []) => framing.compress_address = true,
            _ => reply.reject(option),
        }
    }

    fn judge_auth(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        let Auth::Accept(methods) = &self.auth else {
            // We demand authentication and prove ourselves in the same exchange, not in one of our own.
            reply.reject(option);
            return Ok(());
        };
        if let Some(method) = AuthProtocol::from_option(option.value).filter(|method| methods.contains(method)) {
            self.peer.demands = Some(method);
            self.refused = None;
            self.refusals = 0;
            return Ok(());
        }
        self.refused = Some(describe(option.value));
        self.refusals += 1;
        match methods.first() {
            Some(preferred) if self.refusals <= self.max_failure => reply.nak(option, preferred.option()),
            _ => return Err(self.no_common_method()),
        }
        Ok(())
    }

    fn judge_magic(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        let magic = option.array().map(u32::from_be_bytes).unwrap_or_default();
        if magic != 0 && magic != self.magic() {
            self.collisions = 0;
            return Ok(());
        }
        // RFC 1661 6.4: zero "MUST always be Nak'd"; our own number means a loop, or two ends that drew the same.
        self.collisions += u32::from(magic != 0);
        if self.collisions > COLLISIONS_MAX {
            return Err(looped(format!("changed the magic number {COLLISIONS_MAX} times and got it back each time")));
        }
        reply.nak(option, &self.fresh_magic.to_be_bytes());
        Ok(())
    }
}

impl Peer {
    const UNKNOWN: Self = Self {
        mru: DEFAULT_MRU,
        framing: Framing { accm: None, compress_protocol: false, compress_address: false, checksum: Checksum::Carrier },
        demands: None,
        callback: false,
    };
}

impl Options for LcpOptions {
    const PROTOCOL: Protocol = Protocol::LCP;
    const TIMER: &'static str = "LCP restart";

    fn request(&self, out: &mut OptionWriter) {
        if let Wish::Asked(mru) = self.mru {
            out.option(MRU, &mru.to_be_bytes());
        }
        if let Wish::Asked(accm) = self.accm {
            out.option(ACCM, &accm.to_be_bytes());
        }
        if let Auth::Demand(methods) = &self.auth
            && let Some(method) = methods.first()
        {
            out.option(AUTHENTICATION_PROTOCOL, method.option());
        }
        if let Wish::Asked(magic) = self.magic {
            out.option(MAGIC_NUMBER, &magic.to_be_bytes());
        }
        if self.checksums.asked() {
            out.option(FCS_ALTERNATIVES, &FCS_32);
        }
        if self.callback.is_asked() {
            out.option(CALLBACK, &BY_CBCP);
        }
        for (kind, wish) in [(PFC, self.compress_protocol), (ACFC, self.compress_address)] {
            if let Wish::Asked(()) = wish {
                out.option(kind, &[]);
            }
        }
    }

    fn begin(&mut self) {
        self.peer = Peer::UNKNOWN;
        self.checksums.begin();
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match option.kind {
            MRU => self.judge_mru(option, reply),
            AUTHENTICATION_PROTOCOL => return self.judge_auth(option, reply),
            MAGIC_NUMBER => return self.judge_magic(option, reply),
            ACCM | PFC | ACFC => self.judge_framing(option, reply),
            CALLBACK => self.peer.callback = self.callback.judge(option, reply),
            FCS_ALTERNATIVES => self.checksums.judge(option, reply),
            // Quality-Protocol, MRRU, Endpoint-Discriminator and whatever else is not implemented.
            _ => reply.reject(option),
        }
        Ok(())
    }

    fn missing(&mut self, reply: &mut Reply) {
        if self.callback.is_demanded() && !self.peer.callback {
            reply.ask(CALLBACK, &BY_CBCP);
        }
    }

    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        match option.kind {
            MRU => {
                let mru = option.array().map(u16::from_be_bytes);
                if let Some(mru) = mru.filter(|mru| (MRU_MIN..=self.carrier_mru).contains(mru)) {
                    self.mru = Wish::Asked(mru);
                }
            }
            // RFC 1662 7.1: the maps of both ends are joined.
            ACCM => {
                if let (Wish::Asked(accm), Some(theirs)) = (&mut self.accm, option.array().map(u32::from_be_bytes)) {
                    *accm |= theirs;
                }
            }
            // A boolean has no other value to ask for: whoever Naks it does not want it.
            PFC | ACFC => return self.rejected(option),
            AUTHENTICATION_PROTOCOL => {
                let Auth::Demand(methods) = &mut self.auth else { return Ok(()) };
                self.refused = Some(describe(option.value));
                let wanted = AuthProtocol::from_option(option.value)
                    .and_then(|method| methods.iter().position(|m| *m == method));
                match wanted {
                    Some(0) => {}
                    Some(index) => methods.swap(0, index),
                    // What the peer wants we do not: go on to our next one.
                    None if methods.len() > 1 => drop(methods.remove(0)),
                    None => return Err(self.no_common_method()),
                }
            }
            MAGIC_NUMBER => {
                if let Wish::Asked(magic) = &mut self.magic {
                    *magic = self.fresh_magic;
                }
            }
            CALLBACK => return self.callback.naked(self.max_failure),
            FCS_ALTERNATIVES => self.checksums.naked(option),
            // RFC 1661 5.3: a Nak may ask for options of its own; we add none.
            _ => {}
        }
        Ok(())
    }

    fn rejected(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        match option.kind {
            MRU => self.mru = Wish::Default,
            AUTHENTICATION_PROTOCOL => return Err(self.no_common_method()),
            MAGIC_NUMBER => self.magic = Wish::Default,
            ACCM => self.accm = Wish::Default,
            PFC => self.compress_protocol = Wish::Default,
            ACFC => self.compress_address = Wish::Default,
            CALLBACK => self.callback.rejected(),
            FCS_ALTERNATIVES => self.checksums.rejected(),
            _ => {}
        }
        Ok(())
    }
}

/// Names the authentication that a peer proposes.
fn describe(value: &[u8]) -> String {
    let (protocol, data) = value.split_at(value.len().min(2));
    let protocol = Protocol(u16::from_be_bytes(protocol.try_into().unwrap_or_default()));
    match (protocol, data) {
        (Protocol::CHAP, [0x05]) => "CHAP with MD5".to_string(),
        (Protocol::CHAP, [0x80]) => "MS-CHAP version 1".to_string(),
        (Protocol::CHAP, [0x81]) => "MS-CHAPv2".to_string(),
        (Protocol::CHAP, [algorithm, ..]) => format!("CHAP with algorithm {algorithm}"),
        (protocol, _) => protocol.to_string(),
    }
}

const MRU: u8 = 1;
const ACCM: u8 = 2;
const AUTHENTICATION_PROTOCOL: u8 = 3;
const MAGIC_NUMBER: u8 = 5;
const PFC: u8 = 7;
const ACFC: u8 = 8;
/// RFC 1570 2.3.
const CALLBACK: u8 = 13;

/// The smallest MRU that we take: IPv4's smallest MTU is 68, and control packets need room.
const MRU_MIN: u16 = 128;

/// RFC 1661 6.4: ends that draw the same number by chance three times in a row are a looped line.
const COLLISIONS_MAX: u32 = 3;

//! What a lab does wrong on demand.
//!
//! [`GRAMMAR`] tells how they are written.

mod grammar;

pub use grammar::{GRAMMAR, InvalidFault};

use rasman_auth::AccountState;
use rasman_core::Duration;
use std::fmt;

/// What a lab does wrong on demand; by default nothing. [`FromStr`](std::str::FromStr) reads items of the
/// [`GRAMMAR`] with commas or spaces between.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Faults {
    /// By how much the answers of a stage are delayed, in the order of [`Stage::ALL`].
    pub delays: [Duration; Stage::ALL.len()],
    /// What happens in place of the first answer of a stage.
    pub at_stage: Option<(Stage, StageFault)>,
    /// Which bytes stand on the TLS stream in place of the first answer of a stage; then everything goes on.
    pub says: Option<(Stage, Vec<u8>)>,
    /// TCP is reset right after it was accepted.
    pub refuse: bool,
    /// Which certificate is shown instead of the good one.
    pub certificate: Option<CertificateFault>,
    /// The same of the certificate that is shown inside EAP.
    pub eap_certificate: Option<CertificateFault>,
    /// What answers on the port instead of TLS.
    pub not_tls: Option<NotTls>,
    /// How every call is refused.
    pub refusal: Option<CallFault>,
    /// The state that every account is in.
    pub account: Option<AccountState>,
    /// Only PAP is offered, which nobody should take.
    pub no_common_auth: bool,
    /// The crypto binding is checked with other keys than the client has.
    pub wrong_binding: bool,
    /// TLS inside EAP derives other keys than the client's.
    pub wrong_eap_keys: bool,
    /// PEAP's result comes without a cryptobinding.
    pub no_crypto_binding: bool,
    /// The client is given no address.
    pub no_address: bool,
    /// How and when a connected client is sent away.
    pub ending: Option<(Ending, Duration)>,
    /// How many connections suffer; `None` for all.
    pub first: Option<u64>,
}

/// The stages of a session, in their order. An answer belongs to the stage whose question it answers.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// TCP was accepted and nothing read.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The HTTP request and its answer.
    Http,
    /// The Call Connect Request and its answer.
    Call,
    /// LCP.
    Lcp,
    /// Challenge, response, result.
    Auth,
    /// IPCP.
    Ipcp,
    /// IP packets.
    Data,
}

/// What happens in place of the first answer of a stage.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StageFault {
    /// Nothing is answered any more; TCP stays.
    Silent,
    /// TCP is closed without a goodbye.
    Drop,
    /// Random bytes are sent, then everything goes on.
    Garbage,
}

/// What is wrong with the certificate.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It has expired.
    Expired,
    /// It is for another name.
    OtherName,
    /// An authority signed it that the lab does not tell.
    UnknownCa,
    /// It is signed by itself.
    SelfSigned,
}

/// What answers on the port instead of TLS.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotTls {
    /// A web server without TLS.
    Http,
    /// A server that speaks first: an SSH banner.
    Ssh,
    /// Random bytes.
    Noise,
}

/// How every call is refused.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CallFault {
    /// A web server answers that has never heard of SSTP: 404, a page, and the end.
    NoSstp,
    /// The SSTP server answers the HTTP request with this status.
    Http(u16),
    /// It answers the Call Connect Request with a Call Connect Nak and this status ([MS-SSTP] 2.2.8).
    Nak(u32),
}

/// How a connected client is sent away.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// By an SSTP Call Disconnect.
    HangUp,
    /// By an LCP Terminate-Request.
    Terminate,
    /// By the end of TCP, without a word.
    Cut,
}

impl Faults {
    /// Gives what connection `number`, from 1, suffers.
    #[must_use]
    pub fn of_connection(&self, number: u64) -> Self {
        match self.first {
            Some(first) if number > first => Self::default(),
            _ => self.clone(),
        }
    }

    /// Tells by how much the answers of a stage are delayed.
    #[must_use]
    pub fn delay(&self, stage: Stage) -> Duration {
        self.delays[stage as usize]
    }
}

impl Stage {
    /// All stages in their order.
    pub const ALL: [Self; 8] =
        [Self::Tcp, Self::Tls, Self::Http, Self::Call, Self::Lcp, Self::Auth, Self::Ipcp, Self::Data];

    /// Gives the word for the stage.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Call => "call",
            Self::Lcp => "lcp",
            Self::Auth => "auth",
            Self::Ipcp => "ipcp",
            Self::Data => "data",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == word)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

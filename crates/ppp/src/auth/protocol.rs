//! The authentication protocols of PPP, as LCP's option names them (RFC 1661 6.2).

use crate::Protocol;
use core::fmt;
use rasman_core::AuthMethod;

/// An authentication protocol of PPP. Which method EAP comes to, the ends agree on within it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AuthProtocol {
    /// RFC 1334.
    Pap,
    /// RFC 1994, with MD5.
    Chap,
    /// RFC 2759.
    MsChapV2,
    /// RFC 3748.
    Eap,
}

impl AuthProtocol {
    /// Gives the protocol that leads to a method.
    #[must_use]
    pub fn of(method: AuthMethod) -> Self {
        match method {
            AuthMethod::Pap => Self::Pap,
            AuthMethod::Chap => Self::Chap,
            AuthMethod::MsChapV2 => Self::MsChapV2,
            _ => Self::Eap,
        }
    }

    /// Gives the protocols of these methods in their order, each once.
    pub(crate) fn of_all(methods: &[AuthMethod]) -> Vec<Self> {
        let mut protocols = Vec::new();
        for protocol in methods.iter().copied().map(Self::of) {
            if !protocols.contains(&protocol) {
                protocols.push(protocol);
            }
        }
        protocols
    }

    /// Gives the protocol that an Authentication-Protocol option names.
    pub(crate) fn from_option(value: &[u8]) -> Option<Self> {
        [Self::Pap, Self::Chap, Self::MsChapV2, Self::Eap].into_iter().find(|protocol| protocol.option() == value)
    }

    /// Gives the value of the Authentication-Protocol option.
    pub(crate) fn option(self) -> &'static [u8] {
        match self {
            Self::Pap => &[0xc0, 0x23],
            // RFC 1994 3: algorithm 5.
            Self::Chap => &[0xc2, 0x23, 0x05],
            // RFC 2759 3: algorithm 0x81.
            Self::MsChapV2 => &[0xc2, 0x23, 0x81],
            Self::Eap => &[0xc2, 0x27],
        }
    }

    /// Gives the protocol of its frames.
    #[must_use]
    pub fn frames(self) -> Protocol {
        match self {
            Self::Pap => Protocol::PAP,
            Self::Chap | Self::MsChapV2 => Protocol::CHAP,
            Self::Eap => Protocol::EAP,
        }
    }
}

impl fmt::Display for AuthProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pap => "PAP",
            Self::Chap => "CHAP with MD5",
            Self::MsChapV2 => "MS-CHAPv2",
            Self::Eap => "EAP",
        })
    }
}

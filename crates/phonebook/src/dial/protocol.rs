//! What can carry a connection, and in which order it is tried.

use crate::VpnStrategy;
use core::fmt;

/// Something that can carry a connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Protocol {
    /// IKEv2 with ESP.
    Ikev2,
    /// PPP in TLS.
    Sstp,
    /// PPP in L2TP in IPsec.
    L2tp,
    /// PPP in GRE.
    Pptp,
    /// GRE alone.
    Gre,
}

impl Protocol {
    /// Tells whether it can be dialled.
    #[must_use]
    pub fn exists(self) -> bool {
        self == Self::Sstp
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ikev2 => "IKEv2",
            Self::Sstp => "SSTP",
            Self::L2tp => "L2TP",
            Self::Pptp => "PPTP",
            Self::Gre => "GRE",
        })
    }
}

impl VpnStrategy {
    /// Gives the tunnels that are tried, in order; nothing for a number without a name.
    #[must_use]
    pub fn protocols(self) -> Vec<Protocol> {
        use Protocol::{Gre, Ikev2, L2tp, Pptp, Sstp};
        match self {
            // Our own order, the strongest first; the list of `ProtocolList` is not in the file.
            Self::Default | Self::ProtocolList | Self::Ikev2First => vec![Ikev2, Sstp, L2tp, Pptp],
            Self::SstpFirst => vec![Sstp, Ikev2, L2tp, Pptp],
            Self::L2tpFirst => vec![L2tp, Ikev2, Sstp, Pptp],
            Self::PptpFirst => vec![Pptp, Ikev2, Sstp, L2tp],
            Self::Ikev2Only => vec![Ikev2],
            Self::SstpOnly => vec![Sstp],
            Self::L2tpOnly => vec![L2tp],
            Self::PptpOnly => vec![Pptp],
            Self::GreOnly => vec![Gre],
            Self::Ikev2Sstp => vec![Ikev2, Sstp],
            Self::L2tpSstp => vec![L2tp, Sstp],
            Self::PptpSstp => vec![Pptp, Sstp],
            Self::Other(_) => Vec::new(),
        }
    }
}

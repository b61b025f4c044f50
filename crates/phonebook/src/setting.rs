//! What the numbers in a phone book mean.

use crate::value::{bits, numbers};

numbers! {
    /// What kind of connection an entry is (`Type`; RASET_*).
    EntryType {
        /// A telephone line: modem, ISDN, X.25.
        Phone = 1,
        /// A virtual private network.
        Vpn = 2,
        /// A cable between two machines.
        Direct = 3,
        /// A connection that a Connection Manager profile made.
        Internet = 4,
        /// PPP over Ethernet.
        Broadband = 5,
    }
}

numbers! {
    /// How frames are put on the line (`BaseProtocol`; RASFP_* but for the last).
    Framing {
        /// The point-to-point protocol.
        Ppp = 1,
        /// The serial-line protocol of old systems.
        Slip = 2,
    }
}

numbers! {
    /// Which tunnels are tried, in which order (`VpnStrategy`; VS_*).
    VpnStrategy {
        /// All, in the manager's own order.
        Default = 0,
        /// PPTP alone.
        PptpOnly = 1,
        /// PPTP, then the others.
        PptpFirst = 2,
        /// L2TP alone.
        L2tpOnly = 3,
        /// L2TP, then the others.
        L2tpFirst = 4,
        /// SSTP alone.
        SstpOnly = 5,
        /// SSTP, then the others.
        SstpFirst = 6,
        /// IKEv2 alone.
        Ikev2Only = 7,
        /// IKEv2, then the others.
        Ikev2First = 8,
        /// GRE alone.
        GreOnly = 9,
        /// PPTP, then SSTP.
        PptpSstp = 12,
        /// L2TP, then SSTP.
        L2tpSstp = 13,
        /// IKEv2, then SSTP.
        Ikev2Sstp = 14,
        /// An order of its own, which the file does not tell.
        ProtocolList = 15,
    }
}

numbers! {
    /// Whether packets have to be encrypted (`DataEncryption`; other numbers than those of ET_*).
    Encryption {
        /// Not at all.
        None = 0,
        /// If the server can.
        Optional = 8,
        /// Or the connection ends.
        Required = 256,
        /// With the strongest that there is, or the connection ends.
        Maximum = 512,
    }
}

numbers! {
    /// How the subentries are dialled (`DialMode`; RASEDM_*).
    DialMode {
        /// There is but one.
        Single = 0,
        /// All at once.
        All = 1,
        /// One, and more as the traffic needs them.
        AsNeeded = 2,
    }
}

numbers! {
    /// Whether the server calls back (`CallbackMode`).
    CallbackMode {
        /// No.
        No = 0,
        /// If it wants to.
        Maybe = 1,
        /// Yes.
        Yes = 2,
        /// Ask the user.
        Ask = 3,
    }
}

numbers! {
    /// Where addresses or name servers come from (`IpAssign`, `IpNameAssign`, `Ipv6Assign`, `Ipv6NameAssign`).
    Assign {
        /// Whatever comes.
        Unset = 0,
        /// From the server.
        Server = 1,
        /// They stand in the entry.
        Given = 2,
    }
}

numbers! {
    /// Whether the address is registered in DNS (`IpDnsFlags`).
    DnsRegistration {
        /// No.
        No = 0,
        /// Under the machine's own name.
        Register = 1,
        /// Under the connection's suffix.
        Suffix = 2,
        /// Under both.
        RegisterWithSuffix = 3,
    }
}

numbers! {
    /// What the connection leads to (`UseFlags`).
    Purpose {
        /// Not said.
        Unset = 0,
        /// A telephone connection of its own kind.
        Dialup = 1,
        /// A private network.
        PrivateNetwork = 2,
        /// The Internet (RASEO2_Internet).
        Internet = 3,
    }
}

bits! {
    /// The network protocols that are *not* used (`ExcludedProtocols`; RASNP_* inverted).
    ExcludedProtocols {
        /// NetBEUI.
        NETBEUI = 1,
        /// IPX.
        IPX = 2,
        /// IPv4.
        IPV4 = 4,
        /// IPv6.
        IPV6 = 8,
    }
}

bits! {
    /// Which settings of the entry go before the user's preferences (`OverridePref`).
    OverridePref {
        /// `RedialAttempts`.
        REDIAL_ATTEMPTS = 1,
        /// `RedialSeconds`.
        REDIAL_SECONDS = 2,
        /// `IdleDisconnectSeconds`.
        IDLE_DISCONNECT = 4,
        /// `RedialOnLinkFailure`.
        REDIAL_ON_LINK_FAILURE = 8,
    }
}

bits! {
    /// The authentication methods that the entry allows (`AuthRestrictions`; RASEO_Require*).
    AuthRestrictions {
        /// PAP: the password in clear.
        PAP = 8,
        /// SPAP.
        SPAP = 16,
        /// CHAP with MD5.
        CHAP = 32,
        /// MS-CHAP.
        MS_CHAP = 64,
        /// EAP; the type is in `CustomAuthKey`.
        EAP = 128,
        /// The methods were chosen one by one (RASEO_Custom).
        CUSTOM = 256,
        /// MS-CHAPv2.
        MS_CHAP_V2 = 512,
        /// MS-CHAP as Windows 95 does it.
        MS_CHAP_W95 = 1024,
    }
}

bits! {
    /// What IPsec is authenticated with (`IpSecFlags`).
    IpSecFlags {
        /// A pre-shared key (RASEO2_UsePreSharedKey).
        PRE_SHARED_KEY = 1,
    }
}

/// When a connection without traffic ends (clause B15).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum IdleDisconnect {
    /// As the user prefers (RASIDS_UseGlobalValue).
    UserPreference,
    /// Never (RASIDS_Disabled).
    Never,
    /// After so many seconds.
    After(core::num::NonZeroU32),
}

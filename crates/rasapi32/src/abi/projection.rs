//! What was negotiated.

use super::{RAS_PROJECTION_UNION, layouts, text_layouts};

text_layouts! {
    /// Projection: the authentication message block of NT 3.1.
    RASAMB<C> { A 28; W 44 } {
        dwSize: u32 = 0, 0;
        dwError: u32 = 4, 4;
        szNetBiosError: [C; 17] = 8, 8;
        bLana: u8 = 25, 42;
    }

    /// Projection: NetBEUI.
    RASPPPNBF<C> { A 48; W 84 } {
        dwSize: u32 = 0, 0;
        dwError: u32 = 4, 4;
        dwNetBiosError: u32 = 8, 8;
        szNetBiosError: [C; 17] = 12, 12;
        szWorkstationName: [C; 17] = 29, 46;
        bLana: u8 = 46, 80;
    }

    /// Projection: IPX.
    RASPPPIPX<C> { A 32; W 52 } {
        dwSize: u32 = 0, 0;
        dwError: u32 = 4, 4;
        szIpxAddress: [C; 22] = 8, 8;
    }

    /// Projection: IPv4.
    RASPPPIP<C> { A 40 48; W 72 80 } {
        dwSize: u32 = 0, 0;
        dwError: u32 = 4, 4;
        szIpAddress: [C; 16] = 8, 8;
        szServerIpAddress: [C; 16] = 24, 40;
        dwOptions: u32 = 40, 72;
        dwServerOptions: u32 = 44, 76;
    }
}

layouts! {
    /// Projection: IPv6.
    RASPPPIPV6 { 28 } {
        dwSize: u32 = 0;
        dwError: u32 = 4;
        bLocalInterfaceIdentifier: [u8; 8] = 8;
        bPeerInterfaceIdentifier: [u8; 8] = 16;
        bLocalCompressionProtocol: [u8; 2] = 24;
        bPeerCompressionProtocol: [u8; 2] = 26;
    }
}

text_layouts! {
    /// Projection: the link and its authentication.
    RASPPPLCP<C> { A 8 1080; W 8 2104 } {
        dwSize: u32 = 0, 0;
        fBundled: i32 = 4, 4;
        dwError: u32 = 8, 8;
        dwAuthenticationProtocol: u32 = 12, 12;
        dwAuthenticationData: u32 = 16, 16;
        dwEapTypeId: u32 = 20, 20;
        dwServerAuthenticationProtocol: u32 = 24, 24;
        dwServerAuthenticationData: u32 = 28, 28;
        dwServerEapTypeId: u32 = 32, 32;
        fMultilink: i32 = 36, 36;
        dwTerminateReason: u32 = 40, 40;
        dwServerTerminateReason: u32 = 44, 44;
        szReplyMessage: [C; 1024] = 48, 48;
        dwOptions: u32 = 1072, 2096;
        dwServerOptions: u32 = 1076, 2100;
    }

    /// Projection: SLIP.
    RASSLIP<C> { A 24; W 40 } {
        dwSize: u32 = 0, 0;
        dwError: u32 = 4, 4;
        szIpAddress: [C; 16] = 8, 8;
    }
}

layouts! {
    /// Projection: compression and encryption.
    RASPPPCCP { 24 } {
        dwSize: u32 = 0;
        dwError: u32 = 4;
        dwCompressionAlgorithm: u32 = 8;
        dwOptions: u32 = 12;
        dwServerCompressionAlgorithm: u32 = 16;
        dwServerOptions: u32 = 20;
    }

    /// All projections of PPP.
    RASPPP_PROJECTION_INFO { 100 } {
        dwIPv4NegotiationError: u32 = 0;
        ipv4Address: [u8; 4] = 4;
        ipv4ServerAddress: [u8; 4] = 8;
        dwIPv4Options: u32 = 12;
        dwIPv4ServerOptions: u32 = 16;
        dwIPv6NegotiationError: u32 = 20;
        bInterfaceIdentifier: [u8; 8] = 24;
        bServerInterfaceIdentifier: [u8; 8] = 32;
        fBundled: i32 = 40;
        fMultilink: i32 = 44;
        dwAuthenticationProtocol: u32 = 48;
        dwAuthenticationData: u32 = 52;
        dwServerAuthenticationProtocol: u32 = 56;
        dwServerAuthenticationData: u32 = 60;
        dwEapTypeId: u32 = 64;
        dwServerEapTypeId: u32 = 68;
        dwLcpOptions: u32 = 72;
        dwLcpServerOptions: u32 = 76;
        dwCcpError: u32 = 80;
        dwCcpCompressionAlgorithm: u32 = 84;
        dwCcpServerCompressionAlgorithm: u32 = 88;
        dwCcpOptions: u32 = 92;
        dwCcpServerOptions: u32 = 96;
    }

    /// The projection of IKEv2; the lists lie behind the structure.
    RASIKEV2_PROJECTION_INFO { 92 } {
        dwIPv4NegotiationError: u32 = 0;
        ipv4Address: [u8; 4] = 4;
        ipv4ServerAddress: [u8; 4] = 8;
        dwIPv6NegotiationError: u32 = 12;
        ipv6Address: [u8; 16] = 16;
        ipv6ServerAddress: [u8; 16] = 32;
        dwPrefixLength: u32 = 48;
        dwAuthenticationProtocol: u32 = 52;
        dwEapTypeId: u32 = 56;
        dwFlags: u32 = 60;
        dwEncryptionMethod: u32 = 64;
        numIPv4ServerAddresses: u32 = 68;
        ipv4ServerAddresses: *mut [u8; 4] = 72;
        numIPv6ServerAddresses: u32 = 80;
        ipv6ServerAddresses: *mut [u8; 16] = 84;
    }

    /// What RasGetProjectionInfoEx gives; `version` is asked, `type` is answered.
    RAS_PROJECTION_INFO { 108 } {
        version: u32 = 0;
        r#type: u32 = 4;
        info: RAS_PROJECTION_UNION = 8;
    }
}

//! The messages of each protocol and what they carry.

/// What a PPP packet carries behind code, identifier and length.
#[derive(Copy, Clone, Debug)]
pub enum Body {
    /// Options: kind and a value that is right.
    Options(&'static [(u8, &'static [u8])]),
    /// Fields one after another, each of a right value.
    Fields(&'static [&'static [u8]]),
}

/// A packet of PPP's control protocols and authentication.
#[derive(Copy, Clone, Debug)]
pub struct PppMessage {
    /// The number of the protocol.
    pub protocol: u16,
    /// The code.
    pub code: u8,
    /// What it carries.
    pub body: Body,
}

/// A control message of SSTP.
#[derive(Copy, Clone, Debug)]
pub struct SstpMessage {
    /// Message Type.
    pub kind: u16,
    /// Attributes: identifier and a value that is right.
    pub attributes: &'static [(u8, &'static [u8])],
}

const fn options(protocol: u16, code: u8, list: &'static [(u8, &'static [u8])]) -> PppMessage {
    PppMessage { protocol, code, body: Body::Options(list) }
}

const fn fields(protocol: u16, code: u8, list: &'static [&'static [u8]]) -> PppMessage {
    PppMessage { protocol, code, body: Body::Fields(list) }
}

/// RFC 1661.
pub const LCP: u16 = 0xc021;
/// RFC 1334.
pub const PAP: u16 = 0xc023;
/// RFC 1994.
pub const CHAP: u16 = 0xc223;
/// RFC 3748.
pub const EAP: u16 = 0xc227;
/// RFC 1332.
pub const IPCP: u16 = 0x8021;
/// RFC 5072.
pub const IPV6CP: u16 = 0x8057;
/// RFC 1962.
pub const CCP: u16 = 0x80fd;

/// RFC 1661 6, RFC 1570 2.3, RFC 1990 5.1.
const LCP_OPTIONS: &[(u8, &[u8])] = &[
    (1, &[5, 220]),
    (2, &[0, 0, 0, 0]),
    (3, &[0xc2, 0x23, 0x81]),
    (4, &[0xc0, 0x25, 0, 0, 0, 10]),
    (5, &[1, 2, 3, 4]),
    (7, &[]),
    (8, &[]),
    (9, &[2]),
    (13, &[6]),
    (17, &[5, 220]),
    (18, &[]),
    (19, &[1, 127, 0, 0, 1]),
];
/// RFC 1332 3, RFC 1877 1.
const IPCP_OPTIONS: &[(u8, &[u8])] = &[
    (3, &[10, 66, 0, 2]),
    (129, &[10, 66, 0, 53]),
    (131, &[10, 66, 0, 54]),
    (130, &[10, 66, 0, 55]),
    (132, &[10, 66, 0, 56]),
    (2, &[0x00, 0x2d, 15, 1]),
    (1, &[10, 66, 0, 1, 10, 66, 0, 2]),
];
/// RFC 5072 4.
const IPV6CP_OPTIONS: &[(u8, &[u8])] = &[(1, &[2, 0, 0, 0, 0, 0, 0, 1])];
/// RFC 1962 4, RFC 3078 2.1.
const CCP_OPTIONS: &[(u8, &[u8])] = &[(18, &[1, 0, 0, 0x40]), (26, &[0x78, 0]), (21, &[0x2f]), (0, &[0, 0, 0, 1])];

/// Codes 1 to 7 are those of RFC 1661 5 with the protocol's own options.
macro_rules! negotiation {
    ($protocol:expr, $options:expr) => {
        [
            options($protocol, 1, $options),
            options($protocol, 2, $options),
            options($protocol, 3, $options),
            options($protocol, 4, $options),
            fields($protocol, 5, &[b"out of hours"]),
            fields($protocol, 6, &[b"out of hours"]),
            fields($protocol, 7, &[&[1, 1, 0, 4]]),
        ]
    };
}

/// Negotiations of LCP, IPCP, IPV6CP and CCP.
const NEGOTIATIONS: [[PppMessage; 7]; 4] = [
    negotiation!(LCP, LCP_OPTIONS),
    negotiation!(IPCP, IPCP_OPTIONS),
    negotiation!(IPV6CP, IPV6CP_OPTIONS),
    negotiation!(CCP, CCP_OPTIONS),
];

/// The rest of LCP and CCP, PAP (RFC 1334 2), CHAP (RFC 1994 4) and EAP (RFC 3748 4).
const OTHERS: [PppMessage; 27] = [
    fields(LCP, 8, &[&[0x80, 0x21], &[1, 1, 0, 4]]),
    fields(LCP, 9, &[&[0, 0, 0, 0], b"echo"]),
    fields(LCP, 10, &[&[0, 0, 0, 0], b"echo"]),
    fields(LCP, 11, &[&[0, 0, 0, 0], b"discard"]),
    fields(LCP, 12, &[&[0, 0, 0, 0], b"who"]),
    fields(LCP, 13, &[&[0, 0, 0, 0], &[0, 0, 1, 0], b"remain"]),
    fields(CCP, 14, &[]),
    fields(CCP, 15, &[]),
    fields(PAP, 1, &[&[5], b"alice", &[10], b"wonderland"]),
    fields(PAP, 2, &[&[2], b"ok"]),
    fields(PAP, 3, &[&[2], b"no"]),
    fields(CHAP, 1, &[&[16], &[7; 16], b"lab"]),
    fields(CHAP, 2, &[&[49], &[7; 16], &[0; 8], &[8; 24], &[0], b"alice"]),
    fields(CHAP, 3, &[b"S=0000000000000000000000000000000000000000", b" M=ok"]),
    fields(CHAP, 4, &[b"E=691", b" R=1", b" C=00000000000000000000000000000000", b" V=3", b" M=no"]),
    fields(CHAP, 7, &[&[7; 516], &[8; 16], &[9; 16], &[0; 8], &[8; 24], &[0, 0], b"alice"]),
    fields(EAP, 1, &[&[1], b"who are you"]),
    fields(EAP, 1, &[&[2], b"a notification"]),
    fields(EAP, 1, &[&[4], &[16], &[7; 16], b"lab"]),
    fields(EAP, 1, &[&[13], &[0x20]]),
    fields(EAP, 1, &[&[21], &[0x20]]),
    fields(EAP, 1, &[&[25], &[0x20]]),
    fields(EAP, 1, &[&[26], &[1], &[1], &[0, 26], &[16], &[7; 16], b"lab"]),
    fields(EAP, 2, &[&[1], b"alice"]),
    fields(EAP, 2, &[&[3], &[26]]),
    fields(EAP, 3, &[]),
    fields(EAP, 4, &[]),
];

/// Every packet.
pub const PPP_MESSAGES: [PppMessage; 55] = {
    let mut all = [OTHERS[0]; 55];
    let mut at = 0;
    while at < 28 {
        all[at] = NEGOTIATIONS[at / 7][at % 7];
        at += 1;
    }
    while at < 55 {
        all[at] = OTHERS[at - 28];
        at += 1;
    }
    all
};

/// [MS-SSTP] 2.2.9 to 2.2.17.
pub const SSTP_MESSAGES: [SstpMessage; 9] = [
    SstpMessage { kind: 1, attributes: &[(1, &[0, 1])] },
    SstpMessage { kind: 2, attributes: &[(4, &BINDING_REQUEST)] },
    SstpMessage { kind: 3, attributes: &[(2, &[0, 0, 0, 1, 0, 0, 0, 4])] },
    SstpMessage { kind: 4, attributes: &[(3, &BINDING)] },
    SstpMessage { kind: 5, attributes: &[(2, &[0, 0, 0, 0, 0, 0, 0, 7])] },
    SstpMessage { kind: 6, attributes: &[(2, &[0, 0, 0, 0, 0, 0, 0, 0])] },
    SstpMessage { kind: 7, attributes: &[] },
    SstpMessage { kind: 8, attributes: &[] },
    SstpMessage { kind: 9, attributes: &[] },
];

/// Hash protocols 3, a nonce.
const BINDING_REQUEST: [u8; 36] = {
    let mut value = [7; 36];
    value[0] = 0;
    value[1] = 0;
    value[2] = 0;
    value[3] = 3;
    value
};

/// Hash protocol 2, nonce, digest of the certificate, Compound MAC.
const BINDING: [u8; 100] = {
    let mut value = [7; 100];
    value[0] = 0;
    value[1] = 0;
    value[2] = 0;
    value[3] = 2;
    value
};

//! PPP: every packet that either end sends.

use crate::link::{Pair, Pki, Plan};
use crate::nothing_is_malformed;
use rasman_auth::AccountState;
use rasman_core::{AuthMethod, Batch, Duration};
use rasman_media::modem::hdlc::{Encoder, Fcs};
use rasman_ppp::{CallbackPolicy, Checksum, Mppe, MppeMode};
use rasman_tests::hostile::tables::{CCP, CHAP, EAP, IPCP, IPV6CP, LCP, PAP};
use rasman_tests::peers::{tshark, tshark_of_fcs32};
use std::collections::BTreeSet;

/// Protocol, code, and for EAP the type of requests and responses.
type Kind = (u16, u8, u8);

/// What we send, of all that RFC 1661 5, RFC 1570 2, RFC 1334 2, RFC 1994 4, RFC 3748 4, RFC 1962 3 and
/// [MS-CBCP] 2.2 know.
///
/// Never sent: LCP's Discard-Request and Time-Remaining, which only a peer has use for; CCP's Reset-Ack, which MPPE does
/// without (RFC 3078 10).
const SENT: &[(u16, &[u8])] = &[
    (LCP, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]),
    (PAP, &[1, 2, 3]),
    (CHAP, &[1, 2, 3, 4, 7]),
    (CBCP, &[1, 2, 3]),
    (IPCP, &[1, 2, 3, 4, 6, 7]),
    (IPV6CP, &[1, 2, 3, 4, 6, 7]),
    (CCP, &[1, 2, 3, 4, 6, 7, 14]),
];
/// Types of EAP's requests and of its responses: Identity, Notification, Nak, and the methods.
const EAP_SENT: [(u8, &[u8]); 2] = [(1, &[1, 4, 13, 21, 25, 26]), (2, &[1, 2, 3, 4, 13, 21, 25, 26])];

#[test]
fn tshark_reads_every_packet_of_ppp_that_we_send() {
    let pki = Pki::make();
    let mut frames = Vec::new();
    AuthMethod::ALL.iter().for_each(|method| frames.extend(good(&pki, *method)));
    AuthMethod::ALL.iter().for_each(|method| frames.extend(refused(&pki, *method)));
    frames.extend(expired(&pki));
    frames.extend(disagreeing(&pki));
    frames.extend(provoked(&pki));
    frames.extend(with_a_loss(&pki));
    frames.extend(called_back(&pki));
    frames.extend(compressed(&pki));
    let seen: BTreeSet<Kind> = frames.iter().filter_map(|frame| kind(frame)).collect();
    let missing: Vec<Kind> = expected().difference(&seen).copied().collect();
    assert_eq!(missing, [], "protocol, code, type of EAP");
    let unexpected: Vec<Kind> = seen.difference(&expected()).copied().collect();
    assert_eq!(unexpected, [], "protocol, code, type of EAP");
    let Some(read) = tshark("tshark_reads_every_packet_of_ppp_that_we_send", &frames) else { return };
    nothing_is_malformed(&read, frames.len());
    for protocol in [
        "PPP LCP",
        "PPP IPCP",
        "PPP IPV6CP",
        "PPP CCP",
        "PPP PAP",
        "PPP CHAP",
        "PPP CBCP",
        "EAP",
        "DHCP",
        "ICMPv6",
        "TLS",
    ] {
        assert!(read.lines().any(|line| line.contains(protocol)), "{protocol} is among them:\n{read}");
    }
}

#[test]
fn tshark_reads_fcs_alternatives_and_the_frames_with_32_bits() {
    let pki = Pki::make();
    let pair = Pair::dial(&Plan { checksum: Checksum::Fcs32, ..Plan::good(&pki, AuthMethod::MsChapV2) });
    assert!(pair.is_up());
    let (encoder, mut line) = (Encoder::new(Fcs::Fcs32, 0), Batch::new());
    pair.frames.iter().for_each(|frame| encoder.encode(&[], frame, &mut line));
    // As they stand on the line, without flags and escapes.
    let frames: Vec<_> = line.frames().map(|frame| unescaped(&frame[1..frame.len() - 1])).collect();
    let test = "tshark_reads_fcs_alternatives_and_the_frames_with_32_bits";
    let Some(read) = tshark_of_fcs32(test, &frames) else { return };
    assert!(read.contains("FCS Alternatives") && !read.contains("Malformed"), "{read}");
    let count = |words: &str| read.lines().filter(|line| line.contains(words)).count();
    assert_eq!((count("[FCS Status: Good]"), count("FCS 32: ")), (frames.len(), frames.len()), "{read}");
}

fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut octets = line.iter();
    let mut frame = Vec::new();
    while let Some(octet) = octets.next() {
        frame.push(if *octet == 0x7d { octets.next().expect("something is escaped") ^ 0x20 } else { *octet });
    }
    frame
}

/// A whole dial, an echo, and the end.
fn good(pki: &Pki, method: AuthMethod) -> Vec<Vec<u8>> {
    let mut pair = Pair::dial(&Plan::good(pki, method));
    assert!(pair.is_up(), "{method}");
    pair.wait(Duration::from_secs(31));
    pair.terminate();
    pair.frames
}

fn refused(pki: &Pki, method: AuthMethod) -> Vec<Vec<u8>> {
    let pair = Pair::dial(&Plan { password: "wrong", ..Plan::good(pki, method) });
    assert_eq!(pair.is_up(), method == AuthMethod::EapTls, "{method}");
    pair.frames
}

fn expired(pki: &Pki) -> Vec<Vec<u8>> {
    let plan = |method| Plan { state: AccountState::PasswordExpired, ..Plan::good(pki, method) };
    [AuthMethod::MsChapV2, AuthMethod::EapMsChapV2].into_iter().flat_map(|m| Pair::dial(&plan(m)).frames).collect()
}

/// The server begins with a method that the client does not allow, in LCP and within EAP.
fn disagreeing(pki: &Pki) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for other in [AuthMethod::Pap, AuthMethod::EapMd5] {
        let server = vec![other, AuthMethod::EapMsChapV2];
        let pair = Pair::dial(&Plan { server, ..Plan::good(pki, AuthMethod::EapMsChapV2) });
        assert!(pair.is_up(), "{other}");
        frames.extend(pair.frames);
    }
    frames
}

/// What a peer makes us say: codes, protocols and options that we do not know, values that we do not take.
fn provoked(pki: &Pki) -> Vec<Vec<u8>> {
    let provocations: &[(u16, u8, &[u8])] = &[
        (LCP, 0x40, &[]),
        (LCP, 9, &[0; 4]),
        (0x8281, 1, &[]),
        (LCP, 1, &[17, 4, 5, 220]),
        (IPCP, 0x40, &[]),
        (IPCP, 1, &[2, 6, 0, 0x2d, 15, 1]),
        (IPCP, 5, &[]),
        (IPV6CP, 0x40, &[]),
        (IPV6CP, 1, &[1, 10, 0, 0, 0, 0, 0, 0, 0, 0]),
        (IPV6CP, 1, &[2, 4, 0, 0x4f]),
        (IPV6CP, 5, &[]),
        (CCP, 0x40, &[]),
        (CCP, 1, &[18, 6, 1, 0, 0, 0x60]),
        (CCP, 1, &[26, 4, 0x78, 0]),
        (CCP, 5, &[]),
        (EAP, 1, &[2, b'h', b'i']),
    ];
    let dial = |(protocol, code, body): &(u16, u8, &[u8])| {
        let mut pair = Pair::dial(&Plan::good(pki, AuthMethod::EapMsChapV2));
        pair.hear(*protocol, *code, body);
        pair.frames
    };
    provocations.iter().flat_map(dial).collect()
}

/// MPPE whose key depends on every packet loses one.
fn with_a_loss(pki: &Pki) -> Vec<Vec<u8>> {
    let mppe = Some(Mppe { mode: MppeMode::Stateful, ..Mppe::default() });
    let mut pair = Pair::dial(&Plan { mppe, ..Plan::good(pki, AuthMethod::MsChapV2) });
    assert!(pair.is_encrypted());
    [true, false, true].into_iter().for_each(|arrives| pair.send(arrives));
    pair.frames
}

/// Both agree on a call.
fn called_back(pki: &Pki) -> Vec<Vec<u8>> {
    let callback = Some(CallbackPolicy { none: true, by_caller: true, ..CallbackPolicy::default() });
    Pair::dial(&Plan { callback, ..Plan::good(pki, AuthMethod::MsChapV2) }).frames
}

/// Segments whose headers are told, and then compressed.
fn compressed(pki: &Pki) -> Vec<Vec<u8>> {
    let mut pair = Pair::dial(&Plan { mppe: None, ..Plan::good(pki, AuthMethod::MsChapV2) });
    let frames: Vec<_> = (0..3).map(|n| pair.send_segment(n)).collect();
    let protocols: Vec<_> = frames.iter().map(|frame| frame[3]).collect();
    assert_eq!(protocols, [0x2f, 0x2d, 0x2d], "uncompressed and compressed TCP (RFC 1332 4)");
    frames
}

fn expected() -> BTreeSet<Kind> {
    let others = SENT.iter().flat_map(|(protocol, codes)| codes.iter().map(|code| (*protocol, *code, 0)));
    let eap = EAP_SENT.into_iter().flat_map(|(code, types)| types.iter().map(move |kind| (EAP, code, *kind)));
    others.chain(eap).chain([(EAP, 3, 0), (EAP, 4, 0)]).collect()
}

/// What a frame is; nothing for data.
fn kind(frame: &[u8]) -> Option<Kind> {
    let [0xff, 3, high, low, code, _, _, _, rest @ ..] = frame else { return None };
    let protocol = u16::from_be_bytes([*high, *low]);
    let of_type = protocol == EAP && matches!(code, 1 | 2);
    (protocol >= 0x8000).then(|| (protocol, *code, rest.first().copied().filter(|_| of_type).unwrap_or(0)))
}

/// [MS-CBCP] 2.1.
const CBCP: u16 = 0xc029;

//! Peers and servers that break the rules: variants of every message, made from true ones.

use crate::common::{Alice, Counter, peer, server};
use rasman_auth::AccountState;
use rasman_auth::eap::{EapPacket, EapType, Peer, Server, ServerStep, Step};
use rasman_core::AuthMethod;

const METHODS: [AuthMethod; 6] = [
    AuthMethod::EapTls,
    AuthMethod::PeapMsChapV2,
    AuthMethod::TtlsMsChapV2,
    AuthMethod::TtlsPap,
    AuthMethod::EapMsChapV2,
    AuthMethod::EapMd5,
];

/// All variants of a packet: cut short at each octet, made longer, each octet changed, its length lied about.
fn variants(packet: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..packet.len()).map(|end| packet[..end].to_vec()).collect();
    for at in 0..packet.len().min(300) {
        for octet in [0, 1, 0x7f, 0x80, 0xff, packet[at] ^ 1, packet[at].wrapping_add(1)] {
            let mut changed = packet.to_vec();
            changed[at] = octet;
            all.push(changed);
        }
    }
    for length in [0_u16, 3, 4, 5, 6, 0xffff] {
        let mut changed = packet.to_vec();
        changed[2..4].copy_from_slice(&length.to_be_bytes());
        all.push(changed);
    }
    let mut long = packet.to_vec();
    long.resize(packet.len() + 60_000, 0xff);
    let length = u16::try_from(long.len()).unwrap();
    long[2..4].copy_from_slice(&length.to_be_bytes());
    all.push(long);
    all
}

/// Gives all packets of an exchange, those of the server first in each pair.
fn script(method: AuthMethod, tls13: bool) -> Vec<Vec<u8>> {
    let (mut peer, mut server) = (peer(&[method], "wonderland", tls13), server(&[method], 1, tls13));
    let accounts = Alice::new(AccountState::Usable);
    let (mut ours, mut theirs) = (Counter(0), Counter(100));
    let mut packets = vec![server.start()];
    loop {
        match peer.input(packets.last().unwrap(), &mut ours) {
            Ok(Step::Send(response)) => packets.push(response),
            _ => return packets,
        }
        match server.input(packets.last().unwrap(), &accounts, &mut theirs) {
            Ok(ServerStep::Send(packet) | ServerStep::Granted { reply: packet, .. }) => packets.push(packet),
            _ => return packets,
        }
    }
}

/// Replays the first packets of a script to an end.
fn replay_to_peer(method: AuthMethod, tls13: bool, packets: &[Vec<u8>]) -> Peer {
    let mut peer = peer(&[method], "wonderland", tls13);
    let mut rng = Counter(0);
    packets.iter().step_by(2).for_each(|packet| drop(peer.input(packet, &mut rng)));
    peer
}

fn replay_to_server(method: AuthMethod, tls13: bool, packets: &[Vec<u8>]) -> Server {
    let mut server = server(&[method], 1, tls13);
    let mut rng = Counter(100);
    let _ = server.start();
    let accounts = Alice::new(AccountState::Usable);
    packets.iter().skip(1).step_by(2).for_each(|packet| drop(server.input(packet, &accounts, &mut rng)));
    server
}

#[test]
fn no_variant_of_a_request_lets_a_peer_in_early_or_breaks_it() {
    let mut tried = 0_u32;
    for method in METHODS {
        for tls13 in [false, true] {
            let script = script(method, tls13);
            let last = script.len() - 1;
            for at in (0..script.len()).step_by(2) {
                for variant in variants(&script[at]) {
                    let mut peer = replay_to_peer(method, tls13, &script[..at]);
                    tried += 1;
                    let granted = matches!(peer.input(&variant, &mut Counter(0)), Ok(Step::Granted { .. }));
                    let may = at == last || peer.accepted_otherwise().is_some();
                    assert!(!granted || may, "{method}: {variant:02x?}");
                }
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn no_variant_of_a_response_lets_anybody_in_but_alice_or_breaks_a_server() {
    let mut tried = 0_u32;
    let accounts = Alice::new(AccountState::Usable);
    for method in METHODS {
        for tls13 in [false, true] {
            let script = script(method, tls13);
            for at in (1..script.len()).step_by(2) {
                for variant in variants(&script[at]) {
                    let mut server = replay_to_server(method, tls13, &script[..at]);
                    tried += 1;
                    if let Ok(ServerStep::Granted { token, .. }) = server.input(&variant, &accounts, &mut Counter(100))
                    {
                        let last = at + 2 >= script.len();
                        assert!(last && token.user() == "alice", "{method}");
                    }
                }
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn a_server_that_never_ends_is_left() {
    let requests = [
        (EapType::IDENTITY, vec![]),
        (EapType::NOTIFICATION, b"still there?".to_vec()),
        (EapType(99), vec![1]),
        (EapType::MD5, [&[16][..], &[7; 16]].concat()),
        (EapType::PEAP, vec![0x40, 1]),
    ];
    for (kind, data) in requests {
        let mut peer = peer(&METHODS, "wonderland", true);
        let start = EapPacket::Request { id: 0, kind: EapType::PEAP, data: &[0x20] }.emit();
        if kind == EapType::PEAP {
            let _ = peer.input(&start, &mut Counter(0));
        }
        let failed = (0..100_000_u32).find(|round| {
            // The same request twice in a row is a repetition.
            let request = EapPacket::Request { id: *round as u8, kind, data: &data }.emit();
            matches!(peer.input(&request, &mut Counter(0)), Ok(Step::Failed { .. }))
        });
        assert!(failed.is_some_and(|round| round <= 300), "{kind}: {failed:?}");
    }
}

#[test]
fn a_peer_that_never_ends_is_refused() {
    let mut server = server(&[AuthMethod::EapMsChapV2], u32::MAX, true);
    let accounts = Alice::new(AccountState::Usable);
    let mut request = server.start();
    let identity = EapPacket::Response { id: request[1], kind: EapType::IDENTITY, data: b"mallory" }.emit();
    let Ok(ServerStep::Send(challenge)) = server.input(&identity, &accounts, &mut Counter(0)) else { panic!() };
    request = challenge;
    let refused = (0..100_000_u32).find(|round| {
        let mut data = vec![2, *round as u8, 0, 58, 49];
        data.resize(54, *round as u8);
        data.extend_from_slice(b"mall");
        let response = EapPacket::Response { id: request[1], kind: EapType::MS_CHAP_V2, data: &data }.emit();
        match server.input(&response, &accounts, &mut Counter(0)) {
            Ok(ServerStep::Send(next)) => request = next,
            Ok(ServerStep::Refused { .. }) => return true,
            _ => {}
        }
        false
    });
    assert!(refused.is_some_and(|round| round <= 300), "{refused:?}");
}

#[test]
fn a_peer_keeps_little_of_what_it_is_sent() {
    // 250 requests of 64 KiB each: a message of TLS is all that may stay.
    let mut peer = peer(&[AuthMethod::PeapMsChapV2], "wonderland", true);
    let start = EapPacket::Request { id: 0, kind: EapType::PEAP, data: &[0x20] }.emit();
    assert!(peer.input(&start, &mut Counter(0)).is_ok());
    let mut data = vec![0x40];
    data.resize(60_000, 7);
    let accepted = (1..=250_u8)
        .filter(|id| {
            let request = EapPacket::Request { id: *id, kind: EapType::PEAP, data: &data }.emit();
            peer.input(&request, &mut Counter(0)).is_ok()
        })
        .count();
    assert_eq!(accepted, 1);
}

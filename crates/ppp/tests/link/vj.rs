//! Compression of TCP headers (RFC 1144): what is agreed by IPCP, and what flows then.

use crate::common::*;
use rasman_core::{Batch, HeaderCompression, Input, Instant, Layer};
use rasman_ppp::{ClientConfig, Mppe, Ppp, ServerConfig};
use rasman_testkit::{Pair, Weather};

/// A projected pair whose ends compress or do not.
fn pair(ours: bool, theirs: bool, mppe: Option<Mppe>) -> Pair<Ppp, Ppp> {
    let ours = ClientConfig { header_compression: ours, mppe: mppe.clone(), ..ClientConfig::default() };
    let theirs = ServerConfig { header_compression: theirs, mppe, ..server_config() };
    let mut pair = Pair::datagrams(client(ours, 1), server(theirs, 2), Weather::default(), 1);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    for _ in 0..200 {
        let now = pair.now();
        open_gates(&mut pair.a, now);
        if pair.a.layer.projection().is_some() && pair.b.layer.projection().is_some() {
            break;
        }
        assert!(pair.step());
    }
    pair
}

fn agreed(pair: &Pair<Ppp, Ppp>) -> [HeaderCompression; 2] {
    [&pair.a, &pair.b].map(|side| side.layer.projection().unwrap().header_compression)
}

/// The `n`-th segment of a transfer of 100 octets each.
fn segment(n: u32) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 140, 0, n as u8, 0x40, 0, 64, 6, 0, 0, 10, 66, 0, 2, 10, 66, 0, 1];
    let sum: u32 = packet.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
    packet[10..12].copy_from_slice(&(!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes());
    packet.extend([0x03, 0xe8, 0, 80]);
    packet.extend((n * 100).to_be_bytes());
    packet.extend([0, 0, 0, 1, 0x50, 0x10, 0x20, 0, 0xab, n as u8, 0, 0]);
    packet.extend([n as u8; 100]);
    packet
}

/// What one end sends for a packet, without the way.
fn frame(side: &mut Ppp, packet: &[u8]) -> Vec<u8> {
    let mut out = Batch::new();
    side.encap(Instant::ZERO, &packet[..3], &packet[3..], &mut out).unwrap();
    out.as_bytes().to_vec()
}

#[test]
fn where_both_want_it_segments_shrink_and_arrive_as_they_were() {
    let mut pair = pair(true, true, None);
    assert_eq!(agreed(&pair), [HeaderCompression { sent: true, received: true }; 2]);
    assert_eq!(pair.a.layer.clear_header(0x45, 140), Ok(None), "headers are looked at");
    assert!(matches!(pair.a.layer.clear_header(0x60, 140), Err(_) | Ok(Some(_))));
    for n in 0..5 {
        let mut frame = frame(&mut pair.a.layer, &segment(n));
        let (protocol, length) = if n == 0 { (0x2f, 4 + 140) } else { (0x2d, 4 + 103) };
        assert_eq!((&frame[..4], frame.len()), (&[0xff, 3, 0, protocol][..], length));
        match pair.b.layer.handle_input(Instant::ZERO, &mut frame) {
            Input::Payload { range, .. } if n == 0 => assert_eq!(frame[range], segment(0)),
            Input::Rebuilt { used } if n > 0 => {
                assert_eq!((used, pair.b.layer.rebuilt().to_vec()), (length, segment(n)));
            }
            other => panic!("{other:?}"),
        }
    }
    // What is no TCP goes as it is.
    let mut udp = segment(9);
    udp[9] = 17;
    assert_eq!(frame(&mut pair.a.layer, &udp), [&[0xff, 3, 0, 0x21][..], &udp].concat());
}

#[test]
fn a_frame_that_was_lost_costs_those_that_rest_on_it() {
    let mut pair = pair(true, true, None);
    let take = |n: u32, pair: &mut Pair<Ppp, Ppp>| {
        let mut frame = frame(&mut pair.a.layer, &segment(n));
        pair.b.layer.handle_input(Instant::ZERO, &mut frame)
    };
    assert!(matches!(take(0, &mut pair), Input::Payload { .. }));
    assert!(matches!(take(1, &mut pair), Input::Rebuilt { .. }));
    pair.b.layer.frame_lost();
    assert!(matches!(take(2, &mut pair), Input::Dropped { .. }));
    // A repetition is sent whole, and from it on all is well.
    assert!(matches!(take(2, &mut pair), Input::Payload { .. }));
    assert!(matches!(take(3, &mut pair), Input::Rebuilt { .. }));
}

#[test]
fn where_one_end_or_mppe_is_against_it_nothing_is_compressed() {
    for (ours, theirs, mppe) in [(true, false, None), (false, true, None), (true, true, Some(Mppe::default()))] {
        let mut pair = pair(ours, theirs, mppe);
        assert_eq!(agreed(&pair), [HeaderCompression::default(); 2]);
        let frame = frame(&mut pair.a.layer, &segment(1));
        assert!(matches!(frame[3], 0x21 | 0xfd), "{frame:?}");
    }
}

#[test]
fn compressed_segments_that_nobody_agreed_on_are_rejected() {
    for protocol in [0x2d, 0x2f] {
        let mut pair = pair(false, false, None);
        let mut out = Batch::new();
        let mut frame = [&[0xff, 3, 0, protocol][..], &segment(1)].concat();
        assert!(matches!(pair.b.layer.handle_input(Instant::ZERO, &mut frame), Input::Dropped { .. }));
        assert!(pair.b.layer.poll_transmit(Instant::ZERO, &mut out));
        // LCP Protocol-Reject (RFC 1661 5.7).
        assert_eq!(out.as_bytes()[..5], [0xff, 3, 0xc0, 0x21, 8]);
        assert_eq!(out.as_bytes()[8..10], [0, protocol]);
    }
}

#[test]
fn what_is_undone_is_no_longer_than_a_packet_may_be() {
    let mut pair = pair(true, true, None);
    let mut first = frame(&mut pair.a.layer, &segment(0));
    assert!(matches!(pair.b.layer.handle_input(Instant::ZERO, &mut first), Input::Payload { .. }));
    let mut short = frame(&mut pair.a.layer, &segment(1));
    short.resize(4 + 3 + 1460, 1);
    assert!(matches!(pair.b.layer.handle_input(Instant::ZERO, &mut short.clone()), Input::Rebuilt { .. }));
    short.push(1);
    assert!(matches!(pair.b.layer.handle_input(Instant::ZERO, &mut short.clone()), Input::Dropped { .. }));
    short.resize(65_536, 1);
    assert!(matches!(pair.b.layer.handle_input(Instant::ZERO, &mut short), Input::Dropped { .. }));
}

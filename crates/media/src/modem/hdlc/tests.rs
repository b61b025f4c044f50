use super::*;
use proptest::prelude::*;
use rasman_core::{Batch, DropReason, Input};

/// RFC 1662 as it reads, an octet at a time.
mod reference {
    use super::super::{ESCAPE, FLAG, maps};

    pub(super) fn fcs16(octets: &[u8]) -> u16 {
        let step = |fcs: u16, octet: &u8| {
            (0..8).fold(fcs ^ u16::from(*octet), |fcs, _| if fcs & 1 != 0 { fcs >> 1 ^ 0x8408 } else { fcs >> 1 })
        };
        octets.iter().fold(0xffff, step)
    }

    pub(super) fn encode(frame: &[u8], accm: u32) -> Vec<u8> {
        let fcs = !fcs16(frame);
        let mut line = vec![FLAG];
        for octet in frame.iter().copied().chain(fcs.to_le_bytes()) {
            if octet == FLAG || octet == ESCAPE || maps(accm, octet) {
                line.extend([ESCAPE, octet ^ 0x20]);
            } else {
                line.push(octet);
            }
        }
        line.push(FLAG);
        line
    }

    /// RFC 1662 C.2: PPPGOODFCS16 is 0xf0b8.
    pub(super) fn decode(line: &[u8], accm: u32) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let (mut frame, mut escaped) = (Vec::new(), false);
        for octet in line {
            match *octet {
                FLAG => {
                    if !escaped && frame.len() >= 4 && fcs16(&frame) == 0xf0b8 {
                        frame.truncate(frame.len() - 2);
                        frames.push(frame.clone());
                    }
                    frame.clear();
                    escaped = false;
                }
                ESCAPE => escaped = true,
                octet if maps(accm, octet) => {}
                octet => {
                    frame.push(if escaped { octet ^ 0x20 } else { octet });
                    escaped = false;
                }
            }
        }
        frames
    }
}

/// What a driver gets that hands `line` over in pieces of `piece` octets, and what was dropped.
fn received(decoder: &mut Decoder, line: &[u8], piece: usize) -> (Vec<Vec<u8>>, usize) {
    let (mut frames, mut dropped) = (Vec::new(), 0);
    let mut waiting = Vec::new();
    for piece in line.chunks(piece) {
        waiting.extend_from_slice(piece);
        loop {
            let used = match decoder.decode(&mut waiting) {
                Input::Payload { range, used } => {
                    frames.push(waiting[range].to_vec());
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } => used,
                Input::Dropped { used, .. } => {
                    dropped += 1;
                    used
                }
                Input::NeedMore => break,
            };
            assert!(used > 0, "what is done takes something");
            waiting.drain(..used);
        }
        assert!(waiting.len() <= LINE_FRAME_MAX + piece.len(), "{}", waiting.len());
    }
    (frames, dropped)
}

fn encoded(encoder: &Encoder, frames: &[&[u8]]) -> Vec<u8> {
    let mut out = Batch::new();
    for frame in frames {
        let (header, payload) = frame.split_at(frame.len().min(4));
        encoder.encode(header, payload, &mut out);
    }
    out.as_bytes().to_vec()
}

#[test]
fn rfc_1662_c_check_values() {
    assert_eq!(Fcs::Fcs16.over(b"", b"123456789")[..2], 0x906e_u16.to_le_bytes());
    assert_eq!(Fcs::Fcs16.over(b"1234", b"56789")[..2], 0x906e_u16.to_le_bytes());
    assert_eq!(Fcs::Fcs32.over(b"1234", b"56789")[..4], 0xcbf4_3926_u32.to_le_bytes());
    assert!(Fcs::Fcs16.is_good(b"123456789\x6e\x90") && !Fcs::Fcs16.is_good(b"123456789\x6e\x91"));
    assert!(Fcs::Fcs32.is_good(b"123456789\x26\x39\xf4\xcb") && !Fcs::Fcs32.is_good(b"\x26"));
}

#[test]
fn rfc_1662_4_2_escapes() {
    let mut out = Batch::new();
    Encoder::default().encode(&[0xff, 0x03], &[0x7e, 0x7d, 0x11, 0x41], &mut out);
    assert_eq!(out.as_bytes()[..10], [0x7e, 0xff, 0x7d, 0x23, 0x7d, 0x5e, 0x7d, 0x5d, 0x7d, 0x31]);
    // The map names octets of the sender's direction alone; flag and escape are always escaped.
    let mut out = Batch::new();
    Encoder::new(Fcs::Fcs16, 1 << 0x11).encode(&[0xff, 0x03], &[0x7e, 0x7d, 0x11, 0x13], &mut out);
    assert_eq!(out.as_bytes()[..10], [0x7e, 0xff, 0x03, 0x7d, 0x5e, 0x7d, 0x5d, 0x7d, 0x31, 0x13]);
}

#[test]
fn frames_may_share_a_flag_and_flags_may_fill_the_line() {
    let encoder = Encoder::default();
    let one = encoded(&encoder, &[b"\xff\x03\xc0\x21one"]);
    let two = encoded(&encoder, &[b"\xff\x03\xc0\x21two"]);
    let shared = [&one[..one.len() - 1], &two[..]].concat();
    let idle = [&[0x7e; 500][..], &one, &[0x7e; 500], &two, &[0x7e; 500]].concat();
    for line in [shared, idle] {
        for piece in [1, 2, 3, 7, line.len()] {
            let (frames, dropped) = received(&mut Decoder::default(), &line, piece);
            assert_eq!(frames, [b"\xff\x03\xc0\x21one", b"\xff\x03\xc0\x21two"]);
            assert_eq!(dropped, 0);
        }
    }
}

#[test]
fn an_abort_costs_its_frame_alone() {
    let good = encoded(&Encoder::default(), &[b"\xff\x03\xc0\x21good"]);
    let line = [&good[..good.len() - 4], &[0x7d, 0x7e], &good[..]].concat();
    let mut decoder = Decoder::default();
    assert_eq!(received(&mut decoder, &line, 5), (vec![b"\xff\x03\xc0\x21good".to_vec()], 1));
    assert_eq!(decoder.counters(), Counters { framing: 1, ..Counters::default() });
}

#[test]
fn noise_is_dropped_and_the_next_flag_begins_anew() {
    let good = encoded(&Encoder::default(), &[b"\xff\x03\xc0\x21good"]);
    let line = [b"CONNECT 33600/ARQ\r\nlogin: ", &good[..], b"}", &good[..], b"x~~}~", &good[..]].concat();
    for piece in [1, 4, line.len()] {
        let mut decoder = Decoder::default();
        let (frames, dropped) = received(&mut decoder, &line, piece);
        assert_eq!((frames.len(), dropped), (3, 4));
        assert_eq!(decoder.counters(), Counters { checksum: 1, framing: 3, too_long: 0 });
    }
}

#[test]
fn a_frame_without_end_is_thrown_away_once_and_costs_nothing_more() {
    let good = encoded(&Encoder::default(), &[b"\xff\x03\xc0\x21good"]);
    let line = [&good[..], &[b'x'; 10 * LINE_FRAME_MAX], &good[..], &good[..]].concat();
    for piece in [1500, 4096] {
        let mut decoder = Decoder::default();
        let (frames, dropped) = received(&mut decoder, &line, piece);
        assert_eq!((frames.len(), dropped), (3, 1));
        assert_eq!(decoder.counters(), Counters { too_long: 1, ..Counters::default() });
    }
    // What is as long as a frame may be is one.
    let longest = vec![0x7e; FRAME_MAX];
    let line = encoded(&Encoder::default(), &[&longest]);
    assert_eq!(received(&mut Decoder::default(), &line, 999).0, [longest]);
}

#[test]
fn every_nth_frame_with_a_wrong_checksum_is_missing_and_counted() {
    let encoder = Encoder::new(Fcs::Fcs16, 0);
    let mut line = Vec::new();
    for number in 0..100_u8 {
        let mut one = encoded(&encoder, &[&[0xff, 0x03, 0, 0x21, number, 1, 2, 3]]);
        if number % 10 == 9 {
            let at = one.len() - 4;
            one[at] ^= 0x40;
        }
        line.extend(one);
    }
    let mut decoder = Decoder::new(Fcs::Fcs16, 0);
    let (frames, dropped) = received(&mut decoder, &line, 11);
    assert_eq!((frames.len(), dropped, decoder.counters().checksum), (90, 10, 10));
}

#[test]
fn what_the_line_inserts_is_removed_where_the_map_names_it() {
    let encoder = Encoder::default();
    let good = encoded(&encoder, &[b"\xff\x03\xc0\x21good"]);
    // XON and XOFF between any two octets, even behind an escape (RFC 1662 7.1).
    let with: Vec<u8> = good.iter().flat_map(|octet| [*octet, 0x11, 0x13]).collect();
    assert_eq!(received(&mut Decoder::new(Fcs::Fcs16, 0x000a_0000), &with, 6).0, [b"\xff\x03\xc0\x21good"]);
    assert_eq!(received(&mut Decoder::new(Fcs::Fcs16, 0), &with, 6).0, [[0_u8; 0]; 0]);
}

#[test]
fn an_input_that_needs_more_is_offered_again_with_more_behind() {
    let mut decoder = Decoder::new(Fcs::Fcs16, 0);
    assert_eq!(decoder.decode(&mut []), Input::NeedMore);
    assert_eq!(decoder.decode(&mut [1, 2, 3]), Input::NeedMore);
    let short = Input::Dropped { used: 4, reason: DropReason::Malformed("an HDLC frame that is too short") };
    assert_eq!(decoder.decode(&mut [1, 2, 3, 0x7e, 9]), short);
    assert_eq!(decoder.decode(&mut [9]), Input::NeedMore);
}

proptest! {
    #[test]
    fn what_is_encoded_is_as_the_rfc_reads_and_comes_back(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 2..200), 1..8),
        accm in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
        piece in 1_usize..400,
    ) {
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let line = encoded(&Encoder::new(Fcs::Fcs16, accm), &frames);
        prop_assert_eq!(&line, &frames.iter().flat_map(|frame| reference::encode(frame, accm)).collect::<Vec<_>>());
        let (back, dropped) = received(&mut Decoder::new(Fcs::Fcs16, accm), &line, piece);
        prop_assert_eq!((back, dropped), (frames.iter().map(|frame| frame.to_vec()).collect(), 0));
        let line = encoded(&Encoder::new(Fcs::Fcs32, accm), &frames);
        prop_assert_eq!(received(&mut Decoder::new(Fcs::Fcs32, accm), &line, piece).0, frames);
    }

    #[test]
    fn any_line_is_read_as_the_rfc_reads(
        line in prop::collection::vec(prop_oneof![Just(0x7e_u8), Just(0x7d), any::<u8>()], 0..600),
        good in prop::collection::vec(any::<u8>(), 2..40),
        at in any::<prop::sample::Index>(),
        accm in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
        piece in 1_usize..100,
    ) {
        let mut line = line;
        // Two escapes in a row are one error for the one and another for the other.
        line.dedup_by(|b, a| *a == 0x7d && *b == 0x7d);
        let at = at.index(line.len() + 1);
        line.splice(at..at, [&[0x7e][..], &reference::encode(&good, accm)].concat());
        prop_assert_eq!(received(&mut Decoder::new(Fcs::Fcs16, accm), &line, piece).0, reference::decode(&line, accm));
    }
}

//! Asynchronous HDLC: ours over an implementation that takes an octet at a time, in the same run.

use super::Results;
use rasman_core::{Batch, Input};
use rasman_media::modem::hdlc::{Decoder, Encoder, Fcs};
use std::hint::black_box;
use std::time::Instant;

/// Measures both directions, with nothing escaped that need not be, and with every control character.
pub(crate) fn measure(results: &mut Results) {
    let table = fcs_table();
    for (accm, keys) in [(0, KEYS), (u32::MAX, KEYS_ALL_ESCAPED)] {
        let frames = frames();
        let encoder = Encoder::new(Fcs::Fcs16, accm);
        let line = encode(&encoder, &frames);
        assert_eq!(line, by_octet_encode(&table, accm, &frames), "both write the same octets");
        let mut samples: [Vec<f64>; 6] = Default::default();
        for _ in 0..ROUNDS {
            // One after the other, so that both meet the same machine.
            let encoded = (
                gigabytes(|| encode(&encoder, &frames).len()),
                gigabytes(|| by_octet_encode(&table, accm, &frames).len()),
            );
            let decoded = (gigabytes(|| decode(accm, &line)), gigabytes(|| by_octet_decode(&table, accm, &line)));
            for (list, sample) in samples.iter_mut().zip([
                encoded.0,
                encoded.0 / encoded.1,
                decoded.0,
                decoded.0 / decoded.1,
                encoded.1,
                decoded.1,
            ]) {
                list.push(sample);
            }
        }
        for (key, list) in keys.iter().zip(&mut samples) {
            results.add(key, 0.5, list);
        }
    }
}

const KEYS: [&str; 4] = ["hdlc_encode_gb_s", "hdlc_encode_ratio", "hdlc_decode_gb_s", "hdlc_decode_ratio"];
const KEYS_ALL_ESCAPED: [&str; 4] = [
    "hdlc_encode_accm_all_gb_s",
    "hdlc_encode_accm_all_ratio",
    "hdlc_decode_accm_all_gb_s",
    "hdlc_decode_accm_all_ratio",
];
const ROUNDS: usize = 15;
const FRAMES: usize = 4_000;
const FRAME: usize = 1_500;
const HEADER: [u8; 4] = [0xff, 0x03, 0x00, 0x21];

/// Random packets of the usual size.
fn frames() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut octet = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..FRAMES).map(|_| (0..FRAME).map(|_| octet()).collect()).collect()
}

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn gigabytes(work: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    black_box(work());
    (FRAMES * FRAME) as f64 / 1e9 / start.elapsed().as_secs_f64()
}

fn encode(encoder: &Encoder, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Batch::with_capacity(FRAMES * FRAME * 2);
    frames.iter().for_each(|frame| encoder.encode(&HEADER, frame, &mut out));
    out.as_bytes().to_vec()
}

/// As a port does: 64 KiB at a time, the rest of a frame moved to the front.
fn decode(accm: u32, line: &[u8]) -> usize {
    let mut decoder = Decoder::new(Fcs::Fcs16, accm);
    let (mut waiting, mut taken, mut octets) = (Vec::new(), 0, 0);
    for piece in line.chunks(64 << 10) {
        waiting.drain(..taken);
        waiting.extend_from_slice(piece);
        taken = 0;
        while taken < waiting.len() {
            taken += match decoder.decode(&mut waiting[taken..]) {
                Input::Payload { range, used } => {
                    octets += range.len();
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
        }
    }
    assert_eq!(octets, FRAMES * (FRAME + HEADER.len()));
    octets
}

/// RFC 1662 C.2: the table of FCS-16.
fn fcs_table() -> [u16; 256] {
    let entry = |octet: u16| (0..8).fold(octet, |fcs, _| if fcs & 1 != 0 { fcs >> 1 ^ 0x8408 } else { fcs >> 1 });
    std::array::from_fn(|octet| entry(u16::try_from(octet).unwrap_or(0)))
}

fn step(table: &[u16; 256], fcs: u16, octet: u8) -> u16 {
    fcs >> 8 ^ table[usize::from(fcs.to_le_bytes()[0] ^ octet)]
}

fn is_escaped(accm: u32, octet: u8) -> bool {
    octet == 0x7e || octet == 0x7d || (octet < 32 && accm >> octet & 1 != 0)
}

/// RFC 1662 as it reads: look at an octet, add it to the checksum, write it.
fn by_octet_encode(table: &[u16; 256], accm: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::with_capacity(FRAMES * FRAME * 2);
    let put = |line: &mut Vec<u8>, octet: u8| {
        if is_escaped(accm, octet) {
            line.push(0x7d);
            line.push(octet ^ 0x20);
        } else {
            line.push(octet);
        }
    };
    for frame in frames {
        let mut fcs = 0xffff;
        line.push(0x7e);
        for octet in HEADER.iter().chain(frame) {
            fcs = step(table, fcs, *octet);
            put(&mut line, *octet);
        }
        (!fcs).to_le_bytes().into_iter().for_each(|octet| put(&mut line, octet));
        line.push(0x7e);
    }
    line
}

fn by_octet_decode(table: &[u16; 256], accm: u32, line: &[u8]) -> usize {
    let mut frame = Vec::with_capacity(FRAME * 2);
    let (mut fcs, mut complement, mut octets) = (0xffff, 0, 0);
    for octet in line {
        match *octet {
            0x7e => {
                if frame.len() >= 4 && fcs == 0xf0b8 {
                    octets += black_box(&frame[..frame.len() - 2]).len();
                }
                frame.clear();
                (fcs, complement) = (0xffff, 0);
            }
            0x7d => complement = 0x20,
            octet if octet < 32 && accm >> octet & 1 != 0 => {}
            octet => {
                let octet = octet ^ complement;
                complement = 0;
                fcs = step(table, fcs, octet);
                frame.push(octet);
            }
        }
    }
    assert_eq!(octets, FRAMES * (FRAME + HEADER.len()));
    octets
}

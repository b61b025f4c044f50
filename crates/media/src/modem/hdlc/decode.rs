//! Frames as they come from the line.

use super::{ACCM_DEFAULT, COMPLEMENT, ESCAPE, FLAG, Fcs, LINE_FRAME_MAX, is_negotiating, maps};
use memchr::memchr;
use rasman_core::{DropReason, Input};

/// Finds frames in what a line brings.
///
/// Octets are offered again with more behind them after [`Input::NeedMore`], which never leaves more than
/// [`LINE_FRAME_MAX`] of them. Noise costs the frame that it hits: the next flag begins a new one (RFC 1662 4.3).
#[derive(Clone, Debug)]
pub struct Decoder {
    fcs: Fcs,
    accm: u32,
    /// A frame was too long: everything up to the next flag belongs to it.
    hunting: bool,
    /// So many octets at the front were searched in vain for a flag the last time.
    searched: usize,
    counters: Counters,
}

/// What a line did to the frames on it, as RAS_STATS counts it.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Frames with a wrong checksum, noise between frames included (dwCrcErr).
    pub checksum: u64,
    /// Frames that were too short to have one, or ended in an escape (dwFramingErr).
    pub framing: u64,
    /// Frames that were too long (dwAlignmentErr has no meaning on such a line; dwFramingErr in a sum).
    pub too_long: u64,
}

impl Default for Decoder {
    /// FCS-16; control characters that the sender would have escaped are removed (RFC 1662 7.1).
    fn default() -> Self {
        Self::new(Fcs::Fcs16, ACCM_DEFAULT)
    }
}

impl Decoder {
    /// Makes a decoder that removes what `accm` names: the sender escapes these, so whatever stands on the line
    /// unescaped was put there on the way.
    #[must_use]
    pub fn new(fcs: Fcs, accm: u32) -> Self {
        Self { fcs, accm, hunting: false, searched: 0, counters: Counters::default() }
    }

    /// Changes checksum and map for the frames to come.
    pub fn set(&mut self, fcs: Fcs, accm: u32) {
        self.fcs = fcs;
        self.accm = accm;
    }

    /// Tells what the line did so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes the front of `input`; a payload is a frame without flags, escapes and checksum.
    pub fn decode(&mut self, input: &mut [u8]) -> Input {
        let first = input.iter().position(|octet| *octet != FLAG).unwrap_or(input.len());
        if first > 0 {
            (self.hunting, self.searched) = (false, 0);
        }
        if first == input.len() {
            return if first == 0 { Input::NeedMore } else { Input::Consumed { used: first } };
        }
        let from = first.max(self.searched.min(input.len()));
        let Some(end) = memchr(FLAG, &input[from..]).map(|at| from + at) else {
            return self.without_end(first, input.len());
        };
        self.searched = 0;
        let used = end + 1;
        if core::mem::take(&mut self.hunting) {
            return Input::Consumed { used };
        }
        self.frame(&mut input[..end], first, used)
    }

    /// The frame has no end yet.
    fn without_end(&mut self, first: usize, len: usize) -> Input {
        if self.hunting {
            self.searched = 0;
            return Input::Consumed { used: len };
        }
        if len - first > LINE_FRAME_MAX {
            (self.hunting, self.searched) = (true, 0);
            self.counters.too_long += 1;
            return Input::Dropped { used: len, reason: DropReason::TooLarge };
        }
        if first > 0 {
            // The flags are done with, so that a line that idles in flags holds nothing back.
            return Input::Consumed { used: first };
        }
        self.searched = len;
        Input::NeedMore
    }

    /// Takes a whole frame that stands from `first` to the end of `line`.
    fn frame(&mut self, line: &mut [u8], first: usize, used: usize) -> Input {
        // RFC 1662 4.3: an escape before the closing flag aborts the frame.
        if line.ends_with(&[ESCAPE]) {
            self.counters.framing += 1;
            return Input::Dropped { used, reason: DropReason::Malformed("an HDLC frame that was aborted") };
        }
        let len = self.unescape(&mut line[first..]);
        let frame = &line[first..first + len];
        // RFC 1662 4.3: frames of fewer than four octets (with FCS-16) are invalid.
        if len < self.fcs.octets() + 2 {
            self.counters.framing += 1;
            return Input::Dropped { used, reason: DropReason::Malformed("an HDLC frame that is too short") };
        }
        let Some(fcs) = self.good_sequence(frame) else {
            self.counters.checksum += 1;
            return Input::Dropped { used, reason: DropReason::Malformed("an HDLC frame with a wrong checksum") };
        };
        Input::Payload { range: first..first + len - fcs.octets(), used }
    }

    /// Tells which sequence ends a frame. RFC 1570 2.1.1: LCP may negotiate again at any time, and does that with 16 bits.
    fn good_sequence(&self, frame: &[u8]) -> Option<Fcs> {
        if self.fcs.is_good(frame) {
            return Some(self.fcs);
        }
        (self.fcs == Fcs::Fcs32 && is_negotiating(frame) && Fcs::Fcs16.is_good(frame)).then_some(Fcs::Fcs16)
    }

    /// Removes escapes and what was inserted on the way; gives the length of what is left at the front.
    fn unescape(&self, octets: &mut [u8]) -> usize {
        match memchr(ESCAPE, octets) {
            None if self.accm == 0 => octets.len(),
            Some(first) if self.accm == 0 => unescape_runs(octets, first),
            _ => unescape_each(octets, self.accm),
        }
    }
}

/// Moves the runs between escapes together; the first escape stands at `first`, and none ends the frame.
fn unescape_runs(octets: &mut [u8], first: usize) -> usize {
    let (mut to, mut escape) = (first, first);
    loop {
        octets[to] = octets[escape + 1] ^ COMPLEMENT;
        to += 1;
        let from = escape + 2;
        let Some(next) = memchr(ESCAPE, &octets[from..]) else {
            octets.copy_within(from.., to);
            return to + octets.len() - from;
        };
        octets.copy_within(from..from + next, to);
        to += next;
        escape = from + next;
    }
}

fn unescape_each(octets: &mut [u8], accm: u32) -> usize {
    let (mut to, mut complement) = (0, 0);
    for at in 0..octets.len() {
        let octet = octets[at];
        if octet == ESCAPE {
            complement = COMPLEMENT;
        } else if !maps(accm, octet) {
            octets[to] = octet ^ complement;
            to += 1;
            complement = 0;
        }
    }
    to
}

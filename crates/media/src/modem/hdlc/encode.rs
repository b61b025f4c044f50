//! Frames on their way to the line.

use super::{ACCM_DEFAULT, COMPLEMENT, ESCAPE, FLAG, Fcs, maps};
use memchr::memchr2_iter;
use rasman_core::{Batch, Frame};

/// Writes frames as a line needs them.
#[derive(Clone, Debug)]
pub struct Encoder {
    fcs: Fcs,
    accm: u32,
    /// Whether an octet has to be escaped.
    escapes: [bool; 256],
}

impl Default for Encoder {
    /// FCS-16, all control characters escaped (RFC 1662 7.1).
    fn default() -> Self {
        Self::new(Fcs::Fcs16, ACCM_DEFAULT)
    }
}

impl Encoder {
    /// Makes an encoder that escapes what `accm` names, a bit for each control character, besides flag and escape.
    #[must_use]
    pub fn new(fcs: Fcs, accm: u32) -> Self {
        let mut escapes = [false; 256];
        for (octet, escape) in (0..=255).zip(&mut escapes) {
            *escape = octet == FLAG || octet == ESCAPE || maps(accm, octet);
        }
        Self { fcs, accm, escapes }
    }

    /// Appends the frame `header` followed by `payload`, with flags on both sides.
    ///
    /// The opening flag ends whatever noise the line has made since the last frame (RFC 1662 4.1).
    pub fn encode(&self, header: &[u8], payload: &[u8], out: &mut Batch) {
        let sequence = self.fcs.over(header, payload);
        let mut frame = out.frame();
        frame.u8(FLAG);
        self.octets(header, &mut frame);
        self.octets(payload, &mut frame);
        self.octets(&sequence[..self.fcs.octets()], &mut frame);
        frame.u8(FLAG);
        frame.finish();
    }

    fn octets(&self, octets: &[u8], frame: &mut Frame<'_>) {
        if self.accm == 0 && octets.len() > SHORT {
            self.runs(octets, frame);
        } else {
            octets.chunks(CHUNK).for_each(|chunk| self.chunk(chunk, frame));
        }
    }

    /// Copies the runs between octets that have to be escaped.
    fn runs(&self, octets: &[u8], frame: &mut Frame<'_>) {
        let mut from = 0;
        for at in memchr2_iter(FLAG, ESCAPE, octets) {
            frame.slice(&octets[from..at]);
            frame.slice(&[ESCAPE, octets[at] ^ COMPLEMENT]);
            from = at + 1;
        }
        frame.slice(&octets[from..]);
    }

    /// Looks every octet up, without a branch an octet: where many are escaped, none could be foretold.
    fn chunk(&self, octets: &[u8], frame: &mut Frame<'_>) {
        let mut written = [0; 2 * CHUNK];
        let mut len = 0;
        for octet in octets {
            let escape = self.escapes[usize::from(*octet)];
            written[len] = ESCAPE;
            len += usize::from(escape);
            written[len] = octet ^ (u8::from(escape) * COMPLEMENT);
            len += 1;
        }
        frame.slice(&written[..len]);
    }
}

/// So many octets are looked up before they are copied out.
const CHUNK: usize = 64;
/// Up to here a search for escapes costs more than it saves.
const SHORT: usize = 16;

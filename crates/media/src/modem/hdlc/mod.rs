//! Asynchronous HDLC-like framing (RFC 1662): frames between flags on a line that carries octets.
//!
//! ```text
//! | 7E | frame, FCS; 7D and 7E and what the map names as 7D, octet ^ 20 | 7E | next frame ...
//! ```
//!
//! Frames are opaque here. [`Encoder`] writes them, [`Decoder`] finds them in place; both copy runs of octets between
//! two escapes and compute the checksum over whole frames, so that a random octet costs a fraction of a nanosecond.

mod decode;
mod encode;
mod fcs;
#[cfg(test)]
mod tests;

pub use decode::{Counters, Decoder};
pub use encode::Encoder;
pub use fcs::Fcs;

/// RFC 1662 7.1: which control characters have to be escaped before anything was negotiated: all.
pub const ACCM_DEFAULT: u32 = u32::MAX;

/// The most octets of a frame as it stands on the line, escapes and checksum included. A frame that has more, or never
/// ends, is thrown away up to the next flag.
pub const LINE_FRAME_MAX: usize = 2 * (FRAME_MAX + 4);

/// The most octets of a frame: the largest information field that can be configured, and its header.
pub const FRAME_MAX: usize = 4096 + 4;

/// RFC 1662 3.1: begins and ends every frame.
pub(super) const FLAG: u8 = 0x7e;
/// RFC 1662 4.2: the next octet is complemented in its sixth bit.
const ESCAPE: u8 = 0x7d;
/// That bit.
const COMPLEMENT: u8 = 0x20;

/// Tells whether a frame is one of LCP that is written as if nothing had been negotiated: "all LCP Link Configuration, Link
/// Termination, and Code-Reject packets (codes 1 through 7)" (RFC 1661 5).
pub(super) fn is_negotiating(frame: &[u8]) -> bool {
    frame.starts_with(&LCP_FRAME) && frame.get(4).is_some_and(|code| (1..=7).contains(code))
}

/// Address, control and LCP's number, as RFC 1662 7 has the framing know them.
pub(super) const LCP_FRAME: [u8; 4] = [0xff, 0x03, 0xc0, 0x21];

/// Tells whether a map names an octet; it has bits for control characters alone.
fn maps(accm: u32, octet: u8) -> bool {
    octet < 32 && accm >> octet & 1 != 0
}

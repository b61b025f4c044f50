//! LCP's FCS-Alternatives option (RFC 1570 2.1): how long the checksums of a line's frames are, for each direction by itself.

use crate::Checksum;
use crate::options::{RawOption, Reply};

/// What was asked for and granted.
pub(super) struct Checksums {
    /// What our framing can do, and what is still asked of the peer.
    wish: Checksum,
    /// The peer's present request asks us for 32 bits.
    granted: bool,
}

impl Checksums {
    pub(super) fn new(wish: Checksum) -> Self {
        Self { wish, granted: false }
    }

    /// Tells whether the peer is asked for 32 bits; once LCP is Opened it has agreed.
    pub(super) fn asked(&self) -> bool {
        self.wish == Checksum::Fcs32
    }

    /// Gives what the peer wants to have.
    pub(super) fn sent(&self) -> Checksum {
        match (self.wish, self.granted) {
            (Checksum::Carrier, _) => Checksum::Carrier,
            (_, true) => Checksum::Fcs32,
            (_, false) => Checksum::Fcs16,
        }
    }

    /// A new request of the peer begins.
    pub(super) fn begin(&mut self) {
        self.granted = false;
    }

    pub(super) fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        match (self.wish, option.value) {
            (Checksum::Carrier, _) => reply.reject(option),
            (_, value) if value == FCS_32 => self.granted = true,
            (_, value) if value == FCS_16 => {}
            // Of a choice the better. No checksum at all, or several at once, would leave open what ends a frame.
            (_, [value]) if value & FCS_32[0] != 0 => reply.nak(option, &FCS_32),
            _ => reply.nak(option, &FCS_16),
        }
    }

    /// The peer would rather have another one: 16 bits are what is left.
    pub(super) fn naked(&mut self, option: RawOption<'_>) {
        if option.value != FCS_32 {
            self.rejected();
        }
    }

    pub(super) fn rejected(&mut self) {
        if self.asked() {
            self.wish = Checksum::Fcs16;
        }
    }
}

/// RFC 1570 2.1.
pub(super) const FCS_ALTERNATIVES: u8 = 9;
/// The values of its one octet; 1 is no checksum at all.
const FCS_16: [u8; 1] = [2];
pub(super) const FCS_32: [u8; 1] = [4];

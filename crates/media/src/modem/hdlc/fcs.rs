//! Frame check sequences (RFC 1662 C).

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// Which frame check sequence ends a frame.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Fcs {
    /// 16 bits (RFC 1662 C.2), which every peer speaks.
    #[default]
    Fcs16,
    /// 32 bits (RFC 1662 C.3), where both agreed by LCP (RFC 1570 2.1).
    Fcs32,
}

impl Fcs {
    /// Tells how many octets it has.
    #[must_use]
    pub fn octets(self) -> usize {
        match self {
            Self::Fcs16 => 2,
            Self::Fcs32 => 4,
        }
    }

    /// Tells whether a frame with its sequence at the end is whole.
    #[must_use]
    pub fn is_good(self, frame: &[u8]) -> bool {
        let Some(at) = frame.len().checked_sub(self.octets()) else { return false };
        let (covered, sequence) = frame.split_at(at);
        let sum = checksum(self.algorithm(), covered).to_le_bytes();
        // RFC 1662 C.1: "transmitted ... least significant octet first".
        sum[..self.octets()] == *sequence
    }

    /// Computes the sequence of the frame `header` followed by `payload`; its first [`octets`](Self::octets) octets count.
    pub(super) fn over(self, header: &[u8], payload: &[u8]) -> [u8; 8] {
        if header.is_empty() {
            return checksum(self.algorithm(), payload).to_le_bytes();
        }
        let mut digest = Digest::new(self.algorithm());
        digest.update(header);
        digest.update(payload);
        digest.finalize().to_le_bytes()
    }

    fn algorithm(self) -> CrcAlgorithm {
        match self {
            Self::Fcs16 => CrcAlgorithm::Crc16IbmSdlc,
            Self::Fcs32 => CrcAlgorithm::Crc32IsoHdlc,
        }
    }
}

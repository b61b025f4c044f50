//! Van Jacobson's compression of TCP headers (RFC 1144), negotiated by IPCP (RFC 1332 4): forty octets become about
//! four, which a slow line feels with each keystroke.
//!
//! ```text
//! as it was        | protocol 0021 | IP, TCP | data |
//! uncompressed TCP | protocol 002f | IP with the slot's number in place of its protocol, TCP | data |
//! compressed TCP   | protocol 002d | mask, slot?, TCP checksum, differences to the slot's last header | data |
//! ```
//!
//! The mask has a bit for each difference that is there:
//!
//! ```text
//! 0 C I P S A W U     C slot, I IP identification, P push, S sequence, A acknowledgement, W window, U urgent pointer
//! ```

mod compress;
mod decompress;
mod header;
#[cfg(test)]
mod tests;

use crate::{Framing, Protocol, frame};
use compress::{Compressed, Compressor};
use decompress::Decompressor;
use rasman_core::{DropReason, Frame, HeaderCompression};

/// Both directions of one link, as far as IPCP agreed on them.
#[derive(Default)]
pub(crate) struct Vj {
    compressor: Option<Compressor>,
    decompressor: Option<Decompressor>,
}

impl Vj {
    /// Compresses by what the other end can undo, and undoes what we said we can.
    pub(crate) fn new(theirs: Option<Slots>, ours: Option<Slots>) -> Self {
        Self { compressor: theirs.map(Compressor::new), decompressor: ours.map(Decompressor::new) }
    }

    pub(crate) fn compresses(&self) -> bool {
        self.compressor.is_some()
    }

    /// Tells whether packets come with compressed headers.
    pub(crate) fn undoes(&self) -> bool {
        self.decompressor.is_some()
    }

    pub(crate) fn agreed(&self) -> HeaderCompression {
        HeaderCompression { sent: self.compresses(), received: self.undoes() }
    }

    /// Writes an IPv4 packet of two parts with its frame's header.
    pub(crate) fn write(&mut self, parts: [&[u8]; 2], framing: Framing, frame: &mut Frame<'_>) {
        let [header, payload] = parts;
        let compressed = self.compressor.as_mut().map_or(Compressed::Not, |c| c.compress(header, payload));
        let protocol = match compressed {
            Compressed::Not => Protocol::IPV4,
            Compressed::Slot(_) => Protocol::VJ_UNCOMPRESSED,
            Compressed::Short { .. } => Protocol::VJ_COMPRESSED,
        };
        frame.slice(frame::Header::new(protocol, framing).as_bytes());
        let at = frame.len();
        let replaced = match compressed {
            Compressed::Not | Compressed::Slot(_) => 0,
            Compressed::Short { octets, length, replaced } => {
                frame.slice(&octets[..length]);
                replaced
            }
        };
        frame.slice(header.get(replaced..).unwrap_or_default());
        frame.slice(&payload[replaced.saturating_sub(header.len())..]);
        if let Compressed::Slot(slot) = compressed {
            frame.written()[at + IP_PROTOCOL] = slot;
        }
    }

    /// Takes uncompressed TCP, and makes it in place the packet that it was.
    pub(crate) fn whole(&mut self, packet: &mut [u8]) -> Result<(), DropReason> {
        self.decompressor.as_mut().ok_or(DropReason::NotUp)?.whole(packet)
    }

    /// Takes compressed TCP, and makes the packet of it that [`made`](Self::made) gives.
    pub(crate) fn short(&mut self, octets: &[u8]) -> Result<(), DropReason> {
        self.decompressor.as_mut().ok_or(DropReason::NotUp)?.short(octets)
    }

    pub(crate) fn made(&mut self) -> &mut [u8] {
        self.decompressor.as_mut().map_or(&mut [], Decompressor::packet)
    }

    /// Something was lost on the line.
    pub(crate) fn lost(&mut self) {
        if let Some(decompressor) = &mut self.decompressor {
            decompressor.lost();
        }
    }
}

/// What one end can undo (RFC 1332 4).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Slots {
    /// The number of the last slot.
    pub(crate) last: u8,
    /// A packet of the slot of the packet before need not name it.
    pub(crate) may_omit: bool,
}

impl Slots {
    /// RFC 1144 4: sixteen.
    pub(crate) const OURS: Self = Self { last: 15, may_omit: true };

    /// Reads the option's value; nothing for another protocol of compression or another length.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let &[0x00, 0x2d, last, may_omit] = value else { return None };
        Some(Self { last, may_omit: may_omit != 0 })
    }

    /// Writes the option's value.
    pub(crate) fn value(self) -> [u8; 4] {
        [0x00, 0x2d, self.last, u8::from(self.may_omit)]
    }
}

const SLOT: u8 = 0x40;
const IDENTIFICATION: u8 = 0x20;
const PUSH: u8 = 0x10;
const SEQUENCE: u8 = 0x08;
const ACKNOWLEDGEMENT: u8 = 0x04;
const WINDOW: u8 = 0x02;
const URGENT: u8 = 0x01;
/// What the four lowest bits of the mask say beside a single difference (RFC 1144 3.2.2): sequence and acknowledgement
/// have grown by the last packet's data, as where keystrokes are echoed; or the sequence alone has, as in a transfer.
const ECHOED: u8 = SEQUENCE | WINDOW | URGENT;
const ONE_WAY: u8 = SEQUENCE | ACKNOWLEDGEMENT | WINDOW | URGENT;
const DIFFERENCES: u8 = 0x0f;
/// Where the protocol stands in an IP header (RFC 791).
const IP_PROTOCOL: usize = 9;

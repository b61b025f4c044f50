//! Our own packets on their way out.

use crate::Protocol;
use crate::frame::header;
use crate::packet::{HEADER, PacketCode};
use rasman_core::Batch;

/// A bounded queue of frames. When it is full, further frames are lost as a bad line would lose them: what matters is
/// repeated, and a peer that sends much before we are polled cannot make us grow.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: Batch,
    /// The largest information field, in octets, that the peer takes.
    mru: usize,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self { frames: Batch::new(), mru: usize::from(crate::config::DEFAULT_MRU) }
    }

    /// RFC 1661 5.6, 5.7: what is sent back is cut to the peer's MRU.
    pub(crate) fn set_mru(&mut self, mru: u16) {
        self.mru = usize::from(mru);
    }

    /// Queues a control packet; its data is cut where the packet would be larger than the peer's MRU.
    pub(crate) fn packet(&mut self, protocol: Protocol, code: PacketCode, id: u8, parts: &[&[u8]]) {
        if self.frames.len() >= FRAMES_MAX {
            return;
        }
        let mut frame = self.frames.frame();
        frame.slice(&header(protocol));
        frame.u8(code.0);
        frame.u8(id);
        frame.u16(0);
        for part in parts {
            let room = self.mru.saturating_sub(frame.len() - FRAME_HEADER);
            frame.slice(&part[..part.len().min(room)]);
        }
        let length = frame.len() - FRAME_HEADER;
        frame.patch_u16(FRAME_HEADER + 2, u16::try_from(length).unwrap_or(u16::MAX));
        frame.finish();
        debug_assert!(length >= HEADER);
    }

    /// Queues a frame that is complete.
    pub(crate) fn frame(&mut self, frame: &[u8]) {
        if self.frames.len() < FRAMES_MAX {
            self.frames.push(frame);
        }
    }

    /// Queues an information field that is complete.
    pub(crate) fn information(&mut self, protocol: Protocol, information: &[u8]) {
        if self.frames.len() >= FRAMES_MAX {
            return;
        }
        let mut frame = self.frames.frame();
        frame.slice(&header(protocol));
        frame.slice(information);
        frame.finish();
    }

    /// Moves all frames to `out`; tells whether there were any.
    pub(crate) fn drain(&mut self, out: &mut Batch) -> bool {
        let any = !self.frames.is_empty();
        for frame in self.frames.frames() {
            out.push(frame);
        }
        self.frames.clear();
        any
    }
}

/// The most frames that wait.
const FRAMES_MAX: usize = 64;

/// Octets before the information field.
const FRAME_HEADER: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_cut_to_the_peers_mru() {
        let mut outbox = Outbox::new();
        outbox.set_mru(10);
        outbox.packet(Protocol::LCP, PacketCode::CODE_REJECT, 5, &[&[1; 4], &[2; 400]]);
        let mut out = Batch::new();
        assert!(outbox.drain(&mut out));
        assert_eq!(out.as_bytes(), [0xff, 3, 0xc0, 0x21, 7, 5, 0, 10, 1, 1, 1, 1, 2, 2]);
        assert!(!outbox.drain(&mut out));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut outbox = Outbox::new();
        for _ in 0..10_000 {
            outbox.packet(Protocol::LCP, PacketCode::ECHO_REPLY, 5, &[&[0; 100]]);
        }
        assert_eq!(outbox.frames.len(), FRAMES_MAX);
    }
}

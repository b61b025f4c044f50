use rasman_core::{Instant, line_time};
use std::collections::VecDeque;

/// One direction of a line on which each octet takes its time: what is on its way, and when it arrives.
#[derive(Default)]
pub struct SlowLine {
    free_at: Instant,
    pieces: VecDeque<(Instant, Vec<u8>)>,
}

impl SlowLine {
    /// Sends octets at a speed in bits a second; 0 takes no time. What takes a fiftieth of a second arrives as one.
    pub fn send(&mut self, now: Instant, octets: &[u8], speed: u32) {
        for piece in octets.chunks(1 + speed as usize / 500) {
            self.free_at = self.free_at.max(now) + line_time(piece.len(), speed);
            self.pieces.push_back((self.free_at, piece.to_vec()));
        }
    }

    /// Takes what has arrived by now.
    pub fn arrived(&mut self, now: Instant) -> Vec<u8> {
        let count = self.pieces.iter().take_while(|(at, _)| *at <= now).count();
        self.pieces.drain(..count).flat_map(|(_, piece)| piece).collect()
    }

    /// Tells when something arrives next.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.pieces.front().map(|(at, _)| *at)
    }

    /// Tells how many octets have not arrived.
    #[must_use]
    pub fn on_its_way(&self) -> usize {
        self.pieces.iter().map(|(_, piece)| piece.len()).sum()
    }

    /// Loses them: nobody is at the other end any more.
    pub fn cut(&mut self) {
        self.pieces.clear();
    }
}

//! How far a line is behind with what it was given.

use rasman_core::{Instant, line_time};

/// When a line will have sent what it was given, by its speed.
///
/// What really waits is in the kernel and in the modem, and no program can ask the modem. So octets are counted as they are
/// handed over, and no more than [`WAITING_MAX`] of them are thought to wait: a line that is faster than it says does not
/// look further and further behind.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Bits a second.
    speed: u32,
    free_at: Instant,
}

impl Pace {
    pub(super) fn new(speed: u32) -> Self {
        Self { speed, free_at: Instant::ZERO }
    }

    /// Hands `octets` to the line.
    pub(super) fn spend(&mut self, now: Instant, octets: usize) {
        let behind = self.free_at.max(now) + line_time(octets, self.speed);
        self.free_at = behind.min(now + line_time(WAITING_MAX, self.speed));
    }

    pub(super) fn free_at(&self) -> Instant {
        self.free_at
    }
}

/// The most octets that are thought to wait: what a port of ours queues behind one large read of a network device, the
/// kernel's buffer of a terminal, and a modem's own.
const WAITING_MAX: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_behind_by_what_it_was_given_and_no_more_than_can_wait() {
        let mut pace = Pace::new(300);
        let at = Instant::from_millis;
        pace.spend(at(1_000), 30);
        assert_eq!(pace.free_at(), at(2_000), "ten bits an octet");
        pace.spend(at(1_500), 60);
        assert_eq!(pace.free_at(), at(4_000));
        pace.spend(at(10_000), 3);
        assert_eq!(pace.free_at(), at(10_100), "a line that was idle owes nothing");
        for _ in 0..1_000 {
            pace.spend(at(20_000), 1_500);
        }
        assert_eq!(pace.free_at(), at(20_000) + line_time(WAITING_MAX, 300));
    }
}

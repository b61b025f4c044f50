//! A small set of named absolute deadlines.

use crate::{Instant, Timeout};
use core::time::Duration;

/// Absolute deadlines, one for each key that is armed.
///
/// A layer has a handful of timers, so a vector beats any tree or wheel. Arming a key again replaces its deadline.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    armed: Vec<(K, Timeout)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { armed: Vec::new() }
    }
}

impl<K: Copy + PartialEq> Timers<K> {
    /// Makes an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Arms `key` to expire `after` from now.
    pub fn arm(&mut self, now: Instant, key: K, after: Duration, why: &'static str) {
        self.disarm(key);
        self.armed.push((key, Timeout { at: now + after, why }));
    }

    /// Disarms `key`; harmless if it is not armed.
    pub fn disarm(&mut self, key: K) {
        self.armed.retain(|(k, _)| *k != key);
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// Tells whether `key` is armed.
    #[must_use]
    pub fn is_armed(&self, key: K) -> bool {
        self.armed.iter().any(|(k, _)| *k == key)
    }

    /// Takes the earliest key that has expired by `now` and disarms it.
    #[must_use]
    pub fn expired(&mut self, now: Instant) -> Option<K> {
        let due = self.armed.iter().enumerate().filter(|(_, (_, t))| t.at <= now);
        let (index, _) = due.min_by_key(|(_, (_, t))| t.at)?;
        Some(self.armed.remove(index).0)
    }

    /// Gives the earliest deadline.
    #[must_use]
    pub fn next(&self) -> Option<Timeout> {
        self.armed.iter().map(|(_, t)| *t).min_by_key(|t| t.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_expires_first_and_once() {
        let mut timers = Timers::new();
        let t0 = Instant::ZERO;
        timers.arm(t0, 'b', Duration::from_secs(2), "b");
        timers.arm(t0, 'a', Duration::from_secs(1), "a");
        assert_eq!(timers.next().map(|t| t.why), Some("a"));
        let late = Instant::from_millis(5_000);
        assert_eq!(timers.expired(Instant::from_millis(999)), None);
        assert_eq!(timers.expired(late), Some('a'));
        assert_eq!(timers.expired(late), Some('b'));
        assert_eq!(timers.expired(late), None);
    }

    #[test]
    fn arming_again_replaces() {
        let mut timers = Timers::new();
        timers.arm(Instant::ZERO, 1, Duration::from_secs(1), "first");
        timers.arm(Instant::ZERO, 1, Duration::from_secs(9), "second");
        assert_eq!(timers.expired(Instant::from_millis(8_999)), None);
        assert_eq!(timers.expired(Instant::from_millis(9_000)), Some(1));
    }
}

//! Facts that last for a while.

use rasman_core::{Duration, Instant};

/// A bounded list of facts, each with its end.
pub(super) struct Lasting<T> {
    facts: Vec<(T, Option<Instant>)>,
    most: usize,
}

impl<T: PartialEq> Lasting<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { facts: Vec::new(), most }
    }

    /// Notes a fact for so many seconds: 0 ends it, `u32::MAX` is for ever (RFC 4861 4.6.2). When the list is full,
    /// further ones are not noted.
    pub(super) fn set(&mut self, now: Instant, fact: T, seconds: u32) {
        let known = self.facts.iter().position(|(known, _)| *known == fact);
        let until = (seconds != u32::MAX).then(|| now + Duration::from_secs(seconds.into()));
        match (known, seconds) {
            (Some(index), 0) => drop(self.facts.remove(index)),
            (Some(index), _) => self.facts[index].1 = until,
            (None, 0) => {}
            (None, _) if self.facts.len() < self.most => self.facts.push((fact, until)),
            (None, _) => {}
        }
    }

    /// Forgets what is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.facts.retain(|(_, until)| until.is_none_or(|until| until > now));
    }

    /// Tells when the next one is over.
    pub(super) fn next(&self) -> Option<Instant> {
        self.facts.iter().filter_map(|(_, until)| *until).min()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.facts.iter().map(|(fact, _)| fact)
    }
}

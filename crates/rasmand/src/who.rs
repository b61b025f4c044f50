//! Whose a connection is, and who has references to it.

use std::sync::Arc;

/// The user of the machine that a connection belongs to, by number.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Owner(pub(crate) u32);

/// A process that has references. The numbers are the manager's own and are not used again.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Holder(pub(crate) u64);

impl Holder {
    /// The process that the manager itself is in.
    pub(crate) const SELF: Self = Self(0);
}

/// Who calls.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Who {
    pub(crate) owner: Owner,
    pub(crate) holder: Holder,
}

impl Who {
    /// The program that an embedded manager is part of.
    pub(crate) fn embedded() -> Self {
        Self { owner: Owner(rustix::process::geteuid().as_raw()), holder: Holder::SELF }
    }
}

/// Who is told of a dial in place of a queue. Called on a worker, with the table unlocked.
pub(crate) trait Listener: Send + Sync {
    fn notified(&self, notification: &Arc<rasman_core::Notification>);
}

/// The references to one connection (clause H9).
///
/// Each belongs to a process. That of a process that has ended stays, as the connection does (clause A44); whoever
/// has the right to may give it back in its place (clause H6).
#[derive(Debug)]
pub(crate) struct References {
    /// Never empty but at the very end; a count is never 0.
    counts: Vec<(Option<Holder>, u32)>,
    /// Those who gave back all they had: to them the handle is invalid (clause H2).
    released: Vec<Holder>,
}

impl References {
    pub(crate) fn new(holder: Holder) -> Self {
        Self { counts: vec![(Some(holder), 1)], released: Vec::new() }
    }

    pub(crate) fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    pub(crate) fn add(&mut self, holder: Holder) {
        self.released.retain(|released| *released != holder);
        match self.counts.iter_mut().find(|(of, _)| *of == Some(holder)) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.counts.push((Some(holder), 1)),
        }
    }

    /// Whether the handle is invalid to this process, because it gave back what it had.
    pub(crate) fn is_released(&self, holder: Holder) -> bool {
        self.released.contains(&holder)
    }

    /// Gives one reference back: the caller's own; of a caller that never had one, that of a process that has ended,
    /// or else anybody's. Gives how many are left; nothing for a caller that has given all of its own back.
    pub(crate) fn give_back(&mut self, holder: Holder) -> Option<u32> {
        if self.is_released(holder) {
            return None;
        }
        let own = self.counts.iter().position(|(of, _)| *of == Some(holder));
        let orphan = || self.counts.iter().position(|(of, _)| of.is_none());
        let index = own.or_else(orphan).unwrap_or(0);
        let (of, count) = self.counts.get_mut(index)?;
        let of = *of;
        *count -= 1;
        if *count == 0 {
            self.counts.swap_remove(index);
            self.released.extend(of);
        }
        Some(self.total())
    }

    /// Hands a reference on with the role of a dial's handler.
    pub(crate) fn hand_over(&mut self, from: Holder, to: Holder) {
        if from != to && self.give_back(from).is_some() {
            self.add(to);
        }
    }

    /// Takes note that a process has ended.
    pub(crate) fn depart(&mut self, holder: Holder) {
        self.released.retain(|released| *released != holder);
        let Some(index) = self.counts.iter().position(|(of, _)| *of == Some(holder)) else { return };
        let (_, count) = self.counts.swap_remove(index);
        // One item for all of them: programs may come and go for years.
        match self.counts.iter_mut().find(|(of, _)| of.is_none()) {
            Some((_, orphans)) => *orphans = orphans.saturating_add(count),
            None => self.counts.push((None, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Holder = Holder(1);
    const B: Holder = Holder(2);
    const STRANGER: Holder = Holder(3);

    #[test]
    fn h9_each_process_gives_back_its_own() {
        let mut references = References::new(A);
        references.add(A);
        references.add(B);
        assert_eq!(references.give_back(B), Some(2));
        assert_eq!(references.give_back(B), None, "it has none left, and takes none of A");
        assert!(references.is_released(B) && !references.is_released(A));
        references.add(B);
        assert_eq!(references.give_back(B), Some(2), "a new dial makes the handle valid again");
        assert_eq!(references.give_back(A), Some(1));
        assert_eq!(references.give_back(A), Some(0));
    }

    #[test]
    fn h6_a_stranger_with_the_right_gives_back_the_references_of_the_dead_first() {
        let mut references = References::new(A);
        references.add(B);
        references.depart(B);
        assert_eq!(references.give_back(STRANGER), Some(1));
        assert!(!references.is_released(A), "the living one keeps its own");
        assert_eq!(references.give_back(STRANGER), Some(0));
        assert!(references.is_released(A));
    }

    #[test]
    fn references_of_the_dead_take_no_more_room_than_one() {
        let mut references = References::new(A);
        for number in 10..1000 {
            references.add(Holder(number));
            references.depart(Holder(number));
        }
        assert_eq!((references.total(), references.counts.len()), (991, 2));
        assert_eq!(references.give_back(STRANGER), Some(990));
        assert!(!references.is_released(A), "theirs go before a living one's");
    }

    #[test]
    fn a_reference_goes_with_the_handlers_role() {
        let mut references = References::new(A);
        references.hand_over(A, B);
        assert_eq!(references.total(), 1);
        assert!(references.is_released(A));
        assert_eq!(references.give_back(B), Some(0));
    }
}

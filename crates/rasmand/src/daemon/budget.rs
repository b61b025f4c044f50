//! How much memory the messages of one user's clients may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bytes that are held for all clients of one user, together: a thousand of them cost no more than a few.
#[derive(Default)]
pub(super) struct Budget(AtomicUsize);

#[cfg(test)]
impl Budget {
    /// Gives how many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// What is held in one place.
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Takes note of how much is held now; tells whether the user may have so much. A little is always allowed: who is
    /// modest does not suffer for the user's other clients.
    pub(super) fn set(&mut self, bytes: usize) -> bool {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes <= before {
            self.budget.0.fetch_sub(before - bytes, Relaxed);
            return true;
        }
        let more = bytes - before;
        self.budget.0.fetch_add(more, Relaxed) + more <= BUDGET || bytes <= MODEST
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// The longest message that anybody reads.
const BUDGET: usize = rasman::ipc::REPLY_MAX;
/// More than most calls and replies have.
const MODEST: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_one_user_share_and_give_back() {
        let budget = Arc::new(Budget::default());
        let mut one = Charge::new(Arc::clone(&budget));
        assert!(one.set(BUDGET - 10));
        {
            let mut other = Charge::new(Arc::clone(&budget));
            assert!(other.set(10) && other.set(MODEST) && !other.set(MODEST + 1) && other.set(5));
        }
        assert!(one.set(BUDGET) && !one.set(BUDGET + 1) && one.set(0));
        assert_eq!(budget.held(), 0);
    }
}

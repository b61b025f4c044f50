//! How many refusals are logged: a program that asks in a loop must not fill the disk with the log.

use crate::embedded::lock;
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Counts what is told of each user.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<u32, Window>>);

/// A minute, beginning with a refusal.
struct Window {
    began: Instant,
    count: u64,
}

/// What is to be said behind a refusal.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum And {
    Nothing,
    /// So many before were not told.
    LeftOut(u64),
    /// No more of this user's are told for a while.
    NoMore,
}

impl Refusals {
    /// Whether a refusal to this user is to be logged, and what is to be said behind it.
    pub(super) fn tell(&self, uid: u32, now: Instant) -> Option<And> {
        let mut users = lock(&self.0);
        if users.len() >= USERS_MAX {
            users.retain(|_, window| !window.is_over(now));
        }
        // One user may have many numbers: those beyond the bound are counted together.
        let uid = if users.len() >= USERS_MAX && !users.contains_key(&uid) { ALL_OTHERS } else { uid };
        let window = users.entry(uid).or_insert(Window { began: now, count: 0 });
        let mut and = And::Nothing;
        if window.is_over(now) {
            and = window.count.checked_sub(TOLD_MAX).filter(|count| *count > 0).map_or(And::Nothing, And::LeftOut);
            *window = Window { began: now, count: 0 };
        }
        window.count += 1;
        match window.count {
            TOLD_MAX => Some(And::NoMore),
            count if count > TOLD_MAX => None,
            _ => Some(and),
        }
    }
}

impl Window {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.began) >= WINDOW
    }
}

impl fmt::Display for And {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::LeftOut(count) => write!(f, "; {count} more of this user's were left out before"),
            Self::NoMore => f.write_str("; more of this user's are left out for a minute"),
        }
    }
}

const WINDOW: Duration = Duration::from_secs(60);
/// How many are told of one user a minute.
const TOLD_MAX: u64 = 20;
/// No user has this number.
const ALL_OTHERS: u32 = u32::MAX;
/// How many users are remembered at a time.
const USERS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_fills_no_log_and_hides_no_other_user() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        let told: Vec<_> = (0..100).filter_map(|_| refusals.tell(1, start)).collect();
        assert_eq!(told.len() as u64, TOLD_MAX);
        assert_eq!(told.last(), Some(&And::NoMore));
        assert_eq!(refusals.tell(2, start), Some(And::Nothing));
        assert_eq!(refusals.tell(1, start + WINDOW), Some(And::LeftOut(100 - TOLD_MAX)));
        assert_eq!(refusals.tell(1, start + WINDOW), Some(And::Nothing));
    }

    #[test]
    fn users_are_forgotten() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        for uid in 0..USERS_MAX as u32 {
            assert!(refusals.tell(uid, start).is_some());
        }
        assert_eq!(refusals.tell(9_999, start), Some(And::Nothing));
        let others: Vec<_> = (10_000..11_000).filter_map(|uid| refusals.tell(uid, start)).collect();
        assert_eq!(others.len() as u64, TOLD_MAX - 1, "those beyond the bound are counted as one");
        assert_eq!(lock(&refusals.0).len(), USERS_MAX + 1);
        assert_eq!(refusals.tell(9_999, start + WINDOW), Some(And::Nothing));
        assert_eq!(lock(&refusals.0).len(), 1);
    }
}

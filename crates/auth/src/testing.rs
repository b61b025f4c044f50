//! What the tests of this crate share.

use crate::{Account, AccountState, Accounts};
use rasman_core::{Code, Credentials, Rng, Secret};
use std::sync::Mutex;

/// Counts instead of drawing.
pub(crate) struct Counter(pub(crate) u8);

impl Rng for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for octet in out {
            self.0 = self.0.wrapping_add(1);
            *octet = self.0;
        }
    }
}

/// The one user, `alice`, whose password is `wonderland` until she changes it.
pub(crate) struct Alice(Mutex<(Secret, AccountState)>);

impl Alice {
    pub(crate) fn new(state: AccountState) -> Self {
        Self(Mutex::new((Secret::from("wonderland"), state)))
    }

    pub(crate) fn usable() -> Self {
        Self::new(AccountState::Usable)
    }
}

impl Accounts for Alice {
    fn account(&self, user: &str, domain: &str) -> Option<Account> {
        let (password, state) = self.0.lock().unwrap().clone();
        (user == "alice" && domain.is_empty()).then_some(Account { password, state })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    fn change_password(&self, _: &str, _: &str, new: &Secret) -> Result<(), Code> {
        if new.expose().len() < 8 {
            return Err(Code::CHANGING_PASSWORD);
        }
        *self.0.lock().unwrap() = (new.clone(), AccountState::Usable);
        Ok(())
    }
}

pub(crate) fn credentials(user: &str, password: &str) -> Credentials {
    Credentials { user: user.into(), domain: String::new(), password: Secret::from(password) }
}

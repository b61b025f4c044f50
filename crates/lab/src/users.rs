//! Who may dial in.

use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{Code, Secret};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One user of a lab.
#[derive(Clone)]
pub struct User {
    /// The name, as it goes over the wire.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// Whether the account may be used.
    pub state: AccountState,
}

impl User {
    /// Makes a user who may dial in.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: Secret::from(password), state: AccountState::Usable }
    }

    /// Reads a list of users: a line each with `name:password` or `name:password:state`, the state being one of
    /// `usable`, `restricted-hours`, `disabled`, `password-expired` and `no-dial-in`. Lines that are empty or start
    /// with `#` do not count.
    ///
    /// # Errors
    /// The number of the line that is wrong, and what was expected; never what stood there.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, InvalidUser> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| Self::parse(line).map_err(|expected| InvalidUser { line: number, expected }))
            .collect()
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let mut fields = line.splitn(3, ':');
        let (Some(name), Some(password)) = (fields.next(), fields.next()) else {
            return Err("name:password, with a colon between");
        };
        if name.is_empty() {
            return Err("a name before the first colon");
        }
        let state = match fields.next() {
            None => AccountState::Usable,
            Some(word) => account_state(word).ok_or(ACCOUNT_STATES)?,
        };
        Ok(Self { state, ..Self::new(name, password) })
    }
}

/// A line of a list of users that cannot be read. It never repeats the line, which may hold a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidUser {
    /// The number of the line, from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for InvalidUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the users: expected {}", self.line, self.expected)
    }
}

impl std::error::Error for InvalidUser {}

/// Reads the state of an account.
pub(crate) fn account_state(word: &str) -> Option<AccountState> {
    Some(match word {
        "usable" => AccountState::Usable,
        "restricted-hours" => AccountState::RestrictedHours,
        "disabled" => AccountState::Disabled,
        "password-expired" => AccountState::PasswordExpired,
        "no-dial-in" => AccountState::NoDialIn,
        _ => return None,
    })
}

/// What [`account_state`] reads.
pub(crate) const ACCOUNT_STATES: &str = "usable, restricted-hours, disabled, password-expired or no-dial-in";

/// The users of a lab; all sessions see a password that one of them has changed.
#[derive(Clone)]
pub(crate) struct Directory(Arc<Mutex<Vec<Known>>>);

struct Known {
    user: User,
    /// The password was changed, so that it is not expired any more.
    changed: bool,
}

impl Directory {
    pub(crate) fn new(users: &[User]) -> Self {
        Self(Arc::new(Mutex::new(users.iter().map(|user| Known { user: user.clone(), changed: false }).collect())))
    }

    /// Calls `look` with a user; the lab knows no domains: a user is the same in all.
    fn with<R>(&self, name: &str, look: impl FnOnce(&mut Known) -> R) -> Option<R> {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        users.iter_mut().find(|known| known.user.name.eq_ignore_ascii_case(name)).map(look)
    }
}

/// The users of one session, with the state that a fault gives them all.
pub(crate) struct Users {
    pub(crate) users: Directory,
    pub(crate) state: Option<AccountState>,
}

impl Accounts for Users {
    fn account(&self, user: &str, _: &str) -> Option<Account> {
        self.users.with(user, |known| {
            let state = self.state.unwrap_or(known.user.state);
            let expired = state == AccountState::PasswordExpired;
            let state = if expired && known.changed { AccountState::Usable } else { state };
            Account { password: known.user.password.clone(), state }
        })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    /// Takes what has [`PASSWORD_MIN`] characters or more.
    fn change_password(&self, user: &str, _: &str, new: &Secret) -> Result<(), Code> {
        let long = new.expose_str().is_some_and(|new| new.chars().count() >= PASSWORD_MIN);
        let long = long.then_some(()).ok_or(Code::CHANGING_PASSWORD);
        let change = |known: &mut Known| (known.user.password, known.changed) = (new.clone(), true);
        long.and_then(|()| self.users.with(user, change).ok_or(Code::CHANGING_PASSWORD))
    }
}

/// The least characters of a new password.
pub(crate) const PASSWORD_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_users_is_read_and_its_errors_repeat_no_password() {
        let users = User::parse_list("# who\nalice:won:derland\n\nbob:b:disabled\n");
        let Err(error) = users else { panic!("a state is no state") };
        assert_eq!(error, InvalidUser { line: 2, expected: ACCOUNT_STATES });
        let users = User::parse_list("alice:wonderland\nbob:b:disabled").unwrap();
        assert_eq!((users[0].name.as_str(), users[1].state), ("alice", AccountState::Disabled));
        let Err(error) = User::parse_list("hunter2") else { panic!("no colon") };
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_fault_changes_the_state_of_all() {
        let users = Users { users: Directory::new(&[User::new("alice", "x")]), state: Some(AccountState::Disabled) };
        assert_eq!(users.account("Alice", "CORP").unwrap().state, AccountState::Disabled);
        assert!(users.account("bob", "").is_none());
    }
}

//! What an authenticating server knows of its users.

use rasman_core::{Code, Secret};

/// The users of a server.
pub trait Accounts {
    /// Looks an account up; `domain` is empty if the peer named none.
    fn account(&self, user: &str, domain: &str) -> Option<Account>;

    /// Tells whether users may change their passwords, so that an expired one is not the end.
    fn changes_passwords(&self) -> bool {
        false
    }

    /// Sets the password of an account, in UTF-8, which makes it usable if it had expired.
    ///
    /// # Errors
    /// 709 if the password may not be changed, or not into this one.
    fn change_password(&self, user: &str, domain: &str, new: &Secret) -> Result<(), Code> {
        let _ = (user, domain, new);
        Err(Code::CHANGING_PASSWORD)
    }
}

/// One user of a server.
#[derive(Clone)]
pub struct Account {
    /// The password, in UTF-8.
    pub password: Secret,
    /// Whether the account may be used now.
    pub state: AccountState,
}

/// Whether an account may be used now; told to nobody who does not know its password.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum AccountState {
    /// It may.
    #[default]
    Usable,
    /// It may not be used at this hour (646).
    RestrictedHours,
    /// It is disabled (647).
    Disabled,
    /// Its password has expired (648).
    PasswordExpired,
    /// It has no right to dial in (649).
    NoDialIn,
}

impl AccountState {
    /// Gives the code that a peer is told, nothing if the account is usable.
    #[must_use]
    pub fn refusal(self) -> Option<Code> {
        match self {
            Self::Usable => None,
            Self::RestrictedHours => Some(Code::RESTRICTED_LOGON_HOURS),
            Self::Disabled => Some(Code::ACCT_DISABLED),
            Self::PasswordExpired => Some(Code::PASSWD_EXPIRED),
            Self::NoDialIn => Some(Code::NO_DIALIN_PERMISSION),
        }
    }
}

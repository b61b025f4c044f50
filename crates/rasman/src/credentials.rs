//! Stored credentials, as clients see them: a password goes in and never comes out.

use rasman_core::Secret;
use std::fmt;
use std::ops::BitOr;

/// What stands for the stored password: sixteen asterisks (clauses K1, K3, A15).
pub const STORED_PASSWORD: &str = "****************";

/// Which parts of stored credentials are meant (RASCM_*).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct CredentialMask(pub u32);

impl CredentialMask {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The user name.
    pub const USER_NAME: Self = Self(0x1);
    /// The password.
    pub const PASSWORD: Self = Self(0x2);
    /// The domain.
    pub const DOMAIN: Self = Self(0x4);
    /// Not a part: those of an entry of all users, for whoever has none of their own (clause K5).
    pub const DEFAULT_CREDENTIALS: Self = Self(0x8);
    /// The pre-shared key of the entry; it travels in the password's place.
    pub const PRE_SHARED_KEY: Self = Self(0x10);
    /// The pre-shared key of the server on this machine; it travels in the password's place.
    pub const SERVER_PRE_SHARED_KEY: Self = Self(0x20);
    /// The pre-shared key for dialling on demand; it travels in the password's place.
    pub const DEMAND_PRE_SHARED_KEY: Self = Self(0x40);
    /// User name, password and domain.
    pub const LOGIN: Self = Self(0x7);

    /// Tells whether all of `other` is in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Gives what is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Tells whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for CredentialMask {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is stored for an entry, as far as it is told (RasGetCredentials).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct StoredCredentials {
    /// Which of the wanted parts are stored (clause K2).
    pub delivered: CredentialMask,
    /// The user name; empty if there is none or it was not asked for.
    pub user: String,
    /// The domain, likewise.
    pub domain: String,
}

impl StoredCredentials {
    /// Gives [`STORED_PASSWORD`] if a password or key is stored, and nothing else ever (clause K1).
    #[must_use]
    pub fn password(&self) -> &'static str {
        let secrets = CredentialMask::PASSWORD
            | CredentialMask::PRE_SHARED_KEY
            | CredentialMask::SERVER_PRE_SHARED_KEY
            | CredentialMask::DEMAND_PRE_SHARED_KEY;
        if self.delivered.and(secrets).is_empty() { "" } else { STORED_PASSWORD }
    }
}

/// What is to be stored for an entry (RasSetCredentials).
#[derive(Clone, Default)]
pub struct NewCredentials {
    /// Which of the other members count.
    pub mask: CredentialMask,
    /// The user name.
    pub user: String,
    /// The domain.
    pub domain: String,
    /// The password, or the pre-shared key that the mask names; [`STORED_PASSWORD`] changes nothing (clause K3).
    pub password: Secret,
}

/// The parameters with which an entry is dialled (RasGetEntryDialParams); the number is the entry's and not told
/// (clause K6).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct DialParams {
    /// The user name.
    pub user: String,
    /// The domain.
    pub domain: String,
    /// Where the server is to call back.
    pub callback_number: String,
    /// A password is stored.
    pub has_password: bool,
}

/// Parameters to be stored (RasSetEntryDialParams, clause K7).
#[derive(Clone, Default)]
pub struct NewDialParams {
    /// The user name; empty leaves user name and password as they are.
    pub user: String,
    /// The domain; empty leaves it as it is.
    pub domain: String,
    /// Where the server is to call back; empty leaves it as it is.
    pub callback_number: String,
    /// The password; [`STORED_PASSWORD`] leaves it as it is.
    pub password: Secret,
    /// Forget the password, whatever `password` says.
    pub remove_password: bool,
}

/// Where a part that was cleared is stored all the same: a provider that is only read, such as `systemd`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StillStored {
    /// The parts.
    pub mask: CredentialMask,
    /// The provider that has the first of them.
    pub provider: String,
}

impl fmt::Display for StillStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the provider {} still has it and is only read; remove it there", self.provider)
    }
}

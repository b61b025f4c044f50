//! The AutoDial database, as clients see it (the D clauses).

use crate::{Error, Manager};
use rasman_phonebook::AutodialEntry;

/// A setting of AutoDial (RASADP_*).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AutodialSetting(pub u32);

impl AutodialSetting {
    /// 1: dial without asking.
    pub const DISABLE_CONNECTION_QUERY: Self = Self(0);
    /// 1: off for this session; a new session begins when the machine has started anew.
    pub const LOGIN_SESSION_DISABLE: Self = Self(1);
    /// How many addresses are learnt.
    pub const SAVED_ADDRESSES_LIMIT: Self = Self(2);
    /// For how many seconds an address that failed is not tried again.
    pub const FAILED_CONNECTION_TIMEOUT: Self = Self(3);
    /// How many seconds a question waits for its answer.
    pub const CONNECTION_QUERY_TIMEOUT: Self = Self(4);

    /// Gives the value that counts until another is set (clause D7); `None` for a setting that there is not.
    #[must_use]
    pub fn default_value(self) -> Option<u32> {
        match self {
            Self::DISABLE_CONNECTION_QUERY | Self::LOGIN_SESSION_DISABLE => Some(0),
            Self::SAVED_ADDRESSES_LIMIT => Some(100),
            Self::FAILED_CONNECTION_TIMEOUT => Some(5),
            Self::CONNECTION_QUERY_TIMEOUT => Some(60),
            _ => None,
        }
    }
}

/// What a manager does with the AutoDial database. Each call may fail with 621 or 622 for a file that cannot be read,
/// those that write with 5 for a user without a database of their own, and with 624 for a file that cannot be written.
///
/// Nothing dials by it: what is stored is for programs that ask.
pub trait AutodialBackend: Send + Sync {
    /// Lists the addresses; the default connection is none.
    ///
    /// # Errors
    /// As said above.
    fn autodial_addresses(&self) -> Result<Vec<String>, Error>;

    /// Gives the entries of an address, or of the default connection, which is the empty one (clause D3). What the user has
    /// goes before what all users have (clause D4).
    ///
    /// # Errors
    /// As said above.
    fn autodial_entries(&self, address: &str) -> Result<Vec<AutodialEntry>, Error>;

    /// Gives an address entries, those of other locations stay; without any, forgets it (clause D2).
    ///
    /// # Errors
    /// 623 for a default connection that does not exist (clause D3), 87 for an address or a name that cannot be one, 614 for
    /// more than can be kept.
    fn set_autodial_entries(&self, address: &str, entries: &[AutodialEntry]) -> Result<(), Error>;

    /// Tells whether AutoDial is on at a location (clause D9). It is, until it is switched off.
    ///
    /// # Errors
    /// As said above.
    fn autodial_is_enabled(&self, location: u32) -> Result<bool, Error>;

    /// Switches AutoDial on or off at a location (clause D9).
    ///
    /// # Errors
    /// 614 for more locations than can be kept.
    fn enable_autodial(&self, location: u32, on: bool) -> Result<(), Error>;

    /// Gives a setting (clause D7).
    ///
    /// # Errors
    /// 87 for one that there is not.
    fn autodial_setting(&self, setting: AutodialSetting) -> Result<u32, Error>;

    /// Stores a setting (clause D7).
    ///
    /// # Errors
    /// 87 for one that there is not.
    fn set_autodial_setting(&self, setting: AutodialSetting, value: u32) -> Result<(), Error>;
}

/// The AutoDial database. Each call reads or writes a file: see [`AutodialBackend`] for what it may fail with.
impl Manager {
    /// Lists the addresses.
    ///
    /// # Errors
    /// As [`AutodialBackend::autodial_addresses`].
    pub fn autodial_addresses(&self) -> Result<Vec<String>, Error> {
        self.backend.autodial_addresses()
    }

    /// Gives the entries of an address, or of the default connection, which is the empty one.
    ///
    /// # Errors
    /// As [`AutodialBackend::autodial_entries`].
    pub fn autodial_entries(&self, address: &str) -> Result<Vec<AutodialEntry>, Error> {
        self.backend.autodial_entries(address)
    }

    /// Gives an address entries; without any, forgets it.
    ///
    /// # Errors
    /// As [`AutodialBackend::set_autodial_entries`].
    pub fn set_autodial_entries(&self, address: &str, entries: &[AutodialEntry]) -> Result<(), Error> {
        self.backend.set_autodial_entries(address, entries)
    }

    /// Tells whether AutoDial is on at a location.
    ///
    /// # Errors
    /// As [`AutodialBackend::autodial_is_enabled`].
    pub fn autodial_is_enabled(&self, location: u32) -> Result<bool, Error> {
        self.backend.autodial_is_enabled(location)
    }

    /// Switches AutoDial on or off at a location.
    ///
    /// # Errors
    /// As [`AutodialBackend::enable_autodial`].
    pub fn enable_autodial(&self, location: u32, on: bool) -> Result<(), Error> {
        self.backend.enable_autodial(location, on)
    }

    /// Gives a setting.
    ///
    /// # Errors
    /// As [`AutodialBackend::autodial_setting`].
    pub fn autodial_setting(&self, setting: AutodialSetting) -> Result<u32, Error> {
        self.backend.autodial_setting(setting)
    }

    /// Stores a setting.
    ///
    /// # Errors
    /// As [`AutodialBackend::set_autodial_setting`].
    pub fn set_autodial_setting(&self, setting: AutodialSetting, value: u32) -> Result<(), Error> {
        self.backend.set_autodial_setting(setting, value)
    }
}

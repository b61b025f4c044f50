//! The provider `systemd`: credentials that the service manager hands to a service; they are only read.
//!
//! An item is the file `$CREDENTIALS_DIRECTORY/rasman.<entry>.<kind>`, with `kind` one of `user`, `domain`, `password`
//! and `psk`. In the entry's name each letter of a to z (capitals made small), digit and hyphen stands for itself and
//! every other byte for `_` and two hexadecimal digits: `Office SSTP` is `rasman.office_20sstp.password`.

use super::file::{self, Reader};
use super::{Kind, Place, SecretStore, StoreError};
use crate::config::Provider;
use rasman_core::Secret;
use rustix::fs::{CWD, Mode};
use std::path::PathBuf;

pub(super) struct Systemd {
    folder: Option<PathBuf>,
}

impl Systemd {
    pub(super) fn from_environment() -> Self {
        Self { folder: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from) }
    }

    #[cfg(test)]
    pub(super) fn at(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }
}

impl SecretStore for Systemd {
    fn provider(&self) -> Provider {
        Provider::Systemd
    }

    fn get(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, StoreError> {
        let Some(folder) = self.folder.as_deref().filter(|folder| folder.is_absolute()) else {
            return Err(StoreError::unavailable("the service manager gave no credentials"));
        };
        if !place.by_name || !matches!(kind, Kind::UserName | Kind::Domain | Kind::Password | Kind::PreSharedKey) {
            return Ok(None);
        }
        let path = folder.join(credential_name(&place.name, kind));
        // The manager may let a group in by an access list, which shows in the group's bits; never others.
        let reader = Reader { forbidden: Mode::RWXO | Mode::WGRP, owner: None };
        file::read_item(CWD, &path, &path, kind, &reader)
    }

    fn set(&self, _: &Place, _: Kind, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::unavailable("only the service's unit can change them"))
    }

    fn clear(&self, _: &Place, _: Kind) -> Result<(), StoreError> {
        Err(StoreError::unavailable("only the service's unit can change them"))
    }
}

/// Gives the credential's name; different names of entries give different ones, but for capitals.
fn credential_name(entry: &str, kind: Kind) -> String {
    use std::fmt::Write as _;
    let mut name = "rasman.".to_owned();
    for byte in entry.to_lowercase().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => _ = write!(name, "_{byte:02x}"),
        }
    }
    name.push('.');
    name.push_str(kind.name());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials() {
        assert_eq!(credential_name("Office SSTP", Kind::Password), "rasman.office_20sstp.password");
        assert_eq!(credential_name("a_20b", Kind::UserName), "rasman.a_5f20b.user");
        assert_eq!(credential_name("../../etc/x", Kind::Password), "rasman._2e_2e_2f_2e_2e_2fetc_2fx.password");
    }
}

//! The provider `keyring`: the kernel keeps items in memory, for all processes of the user.
//!
//! A key's description is `rasman:<uid>:<entry>:<kind>`, or `rasman:all-users:...` for default credentials. The user
//! keyring lasts until the machine is restarted; the persistent one until three days after its last use.

use super::{ITEM_MAX, Kind, Place, SecretStore, StoreError, Whose};
use crate::config::{Provider, Ring};
use linux_keyutils::{KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use rasman_core::Secret;
use zeroize::Zeroizing;

pub(super) struct Keyring {
    ring: Ring,
}

impl Keyring {
    pub(super) fn new(ring: Ring) -> Self {
        Self { ring }
    }

    /// Opens the ring so that this thread possesses it.
    ///
    /// Log-in programs link the user keyring into the session; services, containers and cron have no such session, and
    /// without possession a new key could not be opened to the user's other processes.
    fn open(&self) -> Result<KeyRing, StoreError> {
        let thread = KeyRing::from_special_id(KeyRingIdentifier::Thread, true).map_err(|error| unavailable(&error))?;
        match self.ring {
            Ring::User => {
                let user = KeyRing::from_special_id(KeyRingIdentifier::User, true);
                let user = user.map_err(|error| unavailable(&error))?;
                thread.link_keyring(user).map_err(|error| unavailable(&error))?;
                Ok(user)
            }
            Ring::Persistent => KeyRing::get_persistent(KeyRingIdentifier::Thread).map_err(|error| unavailable(&error)),
        }
    }
}

impl SecretStore for Keyring {
    fn provider(&self) -> Provider {
        Provider::Keyring
    }

    fn get(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, StoreError> {
        let key = match self.open()?.search(&description(place, kind)) {
            Ok(key) => key,
            Err(error) if is_none(&error) => return Ok(None),
            Err(error) => return Err(unavailable(&error)),
        };
        let mut payload = Zeroizing::new(vec![0; ITEM_MAX]);
        // The kernel tells the whole length even if the buffer is shorter.
        match key.read(&mut *payload) {
            Ok(length) if length <= payload.len() => {
                super::item(kind, &payload[..length]).map_err(|problem| bad_key(place, kind, problem))
            }
            Ok(_) => Err(bad_key(place, kind, "is larger than 16 KiB")),
            Err(error) if is_none(&error) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn set(&self, place: &Place, kind: Kind, secret: &Secret) -> Result<(), StoreError> {
        let ring = self.open()?;
        let key = ring.add_key(&description(place, kind), secret.expose()).map_err(|error| unavailable(&error))?;
        // The user's other processes may use it as this one; group and others may not even see that it exists.
        let only_the_user = KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(Permission::ALL).build();
        key.set_perms(only_the_user).map_err(|error| {
            let _ = ring.unlink_key(key);
            unavailable(&error)
        })
    }

    fn clear(&self, place: &Place, kind: Kind) -> Result<(), StoreError> {
        let ring = self.open()?;
        match ring.search(&description(place, kind)) {
            // Unlinking is certain at once; the kernel overwrites the payload when it collects the key.
            Ok(key) => ring.unlink_key(key).map_err(|error| unavailable(&error)),
            Err(error) if is_none(&error) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

fn description(place: &Place, kind: Kind) -> String {
    match place.whose {
        Whose::User(uid) => format!("rasman:{uid}:{}:{}", place.entry, kind.name()),
        Whose::AllUsers => format!("rasman:all-users:{}:{}", place.entry, kind.name()),
    }
}

fn is_none(error: &KeyError) -> bool {
    matches!(error, KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked)
}

/// A kernel without keyrings, a container that forbids them, a full quota: somebody else keeps the item then.
fn unavailable(error: &KeyError) -> StoreError {
    StoreError::unavailable(match error {
        KeyError::PermissionDenied | KeyError::AccessDenied => "the kernel's keyrings are forbidden here".to_owned(),
        KeyError::Unknown(ENOSYS) | KeyError::OperationNotSupported => "the kernel has no such keyring".to_owned(),
        KeyError::QuotaExceeded => "the user's quota of keys is used up".to_owned(),
        other => format!("the kernel's keyring answered {other}"),
    })
}

fn bad_key(place: &Place, kind: Kind, problem: &str) -> StoreError {
    let description = description(place, kind);
    StoreError::refused(
        format!("found that the key {description} {problem}"),
        "store the credentials of the entry again, or unlink that key",
    )
}

const ENOSYS: i32 = 38;

//! Stored credentials: kept apart from the phone book, for each entry and user.
//!
//! ```text
//! Secrets::get ──> systemd ──> keyring ──> file ──> command      in the configured order; the first that has it
//! Secrets::set ──────────────> the first of them that can be written and is there
//! Secrets::clear ────────────> all that can be written; what only a person can remove is told
//! ```
//!
//! One item is one [`Kind`] in one [`Place`]. A provider is one file here and implements [`SecretStore`]. Reading is
//! quick but for the provider `command`, which is [asked apart](Secrets::get_slow), off the thread that dials.

mod command;
mod file;
mod identity;
mod keyring;
mod systemd;

#[cfg(test)]
mod tests;

pub(crate) use identity::EntryId;

use crate::config::{CredentialSettings, Provider};
use rasman_core::{Cause, Code, LayerName, Secret};
use std::fmt;
use std::sync::Arc;

/// What is stored.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    UserName,
    Password,
    Domain,
    /// Where the server is to call back.
    Callback,
    /// Of L2TP and IKE; it travels in the password's place (clause K5).
    PreSharedKey,
    /// Of a server that answers IKE on this machine.
    ServerPreSharedKey,
    /// Of connections that the machine dials on demand.
    DemandPreSharedKey,
    /// A blob that an EAP method keeps for a user (clause K9).
    EapUserData,
}

/// Whose item it is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Whose {
    /// Of the user with this number.
    User(u32),
    /// Of everybody who dials an entry of all users and has none of their own: the default credentials (clause K5).
    AllUsers,
}

/// Whose items of which entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) whose: Whose,
    pub(crate) entry: EntryId,
    /// The entry's name, for the providers that people fill by name.
    pub(crate) name: String,
    /// Whether the name may be believed. Another user's phone book can name an entry as it likes, and lead it to a
    /// server that it likes; what somebody filed under that name must not be sent there.
    pub(crate) by_name: bool,
}

/// One provider.
pub(crate) trait SecretStore: Send + Sync {
    /// Which one it is.
    fn provider(&self) -> Provider;

    /// Tells whether it is worth asking it for such an item.
    fn serves(&self, _place: &Place, _kind: Kind) -> bool {
        true
    }

    /// Reads an item.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn get(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, StoreError>;

    /// Keeps an item for good, in the place of the one that was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn set(&self, place: &Place, kind: Kind, secret: &Secret) -> Result<(), StoreError>;

    /// Forgets an item; that there is none is no error.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn clear(&self, place: &Place, kind: Kind) -> Result<(), StoreError>;
}

/// Why a provider did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StoreError {
    /// It is not there on this machine, or not for this user, or only reads; the next one is asked.
    Unavailable(String),
    /// It is there and must not be used as it is, or it failed: what, where, and what to do.
    Refused {
        /// The rest of "We: ...".
        did: String,
        /// What to do.
        advice: String,
    },
}

impl StoreError {
    pub(crate) fn unavailable(why: impl fmt::Display) -> Self {
        Self::Unavailable(why.to_string())
    }

    pub(crate) fn refused(did: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Refused { did: did.into(), advice: advice.into() }
    }
}

/// All providers in their order. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    stores: Arc<[Box<dyn SecretStore>]>,
}

/// What the quick providers know.
pub(crate) enum Quick {
    Found(Secret),
    /// None has it.
    None,
    /// Those before the slow one have none: ask by [`Secrets::get_slow`].
    AskSlow,
}

impl Secrets {
    pub(crate) fn new(settings: &CredentialSettings) -> Self {
        let stores = settings.order.iter().map(|provider| open(*provider, settings)).collect();
        Self { stores }
    }

    #[cfg(test)]
    fn of(stores: Vec<Box<dyn SecretStore>>) -> Self {
        Self { stores: stores.into() }
    }

    /// Tells whether there is no provider at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.stores.is_empty()
    }

    /// Reads an item without running anything.
    ///
    /// # Errors
    /// 5 with one clear line for an item that somebody else could have read or written.
    pub(crate) fn get_quick(&self, place: &Place, kind: Kind) -> Result<Quick, Cause> {
        for store in self.stores.iter() {
            if store.provider().is_slow() {
                if store.serves(place, kind) {
                    return Ok(Quick::AskSlow);
                }
                continue;
            }
            if let Some(secret) = read(store.as_ref(), place, kind)? {
                return Ok(Quick::Found(secret));
            }
        }
        Ok(Quick::None)
    }

    /// Reads an item from whoever has it; may take as long as the command's time limit.
    ///
    /// # Errors
    /// As [`Secrets::get_quick`].
    pub(crate) fn get_slow(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, Cause> {
        for store in self.stores.iter() {
            if let Some(secret) = read(store.as_ref(), place, kind)? {
                return Ok(Some(secret));
            }
        }
        Ok(None)
    }

    /// Keeps an item with the first provider that can.
    ///
    /// # Errors
    /// 87 for an item that cannot be kept, 50 if no provider can be written, 5 if the one that can is not safe.
    pub(crate) fn set(&self, place: &Place, kind: Kind, secret: &Secret) -> Result<(), Cause> {
        check(kind, secret)?;
        let mut why = Vec::new();
        for store in self.stores.iter() {
            match store.set(place, kind, secret) {
                Ok(()) => {
                    self.forget_elsewhere(store.provider(), place, kind);
                    return Ok(());
                }
                Err(StoreError::Unavailable(reason)) => why.push(format!("{}: {reason}", store.provider())),
                Err(refused) => return Err(cause(store.provider(), refused)),
            }
        }
        let reasons = if why.is_empty() { "none is configured".to_owned() } else { why.join("; ") };
        Err(Cause::new(Code::NOT_SUPPORTED, LayerName::Settings)
            .did(format!("looked for a provider that keeps credentials ({reasons})"))
            .advice("name keyring or file in the order of [credentials] in rasman.toml"))
    }

    /// Forgets an item wherever that can be done, and gives the provider that still has it.
    ///
    /// # Errors
    /// 5 if a provider that has it must not be used as it is.
    pub(crate) fn clear(&self, place: &Place, kind: Kind) -> Result<Option<Provider>, Cause> {
        for store in self.stores.iter() {
            match store.clear(place, kind) {
                Ok(()) | Err(StoreError::Unavailable(_)) => {}
                Err(refused) => return Err(cause(store.provider(), refused)),
            }
        }
        for store in self.stores.iter().filter(|store| !store.provider().is_slow()) {
            if read(store.as_ref(), place, kind)?.is_some() {
                return Ok(Some(store.provider()));
            }
        }
        Ok(None)
    }

    /// Files under another name what we keep, as far as that is possible.
    pub(crate) fn transfer(&self, from: &Place, to: &Place) {
        for (store, kind) in self.stores.iter().flat_map(|store| Kind::ALL.map(|kind| (store, kind))) {
            if matches!(store.provider(), Provider::Keyring | Provider::File)
                && let Ok(Some(secret)) = store.get(from, kind)
                && store.set(to, kind, &secret).is_ok()
            {
                let _ = store.clear(from, kind);
            }
        }
    }

    /// An older item of a later provider would come back once the newer one is cleared or has expired.
    fn forget_elsewhere(&self, keeper: Provider, place: &Place, kind: Kind) {
        for store in self.stores.iter().filter(|store| store.provider() != keeper) {
            if let Err(StoreError::Refused { did, .. }) = store.clear(place, kind) {
                tracing::warn!(provider = %store.provider(), "could not forget an older item: {did}");
            }
        }
    }
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::UserName,
        Self::Password,
        Self::Domain,
        Self::Callback,
        Self::PreSharedKey,
        Self::ServerPreSharedKey,
        Self::DemandPreSharedKey,
        Self::EapUserData,
    ];

    /// Its name in files, keys and credentials.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UserName => "user",
            Self::Password => "password",
            Self::Domain => "domain",
            Self::Callback => "callback",
            Self::PreSharedKey => "psk",
            Self::ServerPreSharedKey => "server-psk",
            Self::DemandPreSharedKey => "demand-psk",
            Self::EapUserData => "eap",
        }
    }

    /// Whether it is bytes as they are, or one line of text.
    fn is_opaque(self) -> bool {
        self == Self::EapUserData
    }
}

fn open(provider: Provider, settings: &CredentialSettings) -> Box<dyn SecretStore> {
    match provider {
        Provider::Systemd => Box::new(systemd::Systemd::from_environment()),
        Provider::Keyring => Box::new(keyring::Keyring::new(settings.keyring)),
        Provider::File => Box::new(file::Files::new(settings)),
        Provider::Command => Box::new(command::Runner::new(settings)),
    }
}

/// Asks one provider; one that is not there has nothing.
fn read(store: &dyn SecretStore, place: &Place, kind: Kind) -> Result<Option<Secret>, Cause> {
    match store.get(place, kind) {
        Ok(found) => Ok(found),
        Err(StoreError::Unavailable(reason)) => {
            tracing::debug!(provider = %store.provider(), kind = kind.name(), "skipped: {reason}");
            Ok(None)
        }
        Err(refused) => Err(cause(store.provider(), refused)),
    }
}

fn cause(provider: Provider, error: StoreError) -> Cause {
    let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings);
    match error {
        StoreError::Refused { did, advice } => cause.did(format!("{did} (credentials, {provider})")).advice(advice),
        StoreError::Unavailable(reason) => cause.did(format!("found {provider} unavailable: {reason}")),
    }
}

/// Refuses what no provider could give back as it was.
fn check(kind: Kind, secret: &Secret) -> Result<(), Cause> {
    let refused = |did: &str, advice: &str| {
        Err(Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
            .did(format!("checked the {} to be stored, which {did}", kind.name()))
            .advice(advice))
    };
    if secret.is_empty() {
        return refused("is empty", "clear it, or give one that has characters");
    }
    if secret.expose().len() > ITEM_MAX {
        return refused("is too long", "store no more than 16 KiB");
    }
    if !kind.is_opaque() && !is_line(secret.expose()) {
        return refused("is not one line of text", "leave out line ends and other control characters");
    }
    Ok(())
}

/// Makes an item of what a provider holds: text may end in one line end, as editors and `echo` leave it.
fn item(kind: Kind, bytes: &[u8]) -> Result<Option<Secret>, &'static str> {
    if bytes.len() > ITEM_MAX {
        return Err("is larger than 16 KiB");
    }
    let bytes = if kind.is_opaque() { bytes } else { without_line_end(bytes) };
    if !kind.is_opaque() && !is_line(bytes) {
        return Err("is not one line of text");
    }
    Ok((!bytes.is_empty()).then(|| Secret::new(bytes)))
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn is_line(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control))
}

/// The most bytes of an item: the kernel's keys take a little less than 32 KiB.
const ITEM_MAX: usize = 16 * 1024;

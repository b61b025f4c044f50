//! What is stored for entries: credentials, dial parameters, EAP data.

use super::{Caller, Entries, Found, shown};
use crate::config::Provider;
use crate::secrets::{Kind, Place, Quick, Whose};
use rasman::{
    CredentialMask, DialParams, EntryRef, Error, NewCredentials, NewDialParams, STORED_PASSWORD, StillStored,
    StoredCredentials,
};
use rasman_core::{Callback, Cause, Code, LayerName, Secret, is_callback_number};

impl Entries {
    /// Tells what is stored, without the secrets (clauses K1, K2).
    pub(crate) fn credentials(
        &self,
        caller: Caller,
        entry: &EntryRef,
        wanted: CredentialMask,
    ) -> Result<StoredCredentials, Error> {
        check_mask(wanted)?;
        let found = self.find(caller, entry)?;
        let mut stored = StoredCredentials::default();
        for (bit, kind) in PARTS.into_iter().filter(|(bit, _)| wanted.contains(*bit)) {
            let place = place_for(&found, caller, wanted, kind)?;
            let there = match self.secrets.get_quick(&place, kind)? {
                Quick::Found(text) => {
                    match kind {
                        Kind::UserName => stored.user = plain(&text),
                        Kind::Domain => stored.domain = plain(&text),
                        _ => {}
                    }
                    true
                }
                // A command is asked when the entry is dialled; until then it counts as having it.
                Quick::AskSlow => true,
                Quick::None => false,
            };
            if there {
                stored.delivered = stored.delivered | bit;
            }
        }
        let default = wanted.and(CredentialMask::DEFAULT_CREDENTIALS);
        if !stored.delivered.is_empty() {
            stored.delivered = stored.delivered | default;
        }
        Ok(stored)
    }

    /// Stores credentials (clauses K3, K5).
    pub(crate) fn set_credentials(&self, caller: Caller, entry: &EntryRef, new: &NewCredentials) -> Result<(), Error> {
        check_mask(new.mask)?;
        if SECRETS.into_iter().filter(|bit| new.mask.contains(*bit)).count() > 1 {
            return Err(bad("was given one password for several secrets", "store them one after the other"));
        }
        let found = self.find_to_store(caller, entry)?;
        for (bit, kind) in PARTS.into_iter().filter(|(bit, _)| new.mask.contains(*bit)) {
            let place = place_to_change(&found, caller, new.mask, kind)?;
            let value = match kind {
                Kind::UserName => &Secret::from(new.user.as_str()),
                Kind::Domain => &Secret::from(new.domain.as_str()),
                _ => &new.password,
            };
            // Clause K3.
            if !(SECRETS.contains(&bit) && is_asterisks(value)) {
                self.put(&place, kind, value)?;
            }
        }
        Ok(())
    }

    /// Forgets credentials (clause K4).
    pub(crate) fn clear_credentials(
        &self,
        caller: Caller,
        entry: &EntryRef,
        mask: CredentialMask,
    ) -> Result<Option<StillStored>, Error> {
        check_mask(mask)?;
        let found = self.find_to_store(caller, entry)?;
        let mut still = None;
        for (bit, kind) in PARTS.into_iter().filter(|(bit, _)| mask.contains(*bit)) {
            let place = place_to_change(&found, caller, mask, kind)?;
            if let Some(provider) = self.secrets.clear(&place, kind)? {
                note(&mut still, bit, provider);
            }
        }
        Ok(still)
    }

    /// Gives the parameters with which an entry is dialled (clause K6).
    pub(crate) fn dial_params(&self, caller: Caller, entry: &EntryRef) -> Result<DialParams, Error> {
        let place = self.find(caller, entry)?.secrets(caller, Whose::User(caller.uid));
        let text = |kind| match self.secrets.get_quick(&place, kind)? {
            Quick::Found(text) => Ok::<_, Error>(plain(&text)),
            Quick::None | Quick::AskSlow => Ok(String::new()),
        };
        let mut params = DialParams::default();
        params.user = text(Kind::UserName)?;
        params.domain = text(Kind::Domain)?;
        params.callback_number = text(Kind::Callback)?;
        params.has_password = !matches!(self.secrets.get_quick(&place, Kind::Password)?, Quick::None);
        Ok(params)
    }

    /// Gives the number that is stored for callbacks, if it is one.
    pub(crate) fn stored_callback(&self, caller: Caller, found: &Found) -> Result<Option<Callback>, Error> {
        let place = found.secrets(caller, Whose::User(caller.uid));
        let stored = match self.secrets.get_quick(&place, Kind::Callback)? {
            Quick::Found(text) => plain(&text),
            Quick::None | Quick::AskSlow => String::new(),
        };
        Ok(is_callback_number(&stored).then_some(Callback::Number(stored)))
    }

    /// Stores the parameters with which an entry is dialled (clause K7).
    pub(crate) fn set_dial_params(&self, caller: Caller, entry: &EntryRef, new: &NewDialParams) -> Result<(), Error> {
        let place = self.find(caller, entry)?.secrets(caller, Whose::User(caller.uid));
        if !new.user.is_empty() {
            self.put(&place, Kind::UserName, &new.user.as_str().into())?;
            if new.remove_password {
                self.secrets.clear(&place, Kind::Password)?;
            } else if !is_asterisks(&new.password) {
                self.put(&place, Kind::Password, &new.password)?;
            }
        }
        for (kind, text) in [(Kind::Domain, &new.domain), (Kind::Callback, &new.callback_number)] {
            if !text.is_empty() {
                self.put(&place, kind, &text.as_str().into())?;
            }
        }
        Ok(())
    }

    /// Gives what an EAP method keeps for the user (clause K9).
    pub(crate) fn eap_user_data(&self, caller: Caller, entry: &EntryRef) -> Result<Secret, Error> {
        let place = self.find(caller, entry)?.secrets(caller, Whose::User(caller.uid));
        match self.secrets.get_quick(&place, Kind::EapUserData)? {
            Quick::Found(data) => Ok(data),
            Quick::None | Quick::AskSlow => Ok(Secret::default()),
        }
    }

    /// Stores what an EAP method keeps for the user.
    pub(crate) fn set_eap_user_data(&self, caller: Caller, entry: &EntryRef, data: &Secret) -> Result<(), Error> {
        let place = self.find(caller, entry)?.secrets(caller, Whose::User(caller.uid));
        self.put(&place, Kind::EapUserData, data)
    }

    /// Stores what led to a connection (clause K8).
    pub(crate) fn remember(&self, place: &Place, credentials: &rasman_core::Credentials) {
        let parts = [
            (Kind::UserName, &Secret::from(credentials.user.as_str())),
            (Kind::Domain, &Secret::from(credentials.domain.as_str())),
            (Kind::Password, &credentials.password),
        ];
        for (kind, value) in parts {
            if let Err(cause) = self.put(place, kind, value) {
                tracing::warn!(error = cause.code().0, "the credentials were not stored: {cause}");
                return;
            }
        }
    }

    /// Stores an item; an empty one is none.
    fn put(&self, place: &Place, kind: Kind, value: &Secret) -> Result<(), Error> {
        if value.is_empty() {
            self.secrets.clear(place, kind)?;
        } else {
            self.secrets.set(place, kind, value)?;
        }
        Ok(())
    }

    /// Finds the entry whose credentials are changed; clause E5: here a missing one is 87.
    fn find_to_store(&self, caller: Caller, entry: &EntryRef) -> Result<Found, Error> {
        self.find(caller, entry).map_err(|mut error| {
            if error.0.code == Code::CANNOT_FIND_PHONEBOOK_ENTRY {
                error.0.code = Code::INVALID_PARAMETER;
            }
            error
        })
    }
}

/// Tells whether a password is the sign for the stored one.
pub(crate) fn is_asterisks(password: &Secret) -> bool {
    password.expose() == STORED_PASSWORD.as_bytes()
}

/// Says where a part is stored.
fn place_for(found: &Found, caller: Caller, mask: CredentialMask, kind: Kind) -> Result<Place, Error> {
    let default = mask.contains(CredentialMask::DEFAULT_CREDENTIALS);
    if default && !found.is_machine() {
        // Clause K5.
        let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings)
            .did(format!("was asked for default credentials of \"{}\", which is not all users'", shown(&found.name)))
            .advice("store them for the user, or put the entry into the phone book of all users");
        return Err(cause.into());
    }
    let machine = default || matches!(kind, Kind::ServerPreSharedKey | Kind::DemandPreSharedKey);
    Ok(found.secrets(caller, if machine { Whose::AllUsers } else { Whose::User(caller.uid) }))
}

/// Says where a part is stored, to somebody who may change it.
fn place_to_change(found: &Found, caller: Caller, mask: CredentialMask, kind: Kind) -> Result<Place, Error> {
    let place = place_for(found, caller, mask, kind)?;
    if place.whose == Whose::AllUsers && !caller.may_change_machine {
        let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Settings)
            .did(format!("was asked to change what is stored for all users of \"{}\"", shown(&found.name)))
            .advice("ask an administrator, or store credentials of your own");
        return Err(cause.into());
    }
    Ok(place)
}

fn check_mask(mask: CredentialMask) -> Result<(), Error> {
    if mask.0 & !ALL_BITS == 0 {
        return Ok(());
    }
    Err(bad("found unknown bits in the mask of credentials", "use the bits that are documented"))
}

fn bad(did: &str, advice: &str) -> Error {
    Error(Cause::new(Code::INVALID_PARAMETER, LayerName::Settings).did(did).advice(advice))
}

fn note(still: &mut Option<StillStored>, bit: CredentialMask, provider: Provider) {
    match still {
        Some(still) => still.mask = still.mask | bit,
        None => *still = Some(StillStored { mask: bit, provider: provider.to_string() }),
    }
}

/// Gives a user name or a domain, which are no secrets.
fn plain(text: &Secret) -> String {
    text.expose_str().unwrap_or_default().to_owned()
}

const PARTS: [(CredentialMask, Kind); 6] = [
    (CredentialMask::USER_NAME, Kind::UserName),
    (CredentialMask::PASSWORD, Kind::Password),
    (CredentialMask::DOMAIN, Kind::Domain),
    (CredentialMask::PRE_SHARED_KEY, Kind::PreSharedKey),
    (CredentialMask::SERVER_PRE_SHARED_KEY, Kind::ServerPreSharedKey),
    (CredentialMask::DEMAND_PRE_SHARED_KEY, Kind::DemandPreSharedKey),
];

/// The parts that travel in the password's place.
const SECRETS: [CredentialMask; 4] = [
    CredentialMask::PASSWORD,
    CredentialMask::PRE_SHARED_KEY,
    CredentialMask::SERVER_PRE_SHARED_KEY,
    CredentialMask::DEMAND_PRE_SHARED_KEY,
];

const ALL_BITS: u32 = 0x7f;

//! `RasGetCredentials` and `RasSetCredentials`.

use crate::abi::{RASCREDENTIALS, Scrubbed, read_versioned, write_versioned};
use crate::buffer::INVALID_SIZE;
use crate::call::Outcome;
use crate::entries::Entry;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::{Code, CredentialMask, NewCredentials};

variants! {
    /// Tells which of the wanted parts are stored (clauses K1, K2).
    RasGetCredentialsA RasGetCredentialsW = get(
        phonebook: *const C, name: *const C, credentials: *mut RASCREDENTIALS<C>
    );

    /// Stores the parts that the mask names, or forgets them (clauses K3 to K5).
    RasSetCredentialsA RasSetCredentialsW = set(
        phonebook: *const C, name: *const C, credentials: *const RASCREDENTIALS<C>, clear: i32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(phonebook: *const C, name: *const C, credentials: *mut RASCREDENTIALS<C>) -> Outcome {
    // SAFETY: the caller answers for them.
    let (entry, given) = unsafe { read(phonebook, name, credentials) }?;
    let wanted = CredentialMask(given.dwMask);
    let found = entry.ask(|manager, entry| manager.credentials(entry.clone(), wanted))?;
    let told = Scrubbed(RASCREDENTIALS {
        dwSize: given.dwSize,
        dwMask: found.delivered.0,
        szUserName: text::array(&found.user),
        szPassword: text::array(found.password()),
        szDomain: text::array(&found.domain),
    });
    // SAFETY: the caller answers for it, and the size is the one that was read.
    unsafe { write_versioned(credentials, &told, given.dwSize) };
    Ok(())
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(
    phonebook: *const C,
    name: *const C,
    credentials: *const RASCREDENTIALS<C>,
    clear: i32,
) -> Outcome {
    // SAFETY: the caller answers for them.
    let (entry, given) = unsafe { read(phonebook, name, credentials) }?;
    let mask = CredentialMask(given.dwMask);
    if clear != 0 {
        return match entry.ask(|manager, entry| manager.clear_credentials(entry.clone(), mask))? {
            None => Ok(()),
            // A provider that is only read has it still: the program must not believe that it is gone.
            Some(_) => Err(Code::ACCESS_DENIED),
        };
    }
    let new = NewCredentials {
        mask,
        user: text::of_array(&{ given.szUserName })?,
        domain: text::of_array(&{ given.szDomain })?,
        password: text::secret_of_array(given.szPassword)?,
    };
    entry.ask(|manager, entry| manager.set_credentials(entry.clone(), &new))
}

/// # Safety
/// As the exported functions say.
unsafe fn read<C: Char>(
    phonebook: *const C,
    name: *const C,
    credentials: *const RASCREDENTIALS<C>,
) -> Result<(Entry, Scrubbed<RASCREDENTIALS<C>>), Code> {
    if credentials.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: it is not null, and the caller answers for all of them.
    unsafe {
        let given = read_versioned(credentials).ok_or(INVALID_SIZE)?;
        Ok((Entry::read(phonebook, name)?, given))
    }
}

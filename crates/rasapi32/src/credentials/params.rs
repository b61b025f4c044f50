//! `RasGetEntryDialParams` and `RasSetEntryDialParams`.

use crate::abi::{RASDIALPARAMS, Scrubbed, read_versioned, write_versioned};
use crate::buffer::{BUFFER_INVALID, INVALID_SIZE};
use crate::call::Outcome;
use crate::dial::request::phonebook as read_path;
use crate::entries::Entry;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::{Code, EntryRef, NewDialParams, STORED_PASSWORD};

variants! {
    /// Gives what the entry that the structure names is dialled with (clauses K6, K8).
    RasGetEntryDialParamsA RasGetEntryDialParamsW = get(
        phonebook: *const C, params: *mut RASDIALPARAMS<C>, has_password: *mut i32
    );

    /// Stores what an entry is dialled with (clause K7).
    RasSetEntryDialParamsA RasSetEntryDialParamsW = set(
        phonebook: *const C, params: *const RASDIALPARAMS<C>, remove_password: i32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(phonebook: *const C, params: *mut RASDIALPARAMS<C>, has_password: *mut i32) -> Outcome {
    if has_password.is_null() {
        return Err(BUFFER_INVALID);
    }
    // SAFETY: the caller answers for them.
    let (entry, mut given, size) = unsafe { read(phonebook, params) }?;
    let found = entry.ask(|manager, entry| manager.dial_params(entry.clone()))?;
    // Clause K6: the number is not told, and whatever else the caller has there stays.
    given.szUserName = text::array(&found.user);
    given.szDomain = text::array(&found.domain);
    given.szCallbackNumber = text::array(&found.callback_number);
    given.szPassword = text::array(if found.has_password { STORED_PASSWORD } else { "" });
    // SAFETY: the caller answers for both, and the size is the one that was read.
    unsafe {
        write_versioned(params, &given, size);
        has_password.write_unaligned(found.has_password.into());
    }
    Ok(())
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(phonebook: *const C, params: *const RASDIALPARAMS<C>, remove_password: i32) -> Outcome {
    // SAFETY: the caller answers for them.
    let (entry, given, _) = unsafe { read(phonebook, params) }?;
    let new = NewDialParams {
        user: text::of_array(&{ given.szUserName })?,
        domain: text::of_array(&{ given.szDomain })?,
        callback_number: text::of_array(&{ given.szCallbackNumber })?,
        password: text::secret_of_array(given.szPassword)?,
        remove_password: remove_password != 0,
    };
    entry.ask(|manager, entry| manager.set_dial_params(entry.clone(), &new))
}

/// Parameters, the entry that they name, and their dwSize.
type Given<C> = (Entry, Scrubbed<RASDIALPARAMS<C>>, u32);

/// # Safety
/// As the exported functions say.
unsafe fn read<C: Char>(phonebook: *const C, params: *const RASDIALPARAMS<C>) -> Result<Given<C>, Code> {
    if params.is_null() {
        return Err(BUFFER_INVALID);
    }
    // SAFETY: it is not null, and the caller answers for both.
    let (given, phonebook) = unsafe { (read_versioned(params).ok_or(INVALID_SIZE)?, read_path(phonebook)?) };
    let name = text::of_array(&{ given.szEntryName })?;
    let size = given.dwSize;
    Ok((Entry::of(EntryRef { phonebook, name })?, given, size))
}

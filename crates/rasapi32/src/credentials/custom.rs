//! `RasGetCustomAuthData` and `RasSetCustomAuthData`: what an EAP method keeps for the entry.

use super::INVALID_ARGUMENT;
use super::user_data::read_bytes;
use crate::buffer::fill_bytes;
use crate::call::Outcome;
use crate::entries::Entry;
use crate::text::Char;
use crate::variants::variants;
use rasman_phonebook::Blob;

variants! {
    /// Gives what an EAP method keeps for the entry; nothing is 0 with size 0.
    RasGetCustomAuthDataA RasGetCustomAuthDataW = get(
        phonebook: *const C, name: *const C, data: *mut u8, size: *mut u32
    );

    /// Stores what an EAP method keeps for the entry.
    RasSetCustomAuthDataA RasSetCustomAuthDataW = set(
        phonebook: *const C, name: *const C, data: *const u8, size: u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(phonebook: *const C, name: *const C, data: *mut u8, size: *mut u32) -> Outcome {
    if size.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: the caller answers for them.
    let entry = unsafe { Entry::read(phonebook, name) }?;
    let found = entry.ask(|manager, entry| manager.entry_properties(entry.clone()))?;
    // SAFETY: the size is not null, and the caller answers for both.
    unsafe { fill_bytes(data, size, &found.custom_auth_data.0) }
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(phonebook: *const C, name: *const C, data: *const u8, size: u32) -> Outcome {
    // SAFETY: the caller answers for them.
    let (data, entry) = unsafe { (read_bytes(data, size)?, Entry::read(phonebook, name)?) };
    let mut properties = entry.ask(|manager, entry| manager.entry_properties(entry.clone()))?;
    properties.custom_auth_data = Blob(data.expose().to_vec());
    entry.ask(|manager, entry| manager.set_entry_properties(entry.clone(), &properties))
}

//! `RasGetEapUserData` and `RasSetEapUserData`: what an EAP method keeps for the user.

use super::INVALID_ARGUMENT;
use crate::buffer::fill_bytes;
use crate::call::Outcome;
use crate::entries::Entry;
use crate::text::Char;
use crate::variants::variants;
use core::ffi::c_void;
use rasman::{Code, Secret};

variants! {
    /// Gives what an EAP method keeps for the user; nothing is 0 with size 0 (clause K9).
    RasGetEapUserDataA RasGetEapUserDataW = get(
        token: *mut c_void, phonebook: *const C, name: *const C, data: *mut u8, size: *mut u32
    );

    /// Stores what an EAP method keeps for the user.
    RasSetEapUserDataA RasSetEapUserDataW = set(
        token: *mut c_void, phonebook: *const C, name: *const C, data: *const u8, size: u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(
    token: *mut c_void,
    phonebook: *const C,
    name: *const C,
    data: *mut u8,
    size: *mut u32,
) -> Outcome {
    check_token(token)?;
    if size.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: the caller answers for them.
    let entry = unsafe { Entry::read(phonebook, name) }?;
    let found = entry.ask(|manager, entry| manager.eap_user_data(entry.clone()))?;
    // SAFETY: the size is not null, and the caller answers for both.
    unsafe { fill_bytes(data, size, found.expose()) }
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(token: *mut c_void, phonebook: *const C, name: *const C, data: *const u8, size: u32) -> Outcome {
    check_token(token)?;
    // SAFETY: the caller answers for them.
    let (data, entry) = unsafe { (read_bytes(data, size)?, Entry::read(phonebook, name)?) };
    entry.ask(|manager, entry| manager.set_eap_user_data(entry.clone(), &data))
}

/// Nobody but the caller is meant: the system has no tokens of others.
fn check_token(token: *mut c_void) -> Result<(), Code> {
    if token.is_null() { Ok(()) } else { Err(Code::NOT_SUPPORTED) }
}

/// Reads a blob.
///
/// # Errors
/// E_INVALIDARG for none and for an empty one.
///
/// # Safety
/// Unless null, `size` bytes are readable at `data`.
pub(super) unsafe fn read_bytes(data: *const u8, size: u32) -> Result<Secret, Code> {
    if data.is_null() || size == 0 {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: the caller answers for it.
    Ok(Secret::new(unsafe { core::slice::from_raw_parts(data, size as usize) }))
}

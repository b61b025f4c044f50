//! `RasGetEapUserIdentity` and `RasFreeEapUserIdentity`.

use super::INVALID_ARGUMENT;
use crate::abi::constants::{RASEAPF_Logon, RASEAPF_NonInteractive, RASEAPF_Preview};
use crate::abi::{Layout, RASEAPUSERIDENTITY};
use crate::call::{Outcome, answer};
use crate::entries::Entry;
use crate::text::{self, Char};
use crate::variants::variants;
use core::ffi::c_void;
use core::mem::offset_of;
use rasman::{Code, Properties, Secret};
use rasman_phonebook::AuthRestrictions;

variants! {
    /// Allocates the identity with which the user dials an entry that uses EAP: the stored user name, and what the method
    /// keeps. To be freed by RasFreeEapUserIdentity.
    ///
    /// 780 for an entry that needs none: one without EAP, or with a method that takes user name and password. 703 where the
    /// user would have to be asked: there is nobody to ask here.
    RasGetEapUserIdentityA RasGetEapUserIdentityW = get(
        phonebook: *const C, name: *const C, flags: u32, _parent: *mut c_void, identity: *mut *mut RASEAPUSERIDENTITY<C>
    );
}

/// Frees an identity, and overwrites it before. Null is none.
///
/// # Safety
/// The pointer is null or from RasGetEapUserIdentityA, and not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasFreeEapUserIdentityA(identity: *mut RASEAPUSERIDENTITY<u8>) {
    // SAFETY: the caller answers for it.
    unsafe { free(identity.cast()) }
}

/// Frees an identity, and overwrites it before. Null is none.
///
/// # Safety
/// The pointer is null or from RasGetEapUserIdentityW, and not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasFreeEapUserIdentityW(identity: *mut RASEAPUSERIDENTITY<u16>) {
    // SAFETY: the caller answers for it.
    unsafe { free(identity.cast()) }
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(
    phonebook: *const C,
    name: *const C,
    flags: u32,
    _parent: *mut c_void,
    identity: *mut *mut RASEAPUSERIDENTITY<C>,
) -> Outcome {
    if identity.is_null() || flags & !(RASEAPF_NonInteractive | RASEAPF_Logon | RASEAPF_Preview) != 0 {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: it is not null, and the caller answers for it.
    unsafe { identity.write_unaligned(core::ptr::null_mut()) };
    // SAFETY: the caller answers for them.
    let entry = unsafe { Entry::read(phonebook, name) }?;
    let properties = entry.ask(|manager, entry| manager.entry_properties(entry.clone()))?;
    if !needs_identity(&properties) {
        return Err(INVALID_FUNCTION_FOR_ENTRY);
    }
    let user = entry.ask(|manager, entry| manager.dial_params(entry.clone()))?.user;
    let data = entry.ask(|manager, entry| manager.eap_user_data(entry.clone()))?;
    if user.is_empty() || flags & RASEAPF_Preview != 0 {
        return Err(INTERACTIVE_MODE);
    }
    let made = allocate::<C>(&user, &data)?;
    // SAFETY: as above.
    unsafe { identity.write_unaligned(made) };
    Ok(())
}

/// Tells whether an entry uses a method of EAP that does more than take a user name and a password.
fn needs_identity(properties: &Properties) -> bool {
    properties.auth_restrictions.contains(AuthRestrictions::EAP) && !STANDARD.contains(&properties.custom_auth_key)
}

/// Makes an identity with the data behind it.
fn allocate<C: Char>(user: &str, data: &Secret) -> Result<*mut RASEAPUSERIDENTITY<C>, Code> {
    let data = data.expose();
    let value = RASEAPUSERIDENTITY::<C> {
        szUserName: text::array(user),
        dwSizeofEapInfo: u32::try_from(data.len()).map_err(|_| NOT_ENOUGH_MEMORY)?,
        ..Layout::zeroed()
    };
    let at = offset_of!(RASEAPUSERIDENTITY<C>, pbEapInfo);
    let length = size_of_val(&value).max(at + data.len());
    // SAFETY: any length may be asked for.
    let made = unsafe { libc::calloc(1, length) };
    if made.is_null() {
        return Err(NOT_ENOUGH_MEMORY);
    }
    // SAFETY: the memory is ours, aligned for everything, and long enough for both.
    unsafe {
        made.cast::<RASEAPUSERIDENTITY<C>>().write(value);
        core::ptr::copy_nonoverlapping(data.as_ptr(), made.cast::<u8>().add(at), data.len());
    }
    Ok(made.cast())
}

/// # Safety
/// The pointer is null or from [`allocate`].
unsafe fn free(identity: *mut c_void) {
    answer(|| {
        if !identity.is_null() {
            // SAFETY: it came from calloc; so many bytes of it may be written, and it is freed once.
            unsafe {
                let length = libc::malloc_usable_size(identity);
                libc::explicit_bzero(identity, length);
                libc::free(identity);
            }
        }
        Ok(())
    });
}

/// Types of EAP that take a user name and a password, which RASDIALPARAMS has: none in particular, MD5, TTLS, PEAP,
/// MSCHAPv2.
const STANDARD: [u32; 5] = [0, 4, 21, 25, 26];

/// ERROR_NOT_ENOUGH_MEMORY.
const NOT_ENOUGH_MEMORY: Code = Code(8);

/// ERROR_INTERACTIVE_MODE.
const INTERACTIVE_MODE: Code = Code(703);

/// ERROR_INVALID_FUNCTION_FOR_ENTRY.
const INVALID_FUNCTION_FOR_ENTRY: Code = Code(780);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_the_name_and_the_data_behind_it() {
        for length in [0_usize, 1, 4, 300] {
            let data = Secret::new(vec![7; length]);
            let made = allocate::<u16>("alice", &data).expect("there is memory");
            // SAFETY: it was just made; the data lie where the structure says.
            unsafe {
                assert_eq!(text::of_array(&{ (*made).szUserName }).as_deref(), Ok("alice"));
                assert_eq!({ (*made).dwSizeofEapInfo }, length as u32);
                let bytes = core::slice::from_raw_parts((&raw const (*made).pbEapInfo).cast::<u8>(), length);
                assert_eq!(bytes, data.expose());
                RasFreeEapUserIdentityW(made);
            }
        }
        // SAFETY: null is none.
        unsafe { RasFreeEapUserIdentityA(core::ptr::null_mut()) };
    }
}

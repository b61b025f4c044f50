//! Where AutoDial is on, and its settings.
#![allow(clippy::extra_unused_type_parameters, reason = "both variants are exported, and nothing here is text")]

use crate::buffer::INVALID_SIZE;
use crate::call::{Outcome, code_of};
use crate::managers;
use crate::text::Char;
use crate::variants::variants;
use core::ffi::c_void;
use rasman::{AutodialSetting, Code};

variants! {
    /// Tells whether AutoDial is on at a location (clause D9).
    RasGetAutodialEnableA RasGetAutodialEnableW = is_enabled(location: u32, enabled: *mut i32);

    /// Switches AutoDial on or off at a location (clause D9).
    RasSetAutodialEnableA RasSetAutodialEnableW = enable(location: u32, enabled: i32);

    /// Gives a setting of 32 bits (clause D7).
    RasGetAutodialParamA RasGetAutodialParamW = get(key: u32, value: *mut c_void, size: *mut u32);

    /// Stores a setting of 32 bits (clause D7).
    RasSetAutodialParamA RasSetAutodialParamW = set(key: u32, value: *const c_void, size: u32);
}

/// # Safety
/// As the exported functions say.
unsafe fn is_enabled<C: Char>(location: u32, enabled: *mut i32) -> Outcome {
    if enabled.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let on = managers::main().and_then(|manager| manager.autodial_is_enabled(location)).map_err(code_of)?;
    // SAFETY: it is not null, and the caller answers for it.
    unsafe { enabled.write_unaligned(on.into()) };
    Ok(())
}

/// # Safety
/// As the exported functions say: there is no pointer.
unsafe fn enable<C: Char>(location: u32, enabled: i32) -> Outcome {
    managers::main().and_then(|manager| manager.enable_autodial(location, enabled != 0)).map_err(code_of)
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(key: u32, value: *mut c_void, size: *mut u32) -> Outcome {
    if value.is_null() || size.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let setting = known(key)?;
    // SAFETY: it is not null, and the caller answers for it.
    if unsafe { size.read_unaligned() } != VALUE_SIZE {
        // SAFETY: likewise.
        unsafe { size.write_unaligned(VALUE_SIZE) };
        return Err(INVALID_SIZE);
    }
    let found = managers::main().and_then(|manager| manager.autodial_setting(setting)).map_err(code_of)?;
    // SAFETY: it is not null, and the size says that there are four bytes.
    unsafe { value.cast::<u32>().write_unaligned(found) };
    Ok(())
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(key: u32, value: *const c_void, size: u32) -> Outcome {
    if value.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let setting = known(key)?;
    if size != VALUE_SIZE {
        return Err(INVALID_SIZE);
    }
    // SAFETY: it is not null, and the size says that there are four bytes.
    let value = unsafe { value.cast::<u32>().read_unaligned() };
    managers::main().and_then(|manager| manager.set_autodial_setting(setting, value)).map_err(code_of)
}

/// Clause D7: an unknown key is 87, before the size is looked at.
fn known(key: u32) -> Result<AutodialSetting, Code> {
    let setting = AutodialSetting(key);
    setting.default_value().map(|_| setting).ok_or(Code::INVALID_PARAMETER)
}

/// Every setting has four bytes.
const VALUE_SIZE: u32 = 4;

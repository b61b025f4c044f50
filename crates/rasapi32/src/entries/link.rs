//! Links of an entry: `RasGetSubEntryProperties`, `RasSetSubEntryProperties`, `RasDeleteSubEntry`.

use super::properties::read_with_alternates;
use super::rasentry::set_device;
use super::{Entry, alternates};
use crate::abi::{Layout, RASSUBENTRY};
use crate::buffer::Tailed;
use crate::call::Outcome;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::{Code, EntryRef, Error, Manager, Subentry};

variants! {
    /// Gives a link of an entry, counted from one (clause M1).
    RasGetSubEntryPropertiesA RasGetSubEntryPropertiesW = get(
        phonebook: *const C, name: *const C, index: u32, link: *mut RASSUBENTRY<C>, size: *mut u32, _device: *mut u8,
        _device_size: *mut u32
    );

    /// Changes a link of an entry, or adds it as the next (clause M7).
    RasSetSubEntryPropertiesA RasSetSubEntryPropertiesW = set(
        phonebook: *const C, name: *const C, index: u32, link: *const RASSUBENTRY<C>, size: u32, _device: *const u8,
        _device_size: u32
    );

    /// Deletes a link of an entry; the last one stays.
    RasDeleteSubEntryA RasDeleteSubEntryW = delete(phonebook: *const C, name: *const C, index: u32);
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(
    phonebook: *const C,
    name: *const C,
    index: u32,
    link: *mut RASSUBENTRY<C>,
    size: *mut u32,
    _device: *mut u8,
    _device_size: *mut u32,
) -> Outcome {
    // SAFETY: the caller answers for them.
    let (tailed, entry) = unsafe { (Tailed::check(link, size)?, Entry::read(phonebook, name)?) };
    let found = entry.ask(|manager, entry| manager.subentry(entry.clone(), index))?;
    let tail = alternates::write::<C>(found.alternates());
    let value = RASSUBENTRY {
        // Clause M9: the flags are not used.
        szDeviceType: text::array(&found.device_type),
        szDeviceName: text::array(&found.device_name),
        szLocalPhoneNumber: text::array(found.phone_number()),
        dwAlternateOffset: if tail.is_empty() { 0 } else { tailed.version() },
        ..RASSUBENTRY::zeroed()
    };
    // SAFETY: nothing has changed since the check.
    unsafe { tailed.fill(&value, &tail) }
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(
    phonebook: *const C,
    name: *const C,
    index: u32,
    link: *const RASSUBENTRY<C>,
    size: u32,
    _device: *const u8,
    _device_size: u32,
) -> Outcome {
    // SAFETY: the caller answers for them.
    let (entry, (given, _, numbers)) = unsafe {
        (Entry::read(phonebook, name)?, read_with_alternates::<C, _>(link, size, |given| given.dwAlternateOffset)?)
    };
    let mut wanted = entry.ask(|manager, entry| existing_or_new(manager, entry, index))?;
    let (kind, device) = (text::of_array(&{ given.szDeviceType })?, text::of_array(&{ given.szDeviceName })?);
    set_device(&mut wanted, kind, device);
    wanted.phone_numbers = numbers_of(text::of_array(&{ given.szLocalPhoneNumber })?, numbers);
    entry.ask(|manager, entry| manager.set_subentry(entry.clone(), index, &wanted))
}

/// # Safety
/// As the exported functions say.
unsafe fn delete<C: Char>(phonebook: *const C, name: *const C, index: u32) -> Outcome {
    // SAFETY: the caller answers for them.
    let entry = unsafe { Entry::read(phonebook, name) }?;
    entry.ask(|manager, entry| manager.delete_subentry(entry.clone(), index))
}

/// Gives a link as it is, or an empty one.
fn existing_or_new(manager: &Manager, entry: &EntryRef, index: u32) -> Result<Subentry, Error> {
    match manager.subentry(entry.clone(), index) {
        Err(error) if error.code() == Code::INVALID_PARAMETER => Ok(Subentry::default()),
        found => found,
    }
}

/// Puts the number before its alternates; an empty one alone is none.
pub(super) fn numbers_of(number: String, alternates: Vec<String>) -> Vec<String> {
    if number.is_empty() && alternates.is_empty() {
        return alternates;
    }
    core::iter::once(number).chain(alternates).collect()
}

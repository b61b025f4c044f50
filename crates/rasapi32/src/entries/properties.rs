//! `RasGetEntryProperties` and `RasSetEntryProperties`.

use super::rasentry::{from_rasentry, to_rasentry};
use super::{Entry, alternates, entry_ref};
use crate::abi::{RASENTRY, Sized32, read_prefix, read_size};
use crate::buffer::{BUFFER_INVALID, INVALID_SIZE, Tailed};
use crate::call::Outcome;
use crate::text::Char;
use crate::variants::variants;
use rasman::{Code, EntryRef, Error, Manager, Properties};

variants! {
    /// Gives an entry; of the empty name, or a null one, the defaults of a new one (clauses B6, B7). What it would tell of
    /// the device is not there: the last two arguments are not looked at.
    RasGetEntryPropertiesA RasGetEntryPropertiesW = get(
        phonebook: *const C, name: *const C, properties: *mut RASENTRY<C>, size: *mut u32, _device: *mut u8,
        _device_size: *mut u32
    );

    /// Changes an entry or creates it (clause B5). The last two arguments are not looked at.
    RasSetEntryPropertiesA RasSetEntryPropertiesW = set(
        phonebook: *const C, name: *const C, properties: *const RASENTRY<C>, size: u32, _device: *const u8,
        _device_size: u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(
    phonebook: *const C,
    name: *const C,
    properties: *mut RASENTRY<C>,
    size: *mut u32,
    _device: *mut u8,
    _device_size: *mut u32,
) -> Outcome {
    let nothing = [C::default()];
    let name = if name.is_null() { nothing.as_ptr() } else { name };
    // SAFETY: the caller answers for them.
    let (tailed, entry) = unsafe { (Tailed::check(properties, size)?, Entry::read(phonebook, name)?) };
    let found = entry.ask(|manager, entry| manager.entry_properties(entry.clone()))?;
    let tail = alternates::write::<C>(found.primary().map_or(&[], |link| link.alternates()));
    let offset = if tail.is_empty() { 0 } else { tailed.version() };
    let value = RASENTRY { dwAlternateOffset: offset, ..to_rasentry(&found) };
    // SAFETY: nothing has changed since the check.
    unsafe { tailed.fill(&value, &tail) }
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(
    phonebook: *const C,
    name: *const C,
    properties: *const RASENTRY<C>,
    size: u32,
    _device: *const u8,
    _device_size: u32,
) -> Outcome {
    // SAFETY: the caller answers for them.
    let (entry, (given, version, numbers)) = unsafe {
        (entry_ref(phonebook, name)?, read_with_alternates::<C, _>(properties, size, |given| given.dwAlternateOffset)?)
    };
    let entry = Entry::of(entry)?;
    let mut wanted = entry.ask(existing_or_new)?;
    from_rasentry(&given, version, numbers, &mut wanted)?;
    entry.ask(|manager, entry| manager.set_entry_properties(entry.clone(), &wanted))
}

/// A structure, its version, and the alternate numbers behind it.
type WithAlternates<T> = (crate::abi::Scrubbed<T>, u32, Vec<String>);

/// Reads a structure with alternate numbers behind it.
///
/// # Errors
/// 87 for a null pointer, 632 for an unknown dwSize, 610 for a size that is less than that or a list outside of it.
///
/// # Safety
/// Unless null, `size` bytes are readable at `from`.
pub(super) unsafe fn read_with_alternates<C: Char, T: Sized32>(
    from: *const T,
    size: u32,
    offset: impl FnOnce(&T) -> u32,
) -> Result<WithAlternates<T>, Code> {
    if from.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    if size < 4 {
        return Err(BUFFER_INVALID);
    }
    // SAFETY: it is not null, and four bytes are within the size that the caller answers for.
    let version = unsafe { read_size(from) };
    if !T::is_size(version) {
        return Err(INVALID_SIZE);
    }
    if version > size {
        return Err(BUFFER_INVALID);
    }
    // SAFETY: both lie within the size that the caller answers for.
    let (value, whole) =
        unsafe { (read_prefix(from, version), core::slice::from_raw_parts(from.cast::<u8>(), size as usize)) };
    let numbers = alternates::read::<C>(whole, offset(&value))?;
    Ok((value, version, numbers))
}

/// Gives an entry as it is, or the defaults of a new one. RASENTRY does not have all that a phone book has, so what it
/// lacks stays as it is.
fn existing_or_new(manager: &Manager, entry: &EntryRef) -> Result<Properties, Error> {
    match manager.entry_properties(entry.clone()) {
        Err(error) if [Code::CANNOT_FIND_PHONEBOOK_ENTRY, CANNOT_OPEN].contains(&error.code()) => {
            manager.entry_properties("")
        }
        found => found,
    }
}

/// ERROR_CANNOT_OPEN_PHONEBOOK: a named phone book that is not there is made with its first entry.
const CANNOT_OPEN: Code = Code(621);

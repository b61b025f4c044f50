//! `RasGetAutodialAddress` and `RasSetAutodialAddress`.

use super::read_address;
use crate::abi::{Layout, RASAUTODIALENTRY, read_prefix, read_size};
use crate::buffer::{Array, BUFFER_INVALID, INVALID_SIZE};
use crate::call::{Outcome, code_of};
use crate::managers;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::{AutodialEntry, Code};

variants! {
    /// Gives the entries of an address; without one, of the default connection (clauses D3 to D5).
    RasGetAutodialAddressA RasGetAutodialAddressW = get(
        address: *const C, reserved: *mut u32, entries: *mut RASAUTODIALENTRY<C>, size: *mut u32, count: *mut u32
    );

    /// Gives an address entries, or forgets it (clauses D2, D3).
    RasSetAutodialAddressA RasSetAutodialAddressW = set(
        address: *const C, reserved: u32, entries: *const RASAUTODIALENTRY<C>, size: u32, count: u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(
    address: *const C,
    reserved: *mut u32,
    entries: *mut RASAUTODIALENTRY<C>,
    size: *mut u32,
    count: *mut u32,
) -> Outcome {
    if !reserved.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller answers for them.
    let (array, address) = unsafe { (Array::check(entries, size, count)?, read_address(address)?) };
    let found = managers::main().and_then(|manager| manager.autodial_entries(&address)).map_err(code_of)?;
    let listed: Vec<_> = found
        .iter()
        .map(|entry| RASAUTODIALENTRY {
            dwFlags: entry.flags,
            dwDialingLocation: entry.location,
            szEntry: text::array(&entry.entry),
            ..RASAUTODIALENTRY::zeroed()
        })
        .collect();
    // SAFETY: nothing has changed since the check.
    unsafe { array.fill(&listed) }
}

/// # Safety
/// As the exported functions say.
unsafe fn set<C: Char>(
    address: *const C,
    reserved: u32,
    entries: *const RASAUTODIALENTRY<C>,
    size: u32,
    count: u32,
) -> Outcome {
    if reserved != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller answers for them.
    let (address, mut entries) = unsafe { (read_address(address)?, read_entries(entries, size, count)?) };
    // Clause D3: one entry without a name takes the default connection away.
    if address.is_empty() && matches!(&entries[..], [only] if only.entry.is_empty()) {
        entries.clear();
    }
    managers::main().and_then(|manager| manager.set_autodial_entries(&address, &entries)).map_err(code_of)
}

/// Reads the array of a caller; null with neither size nor count is an empty one.
///
/// # Safety
/// Unless null, `size` bytes are readable at `from`.
unsafe fn read_entries<C: Char>(
    from: *const RASAUTODIALENTRY<C>,
    size: u32,
    count: u32,
) -> Result<Vec<AutodialEntry>, Code> {
    if from.is_null() || count == 0 {
        let is_none = from.is_null() && size == 0 && count == 0;
        return if is_none { Ok(Vec::new()) } else { Err(Code::INVALID_PARAMETER) };
    }
    if size < 4 {
        return Err(BUFFER_INVALID);
    }
    // SAFETY: the first four bytes are within the size that the caller answers for.
    let stride = unsafe { read_size(from) };
    if !RASAUTODIALENTRY::<C>::is_size(stride) {
        return Err(INVALID_SIZE);
    }
    if u64::from(stride) * u64::from(count) > u64::from(size) {
        return Err(BUFFER_INVALID);
    }
    let read = |index: u32| {
        // SAFETY: all elements are within the size that the caller answers for.
        let given = unsafe { read_prefix(from.byte_add(index as usize * stride as usize), stride) };
        let entry = text::of_array(&{ given.szEntry })?;
        Ok(AutodialEntry { location: given.dwDialingLocation, flags: given.dwFlags, entry })
    };
    (0..count).map(read).collect()
}

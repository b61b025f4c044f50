//! `RasEnumEntries`.

use crate::abi::{Layout, RASENTRYNAME};
use crate::buffer::Array;
use crate::call::{Outcome, code_of};
use crate::dial::request::phonebook as read_path;
use crate::managers;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::{Code, EntryInfo};

variants! {
    /// Lists the entries of one phone book, or of all (clauses B1, B12, Z).
    RasEnumEntriesA RasEnumEntriesW = enumerate(
        reserved: *const C, phonebook: *const C, names: *mut RASENTRYNAME<C>, size: *mut u32, count: *mut u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn enumerate<C: Char>(
    reserved: *const C,
    phonebook: *const C,
    names: *mut RASENTRYNAME<C>,
    size: *mut u32,
    count: *mut u32,
) -> Outcome {
    if !reserved.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller answers for them.
    let (array, phonebook) = unsafe { (Array::check(names, size, count)?, read_path(phonebook)?) };
    let entries = managers::main().and_then(|manager| manager.entries(phonebook.as_deref())).map_err(code_of)?;
    let names: Vec<_> = entries.iter().map(name_of).collect();
    // SAFETY: nothing has changed since the check.
    unsafe { array.fill(&names) }
}

fn name_of<C: Char>(entry: &EntryInfo) -> RASENTRYNAME<C> {
    let path = entry.phonebook.as_deref().map(|path| path.to_string_lossy());
    RASENTRYNAME {
        szEntryName: text::array(&entry.name),
        dwFlags: entry.scope.number(),
        szPhonebookPath: text::array(path.as_deref().unwrap_or_default()),
        ..RASENTRYNAME::zeroed()
    }
}

//! Names of entries: `RasRenameEntry`, `RasDeleteEntry`, `RasValidateEntryName`.

use super::{Entry, entry_ref};
use crate::call::{Outcome, code_of};
use crate::managers;
use crate::text::{self, Char};
use crate::variants::variants;
use rasman::Code;

variants! {
    /// Gives an entry another name (clause B3).
    RasRenameEntryA RasRenameEntryW = rename(phonebook: *const C, old: *const C, new: *const C);

    /// Deletes an entry; a missing one is 123 (clause E5), a connected one 817 (clause B13).
    RasDeleteEntryA RasDeleteEntryW = delete(phonebook: *const C, name: *const C);

    /// Tells whether a new entry could have this name (clauses B2, B4).
    RasValidateEntryNameA RasValidateEntryNameW = validate(phonebook: *const C, name: *const C);
}

/// # Safety
/// As the exported functions say.
unsafe fn rename<C: Char>(phonebook: *const C, old: *const C, new: *const C) -> Outcome {
    // SAFETY: the caller answers for them.
    let new = unsafe { text::of_pointer(new, text::NAME_UNITS) }?.ok_or(Code::INVALID_PARAMETER)?;
    // SAFETY: likewise.
    unsafe { Entry::read(phonebook, old) }?.ask(|manager, entry| manager.rename_entry(entry.clone(), &new))
}

/// # Safety
/// As the exported functions say.
unsafe fn delete<C: Char>(phonebook: *const C, name: *const C) -> Outcome {
    // SAFETY: the caller answers for them.
    unsafe { Entry::read(phonebook, name) }?.ask(|manager, entry| manager.delete_entry(entry.clone()))
}

/// # Safety
/// As the exported functions say.
unsafe fn validate<C: Char>(phonebook: *const C, name: *const C) -> Outcome {
    // SAFETY: the caller answers for them.
    let entry = unsafe { entry_ref(phonebook, name) }?;
    managers::main().and_then(|manager| manager.validate_entry_name(entry)).map_err(code_of)
}

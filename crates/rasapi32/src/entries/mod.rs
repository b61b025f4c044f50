//! Entries of phone books and their links.

mod alternates;
pub mod link;
pub mod list;
pub mod names;
mod options;
pub mod properties;
mod rasentry;

use crate::call::code_of;
use crate::dial::request::phonebook as read_path;
use crate::managers;
use crate::text::{self, Char};
use rasman::{Code, EntryRef, Error, Manager};

/// An entry that a call is about, and the manager that has it.
pub(crate) struct Entry {
    pub(crate) entry: EntryRef,
    manager: Manager,
}

impl Entry {
    /// Finds the manager of an entry.
    ///
    /// # Errors
    /// 87 for a null name and for what is no text; 711 without a manager (clause E9).
    ///
    /// # Safety
    /// Each pointer is null or leads to text with a terminator.
    pub(crate) unsafe fn read<C: Char>(phonebook: *const C, name: *const C) -> Result<Self, Code> {
        // SAFETY: the caller answers for it.
        Self::of(unsafe { entry_ref(phonebook, name) }?)
    }

    /// Finds the manager of an entry that is known already.
    ///
    /// # Errors
    /// 711 without a manager.
    pub(crate) fn of(entry: EntryRef) -> Result<Self, Code> {
        let manager = managers::to_dial(entry.phonebook.as_deref(), &entry.name).map_err(code_of)?;
        Ok(Self { entry, manager })
    }

    /// Asks the manager about it.
    ///
    /// # Errors
    /// The code of the refusal.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&Manager, &EntryRef) -> Result<T, Error>) -> Result<T, Code> {
        ask(&self.manager, &self.entry).map_err(code_of)
    }
}

/// Reads phone book and name of an entry.
///
/// # Errors
/// As [`Entry::read`].
///
/// # Safety
/// As [`Entry::read`].
pub(crate) unsafe fn entry_ref<C: Char>(phonebook: *const C, name: *const C) -> Result<EntryRef, Code> {
    // SAFETY: the caller answers for both.
    let (phonebook, name) = unsafe { (read_path(phonebook)?, text::of_pointer(name, text::NAME_UNITS)?) };
    Ok(EntryRef { phonebook, name: name.ok_or(Code::INVALID_PARAMETER)? })
}

//! The database of automatic dialling (the D clauses). It is kept, and nothing dials by it.

pub mod addresses;
pub mod entries;
pub mod settings;

use crate::text::{self, Char};
use rasman::Code;

/// Reads an address; null and empty mean the default connection (clause D3).
///
/// # Errors
/// 87 for what is no text, or too long.
///
/// # Safety
/// The pointer is null or leads to text with a terminator.
unsafe fn read_address<C: Char>(address: *const C) -> Result<String, Code> {
    // SAFETY: the caller answers for it.
    unsafe { text::of_pointer(address, text::PATH_UNITS) }.map(Option::unwrap_or_default)
}

//! Certificates from files, for settings that name a file.

use std::path::Path;

/// Reads the certificates of a PEM file, or the one of a DER file; says what went wrong as the rest of a sentence that
/// begins with the path.
pub(crate) fn read(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {}", crate::failure::plain(&error)))?;
    rasman_lab::pem::certificates(&bytes).map_err(|error| format!("has no certificate: {error}"))
}

/// The same for a path of a phone book.
pub(crate) fn of_phone_book(path: &str) -> Result<Vec<Vec<u8>>, String> {
    read(Path::new(path))
}

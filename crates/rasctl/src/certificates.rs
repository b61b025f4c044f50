//! Certificates from files, for settings that name a file.

use crate::exit::Exit;
use crate::failure::Failure;
use rasman_phonebook::store::{Place, Scope};
use rasman_phonebook::{Properties, ReadFiles};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Reads the certificates of a PEM file, or the one of a DER file; says what went wrong as the rest of a sentence that
/// begins with the path.
pub(crate) fn read(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    parse(&bytes(path)?)
}

/// The files that a phone book names.
pub(crate) struct OfPhoneBook;

impl ReadFiles for OfPhoneBook {
    fn certificates(&mut self, path: &str) -> Result<Vec<Vec<u8>>, String> {
        read(Path::new(path))
    }

    fn whole(&mut self, path: &str) -> Result<Vec<u8>, String> {
        bytes(Path::new(path))
    }
}

/// Copies the certificates that an entry names into the folder of its phone book, and lets it name the copies.
///
/// A manager in its sandbox reads that folder and not those of the user; and a certificate in a folder of downloads does
/// not stay there for ever. A phone book elsewhere keeps its paths.
pub(crate) fn keep(entry: &mut Properties, place: &Place) -> Result<(), Failure> {
    let Some(folder) = place.path.parent().filter(|_| place.scope != Scope::Explicit) else { return Ok(()) };
    for path in entry.ca.iter_mut().chain(&mut entry.eap_ca) {
        if !Path::new(path.as_str()).starts_with(folder) {
            *path = copy(Path::new(path.as_str()), &folder.join(FOLDER))?.to_string_lossy().into_owned();
        }
    }
    Ok(())
}

fn copy(from: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let wrong = |problem| {
        Failure::new(Exit::Settings, format!("{} {problem}", from.display()), "give a PEM or DER certificate")
    };
    let bytes = bytes(from).map_err(wrong)?;
    parse(&bytes).map_err(wrong)?;
    // By its content: the same certificate is kept once, and another one never takes its place.
    let digest: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let to = folder.join(format!("{digest}.pem"));
    let failed = |error: std::io::Error| Failure::system(to.display(), &error);
    fs::create_dir_all(folder).map_err(failed)?;
    let new = folder.join(format!(".{digest}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&new).map_err(failed)?;
    let written = file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, &to));
    written.inspect_err(|_| drop(fs::remove_file(&new))).map_err(failed)?;
    Ok(to)
}

pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| format!("cannot be read: {}", crate::failure::plain(&error)))?;
    if !metadata.is_file() || metadata.len() > SIZE_MAX {
        return Err("is no file with certificates".to_owned());
    }
    fs::read(path).map_err(|error| format!("cannot be read: {}", crate::failure::plain(&error)))
}

fn parse(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    rasman_lab::pem::certificates(bytes).map_err(|error| format!("has no certificate: {error}"))
}

/// The folder of the copies, beside the phone book.
const FOLDER: &str = "certificates";
/// More than all authorities that there are.
const SIZE_MAX: u64 = 8 << 20;

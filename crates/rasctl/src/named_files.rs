//! The files that settings name: certificates and login scripts.

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

/// Copies the certificates and the login script that an entry names into the folder of its phone book, and lets it name the
/// copies.
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
    for link in &mut entry.subentries {
        let path = Path::new(&link.script);
        if path.is_absolute() && !path.starts_with(folder) {
            link.script = copy_script(path, &folder.join(SCRIPTS))?.to_string_lossy().into_owned();
        }
    }
    Ok(())
}

/// A script keeps its name, in a folder named by its content; it may hold a password.
fn copy_script(from: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let wrong = |problem| Failure::new(Exit::Settings, format!("{} {problem}", from.display()), "give a login script");
    let bytes = bytes(from).map_err(wrong)?;
    let name = from.file_name().ok_or_else(|| wrong("is no file".to_owned()))?;
    let folder = folder.join(digest_of(&bytes));
    let to = folder.join(name);
    write(&folder, &to, &bytes, 0o600).map_err(|error| Failure::system(to.display(), &error))?;
    Ok(to)
}

fn copy(from: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let wrong = |problem| {
        Failure::new(Exit::Settings, format!("{} {problem}", from.display()), "give a PEM or DER certificate")
    };
    let bytes = bytes(from).map_err(wrong)?;
    parse(&bytes).map_err(wrong)?;
    let to = folder.join(format!("{}.pem", digest_of(&bytes)));
    write(folder, &to, &bytes, 0o644).map_err(|error| Failure::system(to.display(), &error))?;
    Ok(to)
}

/// By its content a file is kept once, and another one never takes its place.
fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn write(folder: &Path, to: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let new = folder.join(format!(".new.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, to));
    written.inspect_err(|_| drop(fs::remove_file(&new)))
}

pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| format!("cannot be read: {}", crate::failure::plain(&error)))?;
    if !metadata.is_file() || metadata.len() > SIZE_MAX {
        return Err("is no plain file of a moderate size".to_owned());
    }
    fs::read(path).map_err(|error| format!("cannot be read: {}", crate::failure::plain(&error)))
}

fn parse(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    rasman_lab::pem::certificates(bytes).map_err(|error| format!("has no certificate: {error}"))
}

/// The folder of the copies, beside the phone book.
const FOLDER: &str = "certificates";
/// The folder of the copied scripts, beside the phone book.
const SCRIPTS: &str = "scripts";
/// More than all authorities that there are.
const SIZE_MAX: u64 = 8 << 20;

//! Passwords in files.

use super::PASSWORD_MAX;
use crate::exit::Exit;
use crate::failure::Failure;
use rasman::Secret;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Reads the first line of a file that nobody else may read.
pub(crate) fn read(path: &Path) -> Result<Secret, Failure> {
    let shown = path.display();
    let mut file = open(path)?;
    let metadata = file.metadata().map_err(|error| Failure::system(format_args!("password file {shown}"), &error))?;
    if !metadata.is_file() {
        return Err(Failure::new(Exit::Settings, format!("password file {shown} is not a file"), ""));
    }
    if metadata.permissions().mode() & OTHERS != 0 {
        let what = format!("password file {shown} can be read by others");
        return Err(Failure::new(Exit::Permission, what, format!("run: chmod 600 {shown}")));
    }
    first_line_of(&mut file, path)
}

/// Reads the first line of a credential that systemd passed.
pub(super) fn credential(name: &str) -> Result<Secret, Failure> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(Failure::usage(format!("--password-credential {name}: that is no credential's name"), ""));
    }
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()) else {
        let advice = format!("run this in a unit with LoadCredential={name}:FILE, or use --password-file");
        return Err(Failure::new(
            Exit::NotFound,
            "systemd passed no credentials (CREDENTIALS_DIRECTORY is unset)",
            advice,
        ));
    };
    let path = PathBuf::from(folder).join(name);
    first_line_of(&mut open(&path)?, &path)
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::system(format_args!("password file {}", path.display()), &error))
}

fn first_line_of(file: &mut File, path: &Path) -> Result<Secret, Failure> {
    let shown = path.display();
    let mut text = Zeroizing::new(vec![0; PASSWORD_MAX]);
    let mut length = 0;
    while length < text.len() {
        match file.read(&mut text[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::system(format_args!("password file {shown}"), &error)),
        }
    }
    let line = text[..length].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::new(
            Exit::Settings,
            format!("password file {shown} has no password on its first line"),
            "",
        ));
    }
    Ok(Secret::new(line))
}

/// The permissions of the group and of everybody.
const OTHERS: u32 = 0o077;

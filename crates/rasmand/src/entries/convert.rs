//! From an entry's properties to what can be dialled.

use rasman::Error;
use rasman_core::{Entry, Medium};
use rasman_phonebook::store::Place;
use rasman_phonebook::{Guid, Identity, NotDialable, Properties, ReadFiles, UserPreferences};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes what can be dialled of an entry of a phone book; one that does not say how programs get in gets a network
/// device if that is preferred.
pub(super) fn dialled(properties: &Properties, place: &Place, device: bool) -> Result<Entry, Error> {
    // A path in a phone book that is not absolute begins where the phone book is.
    let folder = place.path.parent().unwrap_or(Path::new("/"));
    properties.dial_entry(&UserPreferences { device, ..UserPreferences::default() }, Folder(folder)).map_err(refused)
}

/// The files beside a phone book.
struct Folder<'a>(&'a Path);

impl ReadFiles for Folder<'_> {
    fn certificates(&mut self, path: &str) -> Result<Vec<Vec<u8>>, String> {
        rasman_net::tls::certificates(&self.whole(path)?).map_err(str::to_owned)
    }

    fn whole(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let file = read(&self.0.join(path)).map_err(|error| format!("cannot be read: {error}"))?;
        if file.len() as u64 > FILE_MAX {
            return Err("is larger than 1 MiB".to_owned());
        }
        Ok(file)
    }
}

/// Gives the medium that leads to a number, as an entry would that has it.
pub(super) fn medium_to(number: &str) -> Result<Medium, Error> {
    let nobody = Identity { guid: Guid::default(), dial_params_uid: 0 };
    let entry =
        Properties::sstp("number", number, nobody).dial_entry(&UserPreferences::default(), |_: &str| Ok(Vec::new()));
    entry.map(|entry| entry.medium).map_err(refused)
}

fn refused(error: NotDialable) -> Error {
    Error(error.into())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    // A pipe in the file's place must not hold up the caller.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file: File = std::fs::OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no plain file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Some hundred certificates.
const FILE_MAX: u64 = 1 << 20;

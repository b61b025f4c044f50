//! Wireshark's dissectors as a program: they judge the captures of our packets.

use std::fs;

use super::{Found, apt, dir};
use crate::tool::{self, Result};

pub(super) fn ensure() -> Result<Found> {
    let stamp = dir().join("tshark/version");
    if let Ok(version) = fs::read_to_string(&stamp) {
        return Ok(Found::ready(version));
    }
    println!("unpacking tshark");
    let version = apt::unpack(&["tshark"], "tshark")?;
    // The last step: with this file the folder is whole.
    tool::write(&stamp, version.as_bytes())?;
    Ok(Found::ready(version))
}

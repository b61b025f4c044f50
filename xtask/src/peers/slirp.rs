//! slirp: PPP of another make with the machine's own loopback behind it, unpacked from Debian's package.

use std::fs;

use super::{Found, apt, dir};
use crate::tool::{self, Result};

pub(super) fn ensure() -> Result<Found> {
    let stamp = dir().join("slirp/version");
    if let Ok(version) = fs::read_to_string(&stamp) {
        return Ok(Found::ready(version));
    }
    println!("unpacking slirp");
    let version = apt::unpack(&["slirp"], "slirp")?;
    // The last step: with this file the folder is whole.
    tool::write(&stamp, version.as_bytes())?;
    Ok(Found::ready(version))
}

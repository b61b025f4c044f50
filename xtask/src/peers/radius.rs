//! FreeRADIUS, an authentication server, and `eapol_test`, the EAP peer of wpa_supplicant.

use std::fs;

use super::{Found, apt, dir};
use crate::tool::{self, Result};

pub(super) fn ensure() -> Result<Found> {
    let stamp = dir().join("radius/version");
    if let Ok(version) = fs::read_to_string(&stamp) {
        return Ok(Found::ready(version));
    }
    println!("unpacking FreeRADIUS and eapol_test");
    let version = apt::unpack(&["freeradius", "eapoltest"], "radius")?;
    // The last step: with this file the folder is whole.
    tool::write(&stamp, version.as_bytes())?;
    Ok(Found::ready(version))
}

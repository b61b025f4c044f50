//! Linux's own PPP: Debian's User Mode Linux, a kernel that runs as an ordinary process, with pppd and sstpc.
//!
//! `pppd` needs `/dev/ppp`, which neither containers nor many kernels have. In User Mode Linux it has a kernel to itself.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Found, apt, dir};
use crate::tool::{self, Result};

/// `ppp` comes first: its version is the peer's.
const PACKAGES: [&str; 4] = ["ppp", "user-mode-linux", "kmod", "sstp-client"];

pub(super) fn ensure() -> Result<Found> {
    let home = dir().join("uml");
    let stamp = home.join("version");
    if let Ok(version) = fs::read_to_string(&stamp) {
        return Ok(Found::ready(version));
    }
    println!("unpacking User Mode Linux and pppd");
    let version = apt::unpack(&PACKAGES, "uml")?;
    // modprobe looks for its modules in `lib/modules` below a root, and Debian's package has them elsewhere.
    link("../../root/usr/lib/uml/modules", &home.join("modules/lib/modules"))?;
    link("../root/bin/kmod", &home.join("modules/modprobe"))?;
    // The last step: with this file the folder is whole.
    tool::write(&stamp, version.as_bytes())?;
    Ok(Found::ready(version))
}

fn link(target: &str, path: &Path) -> Result {
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let folder = path.parent().expect("a link is in a folder");
    fs::create_dir_all(folder).map_err(told)?;
    let _ = fs::remove_file(path);
    symlink(target, path).map_err(told)
}

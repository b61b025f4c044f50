//! SoftEther VPN Server as Debian 12 builds it, with one function repaired.
//!
//! The snapshot that Debian ships drops what `ProtoHandleConnection` found: it looks a protocol up
//! by name and then uses the container of the port's default, so `SSTP_DUPLEX_POST` is never
//! answered. Upstream repaired it with one assignment. The sources of that snapshot are not
//! archived with the package, so a copy of the binary is repaired instead, and only of the very
//! build that is known.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{Found, PeerState, apt, dir, quietly, sha256};
use crate::tool::{self, Result};

const ORIGINAL: &str = "487e51a73f152c9042837975044edd6d11cef4f29eaff2162512f2b897054212";
const REPAIRED: &str = "b78f099a056d022566a73a6744527dfc77ca7068f80a158a763183b3efd31dc5";

/// Where the loop over the containers lies in the file, and where it ends.
const LOOP: std::ops::Range<usize> = 0x3a00f..0x3a050;

/// The loop again, with its result kept:
///
/// ```text
///   r13 = proto->Containers; r14 = 0; if r13 == 0, fail
/// next:
///   if r14 >= r13->count, fail
///   r12 = r13->items[r14]; compare r12->Name with the wanted name; r14 += 1; if unequal, next
///   rax = r12; go on where the original goes on with the container in rax
/// ```
const CODE: [u8; 50] = [
    0x4c, 0x8b, 0x6f, 0x08, 0x45, 0x31, 0xf6, 0x4d, 0x85, 0xed, 0x74, 0x35, 0x45, 0x3b, 0x75, 0x08, 0x73, 0x2f, 0x49,
    0x8b, 0x45, 0x10, 0x4e, 0x8b, 0x24, 0xf0, 0x49, 0x8b, 0x3c, 0x24, 0x48, 0x89, 0xee, 0xe8, 0x9b, 0x1b, 0x13, 0x00,
    0x41, 0xff, 0xc6, 0x85, 0xc0, 0x75, 0xdf, 0x4c, 0x89, 0xe0, 0xeb, 0x70,
];
const NOP: u8 = 0x90;

pub(super) fn ensure() -> Result<Found> {
    let home = dir().join("softether");
    if let Ok(version) = fs::read_to_string(home.join("version"))
        && home.join("vpnserver").is_file()
    {
        return Ok(Found::ready(version));
    }
    let packages = ["softether-vpnserver", "softether-vpncmd", "softether-common"];
    let fetched = apt::download(&packages, "softether/packages")?;
    let root = home.join("root");
    let mut version = String::new();
    for package in apt::deb_files(&fetched)? {
        quietly(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&root))?;
        version = quietly(Command::new("dpkg-deb").arg("-f").arg(&package).arg("Version"))?.trim().to_owned();
    }
    let server = root.join("usr/libexec/softether/vpnserver/vpnserver");
    let found = sha256(&server)?;
    if found != ORIGINAL {
        let what = format!("softether-vpnserver {version} is another build, its vpnserver is sha256 {found}");
        return Ok(Found { version, state: PeerState::Changed { what } });
    }
    assemble(&home, &root, &server)?;
    // The last step: with this file the folder is whole.
    tool::write(&home.join("version"), version.as_bytes())?;
    Ok(Found::ready(version))
}

/// Puts the three files that the server needs side by side: it looks for its data next to itself.
fn assemble(home: &Path, root: &Path, server: &Path) -> Result {
    let mut binary = fs::read(server).map_err(|e| format!("{}: {e}", server.display()))?;
    let place = binary.get_mut(LOOP).ok_or("vpnserver is too short")?;
    place.fill(NOP);
    place[..CODE.len()].copy_from_slice(&CODE);
    let target = home.join("vpnserver");
    tool::write(&target, &binary)?;
    let made = sha256(&target)?;
    if made != REPAIRED {
        return Err(format!("the repaired vpnserver is sha256 {made}, expected {REPAIRED}"));
    }
    let command = home.join("vpncmd");
    let told = |e: std::io::Error| format!("softether: {e}");
    fs::copy(root.join("usr/libexec/softether/vpncmd/vpncmd"), &command).map_err(told)?;
    for program in [&target, &command] {
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).map_err(told)?;
    }
    let data = home.join("hamcore.se2");
    let _ = fs::remove_file(&data);
    symlink("root/usr/share/softether-common/hamcore.se2", data).map_err(told)
}

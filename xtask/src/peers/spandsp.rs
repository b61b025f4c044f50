//! spandsp's interpreter of AT commands, made a modem at a pseudo-terminal by a program of ours.

use std::fs;
use std::process::Command;

use super::{Found, apt, assets, dir, quietly};
use crate::tool::{self, Result};

/// The library comes first: its version is the peer's.
const PACKAGES: [&str; 2] = ["libspandsp2", "libspandsp-dev"];

pub(super) fn ensure() -> Result<Found> {
    let home = dir().join("spandsp");
    let source = assets().join("modem/atmodem.c");
    let ours = tool::read(&source)?;
    let up_to_date = fs::read_to_string(home.join("built-from")).is_ok_and(|built| built == ours);
    if let (true, Ok(version)) = (up_to_date, fs::read_to_string(home.join("version"))) {
        return Ok(Found::ready(version));
    }
    println!("building a modem of spandsp");
    let version = match fs::read_to_string(home.join("version")) {
        Ok(version) => version,
        Err(_) => apt::unpack(&PACKAGES, "spandsp")?,
    };
    let root = home.join("root");
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    let mut compiler = Command::new("gcc");
    compiler.args(["-O1", "-Wall", "-Wextra", "-o"]).arg(home.join("atmodem")).arg(&source);
    compiler.arg("-I").arg(root.join("usr/include")).arg("-I").arg(root.join("usr/include/x86_64-linux-gnu"));
    compiler.arg("-L").arg(&libraries).arg(format!("-Wl,-rpath,{}", libraries.display()));
    // The path counts for what the library itself needs as well, which is not there when we link.
    compiler.args(["-Wl,--disable-new-dtags", "-l:libspandsp.so.2", "-Wl,--allow-shlib-undefined"]);
    quietly(&mut compiler)?;
    tool::write(&home.join("version"), version.as_bytes())?;
    tool::write(&home.join("built-from"), ours.as_bytes())?;
    Ok(Found::ready(version))
}

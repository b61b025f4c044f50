//! lwIP's PPP with a small TCP service behind it, built from Debian's source package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Found, apt, assets, dir, quietly};
use crate::tool::{self, Result};

/// Our part of the program, relative to the assets.
const OURS: [&str; 3] = ["lwip/peer.c", "lwip/lwipopts.h", "lwip/arch/cc.h"];

/// lwIP's part, folders and files in its `src`.
const THEIRS: [&str; 6] = ["core", "core/ipv4", "core/ipv6", "netif/ethernet.c", "netif/ppp", "netif/ppp/polarssl"];

pub(super) fn ensure() -> Result<Found> {
    let home = dir().join("lwip");
    let ours = OURS.map(|name| tool::read(&assets().join(name)));
    let ours = ours.into_iter().collect::<Result<Vec<_>>>()?.concat();
    let up_to_date = fs::read_to_string(home.join("built-from")).is_ok_and(|built| built == ours);
    if let (true, Ok(version)) = (up_to_date, fs::read_to_string(home.join("version"))) {
        return Ok(Found::ready(version));
    }
    println!("building lwip-peer");
    let source = home.join("source");
    let version = match fs::read_to_string(home.join("version")) {
        Ok(version) if source.is_dir() => version,
        _ => unpack(&source, &home.join("version"))?,
    };
    build(&source.join("src"), &home.join("lwip-peer"))?;
    tool::write(&home.join("built-from"), ours.as_bytes())?;
    Ok(Found::ready(version))
}

fn unpack(source: &Path, version_file: &Path) -> Result<String> {
    let folder = apt::download_source("lwip", "lwip/packages")?;
    let description = files(&folder, "dsc")?.pop().ok_or("the source package of lwip has no .dsc")?;
    if source.exists() {
        fs::remove_dir_all(source).map_err(|e| format!("{}: {e}", source.display()))?;
    }
    // apt has checked the signatures of the lists and through them these files.
    quietly(Command::new("dpkg-source").args(["--no-check", "-x"]).arg(&description).arg(source))?;
    let name = description.file_stem().unwrap_or_default().to_string_lossy();
    let version = name.split_once('_').map_or_else(|| name.to_string(), |(_, version)| version.to_owned());
    tool::write(version_file, version.as_bytes())?;
    Ok(version)
}

fn build(lwip: &Path, program: &Path) -> Result {
    let mut compiler = Command::new("gcc");
    compiler.args(["-O1", "-w", "-o"]).arg(program).arg("-I").arg(assets().join("lwip"));
    compiler.arg("-I").arg(lwip.join("include")).arg(assets().join(OURS[0]));
    for part in THEIRS.map(|part| lwip.join(part)) {
        if part.is_dir() {
            compiler.args(files(&part, "c")?);
        } else {
            compiler.arg(part);
        }
    }
    quietly(&mut compiler).map(drop)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    Ok(files)
}

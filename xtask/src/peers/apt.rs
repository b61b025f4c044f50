//! Debian packages: tools installed when we may, peers' packages fetched without installing them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{dir, quietly};
use crate::tool::{self, Result};

/// What the peers' modules need of the machine. None of these packages brings a service.
const TOOLS: [&str; 9] = [
    "dpkg-dev",
    "gcc",
    "iproute2",
    "libc6-dev",
    "libreadline8",
    "openssl",
    "python3-dev",
    "python3-venv",
    "util-linux",
];

/// Installs the missing tools.
///
/// # Errors
/// Names them when they cannot be installed, above all because we are not root.
pub(super) fn install_tools() -> Result {
    let missing = missing_tools()?;
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() {
        return Err(format!("not installed, and we are not root: {}", missing.join(" ")));
    }
    println!("installing {}", missing.join(" "));
    // Stale lists name files that are gone; fresh ones may be unreachable where packages are cached.
    let updated = quietly(Command::new("apt-get").args(["-q", "update"]));
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-y", "--no-install-recommends", "install"]);
    quietly(install.args(&missing)).map_err(|e| match updated {
        Ok(_) => e,
        Err(update) => format!("{e}; {update}"),
    })?;
    Ok(())
}

/// Downloads binary packages of the machine's release into `into`, without installing them.
///
/// # Errors
/// When a package cannot be had.
pub(super) fn download(packages: &[&str], into: &str) -> Result<PathBuf> {
    fetch("download", packages, into)
}

/// Downloads a source package into `into`.
///
/// # Errors
/// When it cannot be had.
pub(super) fn download_source(package: &str, into: &str) -> Result<PathBuf> {
    fetch("source", &["--download-only", package], into)
}

fn fetch(verb: &str, what: &[&str], into: &str) -> Result<PathBuf> {
    let folder = make_folder(into)?;
    with_lists(|| quietly(private()?.current_dir(&folder).arg(verb).args(what)))?;
    Ok(folder)
}

/// Downloads packages with what they need and the machine lacks, and unpacks all of it to `into/root`; gives the
/// version of the first package. Nothing is installed.
///
/// # Errors
/// When one cannot be had or unpacked.
pub(super) fn unpack(packages: &[&str], into: &str) -> Result<String> {
    let archives = make_folder(&format!("{into}/packages"))?;
    make_folder(&format!("{into}/packages/partial"))?;
    with_lists(|| {
        let mut install = private()?;
        install.arg("-o").arg(format!("Dir::Cache::archives={}", archives.display()));
        // A package that the machine has is fetched all the same: where its files lie must not depend on that.
        install.args(["-o", "Debug::NoLocking=true", "-y", "--no-install-recommends"]);
        quietly(install.args(["--download-only", "--reinstall", "install"]).args(packages))
    })?;
    let root = dir().join(into).join("root");
    let mut version = String::new();
    for package in deb_files(&archives)? {
        quietly(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&root))?;
        let facts =
            quietly(Command::new("dpkg-deb").args(["--show", "--showformat=${Package} ${Version}"]).arg(&package))?;
        if let Some((name, found)) = facts.split_once(' ')
            && name == packages[0]
        {
            version = found.to_owned();
        }
    }
    Ok(version)
}

/// The binary packages in a folder.
///
/// # Errors
/// When it cannot be read.
pub(super) fn deb_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(files.filter(|file| file.extension().is_some_and(|e| e == "deb")).collect())
}

/// The lists are fetched once, and again when they name a file that is gone.
fn with_lists(go: impl Fn() -> Result<String>) -> Result {
    if lists_are_empty() || go().is_err() {
        quietly(private()?.arg("update"))?;
        go()?;
    }
    Ok(())
}

fn make_folder(name: &str) -> Result<PathBuf> {
    let folder = dir().join(name);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// An `apt-get` with lists of its own, made from the machine's sources with source packages on:
/// nothing on the machine changes, and nobody need be root.
fn private() -> Result<Command> {
    let apt = dir().join("apt");
    for folder in ["sources", "state/lists/partial", "cache/archives/partial"] {
        let folder = apt.join(folder);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    copy_sources(&apt.join("sources"))?;
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourcelist=/dev/null"]);
    for (option, value) in [("Dir::Etc::sourceparts", "sources"), ("Dir::State", "state"), ("Dir::Cache", "cache")] {
        command.arg("-o").arg(format!("{option}={}", apt.join(value).display()));
    }
    command.args(["-o", "Dir::State::status=/var/lib/dpkg/status"]);
    Ok(command)
}

fn copy_sources(into: &Path) -> Result {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    for file in files {
        let (Some(name), Ok(text)) = (file.file_name(), fs::read_to_string(&file)) else {
            continue; // the old one-file form is absent on new machines
        };
        let with_sources = match file.extension().and_then(|e| e.to_str()) {
            Some("list") => one_line_form(&text),
            Some("sources") => stanza_form(&text),
            _ => continue,
        };
        tool::write(&into.join(name), with_sources.as_bytes())?;
    }
    Ok(())
}

/// `deb URI SUITE COMPONENT`: each line again as `deb-src`.
fn one_line_form(text: &str) -> String {
    let lines = text.lines().filter(|line| line.starts_with("deb "));
    lines.map(|line| format!("{line}\ndeb-src {}\n", &line["deb ".len()..])).collect()
}

/// `Types: deb`, a field of a stanza.
fn stanza_form(text: &str) -> String {
    let types = |line: &str| if line.starts_with("Types:") { "Types: deb deb-src".to_owned() } else { line.to_owned() };
    text.lines().map(|line| types(line) + "\n").collect()
}

fn lists_are_empty() -> bool {
    let lists = fs::read_dir(dir().join("apt/state/lists"));
    lists.map_or(true, |mut lists| !lists.any(|l| l.is_ok_and(|l| l.path().is_file())))
}

fn missing_tools() -> Result<Vec<&'static str>> {
    // It ends with 1 when a package is unknown, which is an answer too.
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(TOOLS)
        .output()
        .map_err(|e| format!("dpkg-query: {e}; the peers are packages of Debian"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let installed = |tool: &str| text.lines().any(|line| line == format!("{tool} installed"));
    Ok(TOOLS.into_iter().filter(|tool| !installed(tool)).collect())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_get_their_source_packages() {
        let list = one_line_form("# a comment\ndeb http://mirror.test/debian stable main\n");
        let twice = "deb http://mirror.test/debian stable main\ndeb-src http://mirror.test/debian stable main\n";
        assert_eq!(list, twice);
        assert_eq!(stanza_form("Types: deb\nSuites: stable"), "Types: deb deb-src\nSuites: stable\n");
    }
}

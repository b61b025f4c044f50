//! Dependency licences and bans, from `deny.toml`, without a cargo tool to install.
//!
//! cargo-deny reads the same file and says more; it is run as well where it is installed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::licence;
use crate::tool::{self, Result};

/// The part of `deny.toml` that is checked here.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default, rename = "deny-multiple-versions")]
    only_copies: bool,
}

/// One package of the build graph.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// Checks what is built here, and runs cargo-deny where it is installed.
///
/// # Errors
/// Lists every dependency with a licence that is not allowed, and every banned one.
pub(crate) fn check() -> Result {
    let deny: Deny =
        toml::from_str(&tool::read(&tool::root().join("deny.toml"))?).map_err(|e| format!("deny.toml: {e}"))?;
    let tree = |edges: &str| {
        tool::output(tool::cargo().args([
            "tree",
            "--locked",
            "--workspace",
            "--prefix",
            "none",
            "--edges",
            edges,
            "--format",
            "{p}|{l}",
        ]))
    };
    let built = packages(&tree("normal,build,dev")?);
    let shipped = packages(&tree("normal,build")?);
    let mut faults = licence_faults(&built, &deny.licenses.allow);
    faults.extend(ban_faults(&shipped, &deny.bans.deny));
    if !faults.is_empty() {
        return Err(faults.join("\n       "));
    }
    println!("{} packages, all licences allowed, none banned", built.len());
    if tool::present(tool::cargo().args(["deny", "--version"])) {
        tool::run(tool::cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

/// `NAME vVERSION (path)|LICENCE (*)` lines, each package once.
fn packages(tree: &str) -> BTreeSet<Package> {
    tree.lines()
        .filter_map(|line| {
            let (package, licence) = line.split_once('|')?;
            let mut words = package.split_whitespace();
            Some(Package {
                name: words.next()?.to_owned(),
                version: words.next()?.trim_start_matches('v').to_owned(),
                licence: licence.trim_end_matches("(*)").trim().to_owned(),
            })
        })
        .collect()
}

fn licence_faults(packages: &BTreeSet<Package>, allowed: &[String]) -> Vec<String> {
    packages
        .iter()
        .filter(|p| !licence::satisfied(&p.licence, allowed))
        .map(|p| format!("{} {}: licence {:?} is not allowed", p.name, p.version, p.licence))
        .collect()
}

fn ban_faults(packages: &BTreeSet<Package>, bans: &[Ban]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let found = |ban: &Ban| versions.get(ban.name.as_str()).cloned().unwrap_or_default();
    bans.iter()
        .filter_map(|ban| match (ban.only_copies, found(ban)) {
            (true, copies) if copies.len() > 1 => {
                Some(format!("{}: several versions: {}", ban.name, copies.join(", ")))
            }
            (false, copies) if !copies.is_empty() => Some(format!("{} is banned", ban.name)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
rasman-net v0.1.0 (somewhere)|MIT OR Apache-2.0
rustls v0.23.46|Apache-2.0 OR ISC OR MIT
ring v0.17.14|Apache-2.0 AND ISC

rustls v0.24.0|Apache-2.0 OR ISC OR MIT
rasman-net v0.1.0 (somewhere)|MIT OR Apache-2.0 (*)
nameless v1.0.0|
";

    fn ban(name: &str, only_copies: bool) -> Ban {
        Ban { name: name.to_owned(), only_copies }
    }

    #[test]
    fn each_package_counts_once() {
        assert_eq!(packages(TREE).len(), 5);
    }

    #[test]
    fn missing_and_foreign_licences_are_faults() {
        let faults = licence_faults(&packages(TREE), &["MIT".to_owned()]);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn bans_name_presence_or_copies() {
        let bans = [ban("ring", false), ban("rustls", true), ban("openssl", false)];
        let faults = ban_faults(&packages(TREE), &bans);
        assert_eq!(faults, ["ring is banned", "rustls: several versions: 0.23.46, 0.24.0"]);
    }
}

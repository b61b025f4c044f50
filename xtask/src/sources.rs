//! What no committed file says: paths of somebody's machine, hosts of package registries.

use std::path::Path;
use std::process::Command;

use crate::tool::{self, Result};

/// Beginnings of absolute paths that exist on one machine. Split, or this file would name itself.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/home", "/runner/"),
    concat!("/Us", "ers/"),
    concat!("../sh", "ared"),
];

/// Hosts that clients know by themselves.
const REGISTRY_HOSTS: [&str; 7] = [
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("//", "crates.io"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("deb.", "debian.org"),
    concat!("registry.", "npmjs.org"),
];

/// Scans every tracked text file.
///
/// # Errors
/// Lists each place.
pub(crate) fn check() -> Result {
    let root = tool::root();
    let listing = tool::output(Command::new("git").current_dir(&root).args(["ls-files", "-z", "--cached"]))?;
    let own_root = own_root(&root);
    let mut faults = Vec::new();
    let mut scanned = 0;
    for name in listing.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else {
            continue;
        };
        scanned += 1;
        for (line, word) in places(&text, own_root.as_deref()) {
            faults.push(format!("{name}:{line}: names {word}"));
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n       "));
    }
    println!("{scanned} files name no machine's paths and no registry's hosts");
    Ok(())
}

/// This checkout's own path, unless it is too short to mean anything.
fn own_root(root: &Path) -> Option<String> {
    (root.components().count() > 2).then(|| format!("{}/", root.display()))
}

fn places(text: &str, own_root: Option<&str>) -> Vec<(usize, String)> {
    let words = || MACHINE_PATHS.into_iter().chain(own_root);
    text.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let path = words().find(|word| has_path(line, word));
            let host = REGISTRY_HOSTS.into_iter().find(|word| line.contains(word));
            path.or(host).map(|word| (number + 1, word.to_owned()))
        })
        .collect()
}

/// Whether `prefix` begins a path here: `target` + `/x/` is the middle of another one.
fn has_path(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"_-.}~*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_found() {
        let text = format!("a\ncd {}x\n", MACHINE_PATHS[0]);
        assert_eq!(places(&text, None).len(), 1);
        assert_eq!(places(&text, None)[0].0, 2);
    }

    #[test]
    fn the_middle_of_another_path_is_not() {
        assert!(places(&format!("$W{}x", &MACHINE_PATHS[0]), None).is_empty());
        assert!(places(&format!("target{}x", &MACHINE_PATHS[0]), None).is_empty());
    }

    #[test]
    fn registry_hosts_and_the_checkout_are_found() {
        assert_eq!(places(&format!("https:{}", REGISTRY_HOSTS[2]), None).len(), 1);
        assert_eq!(places("see /srv/me/rasman/x", Some("/srv/me/rasman/")).len(), 1);
    }
}

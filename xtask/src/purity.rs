//! The pure crates take time, bytes and randomness as arguments; nobody but the edges is unsafe.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::tool::{self, Result};

/// Folders below `crates/` whose code performs no I/O.
const PURE: [&str; 5] = ["core", "auth", "ppp", "media", "dial"];

/// Folders below `crates/` whose code performs no I/O but for one module, which the crate's dependencies serve too.
const PURE_BUT_FOR: [(&str, &str); 1] = [("phonebook", "store")];

/// Packages that may contain `unsafe`.
const UNSAFE_ALLOWED: [&str; 2] = ["rasman-net", "rasapi32"];

/// Dependencies that read a clock, open a socket, start threads or ask for entropy.
const IMPURE_CRATES: [&str; 22] = [
    "async-io",
    "async-std",
    "aws-lc-rs",
    "chrono",
    "crossbeam-channel",
    "futures-executor",
    "getrandom",
    "mio",
    "nix",
    "polling",
    "quanta",
    "rand",
    "rayon",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "time",
    "tokio",
    "tun-rs",
    "web-time",
    "rasman-net",
];

/// Who must not know whom, though both are pure: PPP frames are opaque to what carries them.
const STRANGERS: [(&str, &str); 3] = [("core", "rasman-auth"), ("media", "rasman-ppp"), ("media", "rasman-auth")];

/// What pure code does not say. `std::net`'s addresses are plain values and allowed.
const IMPURE_WORDS: [&str; 20] = [
    "std::time::Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "std::thread",
    "thread::spawn",
    "thread_local!",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "std::fs",
    "std::env",
    "std::process",
    "std::io::stdin",
    "std::os::",
    "HashMap",
    "HashSet",
    "RandomState",
    "println!",
    "getrandom",
];

/// Checks the pure crates and where `unsafe` is forbidden.
///
/// # Errors
/// Lists each fault with its place.
pub(crate) fn check() -> Result {
    let mut faults = Vec::new();
    for folder in PURE {
        faults.extend(crate_faults(folder)?);
    }
    for (folder, module) in PURE_BUT_FOR {
        faults.extend(code_faults(folder, Some(module))?);
    }
    faults.extend(unsafe_faults()?);
    if !faults.is_empty() {
        return Err(faults.join("\n       "));
    }
    let count = PURE.len() + PURE_BUT_FOR.len();
    println!("{count} pure crates, unsafe code forbidden elsewhere too");
    build_for_wasm()
}

fn crate_faults(folder: &str) -> Result<Vec<String>> {
    let mut faults = code_faults(folder, None)?;
    let tree = tool::output(tool::cargo().args([
        "tree",
        "--locked",
        "--package",
        &format!("rasman-{folder}"),
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    for name in impure_dependencies(&tree) {
        faults.push(format!("crates/{folder}: depends on {name}"));
    }
    for (_, stranger) in STRANGERS.iter().filter(|(who, _)| *who == folder) {
        if tree.lines().any(|line| line.split_whitespace().next() == Some(stranger)) {
            faults.push(format!("crates/{folder}: depends on {stranger}"));
        }
    }
    Ok(faults)
}

/// Looks at the code alone; the module `but_for` may say what it likes.
fn code_faults(folder: &str, but_for: Option<&str>) -> Result<Vec<String>> {
    let root = tool::root();
    let place = root.join("crates").join(folder);
    let mut faults = Vec::new();
    if !place.join("clippy.toml").is_file() {
        faults.push(format!("crates/{folder}: no clippy.toml"));
    }
    let source = place.join("src");
    let spared = but_for.map(|module| (source.join(module), source.join(format!("{module}.rs"))));
    for file in rust_files(&source)? {
        if spared.as_ref().is_some_and(|(inside, itself)| file.starts_with(inside) || file == *itself) {
            continue;
        }
        let text = tool::read(&file)?;
        let shown = file.strip_prefix(&root).unwrap_or(&file).display();
        for (line, word) in impure_words(&text) {
            faults.push(format!("{shown}:{line}: {word} in a pure crate"));
        }
    }
    Ok(faults)
}

fn impure_dependencies(tree: &str) -> Vec<&str> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| IMPURE_CRATES.contains(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Line numbers and words; comments and the tests at the end of a file are not code.
fn impure_words(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let next = lines.peek().map_or("", |(_, next)| next.trim_start());
        if line.trim() == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{') {
            break;
        }
        let code = line.split("//").next().unwrap_or(line);
        let word = IMPURE_WORDS.iter().find(|word| code.contains(**word));
        found.extend(word.map(|word| (number + 1, *word)));
    }
    found
}

/// Each `.rs` file below, save those that hold only tests.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let stem = path.file_stem().unwrap_or_default();
        if stem == "tests" || stem.to_string_lossy().ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// Roots of libraries and programs without `#![forbid(unsafe_code)]`.
fn unsafe_faults() -> Result<Vec<String>> {
    let metadata = tool::output(tool::cargo().args(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).map_err(|e| format!("cargo metadata: {e}"))?;
    let mut faults = Vec::new();
    for package in &metadata.packages {
        if UNSAFE_ALLOWED.contains(&package.name.as_str()) {
            continue;
        }
        for target in package.targets.iter().filter(|t| t.is_code()) {
            if !forbids_unsafe(&tool::read(&target.src_path)?) {
                let root = tool::root();
                let shown = target.src_path.strip_prefix(&root).unwrap_or(&target.src_path);
                faults.push(format!("{}: no #![forbid(unsafe_code)]", shown.display()));
            }
        }
    }
    Ok(faults)
}

impl Target {
    fn is_code(&self) -> bool {
        self.kind.iter().any(|kind| matches!(kind.as_str(), "lib" | "bin" | "proc-macro" | "cdylib"))
    }
}

fn forbids_unsafe(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("#![forbid(") && line.contains("unsafe_code"))
}

/// A build without an operating system proves the most, where the target is installed.
fn build_for_wasm() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let mut rustc = std::process::Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let installed = tool::output(&mut rustc).is_ok_and(|dir| Path::new(dir.trim()).is_dir());
    if !installed {
        println!("{TARGET} is not installed: pure crates not built for it");
        return Ok(());
    }
    let mut command = tool::cargo();
    command.args(["check", "--locked", "--target", TARGET]);
    for folder in PURE {
        command.args(["--package", &format!("rasman-{folder}")]);
    }
    tool::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_are_not_code() {
        let text = "//! not std::thread\nuse std::net::Ipv4Addr; // no HashMap\n\
                    fn f() { std::thread::yield_now() }\n#[cfg(test)]\nmod tests {\nHashMap\n}\n";
        assert_eq!(impure_words(text), [(3, "std::thread")]);
    }

    #[test]
    fn a_test_module_elsewhere_hides_nothing() {
        let text = "#[cfg(test)]\nmod tests;\nuse std::fs;\n";
        assert_eq!(impure_words(text), [(3, "std::fs")]);
    }

    #[test]
    fn dependencies_are_found_at_any_depth() {
        let tree = "rasman-ppp v0.1.0 (x)\ntokio v1.0.0\nmio v1.0.0\ntokio v1.0.0 (*)\n";
        assert_eq!(impure_dependencies(tree), ["mio", "tokio"]);
    }

    #[test]
    fn forbid_is_an_attribute_of_the_crate() {
        assert!(forbids_unsafe("//! x\n#![forbid(unsafe_code)]\n"));
        assert!(!forbids_unsafe("// #![forbid(unsafe_code)]\n"));
    }
}

//! `cargo xtask fuzz`: the fuzz targets of the detached workspace `fuzz/`.

use clap::{Args as ClapArgs, ValueEnum};

use crate::tool::{self, Result};

/// What `cargo xtask fuzz` takes.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// The target; without it each one in turn. `list` prints their names
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u32,
    /// Add what is found to the committed corpus (otherwise it stays in the build folder)
    #[arg(long)]
    keep: bool,
    /// What watches memory; `none` runs ten times as many inputs, for code that forbids unsafe code anyway
    #[arg(long, default_value = "address", value_name = "WHICH")]
    sanitizer: Sanitizer,
    /// The longest input, in bytes; libFuzzer's own limit without it
    #[arg(long, value_name = "N")]
    max_len: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sanitizer {
    Address,
    None,
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::None => "none",
        }
    }
}

/// A binary of `fuzz/Cargo.toml`.
#[derive(serde::Deserialize)]
struct Target {
    name: String,
    /// Pure ones need none, and are built without what performs I/O.
    #[serde(default, rename = "required-features")]
    features: Vec<String>,
}

/// Fuzzes.
///
/// # Errors
/// When a target is unknown, cargo-fuzz cannot be installed, or an input breaks a target.
pub(crate) fn run(args: &Args) -> Result {
    let targets = targets(&tool::read(&tool::root().join("fuzz/Cargo.toml"))?)?;
    let names = || targets.iter().map(|target| target.name.as_str());
    match args.target.as_deref() {
        Some("list") => {
            names().for_each(|name| println!("{name}"));
            Ok(())
        }
        Some(name) => match targets.iter().find(|target| target.name == name) {
            Some(target) => install().and_then(|()| fuzz(target, args)),
            None => Err(format!("no fuzz target {name}; there are: {}", names().collect::<Vec<_>>().join(", "))),
        },
        None => install().and_then(|()| targets.iter().try_for_each(|target| fuzz(target, args))),
    }
}

fn install() -> Result {
    if tool::present(tool::cargo().args(["fuzz", "--version"])) {
        return Ok(());
    }
    println!("installing cargo-fuzz");
    tool::run(tool::cargo().args(["install", "--locked", "cargo-fuzz@^0.13"]))
}

/// One target for a bounded time. AddressSanitizer needs unstable flags: `RUSTC_BOOTSTRAP` allows
/// them on the stable compiler.
fn fuzz(target: &Target, args: &Args) -> Result {
    let Target { name, features } = target;
    println!("fuzzing {name} for {} s", args.seconds);
    let committed = tool::root().join("fuzz/corpus").join(name);
    let scratch = tool::target_dir().join("fuzz-corpus").join(name);
    for folder in [&committed, &scratch] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    // libFuzzer writes to the first folder and reads all of them.
    let corpora = if args.keep { [committed, scratch] } else { [scratch, committed] };
    let mut cargo = tool::cargo();
    cargo.env("RUSTC_BOOTSTRAP", "1").env_remove("CARGO_TARGET_DIR").args(["fuzz", "run"]);
    // A folder for each, or every change of the sanitizer would build everything anew.
    cargo.arg("--sanitizer").arg(args.sanitizer.name());
    cargo.arg("--target-dir").arg(tool::root().join("fuzz/target").join(args.sanitizer.name()));
    if features.is_empty() {
        cargo.arg("--no-default-features");
    }
    cargo.arg(name).args(corpora).arg("--").arg(format!("-max_total_time={}", args.seconds));
    cargo.args(args.max_len.map(|bytes| format!("-max_len={bytes}")));
    tool::run(cargo.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]))
}

/// The binaries of `fuzz/Cargo.toml`.
fn targets(manifest: &str) -> Result<Vec<Target>> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        #[serde(default)]
        bin: Vec<Target>,
    }
    let manifest: Manifest = toml::from_str(manifest).map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    Ok(manifest.bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_binaries() {
        let manifest = "[package]\nname = \"f\"\n[[bin]]\nname = \"lcp\"\npath = \"a\"\n\
                        [[bin]]\nname = \"stack\"\nrequired-features = [\"edge\"]\n";
        let targets = targets(manifest).unwrap();
        let told: Vec<_> = targets.iter().map(|target| (target.name.as_str(), target.features.len())).collect();
        assert_eq!(told, [("lcp", 0), ("stack", 1)]);
    }

    #[test]
    fn the_committed_targets_can_be_read() {
        let manifest = tool::read(&tool::root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&manifest).unwrap();
        assert!(targets.iter().any(|target| target.name == "ppp_client" && target.features.is_empty()));
        assert!(targets.iter().any(|target| target.name == "capi_calls" && target.features == ["edge"]));
    }
}

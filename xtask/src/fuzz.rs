//! `cargo xtask fuzz`: the fuzz targets of the detached workspace `fuzz/`.

use clap::Args as ClapArgs;

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
}

/// Fuzzes.
///
/// # Errors
/// When a target is unknown, cargo-fuzz cannot be installed, or an input breaks a target.
pub(crate) fn run(args: &Args) -> Result {
    let targets = targets(&tool::read(&tool::root().join("fuzz/Cargo.toml"))?)?;
    match args.target.as_deref() {
        Some("list") => {
            targets.iter().for_each(|target| println!("{target}"));
            Ok(())
        }
        Some(name) if targets.iter().any(|t| t == name) => {
            install()?;
            fuzz(name, args)
        }
        Some(name) => Err(format!("no fuzz target {name}; there are: {}", targets.join(", "))),
        None => {
            install()?;
            targets.iter().try_for_each(|target| fuzz(target, args))
        }
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
fn fuzz(target: &str, args: &Args) -> Result {
    println!("fuzzing {target} for {} s", args.seconds);
    let committed = tool::root().join("fuzz/corpus").join(target);
    let scratch = tool::target_dir().join("fuzz-corpus").join(target);
    for folder in [&committed, &scratch] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    // libFuzzer writes to the first folder and reads all of them.
    let corpora = if args.keep { [committed, scratch] } else { [scratch, committed] };
    tool::run(
        tool::cargo()
            .env("RUSTC_BOOTSTRAP", "1")
            .env_remove("CARGO_TARGET_DIR")
            .args(["fuzz", "run", target])
            .args(corpora)
            .arg("--")
            .arg(format!("-max_total_time={}", args.seconds))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]),
    )
}

/// The names of the binaries of `fuzz/Cargo.toml`.
fn targets(manifest: &str) -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        #[serde(default)]
        bin: Vec<Bin>,
    }
    #[derive(serde::Deserialize)]
    struct Bin {
        name: String,
    }
    let manifest: Manifest = toml::from_str(manifest).map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    Ok(manifest.bin.into_iter().map(|bin| bin.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_binaries() {
        let manifest = "[package]\nname = \"f\"\n[[bin]]\nname = \"lcp\"\npath = \"a\"\n[[bin]]\nname = \"sstp\"\n";
        assert_eq!(targets(manifest).unwrap(), ["lcp", "sstp"]);
    }
}

//! `cargo xtask lint`: everything that needs no test run.

use std::time::Instant;

use crate::tool::{self, Result};
use crate::{errors, purity, sources, supply, units};

/// One check; it prints what it found.
type Check = fn() -> Result;

/// Runs every check, also after a failed one.
///
/// # Errors
/// Names the checks that failed.
pub(crate) fn run() -> Result {
    let checks: [(&str, Check); 8] = [
        ("format", format),
        ("committed text", sources::check),
        ("dependencies", supply::check),
        ("purity", purity::check),
        ("units", units::check),
        ("errors", errors::check),
        ("clippy", clippy),
        ("rustdoc", rustdoc),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        let started = Instant::now();
        println!("== {name}");
        if let Err(message) = check() {
            println!("error: {message}");
            failed.push(name);
        }
        println!("   {name}: {:.1} s", started.elapsed().as_secs_f64());
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("lint failed: {}", failed.join(", ")))
}

fn format() -> Result {
    tool::run(tool::cargo().args(["fmt", "--all", "--check"]))?;
    // The fuzz targets are a workspace of their own.
    if tool::root().join("fuzz/Cargo.toml").is_file() {
        tool::run(tool::cargo().args(["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]))?;
    }
    Ok(())
}

fn clippy() -> Result {
    tool::run(tool::cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]))
}

fn rustdoc() -> Result {
    tool::run(
        tool::cargo()
            .env("RUSTDOCFLAGS", "-D warnings")
            .args(["doc", "--locked", "--workspace", "--no-deps", "--keep-going"])
            .arg("--document-private-items"),
    )
}

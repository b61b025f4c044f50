//! The units in `dist/systemd`: what systemd itself says of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tool::{self, Result};

/// A scope's folder, what selects it, and the exposure that `systemd-analyze security` may find, in tenths.
///
/// docs/daemon.md has the scores. The second counts what a user's service manager cannot take away, as if it had it.
const SCOPES: [(&str, &str, u32); 2] = [("system", "--system", 30), ("user", "--user", 70)];

/// The first release that looks at units that are not installed.
const FIRST_RELEASE: u32 = 250;

/// Where the units say that the daemon is.
const PROGRAM: &str = "/usr/bin/rasmand";

/// Verifies the units and scores their hardening; without systemd it says so.
///
/// # Errors
/// What systemd complains of, or a service that is more exposed than it was.
pub(crate) fn check() -> Result {
    match release() {
        Some(release) if release >= FIRST_RELEASE => {}
        Some(release) => {
            println!("the units were not checked: systemd {release} is older than {FIRST_RELEASE}");
            return Ok(());
        }
        None => {
            println!("the units were not checked: systemd-analyze is not installed");
            return Ok(());
        }
    }
    for (scope, selects, threshold) in SCOPES {
        let folder = installed(scope)?;
        verify(&folder, selects)?;
        println!("{scope}: {}", score(&folder, selects, threshold)?);
    }
    Ok(())
}

fn release() -> Option<u32> {
    let output = Command::new("systemd-analyze").arg("--version").stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// Copies a scope's units, with a program that exists here.
fn installed(scope: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|e| format!("cannot find my own program: {e}"))?;
    let folder = tool::target_dir().join("units").join(scope);
    for unit in ["rasman.socket", "rasman.service"] {
        let text = tool::read(&tool::root().join("dist/systemd").join(scope).join(unit))?;
        if unit.ends_with(".service") && !text.contains(&format!("ExecStart={PROGRAM} ")) {
            return Err(format!("{scope}/{unit} does not start {PROGRAM}"));
        }
        tool::write(&folder.join(unit), text.replace(PROGRAM, &program.to_string_lossy()).as_bytes())?;
    }
    Ok(folder)
}

fn verify(folder: &Path, selects: &str) -> Result {
    let mut command = analyze(folder, selects);
    command.args(["--man=no", "verify"]).arg(folder.join("rasman.socket")).arg(folder.join("rasman.service"));
    let output = command.output().map_err(|e| format!("systemd-analyze: {e}"))?;
    // A setting that it does not know is a warning, and 0; those of the machine's own units are none of ours.
    let told = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<&str> = told.lines().filter(|line| line.contains("rasman.")).collect();
    if output.status.success() && ours.is_empty() {
        return Ok(());
    }
    Err(format!("systemd-analyze verify: {}", if ours.is_empty() { told.trim().to_owned() } else { ours.join("\n") }))
}

fn score(folder: &Path, selects: &str, threshold: u32) -> Result<String> {
    let mut command = analyze(folder, selects);
    command.args(["--no-pager", "--offline=true", &format!("--threshold={threshold}"), "security"]);
    let output = command.arg(folder.join("rasman.service")).output().map_err(|e| format!("systemd-analyze: {e}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let overall = told.lines().find(|line| line.contains("Overall exposure level")).unwrap_or(told.trim());
    let overall = overall.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).to_owned();
    if output.status.success() {
        return Ok(overall);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("systemd-analyze security: {overall} (at most {threshold} tenths) {}", errors.trim()))
}

fn analyze(folder: &Path, selects: &str) -> Command {
    let mut command = Command::new("systemd-analyze");
    // The runtime folder of the user, where nobody is logged in.
    command.arg(selects).env("XDG_RUNTIME_DIR", folder).env("SYSTEMD_COLORS", "0").env("SYSTEMD_EMOJI", "0");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_verified_and_scored() {
        if release().is_none_or(|release| release < FIRST_RELEASE) {
            return println!("SKIPPED units_are_verified_and_scored: systemd-analyze is not installed, or too old");
        }
        check().unwrap();

        let folder = tool::target_dir().join("units/test");
        let change = |from: &str, to: &str| {
            for unit in ["rasman.socket", "rasman.service"] {
                let text = tool::read(&installed("system").unwrap().join(unit)).unwrap();
                tool::write(&folder.join(unit), text.replace(from, to).as_bytes()).unwrap();
            }
        };
        change("ProtectHome=yes", "ProtectHome=maybe");
        assert!(verify(&folder, "--system").unwrap_err().contains("rasman.service"));
        change("CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW\n", "");
        verify(&folder, "--system").unwrap();
        assert!(score(&folder, "--system", 30).unwrap_err().contains("at most 30 tenths"));
    }
}

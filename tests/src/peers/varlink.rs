//! The Varlink client of the Python package `varlink`.

use super::{Unavailable, assets, dir, ready, skip};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs the foreign client against the daemon in this folder; gives its steps by name, nothing if it is not there.
///
/// # Panics
/// If it fails.
#[must_use]
pub fn python_varlink(test: &str, folder: &Path, settings: &Value, user: &str, password: &str) -> Option<Vec<Value>> {
    match run(folder, settings, user, password) {
        Ok(steps) => Some(steps),
        Err(why) => {
            skip(test, &why);
            None
        }
    }
}

fn run(folder: &Path, settings: &Value, user: &str, password: &str) -> Result<Vec<Value>, Unavailable> {
    ready("python-varlink")?;
    let output = Command::new(dir().join("varlink/bin/python"))
        .arg(assets().join("varlink_client.py"))
        .arg(folder.join("socket"))
        .args([&settings.to_string(), user, password])
        .output()
        .map_err(|error| Unavailable(format!("python-varlink: {error}")))?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    Ok(said.lines().map(|line| serde_json::from_str(line).expect("a step is JSON")).collect())
}

//! Where the workspace is, and running other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What every command answers; the error is a sentence for the person at the terminal.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or(manifest.clone(), Path::to_owned)
}

/// The folder of build products: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The cargo that runs us, in the workspace's root, with output that parsers can read.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TERM_COLOR", "never");
    for inherited in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(inherited);
    }
    command
}

/// Runs to the end, showing the output.
///
/// # Errors
/// When the program cannot be started or does not end with 0.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|e| format!("{}: {e}", describe(command)))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{} ended with {status}", describe(command)))
}

/// Runs to the end and gives the standard output; standard error is shown.
///
/// # Errors
/// When the program cannot be started, does not end with 0 or does not print UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("{}: {e}", describe(command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", describe(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} printed no UTF-8", describe(command)))
}

/// The same command, stopped with everything that it started after `limit`. Not for use at a terminal:
/// it is in a process group of its own, which an interrupt from the keyboard does not reach.
pub(crate) fn limited(command: &Command, limit: Duration) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg("--kill-after=5").arg(limit.as_secs().to_string());
    limited.arg(command.get_program()).args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        limited.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Whether `program ARGS` can be started and ends with 0.
pub(crate) fn present(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Reads a text file.
///
/// # Errors
/// Names the file.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes a file, making its folder.
///
/// # Errors
/// Names the file.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result {
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, contents)),
        None => std::fs::write(path, contents),
    };
    written.map_err(|e| format!("{}: {e}", path.display()))
}

/// The command as one would type it, without the path of the program.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words.join(" ")
}

//! The last failure of this user, for `rasctl explain last`.
//!
//! It lies in the user's runtime directory, which the system empties at log-out. Without one nothing is kept.

use crate::failure::plain;
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Remembers a failure; it holds what the error told the user, and no secret.
pub(crate) fn remember(target: &str, failure: &Value) {
    let Some(path) = path() else { return };
    let mut record = failure.clone();
    record["target"] = json!(target);
    record["at"] = json!(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    // Nothing depends on it, so a file that cannot be written is not worth a second error.
    let _ = write(&path, &record);
}

/// Reads the last failure.
pub(crate) fn recall() -> Result<Option<Value>, String> {
    let Some(path) = path() else {
        return Err("there is no runtime directory (XDG_RUNTIME_DIR is unset), so failures are not kept".to_owned());
    };
    match fs::read(&path) {
        Ok(bytes) if bytes.len() <= RECORD_MAX => Ok(serde_json::from_slice(&bytes).ok()),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {}", path.display(), plain(&error))),
    }
}

fn write(path: &PathBuf, record: &Value) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(record.to_string().as_bytes()).and_then(|()| fs::rename(&temporary, path));
    written.inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// The file in the runtime directory, if that is ours alone.
fn path() -> Option<PathBuf> {
    let directory = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty())?);
    let metadata = fs::symlink_metadata(&directory).ok()?;
    let ours =
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0;
    ours.then(|| directory.join("rasctl-last.json"))
}

/// More than a failure can say.
const RECORD_MAX: usize = 64 * 1024;

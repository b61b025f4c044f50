//! `cargo xtask install --remove`: takes away what was installed, and nothing else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use super::{LIST, told};
use crate::tool::Result;

/// Gives what was installed below a root; nothing if nothing was.
///
/// # Errors
/// When the list cannot be read, or names something outside.
pub(super) fn installed(root: &Path) -> Result<Vec<String>> {
    let list = root.join(LIST);
    let text = match fs::read_to_string(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(told(&list, &error)),
    };
    if let Some(line) = text.lines().find(|line| !is_below(line)) {
        return Err(format!("{}: {line:?} is no path below the prefix: take that line out", list.display()));
    }
    Ok(text.lines().map(str::to_owned).collect())
}

fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Removes what was installed below a root, and the folders that become empty; gives how many files there were.
///
/// # Errors
/// When nothing was installed there, or something cannot be removed: the list stays then, to try again.
pub(super) fn remove(root: &Path) -> Result<usize> {
    let files = installed(root)?;
    if files.is_empty() {
        return Err(format!(
            "nothing was installed below {}: give the --prefix and --destdir that were",
            root.display()
        ));
    }
    let mut removed = 0;
    for file in &files {
        removed += usize::from(remove_file(root, file)?);
    }
    remove_file(root, LIST)?;
    Ok(removed)
}

/// Removes a file if it is there, and its folders as far as they are empty; the root stays.
fn remove_file(root: &Path, file: &str) -> Result<bool> {
    let path = root.join(file);
    let was_there = match fs::remove_file(&path) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(told(&path, &error)),
    };
    let mut folders = path.ancestors().skip(1).take_while(|folder| *folder != root);
    while folders.next().is_some_and(|folder| fs::remove_dir(folder).is_ok()) {}
    Ok(was_there)
}

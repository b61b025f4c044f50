//! Where things are installed, and what was.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{LIST, remove, told};
use crate::tool::{self, Result};

/// A prefix that is being filled.
pub(super) struct Target {
    root: PathBuf,
    /// What was written, below the root.
    files: Vec<String>,
}

impl Target {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, files: Vec::new() }
    }

    pub(super) fn program(&mut self, program: &Path) -> Result {
        self.copy("bin/rasctl", program, 0o755)?;
        for name in ["bin/rasdial", "bin/rasmand"] {
            let link = self.root.join(name);
            let _ = fs::remove_file(&link);
            symlink("rasctl", &link).map_err(|error| told(&link, &error))?;
            self.files.push(name.to_owned());
        }
        Ok(())
    }

    /// Installs the manual pages, by way of a folder in which nobody else has any.
    pub(super) fn pages(&mut self, program: &Path) -> Result {
        let folder = self.root.join("share/rasman/pages");
        output(Command::new(program).arg("man").arg(&folder))?;
        for (name, page) in files(&folder)? {
            self.copy(&format!("share/man/man1/{name}"), &page, 0o644)?;
        }
        fs::remove_dir_all(&folder).map_err(|error| told(&folder, &error))
    }

    pub(super) fn completions(&mut self, program: &Path) -> Result {
        for (shell, path) in COMPLETIONS {
            let script = output(Command::new(program).args(["completions", shell]))?;
            self.write(path, &script, 0o644)?;
        }
        Ok(())
    }

    /// Installs what systemd reads; a unit names the program where it is.
    pub(super) fn units(&mut self, prefix: &Path) -> Result {
        let program = prefix.join("bin/rasmand").display().to_string();
        for (from, to) in UNITS {
            for (name, path) in files(&tool::root().join("dist/systemd").join(from))? {
                let text = fs::read_to_string(&path).map_err(|error| told(&path, &error))?;
                self.write(&format!("lib/{to}/{name}"), text.replace("/usr/bin/rasmand", &program).as_bytes(), 0o644)?;
            }
        }
        Ok(())
    }

    /// Notes what was installed, those of an earlier version included; gives how many files this one has.
    pub(super) fn finish(mut self) -> Result<usize> {
        let count = self.files.len();
        let mut all = remove::installed(&self.root)?;
        all.append(&mut self.files);
        all.sort_unstable();
        all.dedup();
        all.retain(|path| path != LIST);
        self.write(LIST, (all.join("\n") + "\n").as_bytes(), 0o644)?;
        Ok(count)
    }

    fn copy(&mut self, path: &str, from: &Path, mode: u32) -> Result {
        let bytes = fs::read(from).map_err(|error| told(from, &error))?;
        self.write(path, &bytes, mode)
    }

    /// Writes a file anew: the old one may be running.
    fn write(&mut self, path: &str, bytes: &[u8], mode: u32) -> Result {
        let full = self.root.join(path);
        let folder = full.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(|error| told(folder, &error))?;
        let fresh = full.with_extension("new~");
        let written = fs::write(&fresh, bytes)
            .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(mode)))
            .and_then(|()| fs::rename(&fresh, &full));
        self.files.push(path.to_owned());
        written.map_err(|error| told(&full, &error))
    }
}

/// Gives the files of a folder by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(folder).map_err(|error| told(folder, &error))?;
    let named = entries.map(|entry| {
        let entry = entry.map_err(|error| told(folder, &error))?;
        Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
    });
    named.collect()
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let ran = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !ran.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&ran.stderr)));
    }
    Ok(ran.stdout)
}

const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/rasctl"),
    ("zsh", "share/zsh/site-functions/_rasctl"),
    ("fish", "share/fish/vendor_completions.d/rasctl.fish"),
];

const UNITS: [(&str, &str); 4] = [
    ("system", "systemd/system"),
    ("user", "systemd/user"),
    ("sysusers.d", "sysusers.d"),
    ("tmpfiles.d", "tmpfiles.d"),
];

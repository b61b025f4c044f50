//! `cargo xtask install`: the programs, their manual pages and completions, and the units.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::{self, Result};

/// What `cargo xtask install` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where programs are found
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Put the files below this folder, for a package to be made of
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Build without optimisation
    #[arg(long)]
    debug: bool,
}

/// Builds the program and installs it under its three names, with all that belongs to it. The machine's configuration and
/// users are left to systemd, whose commands are printed.
///
/// # Errors
/// When something does not build or cannot be written.
pub(crate) fn run(args: &Args) -> Result {
    let prefix = std::path::absolute(&args.prefix).map_err(|error| error.to_string())?;
    let program = build(args.debug)?;
    let mut target = Target { root: below(args.destdir.as_deref(), &prefix)?, files: 0 };
    target.program(&program)?;
    target.pages(&program)?;
    target.completions(&program)?;
    target.units(&prefix)?;
    println!("installed {} files below {}", target.files, target.root.display());
    if args.destdir.is_none() {
        println!("{NEXT}");
    }
    Ok(())
}

fn build(debug: bool) -> Result<PathBuf> {
    let mut build = tool::cargo();
    build.args(["build", "--locked", "--package", "rasctl", "--bin", "rasctl"]);
    if !debug {
        build.arg("--release");
    }
    tool::run(&mut build)?;
    Ok(tool::target_dir().join(if debug { "debug" } else { "release" }).join("rasctl"))
}

/// Where the prefix is while things are installed.
fn below(destdir: Option<&Path>, prefix: &Path) -> Result<PathBuf> {
    let Some(destdir) = destdir else { return Ok(prefix.to_owned()) };
    let destdir = std::path::absolute(destdir).map_err(|error| error.to_string())?;
    Ok(destdir.join(prefix.strip_prefix("/").map_err(|error| error.to_string())?))
}

struct Target {
    root: PathBuf,
    files: usize,
}

impl Target {
    fn program(&mut self, program: &Path) -> Result {
        let bytes = fs::read(program).map_err(|error| told(program, &error))?;
        self.write("bin/rasctl", &bytes, 0o755)?;
        for name in ["rasdial", "rasmand"] {
            let link = self.root.join("bin").join(name);
            let _ = fs::remove_file(&link);
            symlink("rasctl", &link).map_err(|error| told(&link, &error))?;
            self.files += 1;
        }
        Ok(())
    }

    fn pages(&mut self, program: &Path) -> Result {
        let folder = self.root.join("share/man/man1");
        output(Command::new(program).arg("man").arg(&folder))?;
        self.files += fs::read_dir(&folder).map_err(|error| told(&folder, &error))?.count();
        Ok(())
    }

    fn completions(&mut self, program: &Path) -> Result {
        for (shell, path) in COMPLETIONS {
            let script = output(Command::new(program).args(["completions", shell]))?;
            self.write(path, &script, 0o644)?;
        }
        Ok(())
    }

    /// Installs what systemd reads; a unit names the program where it is.
    fn units(&mut self, prefix: &Path) -> Result {
        let program = prefix.join("bin/rasmand").display().to_string();
        let dist = tool::root().join("dist/systemd");
        for (from, to) in [
            ("system", "systemd/system"),
            ("user", "systemd/user"),
            ("sysusers.d", "sysusers.d"),
            ("tmpfiles.d", "tmpfiles.d"),
        ] {
            let folder = dist.join(from);
            for entry in fs::read_dir(&folder).map_err(|error| told(&folder, &error))? {
                let path = entry.map_err(|error| error.to_string())?.path();
                let text = fs::read_to_string(&path).map_err(|error| told(&path, &error))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.write(&format!("lib/{to}/{name}"), text.replace("/usr/bin/rasmand", &program).as_bytes(), 0o644)?;
            }
        }
        Ok(())
    }

    /// Writes a file anew: the old one may be running.
    fn write(&mut self, path: &str, bytes: &[u8], mode: u32) -> Result {
        let path = self.root.join(path);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(|error| told(folder, &error))?;
        let fresh = path.with_extension("new~");
        let written = fs::write(&fresh, bytes)
            .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(mode)))
            .and_then(|()| fs::rename(&fresh, &path));
        self.files += 1;
        written.map_err(|error| told(&path, &error))
    }
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let ran = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !ran.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&ran.stderr)));
    }
    Ok(ran.stdout)
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/rasctl"),
    ("zsh", "share/zsh/site-functions/_rasctl"),
    ("fish", "share/fish/vendor_completions.d/rasctl.fish"),
];

const NEXT: &str = "\
A user's own manager needs nothing more. For the machine's, as root:
  systemd-sysusers && systemd-tmpfiles --create
  systemctl daemon-reload && systemctl enable --now rasman.socket";

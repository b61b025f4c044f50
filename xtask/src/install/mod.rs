//! `cargo xtask install`: the programs, their manual pages and completions, and the units.

mod remove;
mod target;

use std::path::{Path, PathBuf};

use target::Target;

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
    /// Remove what was installed there instead
    #[arg(long)]
    remove: bool,
}

/// Builds the program and installs it under its three names, with all that belongs to it, or removes that. The machine's
/// configuration and users are left to systemd, whose commands are printed.
///
/// # Errors
/// When something does not build, or cannot be written or removed.
pub(crate) fn run(args: &Args) -> Result {
    let prefix = std::path::absolute(&args.prefix).map_err(|error| error.to_string())?;
    let root = below(args.destdir.as_deref(), &prefix)?;
    if args.remove {
        let removed = remove::remove(&root)?;
        println!("removed {removed} files below {}; phone books and stored credentials stay", root.display());
        return Ok(());
    }
    let program = build(args.debug)?;
    let files = install(&program, &prefix, root.clone())?;
    println!("installed {files} files below {}", root.display());
    if args.destdir.is_none() {
        println!("{NEXT}");
    }
    Ok(())
}

/// Installs a program that was built; gives how many files that made.
fn install(program: &Path, prefix: &Path, root: PathBuf) -> Result<usize> {
    let mut target = Target::new(root);
    target.program(program)?;
    target.pages(program)?;
    target.completions(program)?;
    target.units(prefix)?;
    target.finish()
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

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What was installed, one path below the prefix a line: what `--remove` takes away.
const LIST: &str = "share/rasman/installed";

const NEXT: &str = "\
A user's own manager needs nothing more. For the machine's, as root:
  systemd-sysusers && systemd-tmpfiles --create
  systemctl daemon-reload && systemctl enable --now rasman.socket";

#[cfg(test)]
mod tests;

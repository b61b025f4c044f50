//! `cargo xtask capi`: the C library, built and installed.

use std::path::PathBuf;
use std::process::Command;

use crate::tool::{self, Result};

/// What `cargo xtask capi` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where programs find it
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Put the files below this folder, for a package to be made of
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Build without optimisation
    #[arg(long)]
    debug: bool,
}

/// Builds the static library, links the shared one from it and installs both with headers and pkg-config's file.
///
/// # Errors
/// When something does not build or cannot be written.
pub(crate) fn run(args: &Args) -> Result {
    let mut build = tool::cargo();
    build.args(["build", "--locked", "--package", "rasapi32"]);
    let profile = match args.debug {
        true => "debug",
        false => {
            build.arg("--release");
            "release"
        }
    };
    tool::run(&mut build)?;
    let library = tool::target_dir().join(profile).join("librasapi32.a");
    let mut install = Command::new("sh");
    install.arg(tool::root().join("crates/rasapi32/install")).arg(library).arg(env!("CARGO_PKG_VERSION"));
    install.arg(std::path::absolute(&args.prefix).map_err(|e| e.to_string())?);
    if let Some(folder) = &args.destdir {
        install.arg(std::path::absolute(folder).map_err(|e| e.to_string())?);
    }
    tool::run(&mut install)?;
    println!("installed below {}{}", args.destdir.clone().unwrap_or_default().display(), args.prefix.display());
    Ok(())
}

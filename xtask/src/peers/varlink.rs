//! The Varlink client from the Python package index, in a virtual environment of its own.

use std::fs;
use std::process::Command;

use super::{Found, dir, quietly};
use crate::tool::{self, Result};

const VERSION: &str = "31.0.0";

/// Debian's own interpreter: another in `PATH` may lack `venv`, and the peers' scripts run with this one.
const PYTHON: &str = "/usr/bin/python3";

pub(super) fn ensure() -> Result<Found> {
    let venv = dir().join("varlink");
    let stamp = venv.join("varlink.version");
    let interpreter_is_there = venv.join("bin/python").canonicalize().is_ok();
    if interpreter_is_there && fs::read_to_string(&stamp).is_ok_and(|version| version == VERSION) {
        return Ok(Found::ready(VERSION));
    }
    println!("installing the Python package varlink {VERSION}");
    quietly(Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    quietly(pip.args(["-m", "pip", "install", "-q"]).arg(format!("varlink=={VERSION}")))?;
    tool::write(&stamp, VERSION.as_bytes())?;
    Ok(Found::ready(VERSION))
}

//! The C library's rows: a C program measures itself, against a daemon in another process.

use super::daemon::{Daemon, fresh_folder};
use super::{Lab, Results};
use rasman_tests::capi::{Language, compile_with, programs_folder};
use std::io;
use std::path::Path;
use std::process::Command;

/// Compiles the program and runs its parts, each beside a daemon and a lab of its own.
pub(crate) fn run(results: &mut Results) -> io::Result<()> {
    let program = compile_with(&programs_folder().join("bench.c"), Language::C, &["-O2"]);
    part(results, &program, "returns", &["--fault", "silent=http"])?;
    part(results, &program, "dials", &[])?;
    // A server of the daemon's shape, as for the daemon's own ratio.
    results.ratio("capi_dial_return_ratio", "capi_dial_return_us_p50", "capi_runtime_round_trip_us_p50");
    results.ratio("capi_dial_return_blocking_ratio", "capi_dial_return_us_p50", "capi_socket_round_trip_us_p50");
    results.ratio("capi_queue_dial_return_ratio", "capi_queue_dial_return_us_p50", "capi_runtime_round_trip_us_p50");
    results.ratio("capi_handler_turn_ratio", "capi_handler_turn_us_p50", "capi_socket_round_trip_us_p50");
    Ok(())
}

fn part(results: &mut Results, program: &Path, name: &str, faults: &[&str]) -> io::Result<()> {
    let lab = Lab::start(faults)?;
    let runtime = fresh_folder("capi");
    std::fs::create_dir(&runtime)?;
    let folder = runtime.join("rasman");
    let daemon = Daemon::start_in(folder.clone(), &lab, ENTRIES)?;
    let output = Command::new(program)
        .args([name, &super::name(0).replace('0', "")])
        .args([folder.join("echo"), folder.join("runtime-echo")])
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("RASMAN_SCOPE", "user")
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((key, value)) = line.split_once(' ') {
            results.0.insert(key.to_owned(), value.parse().map_err(io::Error::other)?);
        }
    }
    daemon.stop()?;
    lab.stop()?;
    std::fs::remove_dir_all(runtime)
}

const ENTRIES: usize = 1_000;

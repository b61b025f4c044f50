//! The C library's rows: a C program measures itself, against a daemon in another process.

use super::daemon::{Daemon, fresh_folder};
use super::{Lab, Results};
use rasman_tests::capi::{Language, compile_with, programs_folder};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;
use std::path::Path;
use std::process::Command;

/// Compiles the program and runs its parts, each beside a daemon and a lab of its own.
pub(crate) fn run(results: &mut Results) -> io::Result<()> {
    let program = compile_with(&programs_folder().join("bench.c"), Language::C, &["-O2"]);
    let everywhere = sched_getaffinity(None)?;
    let [first, last] = outermost(&everywhere);
    // Where the kernel puts the two ends of a pair is worth more than all that they do.
    for (prefix, core) in [("capi", last), ("capi_one_core", first)] {
        let mut returned = Results::default();
        let placed = returns(&mut returned, &program, [first, core]);
        sched_setaffinity(None, &everywhere)?;
        placed?;
        results.0.extend(returned.0.into_iter().map(|(key, value)| (format!("{prefix}_{key}"), value)));
    }
    part(results, &program, "dials", &[], None)?;
    results.ratio("capi_handler_turn_ratio", "capi_handler_turn_us_p50", "capi_socket_round_trip_us_p50");
    Ok(())
}

/// Gives the first and the last of these cores, which are one where there is no other.
fn outermost(cores: &CpuSet) -> [CpuSet; 2] {
    let mut numbers = (0..CpuSet::MAX_CPU).filter(|core| cores.is_set(*core));
    let first = numbers.next().unwrap_or_default();
    [first, numbers.next_back().unwrap_or(first)].map(|core| {
        let mut set = CpuSet::new();
        set.set(core);
        set
    })
}

/// How long RasDial takes, with the program and the daemon on these cores.
fn returns(results: &mut Results, program: &Path, [programs, daemons]: [CpuSet; 2]) -> io::Result<()> {
    sched_setaffinity(None, &daemons)?;
    part(results, program, "returns", &["--fault", "silent=http"], Some(programs))?;
    // A server of the daemon's shape, as for the daemon's own ratio.
    results.ratio("dial_return_ratio", "dial_return_us_p50", "runtime_round_trip_us_p50");
    results.ratio("dial_return_blocking_ratio", "dial_return_us_p50", "socket_round_trip_us_p50");
    results.ratio("queue_dial_return_ratio", "queue_dial_return_us_p50", "runtime_round_trip_us_p50");
    Ok(())
}

fn part(results: &mut Results, program: &Path, name: &str, faults: &[&str], cores: Option<CpuSet>) -> io::Result<()> {
    let lab = Lab::start(faults)?;
    let runtime = fresh_folder("capi");
    std::fs::create_dir(&runtime)?;
    let folder = runtime.join("rasman");
    let daemon = Daemon::start_in(folder.clone(), &lab, ENTRIES)?;
    if let Some(cores) = cores {
        sched_setaffinity(None, &cores)?;
    }
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

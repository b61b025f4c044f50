//! Who has a device open, as far as the system lets us see it.

use std::fs;
use std::path::Path;

/// Gives name and number of a process that has the device open, other than this one.
pub(super) fn of(device: &Path) -> Option<String> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse::<u32>().ok());
    let holds = |pid: u32| has_open(pid, device) && !is_ours(pid) && !is_other_end(pid, device);
    numbers.filter(|pid| *pid != own).find(|pid| holds(*pid)).map(describe)
}

/// Tells whether a process has the other end of a pseudo-terminal, as an emulator of a modem has. Such a program keeps this
/// end open, so that another one may close it and come back.
fn is_other_end(pid: u32, device: &Path) -> bool {
    let makers = ["/dev/ptmx", "/dev/pts/ptmx"];
    device.starts_with("/dev/pts") && makers.iter().any(|maker| has_open(pid, Path::new(maker)))
}

/// Tells whether a process is a child of this one that is about to become another program: until then it has what we have.
fn is_ours(pid: u32) -> bool {
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    parent(pid) == Some(std::process::id()) && program(&pid.to_string()) == program("self")
}

/// Gives the parent of a process: `4711 (name) S 1 ...`, where the name may be anything.
fn parent(pid: u32) -> Option<u32> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    line.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Gives a process as people know it.
pub(super) fn describe(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    match name.trim() {
        "" => format!("process {pid}"),
        name => format!("{name} (process {pid})"),
    }
}

/// Tells whether a process lives, as far as we may know.
pub(super) fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn has_open(pid: u32, device: &Path) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == device))
}

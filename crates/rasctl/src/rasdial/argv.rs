//! A password on the command line, which everybody on the machine could read while the program runs.
//!
//! Before anything else the program starts itself again in its place: the password goes along in memory that only
//! this process can reach, and the new command line has an asterisk where it was.

use rasman::Secret;
use rustix::fd::AsRawFd;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use zeroize::Zeroizing;

/// Starts the program again without the password, which stands at `place` of the arguments. Returns only if that is
/// not possible.
pub(super) fn start_again_without(arguments: &[String], place: usize) -> std::io::Error {
    match carry(arguments[place].as_bytes()) {
        Ok(memory) => again(arguments, place, &memory),
        Err(error) => error,
    }
}

/// Takes the password that the first start of this program passed, and wipes it where it was.
pub(super) fn taken() -> Option<Secret> {
    let descriptor: u32 = std::env::var(DESCRIPTOR).ok()?.parse().ok()?;
    let path = format!("/proc/self/fd/{descriptor}");
    // The variable could be anybody's; the memory is ours only under its name.
    let name = std::fs::read_link(&path).ok()?;
    if !name.to_string_lossy().starts_with(&format!("/memfd:{MEMORY}")) {
        return None;
    }
    let mut memory = OpenOptions::new().read(true).write(true).open(path).ok()?;
    let mut password = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX));
    Read::by_ref(&mut memory).take(PASSWORD_MAX as u64).read_to_end(&mut password).ok()?;
    wipe(&mut memory, password.len()).ok()?;
    (!password.is_empty()).then(|| Secret::new(password.as_slice()))
}

fn carry(password: &[u8]) -> std::io::Result<File> {
    // Without CLOEXEC: it is meant to be inherited.
    let mut memory = File::from(memfd_create(MEMORY, MemfdFlags::empty())?);
    memory.write_all(password)?;
    Ok(memory)
}

fn again(arguments: &[String], place: usize, memory: &File) -> std::io::Error {
    let shown = arguments.iter().enumerate().map(|(index, argument)| if index == place { "*" } else { argument });
    Command::new("/proc/self/exe")
        .arg0(std::env::args_os().next().unwrap_or_else(|| "rasdial".into()))
        .args(shown)
        .env(DESCRIPTOR, memory.as_raw_fd().to_string())
        .exec()
}

fn wipe(memory: &mut File, length: usize) -> std::io::Result<()> {
    memory.rewind()?;
    memory.write_all(&vec![0; length])?;
    memory.set_len(0)
}

/// Tells the second start which descriptor holds the password.
const DESCRIPTOR: &str = "RASDIAL_PASSWORD_DESCRIPTOR";
const MEMORY: &str = "rasdial-password";
/// More than any server takes.
const PASSWORD_MAX: usize = 4096;

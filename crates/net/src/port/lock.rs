//! Keeping other programs away from a device, by every convention there is.
//!
//! ```text
//! /run/lock/LCK..ttyUSB0   the UUCP lock file, which most dialling programs look at; made where we may
//! flock                    on the device, which newer ones take; the kernel tells who has it
//! TIOCEXCL                 the kernel refuses further opens, but for root
//! ```

use super::holder;
use rustix::fs::FlockOperation;
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A UUCP lock file of ours, or none where we may not make one. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: Option<PathBuf>,
}

/// Somebody else has the device; who, if it is known.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) by: String,
}

impl Lock {
    pub(super) fn take(device: &Path) -> Result<Self, Taken> {
        Self::take_in(Path::new(FOLDER), device)
    }

    fn take_in(folder: &Path, device: &Path) -> Result<Self, Taken> {
        let name = device.strip_prefix("/dev").unwrap_or(device).to_string_lossy().replace('/', "_");
        let path = folder.join(format!("LCK..{}", name.trim_start_matches('_')));
        for _ in 0..2 {
            let mut options = fs::OpenOptions::new();
            match options.write(true).create_new(true).mode(0o644).open(&path) {
                Ok(mut file) => {
                    // The traditional form: ten columns and a line end.
                    let written = writeln!(file, "{:>10}", std::process::id());
                    let lock = Self { file: Some(path) };
                    return written.map(|()| lock).or(Ok(Self { file: None }));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match owner(&path) {
                    // Another connection of ours is told apart by the lock on the device.
                    Some(pid) if pid == std::process::id() => return Ok(Self { file: None }),
                    Some(pid) if holder::lives(pid) => return Err(Taken { by: holder::describe(pid) }),
                    // Its owner is gone, as the convention has it; who may not remove it goes on without.
                    _ if fs::remove_file(&path).is_err() => return Ok(Self { file: None }),
                    _ => {}
                },
                Err(_) => return Ok(Self { file: None }),
            }
        }
        Ok(Self { file: None })
    }

    /// Takes the locks on the device itself; the error is who has it.
    pub(super) fn hold(&self, device: &OwnedFd, path: &Path) -> Result<(), String> {
        match rustix::fs::flock(device, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(flock_owner(path).or_else(|| holder::of(path)).unwrap_or_default());
            }
            // A file system without locks.
            Err(_) => {}
        }
        let _ = rustix::termios::ioctl_tiocexcl(device);
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
        }
    }
}

/// Reads the number in a lock file, as text or, by an older convention, as four octets.
fn owner(path: &Path) -> Option<u32> {
    let bytes = fs::read(path).ok().filter(|bytes| bytes.len() <= 64)?;
    let text = String::from_utf8_lossy(&bytes);
    match text.split_whitespace().next().and_then(|word| word.parse().ok()) {
        Some(pid) => Some(pid),
        None => Some(u32::from_ne_bytes(bytes.try_into().ok()?)),
    }
}

/// Finds in the kernel's list who has the lock on a file: `1: FLOCK ADVISORY WRITE 4711 00:05:123 0 EOF`.
fn flock_owner(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let (dev, inode) = (metadata.dev(), metadata.ino());
    let place = format!("{:02x}:{:02x}:{inode}", rustix::fs::major(dev), rustix::fs::minor(dev));
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let line = locks.lines().find(|line| line.split_whitespace().any(|word| word == place))?;
    let pid = line.split_whitespace().nth(4)?.parse().ok().filter(|pid| *pid > 0)?;
    Some(if pid == std::process::id() {
        "another connection of this manager".to_owned()
    } else {
        holder::describe(pid)
    })
}

/// Where lock files are.
const FOLDER: &str = "/run/lock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_of_the_living_keep_us_away_and_those_of_the_dead_do_not() {
        let folder = std::env::temp_dir().join(format!("rasman-lock-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("LCK..ttyUSB7");
        let take = || Lock::take_in(&folder, Path::new("/dev/ttyUSB7"));
        let lock = take().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{:>10}\n", std::process::id()));
        drop(lock);
        assert!(!file.exists());
        fs::write(&file, "         1\n").unwrap();
        let taken = take().unwrap_err();
        assert!(taken.by.contains("process 1"), "{}", taken.by);
        for dead in ["4194305\n", "garbage", ""] {
            fs::write(&file, dead).unwrap();
            drop(take().unwrap());
            assert!(!file.exists(), "{dead:?}");
        }
        fs::write(&file, 1_u32.to_ne_bytes()).unwrap();
        assert!(take().is_err());
        fs::remove_dir_all(folder).unwrap();
        assert!(Lock::take_in(Path::new("/nonexistent"), Path::new("/dev/x")).is_ok());
    }
}

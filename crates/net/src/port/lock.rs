//! Keeping other programs away from a device, by every convention there is.
//!
//! ```text
//! /run/lock/LCK..ttyUSB0   the UUCP lock file, which most dialling programs look at; made where we may
//! flock                    on the device, which newer ones take; the kernel tells who has it
//! TIOCEXCL                 the kernel refuses further opens, but for root
//! ```

use super::holder;
use rustix::fs::FlockOperation;
use rustix::ioctl;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

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
        let path = lock_file(folder, device);
        let draft = Draft::write(folder).ok();
        for _ in 0..2 {
            if draft.as_ref().is_some_and(|draft| fs::hard_link(&draft.0, &path).is_ok()) {
                return Ok(Self { file: Some(path) });
            }
            match owner(&path) {
                // Another connection of ours is told apart by the lock on the device.
                Some(pid) if pid == std::process::id() => break,
                Some(pid) if holder::lives(pid) => return Err(Taken { by: holder::describe(pid) }),
                // Its owner is gone, as the convention has it; who may make none, or not remove it, goes on without.
                _ if draft.is_none() || fs::remove_file(&path).is_err() => break,
                _ => {}
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
        // Root is let in all the same. The mark may be left from somebody who is gone.
        if is_marked(device)
            && let Some(by) = holder::of(path)
        {
            return Err(by);
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

/// Tells whether somebody has the device: this process or another by a lock, another by having it open, with TIOCEXCL or
/// without. It is not opened for that, which would raise the lines of a port.
pub(super) fn is_taken(device: &Path) -> bool {
    owner(&lock_file(Path::new(FOLDER), device)).is_some_and(holder::lives)
        || flock_owner(device).is_some()
        || holder::of(device).is_some()
}

/// Tells whether the device has the mark of TIOCEXCL.
fn is_marked(device: &OwnedFd) -> bool {
    // SAFETY: TIOCGEXCL writes an int (ioctl_tty(2)).
    let getter = unsafe { ioctl::Getter::<{ libc::TIOCGEXCL as ioctl::Opcode }, libc::c_int>::new() };
    // SAFETY: the device is a terminal, for which the call means that.
    unsafe { ioctl::ioctl(device, getter) }.is_ok_and(|mark| mark != 0)
}

fn lock_file(folder: &Path, device: &Path) -> PathBuf {
    let name = device.strip_prefix("/dev").unwrap_or(device).to_string_lossy().replace('/', "_");
    folder.join(format!("LCK..{}", name.trim_start_matches('_')))
}

/// A lock file under another name. It is given its own by a link once it is whole: one that is still empty would look to
/// others as if its owner were gone.
struct Draft(PathBuf);

impl Draft {
    fn write(folder: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let pid = std::process::id();
        let path = folder.join(format!("LTMP..{pid}.{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        // Somebody before us had the same number.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path)?;
        let draft = Self(path);
        // The traditional form: ten columns and a line end.
        writeln!(file, "{pid:>10}")?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Reads the number in a lock file, as text or, by an older convention, as four octets.
fn owner(path: &Path) -> Option<u32> {
    let bytes = read_short(path).ok().filter(|bytes| bytes.len() <= LOCK_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    match text.split_whitespace().next().and_then(|word| word.parse().ok()) {
        Some(pid) => Some(pid),
        None => Some(u32::from_ne_bytes(bytes.try_into().ok()?)),
    }
}

/// Reads the beginning of a plain file, a byte more than a lock file may have. Everybody may write to the folder: what is
/// there may be a link to somewhere else, a pipe that nobody writes to, or have no end.
fn read_short(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(LOCK_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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
/// More than any convention writes.
const LOCK_MAX: usize = 64;

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
        let names = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(), ["LCK..ttyUSB7"]);
        fs::remove_dir_all(folder).unwrap();
        assert!(Lock::take_in(Path::new("/nonexistent"), Path::new("/dev/x")).is_ok());
    }

    #[test]
    fn what_is_no_lock_file_is_neither_waited_for_nor_read() {
        let folder = std::env::temp_dir().join(format!("rasman-no-lock-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, other) = (folder.join("LCK..ttyUSB8"), folder.join("other"));
        fs::write(&other, "1\n").unwrap();
        let fifo = || {
            let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
            rustix::fs::mknodat(rustix::fs::CWD, &file, kind, mode, 0).unwrap();
        };
        let link = || std::os::unix::fs::symlink(&other, &file).unwrap();
        let endless = || std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        let long = || fs::write(&file, format!("1{}", " ".repeat(100_000))).unwrap();
        for plant in [&fifo as &dyn Fn(), &link, &endless, &long] {
            plant();
            assert_eq!(owner(&file), None);
            drop(Lock::take_in(&folder, Path::new("/dev/ttyUSB8")).unwrap());
            assert!(!file.exists());
        }
        assert_eq!(fs::read_to_string(&other).unwrap(), "1\n");
        fs::remove_dir_all(folder).unwrap();
    }
}

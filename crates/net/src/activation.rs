//! Descriptors that the service manager opened before it started this process (`LISTEN_FDS`).

use std::ffi::c_int;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes over what the service manager has opened for this process, with its names; nothing the second time.
///
/// Without a name in `LISTEN_FDNAMES` a descriptor is called `unknown`. Programs that this one starts do not inherit
/// them.
///
/// # Errors
/// If the variables contradict themselves, or name a descriptor that is not open.
pub fn inherited() -> io::Result<Vec<(String, OwnedFd)>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // Checks that `LISTEN_PID` is this process, and that each descriptor is open.
    let named = sd_notify::listen_fds_with_names()?;
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(Vec::new());
    }
    Ok(named.map(|(fd, name)| (name, own(fd))).collect())
}

/// Keeps every descriptor of this process but the standard three from the programs that it starts.
///
/// What a program was started with and knows nothing of (a lock of a script, the end of somebody's pipe) would live as
/// long as what it starts.
///
/// # Errors
/// If the descriptors cannot be listed.
pub fn keep_from_programs() -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse::<c_int>().ok());
        if let Some(fd) = number.filter(|fd| *fd > 2) {
            // SAFETY: setting this flag of a descriptor changes no memory and closes nothing; a number that is not
            // open any more is refused.
            unsafe { fcntl(fd, F_SETFD, FD_CLOEXEC) };
        }
    }
    Ok(())
}

unsafe extern "C" {
    /// fcntl(2).
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
}

const F_SETFD: c_int = 2;
const FD_CLOEXEC: c_int = 1;

fn own(fd: i32) -> OwnedFd {
    // SAFETY: the descriptor is open, as was checked, and by the protocol of `LISTEN_FDS` it was handed to this very
    // process at its start for whoever takes it: `inherited` does, at most once.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

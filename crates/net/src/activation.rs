//! Descriptors that the service manager opened before it started this process (`LISTEN_FDS`).

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

fn own(fd: i32) -> OwnedFd {
    // SAFETY: the descriptor is open, as was checked, and by the protocol of `LISTEN_FDS` it was handed to this very
    // process at its start for whoever takes it: `inherited` does, at most once.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

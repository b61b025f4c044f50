//! Who is at the other end of a Unix socket, as the kernel noted it when they connected.
//!
//! What it noted cannot be changed by whoever connected: not by ending and leaving the process number to somebody
//! else, and not by becoming another program.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Gives the supplementary groups, by number.
///
/// # Errors
/// Those of the system.
pub fn groups(socket: impl AsFd) -> io::Result<Vec<u32>> {
    let mut groups = vec![0_u32; GROUPS_USUAL];
    loop {
        let size = groups.len() * size_of::<u32>();
        match option(&socket, SO_PEERGROUPS, groups.as_mut_ptr().cast(), size) {
            Ok(filled) => {
                groups.truncate(filled / size_of::<u32>());
                return Ok(groups);
            }
            // The kernel has no more than this.
            Err(error) if error.raw_os_error() == Some(ERANGE) && groups.len() < GROUPS_MAX => {
                groups.resize(GROUPS_MAX, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Opens the process that connected; its descriptor is readable once it has ended.
///
/// # Errors
/// `Unsupported` before Linux 6.5; those of the system, such as that there is no such process any more.
pub fn process(socket: impl AsFd) -> io::Result<OwnedFd> {
    let mut descriptor: c_int = -1;
    match option(&socket, SO_PEERPIDFD, (&raw mut descriptor).cast(), size_of::<c_int>()) {
        // SAFETY: the kernel has just opened it for us, and nobody else knows of it.
        Ok(_) if descriptor >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
        Ok(_) => Err(io::ErrorKind::NotFound.into()),
        Err(error) if error.raw_os_error() == Some(ENOPROTOOPT) => Err(io::ErrorKind::Unsupported.into()),
        Err(error) => Err(error),
    }
}

/// Reads an option of a socket into `size` bytes at `value`; gives how many were filled.
fn option(socket: &impl AsFd, name: c_int, value: *mut c_void, size: usize) -> io::Result<usize> {
    let mut length = u32::try_from(size).unwrap_or(u32::MAX);
    // SAFETY: both callers own `size` bytes at `value` of a type for which any bytes are valid, and the kernel writes
    // no more than `length`, which is not more than that.
    let result = unsafe { getsockopt(socket.as_fd().as_raw_fd(), SOL_SOCKET, name, value, &raw mut length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(length as usize) }
}

unsafe extern "C" {
    /// getsockopt(2). `socklen_t` has 32 bits on every Linux.
    fn getsockopt(socket: c_int, level: c_int, name: c_int, value: *mut c_void, length: *mut u32) -> c_int;
}

// Linux's numbers on all architectures but SPARC and PA-RISC (and for the level MIPS and Alpha).
const SOL_SOCKET: c_int = 1;
const SO_PEERGROUPS: c_int = 59;
const SO_PEERPIDFD: c_int = 77;
const ERANGE: c_int = 34;
const ENOPROTOOPT: c_int = 92;

const GROUPS_USUAL: usize = 64;
/// `NGROUPS_MAX`.
const GROUPS_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    /// What the kernel's own listing says of this process.
    fn own_groups() -> Vec<u32> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
        line.split_whitespace().map(|group| group.parse().unwrap()).collect()
    }

    #[test]
    fn own_groups_are_those_of_a_socket_to_itself() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert_eq!(groups(&one).unwrap(), own_groups());
        assert!(groups(std::fs::File::open("/dev/null").unwrap()).is_err());
    }

    #[test]
    fn own_process_is_that_of_a_socket_to_itself() {
        let (one, _other) = UnixStream::pair().unwrap();
        match process(&one) {
            Ok(descriptor) => {
                let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", descriptor.as_raw_fd())).unwrap();
                let own = std::process::id().to_string();
                let pid = info.lines().find_map(|line| line.strip_prefix("Pid:")).map(str::trim);
                assert_eq!(pid, Some(&*own));
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{error}"),
        }
    }
}

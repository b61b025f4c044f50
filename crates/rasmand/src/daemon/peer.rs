//! Who is at the other end: users and processes, as the kernel tells them.

use crate::who::{Holder, Owner, Who};
use rustix::process::{Pid, PidfdFlags};
use std::cell::{Cell, OnceCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use tokio::task::AbortHandle;

/// A process that has connections here or dials under way.
pub(super) struct Process {
    /// 0 if it is in another PID namespace, where the kernel does not tell.
    pub(super) pid: i32,
    pub(super) uid: u32,
    pub(super) holder: Holder,
    /// Its connections.
    pub(super) connections: Cell<usize>,
    /// Whether its end is noticed. Without, a lost connection counts as its end.
    pub(super) is_watched: bool,
    /// It has ended.
    pub(super) has_ended: Cell<bool>,
    /// What waits for its end, and has a descriptor for that.
    pub(super) watch: OnceCell<AbortHandle>,
}

/// A process as the log has it.
#[derive(Copy, Clone)]
pub(super) struct ProcessName {
    pub(super) pid: i32,
    pub(super) uid: u32,
}

impl Process {
    pub(super) fn name(&self) -> ProcessName {
        ProcessName { pid: self.pid, uid: self.uid }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may live for months without a connection here.
        if let Some(watch) = self.watch.get() {
            watch.abort();
        }
    }
}

/// The user and the process behind a connection.
pub(super) struct Peer {
    pub(super) process: Rc<Process>,
    /// May see and hang up what belongs to others.
    pub(super) sees_all: bool,
}

impl Peer {
    pub(super) fn who(&self) -> Who {
        Who { owner: Owner(self.process.uid), holder: self.process.holder }
    }

    pub(super) fn may(&self, owner: Owner) -> bool {
        self.sees_all || owner.0 == self.process.uid
    }
}

/// What the kernel says about a connection.
pub(super) struct Credentials {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// 0 if it is in another PID namespace.
    pub(super) pid: i32,
}

pub(super) fn credentials(stream: &tokio::net::UnixStream) -> std::io::Result<Credentials> {
    let credentials = stream.peer_cred()?;
    let pid = credentials.pid().unwrap_or(0);
    Ok(Credentials { uid: credentials.uid(), gid: credentials.gid(), pid })
}

/// Opens the process that connected; by its descriptor its end is noticed.
///
/// Before Linux 6.5 it is opened by its number, which might have been given to another process since. Then the one that
/// connected has ended, its socket is closed, and what it had dialled is given up because of that.
pub(super) fn open_process(stream: impl AsFd, pid: i32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(pid)?;
    match rasman_net::peer::process(stream) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK).ok()
        }
        result => result.ok(),
    }
}

/// Whether whoever connected belonged to a group then, by their supplementary groups too.
///
/// Not by what `/proc` says of the number: it may be another process's by now, with other rights.
pub(super) fn is_member(stream: impl AsFd, peer: &Credentials, group: u32) -> bool {
    peer.gid == group || rasman_net::peer::groups(stream).is_ok_and(|groups| groups.contains(&group))
}

/// Finds the number of a group in the system's file of groups.
pub(super) fn group_number(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        is_it.then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read() {
        assert_eq!(group_number("root"), Some(0));
        assert_eq!(group_number("no such group"), None);
        let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
        let gid = rustix::process::getegid().as_raw();
        assert!(is_member(&stream, &Credentials { uid: 0, gid, pid: 0 }, gid));
        assert!(!is_member(&stream, &Credentials { uid: 0, gid, pid: 0 }, 0xFFFF_0000));
    }

    #[test]
    fn a_process_that_is_not_there_has_no_descriptor() {
        let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(open_process(&stream, 0).is_none());
        assert!(open_process(&stream, i32::try_from(std::process::id()).unwrap()).is_some());
    }
}

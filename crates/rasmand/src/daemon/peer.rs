//! Who is at the other end: users and processes, as the kernel tells them.

use crate::who::{Holder, Owner, Who};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};
use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::rc::Rc;

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

/// Opens a descriptor of a process, by which its end is noticed.
///
/// The number might have been given to another process since it connected. Then the one that connected has ended, its
/// socket is closed, and what it had dialled is given up because of that.
pub(super) fn open_process(pid: i32) -> Option<OwnedFd> {
    rustix::process::pidfd_open(Pid::from_raw(pid)?, PidfdFlags::NONBLOCK).ok()
}

/// Whether a process has not ended.
pub(super) fn lives(process: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(process, PollFlags::IN)];
    matches!(rustix::event::poll(&mut polled, Some(&Timespec::default())), Ok(0))
}

/// Whether a process belongs to a group, by its supplementary groups too.
pub(super) fn is_member(peer: &Credentials, group: u32) -> bool {
    peer.gid == group || supplementary_groups(peer.pid).contains(&group)
}

/// Reads the groups of a process; none if that cannot be told.
fn supplementary_groups(pid: i32) -> Vec<u32> {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return Vec::new() };
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    groups.unwrap_or_default().split_whitespace().filter_map(|group| group.parse().ok()).collect()
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
        let own = i32::try_from(std::process::id()).unwrap();
        let gid = rustix::process::getegid().as_raw();
        assert!(is_member(&Credentials { uid: 0, gid, pid: own }, gid));
        assert!(!is_member(&Credentials { uid: 0, gid, pid: own }, 0xFFFF_0000));
        assert!(supplementary_groups(-1).is_empty());
    }

    #[test]
    fn a_process_that_is_not_there_has_no_descriptor() {
        assert!(open_process(0).is_none());
        let own = open_process(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(lives(&own));
    }
}

//! What this process holds.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;

/// How many threads and network sockets this process holds.
#[derive(PartialEq, Eq)]
pub(super) struct Leftovers {
    threads: usize,
    sockets: usize,
}

impl Leftovers {
    /// Counts them.
    pub(super) fn now() -> io::Result<Self> {
        let threads = fs::read_dir("/proc/self/task")?.count();
        let network = network_inodes()?;
        let mut sockets = 0;
        for descriptor in fs::read_dir("/proc/self/fd")? {
            let Ok(target) = fs::read_link(descriptor?.path()) else { continue };
            let target = target.to_string_lossy().into_owned();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            if inode.is_some_and(|inode| network.contains(inode)) {
                sockets += 1;
            }
        }
        Ok(Self { threads, sockets })
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} thread, {} network sockets", self.threads, self.sockets)
    }
}

/// Tells whether a process is there (a zombie that was not waited for counts).
pub(super) fn is_alive(pid: u32) -> bool {
    fs::exists(format!("/proc/{pid}")).unwrap_or(false)
}

/// The inodes of all TCP and UDP sockets of this network namespace.
fn network_inodes() -> io::Result<HashSet<String>> {
    let mut inodes = HashSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let Ok(text) = fs::read_to_string(format!("/proc/self/net/{table}")) else { continue };
        // The tenth column of the kernel's table is the inode.
        inodes.extend(text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(9)).map(str::to_owned));
    }
    Ok(inodes)
}

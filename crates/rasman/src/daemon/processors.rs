//! Which processors a manager and its client may run on.

use rustix::process::Pid;
use rustix::thread::sched_getaffinity;

/// Tells whether this thread and the manager's process can run at the same time. That is so where nothing is known.
pub(super) fn are_apart(manager: Option<Pid>) -> bool {
    let Ok(own) = sched_getaffinity(None) else { return true };
    if own.count() > 1 {
        return true;
    }
    let theirs = manager.and_then(|manager| sched_getaffinity(Some(manager)).ok());
    theirs.is_none_or(|theirs| theirs != own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;
    use rustix::thread::{CpuSet, sched_setaffinity};

    #[test]
    fn those_who_share_one_processor_are_not_apart() {
        let everywhere = sched_getaffinity(None).unwrap();
        assert!(are_apart(None));
        let core = (0..CpuSet::MAX_CPU).find(|core| everywhere.is_set(*core)).unwrap();
        let mut one = CpuSet::new();
        one.set(core);
        // A thread of its own is kept there, and a process of its own.
        std::thread::spawn(move || {
            sched_setaffinity(None, &one).unwrap();
            let mut shares = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
            let shared = Pid::from_child(&shares);
            assert!(!are_apart(Some(shared)));
            assert_eq!(are_apart(Some(getpid())), everywhere.count() > 1);
            assert!(are_apart(None));
            drop(shares.stdin.take());
            shares.wait().unwrap();
            assert!(are_apart(Some(shared)), "nothing is known of one that is gone");
        })
        .join()
        .unwrap();
    }
}

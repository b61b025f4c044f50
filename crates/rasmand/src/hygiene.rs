//! What a process that holds passwords does at its start.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Keeps this process's memory out of core files, and other processes of the user from reading it.
///
/// Call it before the first secret is read. Afterwards `/proc/self` belongs to root, so a program without privileges
/// does not find its own descriptors there any more.
///
/// # Errors
/// What the kernel answered; the process works on, with core files as the system sets them.
pub fn forbid_core_dumps() -> std::io::Result<()> {
    // A core handler gets the memory even with a limit of 0, so the second call is the one that counts.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Takes as many descriptors as the system lets this process have, up to what a daemon can use: the usual 1,024 are for
/// programs that call `select`, and clients could use them up.
///
/// # Errors
/// What the kernel answered; the process works on with what it has.
pub(crate) fn raise_descriptor_limit() -> std::io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit })?;
    }
    Ok(())
}

/// As in the units.
const DESCRIPTORS: u64 = 65_536;

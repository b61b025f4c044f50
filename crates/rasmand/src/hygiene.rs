//! What a process that holds passwords does at its start.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

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

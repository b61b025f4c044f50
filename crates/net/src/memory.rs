//! What a program of ours gives back to the system.

/// Has the C library's allocator give large pieces of memory back as soon as they are free.
///
/// glibc asks the system for each piece above a threshold, and raises that to the size of the largest that was ever freed: soon
/// the buffers of streams, half a megabyte each, lie between others in its heaps, and a manager that carried many streams once
/// holds their memory to its end. With a fixed threshold it does not. Other C libraries need no such thing.
///
/// For programs, as the first thing they do; a library leaves its program's allocator alone.
pub fn give_back_early() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes two numbers and changes the allocator's own settings, under its lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

/// The threshold that glibc begins with, in bytes.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 128 * 1024;

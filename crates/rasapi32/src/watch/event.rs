//! An event of the program: an eventfd that it made and may close at any time.

use rasman::Code;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ffi::c_void;
use std::os::fd::RawFd;

/// An eventfd of the program, and a descriptor of our own for it. The program's number is looked at before each signal:
/// once it is closed, perhaps to be something else by now, the registration is over (clause C8).
pub(crate) struct Event {
    number: RawFd,
    identity: Identity,
    own: OwnedFd,
}

/// What `/proc/self/fdinfo` says of an eventfd; kernels before 5.2 give it no number.
#[derive(Clone, PartialEq, Eq)]
struct Identity(Option<u32>);

impl Event {
    /// Takes an event as programs give it: the number of an eventfd as a pointer.
    ///
    /// # Errors
    /// 87 for what is no eventfd; 8 if the system has no descriptor left.
    pub(crate) fn of(event: *mut c_void) -> Result<Self, Code> {
        let number = RawFd::try_from(event as usize).map_err(|_| Code::INVALID_PARAMETER)?;
        let identity = look(number).ok_or(Code::INVALID_PARAMETER)?;
        // SAFETY: it is open, as was seen just now, and it is borrowed for this call alone. If the program closes it
        // meanwhile, the call fails or gives a descriptor that is dropped at the next look.
        let theirs = unsafe { BorrowedFd::borrow_raw(number) };
        let own = rustix::io::fcntl_dupfd_cloexec(theirs, 0).map_err(|_| Code(8))?;
        Ok(Self { number, identity, own })
    }

    /// Tells whether the program has it still.
    pub(crate) fn is_there(&self) -> bool {
        look(self.number).as_ref() == Some(&self.identity)
    }

    /// Signals; an event that was signalled beyond all measure is left alone, so that nothing waits here.
    pub(crate) fn signal(&self) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let writable = poll(&mut [PollFd::new(&self.own, PollFlags::OUT)], Some(&at_once));
        if writable.is_ok_and(|ready| ready > 0) {
            let _ = rustix::io::write(self.own.as_fd(), &1_u64.to_ne_bytes());
        }
    }
}

/// Looks whether this is an eventfd, and which.
fn look(number: RawFd) -> Option<Identity> {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    value("eventfd-count:")?;
    Some(Identity(value("eventfd-id:").and_then(|id| id.parse().ok())))
}

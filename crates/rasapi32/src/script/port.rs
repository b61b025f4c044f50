//! The ports that scripts have: lines of paused dials.

use crate::call::code_of;
use crate::dial::Dialled;
use crate::dial::context::undisturbed;
use crate::watch::Event;
use rasman::{CharacterFormat, Code};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::collections::HashMap;
use std::ffi::c_void;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ports of this process, by the number that scripts hold as a handle.
#[derive(Default)]
pub(super) struct Ports(Mutex<HashMap<usize, Arc<Port>>>);

/// A line in the hands of a script.
pub(super) struct Port {
    line: OwnedFd,
    dial: Arc<Dialled>,
    /// Readable once the script has returned: nothing is signalled any more.
    over: OwnedFd,
    /// How many threads wait for the line.
    waiting: AtomicUsize,
}

impl Ports {
    /// Gives a line to a script; its handle is the descriptor's number.
    ///
    /// # Errors
    /// 8 if the system has no descriptor left.
    pub(super) fn open(&self, line: OwnedFd, dial: &Arc<Dialled>) -> Result<*mut c_void, Code> {
        // A handle is never null.
        let line = rustix::io::fcntl_dupfd_cloexec(&line, 3).map_err(|_| NOT_ENOUGH_MEMORY)?;
        let over = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|_| NOT_ENOUGH_MEMORY)?;
        let number = line.as_raw_fd() as usize;
        let (dial, waiting) = (Arc::clone(dial), AtomicUsize::new(0));
        self.lock().insert(number, Arc::new(Port { line, dial, over, waiting }));
        Ok(number as *mut c_void)
    }

    /// Takes a line back; `last` is done if no script has any more, and before another one has.
    pub(super) fn close(&self, port: *mut c_void, last: impl FnOnce()) {
        let mut ports = self.lock();
        if let Some(port) = ports.remove(&(port as usize)) {
            let _ = rustix::io::write(&port.over, &1_u64.to_ne_bytes());
        }
        if ports.is_empty() {
            last();
        }
    }

    /// # Errors
    /// 601 if it is none.
    pub(super) fn find(&self, port: *mut c_void) -> Result<Arc<Port>, Code> {
        self.lock().get(&(port as usize)).cloned().ok_or(INVALID_PORT_HANDLE)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Arc<Port>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Port {
    /// Says something on the line, and waits until all of it has room there.
    ///
    /// # Errors
    /// 619 once the line has ended.
    pub(super) fn send(&self, mut octets: &[u8]) -> Result<(), Code> {
        while !octets.is_empty() {
            match rustix::net::send(&self.line, octets, SendFlags::NOSIGNAL) {
                Ok(sent) => octets = &octets[sent..],
                Err(Errno::AGAIN) => _ = poll(&mut [PollFd::new(&self.line, PollFlags::OUT)], None),
                Err(Errno::INTR) => {}
                Err(_) => return Err(PORT_DISCONNECTED),
            }
        }
        Ok(())
    }

    /// Takes what the line has said; nothing if it has said nothing.
    ///
    /// # Errors
    /// 619 once the line has ended.
    pub(super) fn receive(&self, room: &mut [u8]) -> Result<usize, Code> {
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.line, &mut *room)) {
            Ok(0) => Err(PORT_DISCONNECTED),
            Ok(count) => Ok(count),
            Err(Errno::AGAIN) => Ok(0),
            Err(_) => Err(PORT_DISCONNECTED),
        }
    }

    /// Has characters look like this until the line is given back.
    ///
    /// # Errors
    /// 705 once the dial is not paused any more, 6 once it is gone, 614 if it was said faster than the line takes it.
    pub(super) fn set_format(&self, format: CharacterFormat) -> Result<(), Code> {
        undisturbed(|| self.dial.manager.backend().set_line_format(self.dial.handle, format)).map_err(code_of)
    }

    /// Has the event signalled once the line says something or ends, or the time is up.
    ///
    /// # Errors
    /// 614 if too many wait already, 8 if the system has no thread left.
    pub(super) fn signal_when_readable(self: Arc<Self>, event: Event, limit: Option<Timespec>) -> Result<(), Code> {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut [PollFd::new(&self.line, PollFlags::IN)], Some(&at_once)).is_ok_and(|ready| ready > 0) {
            event.signal();
            return Ok(());
        }
        let waiting = Waiting::begin(self)?;
        let wait = move || waiting.wait(&event, limit.as_ref());
        let thread = std::thread::Builder::new().name("rasman-script".into());
        undisturbed(|| thread.spawn(wait)).map(drop).map_err(|_| NOT_ENOUGH_MEMORY)
    }
}

/// A place among those who wait for a line.
struct Waiting(Arc<Port>);

impl Waiting {
    fn begin(port: Arc<Port>) -> Result<Self, Code> {
        let waiting = Self(port);
        if waiting.0.waiting.fetch_add(1, AcqRel) >= WAITING_MAX {
            return Err(Code::OUT_OF_BUFFERS);
        }
        Ok(waiting)
    }

    fn wait(&self, event: &Event, limit: Option<&Timespec>) {
        let Port { line, over, .. } = &*self.0;
        let mut both = [PollFd::new(line, PollFlags::IN), PollFd::new(over, PollFlags::IN)];
        let waited = poll(&mut both, limit);
        if waited.is_ok() && both[1].revents().is_empty() && event.is_there() {
            event.signal();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, AcqRel);
    }
}

/// How many may wait for one line.
const WAITING_MAX: usize = 8;
/// ERROR_NOT_ENOUGH_MEMORY.
const NOT_ENOUGH_MEMORY: Code = Code(8);
/// ERROR_INVALID_PORT_HANDLE.
const INVALID_PORT_HANDLE: Code = Code(601);
/// ERROR_PORT_DISCONNECTED.
const PORT_DISCONNECTED: Code = Code(619);

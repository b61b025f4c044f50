//! Message queues: what a window is to RasDial on Windows.

use super::dialled::Dialled;
use super::inbox::Inbox;
use super::notifier::Told;
use crate::call::answer;
use crate::process;
use crate::sync::{Mutex, MutexGuard};
use rasman::{Code, ConnState};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// A queue of messages of any number of dials. A dial stands still from its message on until the next one is asked for.
pub(crate) struct Queue {
    inbox: Arc<Inbox>,
    /// The message that was fetched and not yet acknowledged.
    current: Mutex<Option<(Arc<Dialled>, Told)>>,
}

/// The queues of this process, by the number that a program holds as a pointer.
#[derive(Default)]
pub(crate) struct Queues(Mutex<(usize, HashMap<usize, Arc<Queue>>)>);

/// A message: RASMESSAGE of `ras_linux.h`.
#[repr(C)]
#[derive(Copy, Clone)]
pub struct Message {
    /// Its size in bytes, set by the caller.
    size: u32,
    message: u32,
    state: usize,
    error: isize,
    handle: *mut c_void,
    sub_entry: u32,
    extended_error: u32,
    callback_id: usize,
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, (usize, HashMap<usize, Arc<Queue>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, queue: Arc<Queue>) -> *mut c_void {
        let mut queues = self.lock();
        queues.0 += STEP;
        let number = queues.0;
        queues.1.insert(number, queue);
        number as *mut c_void
    }
}

/// Finds a queue.
///
/// # Errors
/// 87 if there is none.
pub(crate) fn find(queue: *mut c_void) -> Result<Arc<Queue>, Code> {
    process::current().queues.lock().1.get(&(queue as usize)).cloned().ok_or(Code::INVALID_PARAMETER)
}

impl Queue {
    /// Takes what a dial tells.
    pub(crate) fn follow(&self, dial: Arc<Dialled>) {
        self.inbox.follow(dial);
    }

    /// Lets the dial of the last message go on, a script of the program first if it has come to that, and gives the next.
    ///
    /// # Errors
    /// 258 if none came in time, 6 once the queue is closed.
    fn next(&self, limit: Option<Duration>) -> Result<(Arc<Dialled>, Told), Code> {
        if let Some((dial, told)) = self.acknowledge() {
            dial.run_script(&told, None);
        }
        loop {
            let (dial, told) = self.inbox.next(limit).ok_or_else(|| self.nothing())?;
            if told.is_last {
                dial.forget();
            }
            // Clause A42: of a dial that was hung up, its end is still told here.
            if !dial.gate.is_closed() || told.state == ConnState::Disconnected.number() {
                *self.current() = Some((Arc::clone(&dial), told));
                return self.unless_closed((dial, told));
            }
            dial.acknowledge(&told, true);
        }
    }

    /// Whoever has closed the queue meanwhile did not see this message.
    fn unless_closed(&self, message: (Arc<Dialled>, Told)) -> Result<(Arc<Dialled>, Told), Code> {
        if self.inbox.is_closed() {
            let _ = self.acknowledge();
            return Err(Code::INVALID_HANDLE);
        }
        Ok(message)
    }

    fn nothing(&self) -> Code {
        if self.inbox.is_closed() { Code::INVALID_HANDLE } else { WAIT_TIMEOUT }
    }

    /// Lets the dial of the last message go on; gives that message.
    fn acknowledge(&self) -> Option<(Arc<Dialled>, Told)> {
        let current = self.current().take();
        if let Some((dial, told)) = &current {
            dial.acknowledge(told, true);
        }
        current
    }

    fn current(&self) -> MutexGuard<'_, Option<(Arc<Dialled>, Told)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn message(dial: &Dialled, told: &Told, size: u32) -> Message {
        Message {
            size,
            message: super::notifier::WM_RASDIALEVENT,
            state: told.state as usize,
            // Clause A37: as a window has it, a number of 32 bits in a member that is as wide as a pointer.
            error: told.error as isize,
            handle: dial.pointer(),
            sub_entry: told.sub_entry,
            extended_error: super::notifier::EXTENDED,
            callback_id: dial.callback_id,
        }
    }
}

/// Makes a queue.
///
/// # Safety
/// Unless null, a pointer can be written at `queue`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasCreateMessageQueue(queue: *mut *mut c_void) -> u32 {
    answer(|| {
        if queue.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let made = Queue { inbox: Inbox::new()?, current: Mutex::new(None) };
        let handle = process::current().queues.add(Arc::new(made));
        // SAFETY: it is not null, and the caller answers for the rest.
        unsafe { queue.write_unaligned(handle) };
        Ok(())
    })
}

/// Closes a queue. Dials that tell it and are not connected are hung up, as nobody is left to tell.
#[unsafe(no_mangle)]
pub extern "C" fn RasCloseMessageQueue(queue: *mut c_void) -> u32 {
    answer(|| {
        let removed = process::current().queues.lock().1.remove(&(queue as usize));
        let queue = removed.ok_or(Code::INVALID_HANDLE)?;
        let dials = queue.inbox.close();
        let _ = queue.acknowledge();
        for dial in dials {
            dial.abandon();
            dial.forget();
        }
        Ok(())
    })
}

/// Gives the descriptor of a queue, which is readable while a message waits; -1 for none. It is the queue's and is closed
/// with it.
#[unsafe(no_mangle)]
pub extern "C" fn RasMessageQueueDescriptor(queue: *mut c_void) -> i32 {
    find(queue).map_or(-1, |queue| queue.inbox.descriptor())
}

/// Fetches the next message, and lets the dial of the one before go on. Waits up to `milliseconds` for one (0xFFFFFFFF: for
/// ever), and is 258 if none came, 6 once the queue is closed.
///
/// # Safety
/// Unless null, as many bytes as its first member says can be read and written at `message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetQueueMessage(queue: *mut c_void, message: *mut Message, milliseconds: u32) -> u32 {
    answer(|| {
        let queue = find(queue).map_err(|_| Code::INVALID_HANDLE)?;
        if message.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it is not null, and the caller answers for its first member.
        let size = unsafe { message.cast::<u32>().read_unaligned() };
        if size as usize != size_of::<Message>() {
            return Err(INVALID_SIZE);
        }
        let (dial, told) = queue.next(limit(milliseconds))?;
        // SAFETY: the caller answers for as many bytes.
        unsafe { message.write_unaligned(Queue::message(&dial, &told, size)) };
        Ok(())
    })
}

/// Reads a time limit as C programs give it.
pub(crate) fn limit(milliseconds: u32) -> Option<Duration> {
    (milliseconds != u32::MAX).then(|| Duration::from_millis(milliseconds.into()))
}

/// Between the numbers of two queues; so that none looks like a small descriptor.
const STEP: usize = 1 << 16;
/// ERROR_INVALID_SIZE.
const INVALID_SIZE: Code = Code(632);
/// WAIT_TIMEOUT.
pub(crate) const WAIT_TIMEOUT: Code = Code(258);

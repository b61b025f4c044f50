//! Dials, and what they tell.
//!
//! ```text
//! RasDial --Dial--> manager                     notification thread: wait -> gate -> handler -> HandlerDone
//!    `--> Dialled <--events of the socket--     inbox: a queue's, or that of the thread in RasDispatch
//!                                               RasDial itself, if there is no handler
//! ```

mod bound;
pub mod caller;
pub(crate) mod context;
mod dialled;
pub mod eap;
mod gate;
mod inbox;
pub(crate) mod inside;
mod notifier;
pub mod queue;
pub(crate) mod request;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use dialled::Dialled;
pub(crate) use queue::Queues;
pub(crate) use table::Table;

use crate::abi::{HRASCONN, RASDIALEXTENSIONS, RASDIALPARAMS};
use crate::call::{Outcome, answer, code_of};
use crate::text::Char;
use crate::{managers, process};
use context::{Signals, undisturbed};
use inbox::Inbox;
use notifier::Notifier;
use queue::Queue;
use rasman::{Code, Handle};
use request::{Arguments, Request};
use std::ffi::c_void;
use std::sync::Arc;
use thread::Waiting;

/// Starts a dial, or resumes a paused one.
///
/// # Safety
/// As the reference of RasDial demands it: each pointer is null or leads to what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasDialA(
    extensions: *const RASDIALEXTENSIONS,
    phonebook: *const u8,
    params: *const RASDIALPARAMS<u8>,
    notifier_type: u32,
    notifier: *mut c_void,
    connection: *mut HRASCONN,
) -> u32 {
    let arguments = Arguments { extensions, phonebook, params, notifier_type, notifier };
    // SAFETY: the caller answers for all of it.
    answer(|| unsafe { ras_dial(&arguments, connection) })
}

/// Starts a dial, or resumes a paused one.
///
/// # Safety
/// As [`RasDialA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasDialW(
    extensions: *const RASDIALEXTENSIONS,
    phonebook: *const u16,
    params: *const RASDIALPARAMS<u16>,
    notifier_type: u32,
    notifier: *mut c_void,
    connection: *mut HRASCONN,
) -> u32 {
    let arguments = Arguments { extensions, phonebook, params, notifier_type, notifier };
    // SAFETY: the caller answers for all of it.
    answer(|| unsafe { ras_dial(&arguments, connection) })
}

/// # Safety
/// As [`RasDialA`].
unsafe fn ras_dial<C: Char>(arguments: &Arguments<C>, connection: *mut HRASCONN) -> Outcome {
    if connection.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller answers for all of it.
    let (request, old) = unsafe { (Request::read(arguments)?, connection.read_unaligned()) };
    if inside::is_in_handler_of(old as u64, &request.target) {
        return Err(Code::DIAL_ALREADY_IN_PROGRESS); // Clause A50.
    }
    if !old.is_null() {
        return resume(old as u64, &request);
    }
    let (dial, teller) = start(request)?;
    // SAFETY: it is not null, and the caller answers for the rest. The handle is there before anything is told (clauses
    // A5, S3).
    unsafe { connection.write_unaligned(dial.pointer()) };
    match teller {
        Teller::Thread(thread) => thread.follow(dial),
        Teller::Inbox(inbox) => inbox.follow(dial),
        Teller::Queue(queue) => queue.follow(dial),
        Teller::Nobody => return sync::wait(&dial),
    }
    Ok(())
}

/// Who tells the handler what becomes of a dial.
enum Teller {
    Thread(Waiting),
    Inbox(Arc<Inbox>),
    Queue(Arc<Queue>),
    Nobody,
}

impl Teller {
    fn of(notifier: &Notifier, signals: &Signals) -> Result<Self, Code> {
        match notifier {
            Notifier::None => Ok(Self::Nobody),
            Notifier::Queue(queue) => Ok(Self::Queue(Arc::clone(queue))),
            Notifier::Func(_) | Notifier::Func1(_) | Notifier::Func2(..) => match caller::inbox()? {
                Some(inbox) => Ok(Self::Inbox(inbox)),
                None => Waiting::new(signals).map(Self::Thread),
            },
        }
    }
}

/// Starts a dial; it stands still at its first notification if somebody is to be told.
fn start(request: Request) -> Result<(Arc<Dialled>, Teller), Code> {
    let dial = request.dial()?;
    let signals = Signals::block();
    let manager = managers::to_dial(request.target.phonebook.as_deref(), &request.entry).map_err(code_of)?;
    let held = !matches!(request.notifier, Notifier::None);
    let mut teller = None;
    // Making a thread takes about as long as the manager takes for its part.
    let mut prepare = || _ = teller.get_or_insert_with(|| Teller::of(&request.notifier, &signals));
    let started = manager.backend().dial_while(dial, held, &mut prepare).map_err(code_of)?;
    let handle = started.handle;
    let teller = teller.unwrap_or_else(|| Teller::of(&request.notifier, &signals)).inspect_err(|_| {
        // Nobody could be told of it.
        let _ = manager.backend().hang_up(handle);
    })?;
    let dial = Dialled::new(manager, started, request);
    bound::bind(&dial, matches!(teller, Teller::Inbox(_)));
    Ok((dial, teller))
}

/// Resumes a paused dial with what the user has said (clauses P4, P12, S6).
fn resume(handle: u64, request: &Request) -> Outcome {
    let Some(dial) = process::current().dials.last(handle) else {
        // Connected, failed, or another process's: it waits for nothing that could be said here.
        let known = undisturbed(|| managers::of(Handle(handle)));
        return Err(known.map_or_else(code_of, |_| Code::INVALID_AUTH_STATE));
    };
    if !dial.notifier.is_same(&request.notifier) {
        return Err(Code::INVALID_PARAMETER);
    }
    undisturbed(|| dial.resume(request.credentials.clone(), request.callback_number.clone()))?;
    match dial.notifier {
        Notifier::None => sync::wait(&dial),
        Notifier::Func(_) | Notifier::Func1(_) | Notifier::Func2(..) | Notifier::Queue(_) => Ok(()),
    }
}

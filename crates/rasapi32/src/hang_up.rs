//! `RasHangUp`.

use crate::abi::HRASCONN;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::dial::inside;
use crate::{managers, process};
use rasman::{Code, Error, Handle, HangUp};
use tokio::sync::oneshot::Receiver;

/// Gives one reference to a connection back, and ends it with the last one; ends a dial (the H clauses).
///
/// It returns before the teardown is done: `RasGetConnectStatus` answers until the connection is gone (clause H4). Once it
/// has returned, no handler function of that dial is entered (clause A42).
#[unsafe(no_mangle)]
pub extern "C" fn RasHangUpA(connection: HRASCONN) -> u32 {
    answer(|| hang_up(connection as u64))
}

/// As [`RasHangUpA`].
#[unsafe(no_mangle)]
pub extern "C" fn RasHangUpW(connection: HRASCONN) -> u32 {
    answer(|| hang_up(connection as u64))
}

fn hang_up(handle: u64) -> Outcome {
    let table = &process::current().dials;
    let dials = table.all(handle);
    // No handler is entered until the manager has said which of them are over.
    let decided: Vec<_> = dials.iter().filter(|dial| dial.gate.decide()).collect();
    // The end is not waited for, so whoever would be told of it is dropped.
    let mut hung_up = undisturbed(|| match dials.first() {
        Some(dial) => dial.manager.backend().hang_up(dial.handle),
        None => hang_up_elsewhere(Handle(handle)),
    });
    let over = match hung_up.as_mut().is_ok_and(is_held_by_others) {
        true => inside::innermost_of(handle).or_else(|| dials.last().cloned()).into_iter().collect(),
        false => dials.clone(),
    };
    for dial in &over {
        dial.gate.close();
        table.remove(handle, dial);
    }
    decided.iter().for_each(|dial| dial.gate.settle(true));
    for dial in &over {
        dial.wait_for_handler();
    }
    hung_up.map(drop).map_err(code_of)
}

/// Tells whether only a reference was given back: the connection stays, and so do the other dials that have its handle.
fn is_held_by_others(hung_up: &mut Receiver<HangUp>) -> bool {
    matches!(hung_up.try_recv(), Ok(HangUp::Released { remaining: 1.. }))
}

/// Hangs up what is connected, or what another process has dialled (clause H6).
fn hang_up_elsewhere(handle: Handle) -> Result<Receiver<HangUp>, Error> {
    let mut refusal = Error::invalid_handle(handle);
    for manager in managers::all()? {
        match manager.backend().hang_up(handle) {
            Ok(hung_up) => return Ok(hung_up),
            Err(error) if error.code() == Code::INVALID_HANDLE => {}
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

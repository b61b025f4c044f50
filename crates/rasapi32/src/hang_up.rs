//! `RasHangUp`.

use crate::abi::HRASCONN;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::{managers, process};
use rasman::{Error, Handle};

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
    let dials = process::current().dials.take(handle);
    for dial in &dials {
        dial.gate.close();
    }
    // The end is not waited for, so whoever would be told of it is dropped.
    let hung_up = undisturbed(|| match dials.first() {
        Some(dial) => dial.manager.backend().hang_up(dial.handle).map(drop),
        None => hang_up_elsewhere(Handle(handle)),
    });
    for dial in &dials {
        dial.wait_for_handler();
    }
    hung_up.map_err(code_of)
}

/// Hangs up what is connected, or what another process has dialled (clause H6).
fn hang_up_elsewhere(handle: Handle) -> Result<(), Error> {
    let mut refusal = Error::invalid_handle(handle);
    for manager in managers::all()? {
        match manager.backend().hang_up(handle) {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == refusal.code() => {}
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

//! `RasGetConnectStatus`.

use crate::abi::{HRASCONN, Layout, RASCONNSTATUS, read_size, write_versioned};
use crate::buffer::INVALID_SIZE;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use crate::text::{self, Char};
use rasman::{Code, Handle, Status};

/// Tells the state of a connection; 6 once it is gone (clauses E4, H4).
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable and writable at `status`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetConnectStatusA(connection: HRASCONN, status: *mut RASCONNSTATUS<u8>) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { get(connection, status) })
}

/// Tells the state of a connection; 6 once it is gone.
///
/// # Safety
/// As [`RasGetConnectStatusA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetConnectStatusW(connection: HRASCONN, status: *mut RASCONNSTATUS<u16>) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { get(connection, status) })
}

/// # Safety
/// As [`RasGetConnectStatusA`].
unsafe fn get<C: Char>(connection: HRASCONN, to: *mut RASCONNSTATUS<C>) -> Outcome {
    if to.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: it is not null, and the caller answers for the rest.
    let size = unsafe { read_size(to) };
    if !RASCONNSTATUS::<C>::is_size(size) {
        return Err(INVALID_SIZE);
    }
    let (_, status) = undisturbed(|| managers::of(Handle(connection as u64))).map_err(code_of)?;
    // SAFETY: the caller answers for as many bytes.
    unsafe { write_versioned(to, &of(&status), size) };
    Ok(())
}

fn of<C: Char>(status: &Status) -> RASCONNSTATUS<C> {
    RASCONNSTATUS {
        rasconnstate: status.state.number(),
        dwError: status.error.as_ref().map_or(0, |cause| cause.code.0),
        szDeviceType: text::array(status.device.kind),
        szDeviceName: text::array(status.device.name),
        rasconnsubstate: status.substate.number(),
        ..RASCONNSTATUS::zeroed()
    }
}

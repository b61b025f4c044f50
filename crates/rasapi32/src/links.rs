//! The links of a connection, and what becomes possible with IKEv2.

use crate::abi::{HRASCONN, RASUPDATECONN};
use crate::buffer::INVALID_SIZE;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use rasman::{Code, ConnState, Handle, Status};
use std::ptr;

/// Gives the handle of a link, counted from one (clause M5). A connection of one link is that link.
///
/// # Safety
/// Unless null, a handle can be written at `link`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetSubEntryHandleA(connection: HRASCONN, index: u32, link: *mut HRASCONN) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { link_of(connection, index, link) })
}

/// Gives the handle of a link.
///
/// # Safety
/// As [`RasGetSubEntryHandleA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetSubEntryHandleW(connection: HRASCONN, index: u32, link: *mut HRASCONN) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { link_of(connection, index, link) })
}

/// # Safety
/// As [`RasGetSubEntryHandleA`].
unsafe fn link_of(connection: HRASCONN, index: u32, link: *mut HRASCONN) -> Outcome {
    if link.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let status = status_of(connection)?;
    match (index, status.state) {
        (1, ConnState::Connected) => {}
        (1, _) => return Err(PORT_NOT_OPEN),
        _ => return Err(NO_MORE_ITEMS),
    }
    // SAFETY: it is not null, and the caller answers for the rest.
    unsafe { link.write_unaligned(connection) };
    Ok(())
}

/// Moves the ends of an IKEv2 tunnel. No connection has those yet, so none can be moved.
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable at `update`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasUpdateConnection(connection: HRASCONN, update: *const RASUPDATECONN) -> u32 {
    answer(|| {
        if update.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it is not null, and the caller answers for its first two members.
        let size = unsafe { ptr::read_unaligned(&raw const (*update).dwSize) };
        if size as usize != size_of::<RASUPDATECONN>() {
            return Err(INVALID_SIZE);
        }
        match status_of(connection)?.state {
            ConnState::Connected => Err(MOBIKE_DISABLED),
            _ => Err(CANNOT_INITIATE_MOBIKE_UPDATE),
        }
    })
}

fn status_of(connection: HRASCONN) -> Result<Status, Code> {
    undisturbed(|| managers::of(Handle(connection as u64))).map(|(_, status)| status).map_err(code_of)
}

/// ERROR_PORT_NOT_OPEN.
const PORT_NOT_OPEN: Code = Code(618);
/// ERROR_NO_MORE_ITEMS.
const NO_MORE_ITEMS: Code = Code(259);
/// ERROR_MOBIKE_DISABLED.
const MOBIKE_DISABLED: Code = Code(843);
/// ERROR_CANNOT_INITIATE_MOBIKE_UPDATE.
const CANNOT_INITIATE_MOBIKE_UPDATE: Code = Code(844);

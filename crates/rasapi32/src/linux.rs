//! What `ras_linux.h` tells of a connection.

use crate::abi::HRASCONN;
use crate::buffer::BUFFER_TOO_SMALL;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use crate::text::{self, Char};
use rasman::{Code, Error, Handle};
use std::os::fd::IntoRawFd;

/// Tells the address of the SOCKS5 proxy of a rootless connection.
///
/// # Safety
/// Unless null, a number is readable and writable at `length`, and at `address` as many characters as it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetProxyAddressA(connection: HRASCONN, address: *mut u8, length: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { fill(address, length, || proxy(connection)) })
}

/// Tells the address of the SOCKS5 proxy of a rootless connection.
///
/// # Safety
/// As [`RasGetProxyAddressA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetProxyAddressW(connection: HRASCONN, address: *mut u16, length: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { fill(address, length, || proxy(connection)) })
}

/// Tells why a dial failed or a connection ended, for people.
///
/// # Safety
/// As [`RasGetProxyAddressA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetConnectionCauseA(connection: HRASCONN, cause: *mut u8, length: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { fill(cause, length, || why(connection)) })
}

/// Tells why a dial failed or a connection ended, for people.
///
/// # Safety
/// As [`RasGetProxyAddressA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetConnectionCauseW(connection: HRASCONN, cause: *mut u16, length: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { fill(cause, length, || why(connection)) })
}

/// Gives a descriptor of the line of a dial that is paused in Interactive. It is the program's, to be closed by it.
///
/// # Safety
/// Unless null, a number can be written at `descriptor`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasLineDescriptor(connection: HRASCONN, descriptor: *mut i32) -> u32 {
    answer(|| {
        if descriptor.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let handle = Handle(connection as u64);
        let line = undisturbed(|| managers::of(handle).and_then(|(manager, _)| manager.backend().line(handle)));
        // SAFETY: it is not null, and the caller answers for the rest.
        unsafe { descriptor.write_unaligned(line.map_err(code_of)?.into_raw_fd()) };
        Ok(())
    })
}

fn proxy(connection: HRASCONN) -> Result<String, Code> {
    let (_, status) = undisturbed(|| managers::of(Handle(connection as u64))).map_err(code_of)?;
    match (status.doors.socks, status.state) {
        (Some(address), _) => Ok(address.to_string()),
        (None, rasman::ConnState::Connected) => Err(Code::NOT_SUPPORTED),
        (None, _) => Err(Code::PROJECTION_NOT_COMPLETE),
    }
}

fn why(connection: HRASCONN) -> Result<String, Code> {
    let handle = Handle(connection as u64);
    undisturbed(|| match managers::of(handle) {
        Ok((_, status)) => Ok(status.error.map(|cause| cause.to_string()).unwrap_or_default()),
        Err(error) if error.code() == Code::INVALID_HANDLE => ended(handle),
        Err(error) => Err(error),
    })
    .map_err(code_of)
}

fn ended(handle: Handle) -> Result<String, Error> {
    let ended = managers::all()?.iter().find_map(|manager| manager.ended(handle));
    ended.map(|cause| cause.to_string()).ok_or_else(|| Error::invalid_handle(handle))
}

/// Writes text with its terminator, or how many characters it takes.
///
/// # Safety
/// As [`RasGetProxyAddressA`].
unsafe fn fill<C: Char>(to: *mut C, length: *mut u32, text: impl FnOnce() -> Result<String, Code>) -> Outcome {
    if length.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let units = text::units::<C>(&text()?);
    let needed = u32::try_from(units.len()).map_err(|_| Code::INVALID_PARAMETER)?;
    // SAFETY: the caller answers for it.
    let room = unsafe {
        let room = length.read_unaligned();
        length.write_unaligned(needed);
        room
    };
    if to.is_null() || room < needed {
        return Err(BUFFER_TOO_SMALL);
    }
    // SAFETY: there is room for as many characters; bytes know no alignment.
    unsafe { std::ptr::copy_nonoverlapping(units.as_ptr().cast::<u8>(), to.cast::<u8>(), size_of_val(&units[..])) };
    Ok(())
}

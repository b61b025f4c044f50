//! `RasGetConnectStatus`.

use crate::abi::constants::{RASTUNNELENDPOINT_IPv4, RASTUNNELENDPOINT_IPv6, RASTUNNELENDPOINT_UNKNOWN};
use crate::abi::{HRASCONN, Layout, RASCONNSTATUS, RASTUNNELENDPOINT, read_size, write_versioned};
use crate::buffer::INVALID_SIZE;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use crate::text::{self, Char};
use rasman::{Code, Handle, Status};
use std::net::{IpAddr, SocketAddr};

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

/// The end of a tunnel; ours is not known, as the system chooses it.
fn end_point(peer: Option<SocketAddr>) -> RASTUNNELENDPOINT {
    let mut end = RASTUNNELENDPOINT::zeroed();
    match peer.map(|peer| peer.ip()) {
        Some(IpAddr::V4(address)) => {
            end.dwType = RASTUNNELENDPOINT_IPv4;
            end.address[..4].copy_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            end.dwType = RASTUNNELENDPOINT_IPv6;
            end.address = address.octets();
        }
        None => end.dwType = RASTUNNELENDPOINT_UNKNOWN,
    }
    end
}

fn of<C: Char>(status: &Status) -> RASCONNSTATUS<C> {
    RASCONNSTATUS {
        rasconnstate: status.state.number(),
        dwError: status.error.as_ref().map_or(0, |cause| cause.code.0),
        szDeviceType: text::array(status.device.kind),
        szDeviceName: text::array(&status.device.name),
        szPhoneNumber: text::array(&status.number),
        remoteEndPoint: end_point(status.peer),
        rasconnsubstate: status.substate.number(),
        ..RASCONNSTATUS::zeroed()
    }
}

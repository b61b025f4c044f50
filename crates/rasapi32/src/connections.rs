//! `RasEnumConnections`.

use crate::abi::{GUID, LUID, Layout, RASCONN};
use crate::buffer::Array;
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use crate::text::{self, Char};
use rasman::{ConnectionInfo, Error};
use std::os::unix::ffi::OsStrExt;

/// Lists the connections, dials under way and failed dials that were not hung up among them.
///
/// # Safety
/// Unless null, `size` and `count` lead to a number each, and `connections` to as many bytes as `*size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasEnumConnectionsA(connections: *mut RASCONN<u8>, size: *mut u32, count: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { enumerate(connections, size, count) })
}

/// Lists the connections.
///
/// # Safety
/// As [`RasEnumConnectionsA`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasEnumConnectionsW(connections: *mut RASCONN<u16>, size: *mut u32, count: *mut u32) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| unsafe { enumerate(connections, size, count) })
}

/// # Safety
/// As [`RasEnumConnectionsA`].
unsafe fn enumerate<C: Char>(connections: *mut RASCONN<C>, size: *mut u32, count: *mut u32) -> Outcome {
    // SAFETY: the caller answers for it.
    let array = unsafe { Array::check(connections, size, count) }?;
    let listed = undisturbed(list).map_err(code_of)?;
    let listed: Vec<RASCONN<C>> = listed.iter().map(of).collect();
    // SAFETY: nothing of it has changed.
    unsafe { array.fill(&listed) }
}

fn list() -> Result<Vec<ConnectionInfo>, Error> {
    Ok(managers::all()?.iter().flat_map(|manager| manager.connections()).collect())
}

fn of<C: Char>(info: &ConnectionInfo) -> RASCONN<C> {
    let phonebook =
        info.phonebook.as_ref().map(|path| String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned());
    RASCONN {
        hrasconn: info.handle.0 as usize as *mut _,
        szEntryName: text::array(&info.entry),
        szDeviceType: text::array(info.device.kind),
        szDeviceName: text::array(&info.device.name),
        szPhonebook: text::array(&phonebook.unwrap_or_default()),
        dwSubEntry: 1,
        guidEntry: GUID::from_bytes(info.guid.unwrap_or_default()),
        dwFlags: u32::from(info.all_users) * crate::abi::constants::RASCF_AllUsers,
        luid: LUID::default(),
        ..RASCONN::zeroed()
    }
}

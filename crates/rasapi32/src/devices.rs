//! The devices that can dial.

use crate::abi::{Layout, RASDEVINFO};
use crate::buffer::Array;
use crate::call::{Outcome, code_of};
use crate::managers;
use crate::text::{self, Char};
use crate::variants::variants;

variants! {
    /// Lists the devices that can dial (clauses Z): what an entry may name as its device.
    RasEnumDevicesA RasEnumDevicesW = enumerate(devices: *mut RASDEVINFO<C>, size: *mut u32, count: *mut u32);
}

/// # Safety
/// As the exported functions say.
unsafe fn enumerate<C: Char>(devices: *mut RASDEVINFO<C>, size: *mut u32, count: *mut u32) -> Outcome {
    // SAFETY: the caller answers for them.
    let array = unsafe { Array::check(devices, size, count) }?;
    let found = managers::main().and_then(|manager| manager.devices()).map_err(code_of)?;
    let listed: Vec<_> = found
        .iter()
        .map(|device| RASDEVINFO {
            szDeviceType: text::array(device.kind),
            szDeviceName: text::array(&device.name),
            ..RASDEVINFO::zeroed()
        })
        .collect();
    // SAFETY: nothing has changed since the check.
    unsafe { array.fill(&listed) }
}

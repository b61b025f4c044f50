//! `RasEnumAutodialAddresses`.

use crate::buffer::{BUFFER_TOO_SMALL, bytes_of};
use crate::call::{Outcome, code_of};
use crate::managers;
use crate::text::{Char, units};
use crate::variants::variants;
use rasman::Code;

variants! {
    /// Lists the addresses: an array of pointers, and the strings behind it in the same buffer (clause D6).
    RasEnumAutodialAddressesA RasEnumAutodialAddressesW = enumerate(
        addresses: *mut *mut C, size: *mut u32, count: *mut u32
    );
}

/// # Safety
/// As the exported functions say.
unsafe fn enumerate<C: Char>(addresses: *mut *mut C, size: *mut u32, count: *mut u32) -> Outcome {
    if size.is_null() || count.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let found = managers::main().and_then(|manager| manager.autodial_addresses()).map_err(code_of)?;
    let texts: Vec<Vec<C>> = found.iter().map(|address| units(address)).collect();
    let pointers = texts.len() * size_of::<*mut C>();
    let needed = pointers + texts.iter().map(|text| size_of_val(&text[..])).sum::<usize>();
    // SAFETY: neither is null, and the caller answers for them.
    let room = unsafe {
        let room = size.read_unaligned() as usize;
        size.write_unaligned(u32::try_from(needed).map_err(|_| Code(8))?);
        count.write_unaligned(texts.len() as u32);
        room
    };
    if needed == 0 {
        return Ok(());
    }
    if addresses.is_null() || room < needed {
        return Err(BUFFER_TOO_SMALL);
    }
    let mut at = pointers;
    for (index, text) in texts.iter().enumerate() {
        let bytes = bytes_of(text);
        // SAFETY: all pointers and all strings fit into the room that the caller answers for.
        unsafe {
            let to = addresses.cast::<u8>().add(at);
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            addresses.add(index).write_unaligned(to.cast());
        }
        at += bytes.len();
    }
    Ok(())
}

//! The functions that a script is given pointers to.

use super::buffers::SIZE_MAX;
use crate::abi::{RASCOMMSETTINGS, read_versioned};
use crate::buffer::{BUFFER_INVALID, INVALID_SIZE};
use crate::call::answer;
use crate::process;
use crate::watch::Event;
use rasman::{CharacterFormat, Code, Parity, StopBits};
use rustix::event::Timespec;
use std::ffi::c_void;
use std::time::Duration;
use zeroize::Zeroizing;

/// PFNRASGETBUFFER.
pub(crate) type GetBuffer = unsafe extern "C" fn(*mut *mut u8, *mut u32) -> u32;
/// PFNRASFREEBUFFER.
pub(crate) type FreeBuffer = unsafe extern "C" fn(*mut u8) -> u32;
/// PFNRASSENDBUFFER.
pub(crate) type SendBuffer = unsafe extern "C" fn(*mut c_void, *mut u8, u32) -> u32;
/// PFNRASRECEIVEBUFFER.
pub(crate) type ReceiveBuffer = unsafe extern "C" fn(*mut c_void, *mut u8, *mut u32, u32, *mut c_void) -> u32;
/// PFNRASRETRIEVEBUFFER.
pub(crate) type RetrieveBuffer = unsafe extern "C" fn(*mut c_void, *mut u8, *mut u32) -> u32;
/// PFNRASSETCOMMSETTINGS.
pub(crate) type SetCommSettings = unsafe extern "C" fn(*mut c_void, *mut RASCOMMSETTINGS, *mut c_void) -> u32;

/// RasGetBuffer: gives a buffer of the size that is asked for, of 1500 bytes at the most, and its size.
///
/// # Safety
/// Unless null, a pointer can be written at `buffer`, and a number read and written at `size`.
pub(super) unsafe extern "C" fn ras_get_buffer(buffer: *mut *mut u8, size: *mut u32) -> u32 {
    answer(|| {
        if buffer.is_null() || size.is_null() {
            return Err(BUFFER_INVALID);
        }
        // SAFETY: it is not null, and the caller answers for the rest.
        let wanted = unsafe { size.read_unaligned() };
        let (made, actual) = process::current().scripts.buffers.make(wanted as usize)?;
        // SAFETY: likewise; a buffer's size fits.
        unsafe {
            buffer.write_unaligned(made);
            size.write_unaligned(actual as u32);
        }
        Ok(())
    })
}

/// RasFreeBuffer.
pub(super) unsafe extern "C" fn ras_free_buffer(buffer: *mut u8) -> u32 {
    answer(|| process::current().scripts.buffers.free(buffer))
}

/// RasSendBuffer: says the beginning of a buffer on the line, and waits until that has room there.
pub(super) unsafe extern "C" fn ras_send_buffer(port: *mut c_void, buffer: *mut u8, size: u32) -> u32 {
    answer(|| {
        let scripts = &process::current().scripts;
        let port = scripts.ports.find(port)?;
        port.send(&Zeroizing::new(scripts.buffers.read(buffer, size as usize)?))
    })
}

/// RasReceiveBuffer: returns at once, and has the event (an eventfd) signalled when RasRetrieveBuffer has something to
/// tell: octets, the line's end, or that nothing came in so many milliseconds (0xFFFFFFFF: for ever).
///
/// # Safety
/// Unless null, a number can be written at `size`.
pub(super) unsafe extern "C" fn ras_receive_buffer(
    port: *mut c_void,
    buffer: *mut u8,
    size: *mut u32,
    milliseconds: u32,
    event: *mut c_void,
) -> u32 {
    answer(|| {
        let scripts = &process::current().scripts;
        let port = scripts.ports.find(port)?;
        scripts.buffers.size(buffer)?;
        if size.is_null() {
            return Err(BUFFER_INVALID);
        }
        let event = Event::of(event)?;
        // SAFETY: it is not null, and the caller answers for the rest. It is not touched later.
        unsafe { size.write_unaligned(0) };
        let limit = crate::dial::queue::limit(milliseconds);
        port.signal_when_readable(event, limit.map(timespec))
    })
}

/// RasRetrieveBuffer: fills a buffer with what the line has said, and tells how many octets that is; 0 if it has said
/// nothing.
///
/// # Safety
/// Unless null, a number can be written at `size`.
pub(super) unsafe extern "C" fn ras_retrieve_buffer(port: *mut c_void, buffer: *mut u8, size: *mut u32) -> u32 {
    answer(|| {
        let scripts = &process::current().scripts;
        let port = scripts.ports.find(port)?;
        let room = scripts.buffers.size(buffer)?;
        if size.is_null() {
            return Err(BUFFER_INVALID);
        }
        let mut octets = Zeroizing::new([0; SIZE_MAX]);
        let count = port.receive(&mut octets[..room])?;
        scripts.buffers.write(buffer, &octets[..count])?;
        // SAFETY: it is not null, and the caller answers for the rest; no buffer is longer than a u32 says.
        unsafe { size.write_unaligned(count as u32) };
        Ok(())
    })
}

/// RasSetCommSettings: has characters look like this until the function returns; PPP then has eight bits again. What was
/// sent before leaves as it was meant.
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable at `settings`.
pub(super) unsafe extern "C" fn ras_set_comm_settings(
    port: *mut c_void,
    settings: *mut RASCOMMSETTINGS,
    reserved: *mut c_void,
) -> u32 {
    answer(|| {
        let port = process::current().scripts.ports.find(port)?;
        if settings.is_null() || !reserved.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it is not null, and the caller answers for the rest.
        let settings = unsafe { read_versioned(settings.cast_const()) }.ok_or(INVALID_SIZE)?;
        port.set_format(format(&settings).ok_or(Code::INVALID_PARAMETER)?)
    })
}

/// Reads the numbers of Windows' DCB; nothing for what no line here has, as one and a half stop bits.
fn format(settings: &RASCOMMSETTINGS) -> Option<CharacterFormat> {
    let parity = match settings.bParity {
        0 => Parity::None,
        1 => Parity::Odd,
        2 => Parity::Even,
        3 => Parity::Mark,
        4 => Parity::Space,
        _ => return None,
    };
    let stop_bits = match settings.bStop {
        0 => StopBits::One,
        2 => StopBits::Two,
        _ => return None,
    };
    let format = CharacterFormat { data_bits: settings.bByteSize, parity, stop_bits };
    format.validate().ok().map(|()| format)
}

fn timespec(limit: Duration) -> Timespec {
    Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_a_dcb() {
        let read = |parity, stop, size| {
            let of_dcb = RASCOMMSETTINGS { dwSize: 8, bParity: parity, bStop: stop, bByteSize: size, bAlign: 9 };
            format(&of_dcb)
        };
        assert_eq!(read(0, 0, 8), Some(CharacterFormat::default()));
        let seven = CharacterFormat { data_bits: 7, parity: Parity::Even, stop_bits: StopBits::Two };
        assert_eq!(read(2, 2, 7), Some(seven));
        for wrong in [read(5, 0, 8), read(0, 1, 8), read(0, 3, 8), read(0, 0, 4), read(0, 0, 9)] {
            assert_eq!(wrong, None);
        }
    }
}

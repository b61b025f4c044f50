//! Countries for telephone numbers.

mod table;

use crate::abi::{Layout, RASCTRYINFO};
use crate::buffer::{BUFFER_TOO_SMALL, Tailed, bytes_of};
use crate::call::Outcome;
use crate::text::{Char, units};
use crate::variants::variants;
use core::mem::offset_of;
use rasman::Code;
use table::COUNTRIES;

variants! {
    /// Gives a country: its telephone code, its name behind the structure, and the number of the next, 0 for none.
    RasGetCountryInfoA RasGetCountryInfoW = get(info: *mut RASCTRYINFO, size: *mut u32);
}

/// Tells whether RasGetCountryInfo knows this number.
pub(crate) fn is_known(id: u32) -> bool {
    COUNTRIES.binary_search_by_key(&id, |country| country.id).is_ok()
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(info: *mut RASCTRYINFO, size: *mut u32) -> Outcome {
    if info.is_null() {
        return Err(if size.is_null() { Code::INVALID_PARAMETER } else { INVALID_USER_BUFFER });
    }
    // SAFETY: the caller answers for them.
    let tailed = unsafe { Tailed::check(info, size) }?;
    if !tailed.has_fixed_part() {
        // Which country is meant is not known yet; so much is enough for every one.
        // SAFETY: it is not null, as the check has found, and the caller answers for it.
        unsafe { size.write_unaligned(ENOUGH) };
        return Err(BUFFER_TOO_SMALL);
    }
    // SAFETY: the fixed part is there.
    let id = unsafe { info.cast::<u8>().add(offset_of!(RASCTRYINFO, dwCountryID)).cast::<u32>().read_unaligned() };
    let index = COUNTRIES.binary_search_by_key(&id, |country| country.id).map_err(|_| Code::INVALID_PARAMETER)?;
    let country = &COUNTRIES[index];
    let value = RASCTRYINFO {
        dwCountryID: id,
        dwNextCountryID: COUNTRIES.get(index + 1).map_or(0, |next| next.id),
        dwCountryCode: country.code,
        dwCountryNameOffset: tailed.version(),
        ..RASCTRYINFO::zeroed()
    };
    // SAFETY: nothing has changed since the check.
    unsafe { tailed.fill(&value, bytes_of(&units::<C>(country.name))) }
}

/// Bytes that take every country.
const ENOUGH: u32 = 256;

/// ERROR_INVALID_USER_BUFFER.
const INVALID_USER_BUFFER: Code = Code(1784);

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(id: u32, room: u32) -> (u32, u32, [u8; 256]) {
        let mut memory = [0_u8; 256];
        memory[..4].copy_from_slice(&20_u32.to_ne_bytes());
        memory[4..8].copy_from_slice(&id.to_ne_bytes());
        let mut size = room;
        // SAFETY: the memory is at least as long as the size says.
        let code = unsafe { RasGetCountryInfoW(memory.as_mut_ptr().cast(), &raw mut size) };
        (code, size, memory)
    }

    fn number(memory: &[u8; 256], at: usize) -> u32 {
        u32::from_ne_bytes([memory[at], memory[at + 1], memory[at + 2], memory[at + 3]])
    }

    #[test]
    fn a_walk_from_1_finds_every_country_and_256_bytes_are_enough() {
        let (mut id, mut seen) = (1, 0);
        while id != 0 {
            let (code, size, memory) = ask(id, 256);
            assert_eq!(code, 0, "{id}");
            assert!(size <= ENOUGH);
            let units: Vec<u16> = memory[20..].chunks_exact(2).map(u16::from_bytes).collect();
            assert_eq!(crate::text::of_array(&units).as_deref(), Ok(COUNTRIES[seen].name));
            assert_eq!(number(&memory, 12), COUNTRIES[seen].code);
            (id, seen) = (number(&memory, 8), seen + 1);
        }
        assert_eq!(seen, COUNTRIES.len());
    }

    #[test]
    fn z8_the_needed_size_is_that_of_the_structure_and_the_name() {
        // "Germany" and its terminator.
        let needed = 20 + 16;
        assert!(matches!(ask(49, needed - 1), (603, 36, _)));
        assert!(matches!(ask(49, needed), (0, 36, _)));
        assert!(matches!(ask(49, 19), (603, ENOUGH, _)));
        assert_eq!(ask(2, 256).0, 87);
        let mut size = 256;
        // SAFETY: null is neither read nor written.
        let nulls = unsafe {
            let null = core::ptr::null_mut::<RASCTRYINFO>();
            [RasGetCountryInfoA(null, &raw mut size), RasGetCountryInfoA(null, core::ptr::null_mut())]
        };
        assert_eq!(nulls, [1784, 87]);
    }

    #[test]
    fn numbers_are_in_their_order_and_stand_for_one_country_each() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}

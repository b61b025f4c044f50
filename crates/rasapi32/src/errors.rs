//! The sentences of codes.

use crate::call::Outcome;
use crate::text::{Char, units};
use crate::variants::variants;
use rasman::Code;

variants! {
    /// Gives the text of an error of `raserror.h` (clauses E2, E3). The size is in characters.
    RasGetErrorStringA RasGetErrorStringW = error_string(code: u32, to: *mut C, size: u32);
}

/// # Safety
/// Unless null, `to` takes `size` units.
unsafe fn error_string<C: Char>(code: u32, to: *mut C, size: u32) -> Outcome {
    let sentence = Code(code).ras_error_string().filter(|_| !to.is_null()).ok_or(Code::INVALID_PARAMETER)?;
    let units = units::<C>(sentence);
    // Clause E3: 122 here, and not 603.
    if units.len() > size as usize {
        return Err(INSUFFICIENT_BUFFER);
    }
    // SAFETY: they fit; bytes are copied, as `to` may be misaligned.
    unsafe { core::ptr::copy_nonoverlapping(units.as_ptr().cast::<u8>(), to.cast(), size_of_val(&units[..])) };
    Ok(())
}

/// ERROR_INSUFFICIENT_BUFFER.
const INSUFFICIENT_BUFFER: Code = Code(122);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_every_code_of_ras_has_a_text_of_at_most_512_characters_in_both_variants() {
        let ras = Code::all().filter(|code| (Code::RAS_BASE..=Code::RAS_END).contains(&code.0));
        for code in ras {
            let (mut narrow, mut wide) = ([0xff_u8; 512], [0xffff_u16; 512]);
            // SAFETY: the sizes are right.
            let codes = unsafe {
                (
                    RasGetErrorStringA(code.0, narrow.as_mut_ptr(), 512),
                    RasGetErrorStringW(code.0, wide.as_mut_ptr(), 512),
                )
            };
            assert_eq!(codes, (0, 0), "{code}");
            let texts = (crate::text::of_array(&narrow), crate::text::of_array(&wide));
            assert_eq!(texts.0, texts.1);
            assert_eq!(texts.0.as_deref().ok(), code.sentence());
        }
    }

    #[test]
    fn e2_e3_other_codes_null_and_short_buffers_are_refused() {
        let mut text = [0xff_u8; 512];
        let mut ask = |code, size| {
            // SAFETY: the size is not larger than the array.
            unsafe { RasGetErrorStringA(code, text.as_mut_ptr(), size) }
        };
        let exact = Code(691).sentence().map_or(0, |text| text.len() as u32 + 1);
        let answers = [ask(5, 512), ask(599, 512), ask(957, 512), ask(691, exact - 1), ask(691, 0), ask(691, exact)];
        assert_eq!(answers, [87, 87, 87, 122, 122, 0]);
        // SAFETY: null is never written.
        assert_eq!(unsafe { RasGetErrorStringW(691, core::ptr::null_mut(), 512) }, 87);
    }
}

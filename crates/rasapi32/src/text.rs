//! Text of callers: UTF-8 in A functions, UTF-16 in W functions (clause X2).
//!
//! Text comes in as an array with a terminator, in a structure, or as a pointer. Text that is too long for an array is cut
//! at the border of a code point, and the rest of the array is zeroed.

use rasman::{Code, Secret};
use zeroize::{Zeroize, Zeroizing};

/// A character of one variant of the functions: `u8` in A, `u16` in W.
pub trait Char: Copy + Default + PartialEq + zeroize::Zeroize + Send + Sync + 'static + sealed::Sealed {
    /// Decodes text without its terminator; `None` for what is no UTF-8 or UTF-16.
    fn decode(units: &[Self]) -> Option<String>;

    /// Appends the units of one code point.
    fn encode(point: char, units: &mut Vec<Self>);

    /// Reads a unit from exactly as many bytes.
    ///
    /// # Panics
    /// For another count of bytes.
    fn from_bytes(bytes: &[u8]) -> Self;
}

impl Char for u8 {
    fn decode(units: &[Self]) -> Option<String> {
        core::str::from_utf8(units).ok().map(str::to_owned)
    }

    fn encode(point: char, units: &mut Vec<Self>) {
        units.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes[0]
    }
}

impl Char for u16 {
    fn decode(units: &[Self]) -> Option<String> {
        // Three bytes a unit is the most that UTF-8 needs: the text never moves and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(units.len() * 3));
        for point in char::decode_utf16(units.iter().copied()) {
            text.push(point.ok()?);
        }
        Some(core::mem::take(&mut *text))
    }

    fn encode(point: char, units: &mut Vec<Self>) {
        units.extend_from_slice(point.encode_utf16(&mut [0; 2]));
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_ne_bytes([bytes[0], bytes[1]])
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
}

/// The most units of a name that is looked at, terminator included: 256 characters of UTF-8, and one more to be refused.
pub const NAME_UNITS: usize = 257 * 4 + 1;

/// The most units of a path that is looked at, terminator included (PATH_MAX).
pub const PATH_UNITS: usize = 4096;

/// Reads an array of a structure up to its terminator.
///
/// # Errors
/// 87 for an array without a terminator, and for what is no text.
pub fn of_array<C: Char>(array: &[C]) -> Result<String, Code> {
    let end = array.iter().position(|unit| *unit == C::default()).ok_or(Code::INVALID_PARAMETER)?;
    C::decode(&array[..end]).ok_or(Code::INVALID_PARAMETER)
}

/// Reads a password from an array of a structure, and overwrites the copy that it is given.
///
/// # Errors
/// As [`of_array`].
pub fn secret_of_array<C: Char, const N: usize>(mut array: [C; N]) -> Result<Secret, Code> {
    let text = of_array(&array).map(Zeroizing::new);
    array.zeroize();
    text.map(|text| Secret::from(text.as_str()))
}

/// Reads an argument; `None` for a null pointer.
///
/// # Errors
/// 87 if there is no terminator within `limit` units, and for what is no text.
///
/// # Safety
/// Unless null, `from` points at units that are readable up to a terminator or to the limit. It may be misaligned.
pub unsafe fn of_pointer<C: Char>(from: *const C, limit: usize) -> Result<Option<String>, Code> {
    if from.is_null() {
        return Ok(None);
    }
    let mut units = Vec::new();
    for index in 0..limit {
        // SAFETY: everything before it was no terminator, so the caller answers for this one.
        let unit = unsafe { from.add(index).read_unaligned() };
        if unit == C::default() {
            return C::decode(&units).map(Some).ok_or(Code::INVALID_PARAMETER);
        }
        units.push(unit);
    }
    Err(Code::INVALID_PARAMETER)
}

/// Writes text into an array of a structure, cut where it does not fit, with a terminator, zeroes behind it.
pub fn into_array<C: Char>(text: &str, array: &mut [C]) {
    array.fill(C::default());
    let mut units = Vec::with_capacity(4);
    let mut at = 0;
    for point in text.chars() {
        units.clear();
        C::encode(point, &mut units);
        // The last unit is the terminator.
        if at + units.len() >= array.len() {
            return;
        }
        array[at..at + units.len()].copy_from_slice(&units);
        at += units.len();
    }
}

/// Makes an array of a structure with text, as [`into_array`] does.
#[must_use]
pub fn array<C: Char, const N: usize>(text: &str) -> [C; N] {
    let mut array = [C::default(); N];
    into_array(text, &mut array);
    array
}

/// Encodes text with its terminator.
#[must_use]
pub fn units<C: Char>(text: &str) -> Vec<C> {
    let mut units = Vec::with_capacity(text.len() + 1);
    text.chars().for_each(|point| C::encode(point, &mut units));
    units.push(C::default());
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x2_text_is_cut_between_code_points() {
        assert_eq!(array::<u8, 4>("aé€"), [b'a', 0xc3, 0xa9, 0]);
        assert_eq!(array::<u8, 5>("aé€"), [b'a', 0xc3, 0xa9, 0, 0]);
        assert_eq!(array::<u8, 7>("aé€"), [b'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0]);
        assert_eq!(array::<u16, 3>("a\u{1f600}"), [u16::from(b'a'), 0, 0]);
        assert_eq!(array::<u16, 4>("a\u{1f600}"), [u16::from(b'a'), 0xd83d, 0xde00, 0]);
        assert_eq!(array::<u16, 1>("a"), [0]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        for text in ["", "office", "Büro \u{1f600}"] {
            assert_eq!(of_array(&array::<u8, 40>(text)).as_deref(), Ok(text));
            assert_eq!(of_array(&array::<u16, 40>(text)).as_deref(), Ok(text));
            // SAFETY: both end with a terminator.
            let read =
                unsafe { (of_pointer(units::<u8>(text).as_ptr(), 40), of_pointer(units::<u16>(text).as_ptr(), 40)) };
            assert_eq!(read, (Ok(Some(text.to_owned())), Ok(Some(text.to_owned()))));
        }
    }

    #[test]
    fn what_does_not_end_or_is_no_text_is_refused() {
        assert_eq!(of_array(&[b'a'; 4]), Err(Code::INVALID_PARAMETER));
        assert_eq!(of_array(&[0xff_u8, 0]), Err(Code::INVALID_PARAMETER));
        assert_eq!(of_array(&[0xd800_u16, 0]), Err(Code::INVALID_PARAMETER));
        // SAFETY: as many units as the limit are readable.
        let endless = unsafe { of_pointer([u16::from(b'a'); 4].as_ptr(), 4) };
        assert_eq!(endless, Err(Code::INVALID_PARAMETER));
        // SAFETY: null is never read.
        assert_eq!(unsafe { of_pointer::<u8>(core::ptr::null(), 4) }, Ok(None));
    }
}

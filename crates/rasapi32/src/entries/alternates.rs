//! Alternate numbers: strings behind RASENTRY and RASSUBENTRY, the last one empty (clause M8).

use crate::buffer::{BUFFER_INVALID, bytes_of};
use crate::text::{Char, units};
use rasman::Code;

/// Reads the list that begins at `offset` of a structure whose bytes are `whole`; 0 is none.
///
/// # Errors
/// 610 for a list that is not within the bytes or has no end, 87 for what is no text.
pub(crate) fn read<C: Char>(whole: &[u8], offset: u32) -> Result<Vec<String>, Code> {
    if offset == 0 {
        return Ok(Vec::new());
    }
    let mut rest = whole.get(offset as usize..).ok_or(BUFFER_INVALID)?;
    let mut numbers = Vec::new();
    loop {
        let (number, used) = first::<C>(rest)?;
        if number.is_empty() {
            return Ok(numbers);
        }
        numbers.push(number);
        rest = &rest[used..];
    }
}

/// Writes the list; none is written as nothing.
pub(crate) fn write<C: Char>(numbers: &[String]) -> Vec<u8> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let mut list: Vec<C> = numbers.iter().flat_map(|number| units::<C>(number)).collect();
    list.push(C::default());
    bytes_of(&list).to_vec()
}

/// Reads a string; gives the bytes that it takes with its terminator.
fn first<C: Char>(bytes: &[u8]) -> Result<(String, usize), Code> {
    let mut units = Vec::new();
    for chunk in bytes.chunks_exact(size_of::<C>()) {
        let unit = C::from_bytes(chunk);
        if unit == C::default() {
            let used = (units.len() + 1) * size_of::<C>();
            return C::decode(&units).map(|text| (text, used)).ok_or(Code::INVALID_PARAMETER);
        }
        units.push(unit);
    }
    Err(BUFFER_INVALID)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<C: Char>() {
        let numbers = ["first.example".to_owned(), "zweiter ü".to_owned()];
        let mut whole = vec![7; 8];
        whole.extend(write::<C>(&numbers));
        assert_eq!(read::<C>(&whole, 8).as_deref(), Ok(&numbers[..]));
        for short in 8..whole.len() {
            assert_eq!(read::<C>(&whole[..short], 8), Err(BUFFER_INVALID), "{short}");
        }
        assert_eq!(read::<C>(&whole, whole.len() as u32 + 1), Err(BUFFER_INVALID));
        assert_eq!(read::<C>(&whole, 0), Ok(Vec::new()));
    }

    #[test]
    fn m8_z8_lists_are_read_as_written_and_never_beyond_their_bytes() {
        round_trip::<u8>();
        round_trip::<u16>();
        assert!(write::<u16>(&[]).is_empty());
    }
}

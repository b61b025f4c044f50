//! Bytes as hexadecimal digits.

/// Writes bytes as lower-case digits.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    write(bytes, b"0123456789abcdef")
}

/// Writes bytes as upper-case digits.
#[must_use]
pub fn encode_upper(bytes: &[u8]) -> String {
    write(bytes, b"0123456789ABCDEF")
}

/// Reads pairs of digits of either case, and nothing else.
#[must_use]
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let text = text.as_ref();
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Reads exactly `N` bytes.
#[must_use]
pub fn decode_array<const N: usize>(text: impl AsRef<[u8]>) -> Option<[u8; N]> {
    let text = text.as_ref();
    if text.len() != 2 * N {
        return None;
    }
    decode(text)?.try_into().ok()
}

fn write(bytes: &[u8], digits: &[u8; 16]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(digits[usize::from(digit)])).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_both_ways() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(encode(&bytes)), Some(bytes.clone()));
        assert_eq!(decode(encode_upper(&bytes)), Some(bytes));
        assert_eq!((encode(&[0x0a, 0xf1]), encode_upper(&[0x0a, 0xf1])), ("0af1".to_owned(), "0AF1".to_owned()));
    }

    #[test]
    fn what_is_no_pair_of_digits_is_nothing() {
        assert_eq!(decode(""), Some(Vec::new()));
        for text in ["a", "0g", "+1", " 1", "0x", "\u{e9}"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode_array("0aF1"), Some([0x0a, 0xf1]));
        assert_eq!(decode_array::<2>("0a"), None);
        assert_eq!(decode_array::<2>("0a0b0c"), None);
    }
}

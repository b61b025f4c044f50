//! Reading bytes of the network without panics.

use core::fmt;

/// Bytes that do not form what was expected; says what was expected and where.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// What should have stood there, such as `"LCP code"`.
    pub expected: &'static str,
    /// The offset, in bytes, from the start of the view.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

impl std::error::Error for Malformed {}

/// A cursor over bytes in network byte order. Every read is checked; nothing here panics.
#[derive(Copy, Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Takes `len` bytes.
    ///
    /// # Errors
    /// `Malformed` naming `expected` if fewer are left.
    pub fn take(&mut self, len: usize, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..len));
        let taken = taken.ok_or(Malformed { expected, at: self.at })?;
        self.at += len;
        Ok(taken)
    }

    /// Takes `N` bytes as an array.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, expected)?);
        Ok(array)
    }

    /// Takes one byte.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn u8(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        Ok(self.array::<1>(expected)?[0])
    }

    /// Takes a 16-bit number, big-endian.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn u16(&mut self, expected: &'static str) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.array(expected)?))
    }

    /// Takes a 32-bit number, big-endian.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn u32(&mut self, expected: &'static str) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array(expected)?))
    }

    /// Takes all that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        self.at = self.bytes.len();
        rest
    }

    /// Tells how many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Tells whether all bytes were taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// Gives the offset of the next byte.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Makes a `Malformed` for the present position.
    #[must_use]
    pub fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { expected, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_read_names_what_was_expected_and_moves_nothing() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u16("length"), Ok(0x0102));
        let err = reader.u32("magic number").unwrap_err();
        assert_eq!((err.expected, err.at), ("magic number", 2));
        assert_eq!(err.to_string(), "expected magic number at byte 2");
        assert_eq!(reader.rest(), [3]);
        assert!(reader.is_empty());
    }
}

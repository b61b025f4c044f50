//! Bytes that wait for TCP.

use crate::buffers;

/// A queue of bytes that records are encrypted into in place.
///
/// The memory grows to what is needed at one time; while nothing waits it is others'.
#[derive(Default, Debug)]
pub struct SendBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl SendBuffer {
    /// Gives the bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Tells how many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Tells whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Forgets the first `len` waiting bytes: TCP has them.
    pub fn sent(&mut self, len: usize) {
        self.start += len.min(self.len());
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            buffers::give_bytes(std::mem::take(&mut self.bytes));
        }
    }

    /// Gives at least `len` bytes of space behind what waits.
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = buffers::take_bytes();
        }
        if self.bytes.len() - self.end < len {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.len());
            if self.bytes.len() - self.end < len {
                self.bytes.resize(self.end + len, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// Adds the first `len` bytes of [`space`](Self::space) to what waits.
    ///
    /// # Panics
    /// If there are not so many: our bug.
    pub fn filled(&mut self, len: usize) {
        assert!(len <= self.bytes.len() - self.end, "the space was asked for before");
        self.end += len;
    }
}

//! Messages between NUL bytes.

use std::fmt;
use std::ops::Range;
use zeroize::{Zeroize, Zeroizing};

/// A bounded buffer that bytes are read into and messages are taken out of.
///
/// Read into [`Frames::space`], tell how much came by [`Frames::filled`], then take messages by [`Frames::next`] until
/// there is none. What was taken is overwritten: a message may have carried a password.
pub struct Frames {
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes that are not taken yet; the first `scanned` of them hold no NUL.
    pending: Range<usize>,
    scanned: usize,
    /// The message that was given out last, to be overwritten.
    taken: Range<usize>,
    limit: usize,
}

/// A message is longer than the limit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct TooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

impl Frames {
    /// Makes an empty buffer for messages of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let buffer = Zeroizing::new(vec![0; INITIAL.min(limit + 1)]);
        Self { buffer, pending: 0..0, scanned: 0, taken: 0..0, limit }
    }

    /// Gives the space to read into; never empty.
    ///
    /// # Errors
    /// The message under way is too long.
    pub fn space(&mut self) -> Result<&mut [u8], TooLong> {
        self.forget_taken();
        if self.pending.is_empty() {
            self.pending = 0..0;
            if self.buffer.len() > KEPT {
                self.buffer = Zeroizing::new(vec![0; INITIAL]);
            }
        }
        if self.pending.end == self.buffer.len() {
            if self.pending.len() > self.limit {
                return Err(TooLong { limit: self.limit });
            }
            self.make_room();
        }
        Ok(&mut self.buffer[self.pending.end..])
    }

    /// Takes note that this many bytes were read into the space.
    ///
    /// # Panics
    /// If that is more than the space had.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.buffer.len() - self.pending.end, "no more was read than there was room for");
        self.pending.end += count;
    }

    /// Takes the next whole message.
    ///
    /// # Errors
    /// It is too long.
    #[allow(clippy::should_implement_trait)] // It lends.
    pub fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        self.forget_taken();
        let unseen = &self.buffer[self.pending.start + self.scanned..self.pending.end];
        let Some(length) = unseen.iter().position(|byte| *byte == 0).map(|at| self.scanned + at) else {
            self.scanned = self.pending.len();
            if self.scanned > self.limit {
                return Err(TooLong { limit: self.limit });
            }
            return Ok(None);
        };
        if length > self.limit {
            return Err(TooLong { limit: self.limit });
        }
        self.taken = self.pending.start..self.pending.start + length;
        self.pending.start += length + 1;
        self.scanned = 0;
        Ok(Some(&self.buffer[self.taken.clone()]))
    }

    /// Gives the message that [`Frames::next`] took last.
    #[must_use]
    pub fn last(&self) -> &[u8] {
        &self.buffer[self.taken.clone()]
    }

    /// How much memory is held, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    fn forget_taken(&mut self) {
        self.buffer[self.taken.clone()].zeroize();
        self.taken = 0..0;
    }

    /// Moves what is pending to the front, into a larger buffer if it is full.
    fn make_room(&mut self) {
        let length = self.pending.len();
        if length * 2 <= self.buffer.len() {
            self.buffer.copy_within(self.pending.clone(), 0);
            self.buffer[length..].zeroize();
        } else {
            // Not `resize`: that frees the old memory as it is.
            let size = (self.buffer.len() * 2).min(self.limit + 1).max(length + 1);
            let mut larger = Zeroizing::new(vec![0; size]);
            larger[..length].copy_from_slice(&self.buffer[self.pending.clone()]);
            self.buffer = larger;
        }
        self.pending = 0..length;
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message has more than {} bytes", self.limit)
    }
}

impl std::error::Error for TooLong {}

const INITIAL: usize = 4096;
/// A buffer larger than this is given back once it is empty.
const KEPT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in pieces of `step`; gives the messages.
    fn feed(frames: &mut Frames, bytes: &[u8], step: usize) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut messages = Vec::new();
        for mut piece in bytes.chunks(step) {
            while !piece.is_empty() {
                let space = frames.space()?;
                let count = piece.len().min(space.len());
                space[..count].copy_from_slice(&piece[..count]);
                frames.filled(count);
                piece = &piece[count..];
                while let Some(message) = frames.next()? {
                    messages.push(message.to_vec());
                }
            }
        }
        Ok(messages)
    }

    #[test]
    fn messages_come_out_whole_however_the_bytes_come_in() {
        let long = vec![b'x'; 9_000];
        let expected = vec![b"a".to_vec(), b"".to_vec(), long, b"end".to_vec()];
        let mut bytes = expected.join(&0);
        bytes.push(0);
        for step in [1, 2, 7, 4095, 4096, 4097, 20_000] {
            let mut frames = Frames::new(CALLS);
            assert_eq!(feed(&mut frames, &bytes, step).unwrap(), expected, "in steps of {step}");
        }
    }

    #[test]
    fn the_limit_holds_with_and_without_an_end() {
        for limit in [10, 4096, 10_000] {
            let mut frames = Frames::new(limit);
            let fits: Vec<u8> = std::iter::repeat_n(b'x', limit).chain([0]).collect();
            assert_eq!(feed(&mut frames, &fits, 100).unwrap().len(), 1);
            let long: Vec<u8> = std::iter::repeat_n(b'x', limit + 1).chain([0]).collect();
            assert_eq!(feed(&mut frames, &long, 100), Err(TooLong { limit }));
            let mut frames = Frames::new(limit);
            assert_eq!(feed(&mut frames, &vec![b'x'; 3 * limit + 9_000], 1000), Err(TooLong { limit }));
            assert!(frames.buffer.len() <= (limit + 1).max(INITIAL), "no memory beyond the limit");
        }
    }

    #[test]
    fn what_was_taken_is_overwritten_and_large_buffers_go_back() {
        let mut frames = Frames::new(CALLS);
        feed(&mut frames, b"hunter2\0", 100).unwrap();
        frames.space().unwrap();
        assert!(!frames.buffer.windows(7).any(|window| window == b"hunter2"));
        let mut long = vec![b'x'; 200_000];
        long.push(0);
        feed(&mut frames, &long, 1000).unwrap();
        frames.space().unwrap();
        assert_eq!(frames.buffer.len(), INITIAL);
    }

    const CALLS: usize = 1 << 20;
}

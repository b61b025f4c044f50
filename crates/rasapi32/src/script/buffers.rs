//! The buffers that scripts send from and receive into (RasGetBuffer, RasFreeBuffer).

use crate::buffer::BUFFER_INVALID;
use rasman::Code;
use std::collections::HashMap;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroize;

/// The buffers of this process that scripts have. They carry passwords, so they are overwritten when they go.
#[derive(Default)]
pub(super) struct Buffers(Mutex<HashMap<usize, Buffer>>);

/// The memory of a buffer, which the program writes to as well: never a reference.
struct Buffer {
    memory: *mut [u8; SIZE_MAX],
    /// As many bytes as the script has asked for.
    size: usize,
}

// SAFETY: it is memory of its own, which whoever holds the lock may touch.
unsafe impl Send for Buffer {}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it came from `Box::into_raw` and is freed once.
        let mut memory = unsafe { Box::from_raw(self.memory) };
        memory.zeroize();
    }
}

impl Buffers {
    /// Gives a buffer and its size, which is never more than 1500 bytes.
    ///
    /// # Errors
    /// 614 if there are too many.
    pub(super) fn make(&self, size: usize) -> Result<(*mut u8, usize), Code> {
        let size = if size == 0 { SIZE_MAX } else { size.min(SIZE_MAX) };
        let mut buffers = self.lock();
        if buffers.len() >= COUNT_MAX {
            return Err(Code::OUT_OF_BUFFERS);
        }
        let memory = Box::into_raw(Box::new([0; SIZE_MAX]));
        buffers.insert(memory as usize, Buffer { memory, size });
        Ok((memory.cast(), size))
    }

    /// Frees one.
    ///
    /// # Errors
    /// 610 if it is none.
    pub(super) fn free(&self, buffer: *const u8) -> Result<(), Code> {
        self.lock().remove(&(buffer as usize)).map(drop).ok_or(BUFFER_INVALID)
    }

    /// Frees all.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// Gives the size of one.
    ///
    /// # Errors
    /// 610 if it is none.
    pub(super) fn size(&self, buffer: *const u8) -> Result<usize, Code> {
        self.lock().get(&(buffer as usize)).map(|found| found.size).ok_or(BUFFER_INVALID)
    }

    /// Copies the beginning of one.
    ///
    /// # Errors
    /// 610 if it is none, or not so long.
    pub(super) fn read(&self, buffer: *const u8, length: usize) -> Result<Vec<u8>, Code> {
        let buffers = self.lock();
        let found = buffers.get(&(buffer as usize)).filter(|found| length <= found.size).ok_or(BUFFER_INVALID)?;
        let mut copy = vec![0; length];
        // SAFETY: it is as long, and nobody frees it while the lock is held.
        unsafe { ptr::copy_nonoverlapping(found.memory.cast(), copy.as_mut_ptr(), length) };
        Ok(copy)
    }

    /// Writes the beginning of one.
    ///
    /// # Errors
    /// 610 if it is none, or not so long.
    pub(super) fn write(&self, buffer: *const u8, octets: &[u8]) -> Result<(), Code> {
        let buffers = self.lock();
        let found = buffers.get(&(buffer as usize)).filter(|found| octets.len() <= found.size);
        let found = found.ok_or(BUFFER_INVALID)?;
        // SAFETY: as in `read`.
        unsafe { ptr::copy_nonoverlapping(octets.as_ptr(), found.memory.cast(), octets.len()) };
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most bytes of a buffer, as on Windows.
pub(super) const SIZE_MAX: usize = 1500;
/// More than any script holds at once.
const COUNT_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_given_up_to_their_limits_and_known_while_they_are_there() {
        let buffers = Buffers::default();
        let (first, size) = buffers.make(10).unwrap();
        assert_eq!((size, buffers.make(0).unwrap().1, buffers.make(9000).unwrap().1), (10, 1500, 1500));
        buffers.write(first, b"password").unwrap();
        assert_eq!(buffers.read(first, 8).unwrap(), b"password");
        assert_eq!(buffers.read(first, 11), Err(BUFFER_INVALID));
        assert_eq!(buffers.write(first, &[0; 11]), Err(BUFFER_INVALID));
        buffers.free(first).unwrap();
        for gone in [first.cast_const(), ptr::null(), ptr::without_provenance(1)] {
            assert_eq!(buffers.free(gone), Err(BUFFER_INVALID));
            assert_eq!(buffers.size(gone), Err(BUFFER_INVALID));
        }
        let made: Vec<_> = std::iter::from_fn(|| buffers.make(1).ok()).collect();
        assert_eq!(made.len(), COUNT_MAX - 2);
        assert_eq!(buffers.make(1), Err(Code::OUT_OF_BUFFERS));
        buffers.clear();
        assert_eq!(buffers.free(made[0].0), Err(BUFFER_INVALID));
    }
}

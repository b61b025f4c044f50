//! Frames on their way out.

/// Frames written back to back into one reusable buffer.
///
/// A datagram port sends each of [`Batch::frames`]; a stream port writes [`Batch::as_bytes`] as it is. Clearing
/// keeps the memory, so a warm batch allocates nothing.
#[derive(Clone, Default, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    /// The end of each finished frame in `bytes`.
    ends: Vec<usize>,
}

impl Batch {
    /// Makes an empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty batch with room for `bytes` bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(bytes / 64) }
    }

    /// Begins a frame. It counts once [`Frame::finish`] is called; dropped before that it leaves no trace.
    pub fn frame(&mut self) -> Frame<'_> {
        let start = self.bytes.len();
        Frame { batch: self, start, finished: false }
    }

    /// Appends a whole frame.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut frame = self.frame();
        frame.slice(bytes);
        frame.finish();
    }

    /// Gives the frames in order.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    /// Gives all frames back to back.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Tells the number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether there is no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Tells how many bytes all frames have together.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Tells how many bytes fit into its memory.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets the frames and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// A frame being written at the end of a [`Batch`].
pub struct Frame<'a> {
    batch: &'a mut Batch,
    start: usize,
    finished: bool,
}

impl Frame<'_> {
    /// Appends one byte.
    pub fn u8(&mut self, value: u8) {
        self.batch.bytes.push(value);
    }

    /// Appends a 16-bit number, big-endian.
    pub fn u16(&mut self, value: u16) {
        self.slice(&value.to_be_bytes());
    }

    /// Appends a 32-bit number, big-endian.
    pub fn u32(&mut self, value: u32) {
        self.slice(&value.to_be_bytes());
    }

    /// Appends bytes.
    pub fn slice(&mut self, bytes: &[u8]) {
        self.batch.bytes.extend_from_slice(bytes);
    }

    /// Appends `len` bytes that `fill` writes in place; what they are before is not said.
    pub fn fill(&mut self, len: usize, fill: &mut dyn FnMut(&mut [u8])) {
        let start = self.batch.bytes.len();
        self.batch.bytes.resize(start + len, 0);
        fill(&mut self.batch.bytes[start..]);
    }

    /// Tells how many bytes this frame has so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.bytes.len() - self.start
    }

    /// Tells whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives what was written so far, to patch a length or a checksum in place.
    pub fn written(&mut self) -> &mut [u8] {
        &mut self.batch.bytes[self.start..]
    }

    /// Overwrites the 16-bit number at `at` (bytes from the frame's start).
    ///
    /// # Panics
    /// If those two bytes were not written before: our bug.
    pub fn patch_u16(&mut self, at: usize, value: u16) {
        self.written()[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }

    /// Ends the frame; from here on it belongs to the batch.
    pub fn finish(mut self) {
        self.finished = true;
        let end = self.batch.bytes.len();
        self.batch.ends.push(end);
    }
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.batch.bytes.truncate(self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_frame_leaves_no_trace() {
        let mut batch = Batch::new();
        batch.push(b"one");
        batch.frame().slice(b"lost");
        let mut frame = batch.frame();
        frame.u16(0);
        frame.slice(b"two");
        frame.patch_u16(0, 5);
        frame.finish();
        assert_eq!(batch.frames().collect::<Vec<_>>(), [&b"one"[..], b"\0\x05two"]);
        assert_eq!(batch.as_bytes(), b"one\0\x05two");
    }
}

//! Memory between pages that cannot be touched.

use std::ptr;

/// Some pages, with a page before and behind them that nobody may touch.
pub(super) struct Arena {
    pages: *mut u8,
    /// What is handed over of it.
    start: usize,
    length: usize,
}

impl Arena {
    pub(super) fn new() -> Self {
        // SAFETY: a mapping of our own; the middle of it is opened.
        let pages = unsafe {
            let all = libc::mmap(
                ptr::null_mut(),
                LENGTH + 2 * PAGE,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(all, libc::MAP_FAILED, "there is memory");
            let pages = all.cast::<u8>().add(PAGE);
            libc::mprotect(pages.cast(), LENGTH, libc::PROT_READ | libc::PROT_WRITE);
            ptr::write_bytes(pages, CANARY, LENGTH);
            pages
        };
        Self { pages, start: 0, length: 0 }
    }

    /// Holds these bytes, up to the page behind it or from the page before it on; gives where they are.
    pub(super) fn hold(&mut self, bytes: &[u8], at_end: bool) -> usize {
        self.fill();
        self.length = bytes.len().min(LENGTH);
        self.start = if at_end { LENGTH - self.length } else { 0 };
        // SAFETY: it lies within the pages.
        unsafe {
            let to = self.pages.add(self.start);
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, self.length);
            to as usize
        }
    }

    /// Looks whether anything beside what was handed over has changed.
    pub(super) fn check(&self, name: &str) {
        // SAFETY: these are the pages, which nobody else has.
        let all = unsafe { std::slice::from_raw_parts(self.pages, LENGTH) };
        let (before, rest) = all.split_at(self.start);
        let mut beside = before.iter().chain(&rest[self.length..]);
        assert!(beside.all(|byte| *byte == CANARY), "{name} wrote beyond what it was given");
    }

    /// Reads the word that was handed over; 0 if it was something shorter.
    pub(super) fn read_word(&self) -> usize {
        if self.length < size_of::<usize>() {
            return 0;
        }
        // SAFETY: it lies within the pages.
        unsafe { self.pages.add(self.start).cast::<usize>().read_unaligned() }
    }

    fn fill(&mut self) {
        // SAFETY: it lies within the pages.
        unsafe { ptr::write_bytes(self.pages.add(self.start), CANARY, self.length) };
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: it is the mapping that `new` made.
        unsafe { libc::munmap(self.pages.sub(PAGE).cast(), LENGTH + 2 * PAGE) };
    }
}

const PAGE: usize = 4096;
const LENGTH: usize = 4 * PAGE;
const CANARY: u8 = 0xA5;

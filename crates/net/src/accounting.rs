//! What tests and benchmarks measure with: allocations, those within the TLS library apart from all others.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: rasman_net::accounting::Allocator = rasman_net::accounting::Allocator;
//! # fn main() {}
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The system's allocator, which counts.
pub struct Allocator;

/// What was counted, in all threads.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Allocations within the TLS library.
    pub tls: u64,
    /// All others.
    pub ours: u64,
    /// TLS records that were sealed and opened.
    pub records: u64,
}

thread_local! {
    static IN_TLS: Cell<bool> = const { Cell::new(false) };
}

static OURS: AtomicU64 = AtomicU64::new(0);
static TLS: AtomicU64 = AtomicU64::new(0);
static RECORDS: AtomicU64 = AtomicU64::new(0);

/// Reads the counters.
#[must_use]
pub fn counted() -> Counted {
    Counted { tls: TLS.load(Relaxed), ours: OURS.load(Relaxed), records: RECORDS.load(Relaxed) }
}

impl Sub for Counted {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { tls: self.tls - before.tls, ours: self.ours - before.ours, records: self.records - before.records }
    }
}

/// The time within the TLS library.
pub(crate) struct InTls;

impl InTls {
    pub(crate) fn enter() -> Self {
        IN_TLS.set(true);
        Self
    }
}

impl Drop for InTls {
    fn drop(&mut self) {
        IN_TLS.set(false);
    }
}

/// Counts records.
pub(crate) fn records(count: usize) {
    RECORDS.fetch_add(count as u64, Relaxed);
}

fn count() {
    let counter = if IN_TLS.try_with(Cell::get).unwrap_or(false) { &TLS } else { &OURS };
    counter.fetch_add(1, Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: our caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: our caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: our caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: our caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

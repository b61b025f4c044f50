//! Memory for bytes on their way, which the connections of a worker take turns with.
//!
//! A connection holds a buffer only while something is in it, so an idle one weighs next to nothing, and a busy one
//! allocates nothing: it gets what was given back last.

use rasman_core::Batch;
use std::cell::RefCell;

thread_local! {
    static BYTES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static TEXTS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static BATCHES: RefCell<Vec<Batch>> = const { RefCell::new(Vec::new()) };
}

/// Takes bytes to be written over: as many as there happen to be, with whatever is in them.
pub(crate) fn take_bytes() -> Vec<u8> {
    BYTES.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

/// Gives bytes back.
pub(crate) fn give_bytes(bytes: Vec<u8>) {
    if (1..=MEMORY_MAX).contains(&bytes.capacity()) {
        let _ = BYTES.try_with(|spare| keep(spare, bytes));
    }
}

/// Takes an empty vector to be appended to.
pub(crate) fn take_vector() -> Vec<u8> {
    TEXTS.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

/// Gives a vector back.
pub(crate) fn give_vector(mut vector: Vec<u8>) {
    vector.clear();
    if (1..=MEMORY_MAX).contains(&vector.capacity()) {
        let _ = TEXTS.try_with(|spare| keep(spare, vector));
    }
}

/// Takes an empty batch.
pub(crate) fn take_batch() -> Batch {
    BATCHES.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

/// Gives a batch back.
pub(crate) fn give_batch(mut batch: Batch) {
    batch.clear();
    if (1..=MEMORY_MAX).contains(&batch.capacity()) {
        let _ = BATCHES.try_with(|spare| keep(spare, batch));
    }
}

fn keep<T>(spare: &RefCell<Vec<T>>, item: T) {
    let mut spare = spare.borrow_mut();
    if spare.len() < SPARE_MAX {
        spare.push(item);
    }
}

/// The most of each kind that wait: what a worker keeps for all its connections.
const SPARE_MAX: usize = 8;
/// One that has grown beyond this goes, so that a burst is not remembered for ever.
const MEMORY_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_and_is_bounded() {
        give_bytes(vec![7; 1000]);
        assert_eq!(take_bytes(), [7; 1000]);
        let vector = vec![7; 1000];
        let address = vector.as_ptr();
        give_vector(vector);
        let again = take_vector();
        assert_eq!((again.as_ptr(), again.len()), (address, 0));
        for _ in 0..3 * SPARE_MAX {
            give_bytes(vec![0; 10]);
        }
        give_bytes(vec![0; MEMORY_MAX + 1]);
        BYTES.with_borrow(|spare| assert_eq!(spare.len(), SPARE_MAX));
        let mut batch = take_batch();
        batch.push(b"frame");
        give_batch(batch);
        assert!(take_batch().is_empty());
    }
}

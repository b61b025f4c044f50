//! The dials of this process that are not over.

use crate::sync::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

/// Dials by handle. Two dials of one entry share a handle while the second is told of its one state (clause A16).
pub(crate) struct Table<T>(Mutex<HashMap<u64, Vec<Arc<T>>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T> Table<T> {
    /// Adds a dial, before its handle can be seen.
    pub(crate) fn add(&self, handle: u64, dial: Arc<T>) {
        self.lock().entry(handle).or_default().push(dial);
    }

    /// Takes one out that is over.
    pub(crate) fn remove(&self, handle: u64, dial: &Arc<T>) {
        let mut table = self.lock();
        let Some(dials) = table.get_mut(&handle) else { return };
        dials.retain(|other| !Arc::ptr_eq(other, dial));
        if dials.is_empty() {
            table.remove(&handle);
        }
    }

    /// Gives all that have this handle, in the order that they were added.
    pub(crate) fn all(&self, handle: u64) -> Vec<Arc<T>> {
        self.lock().get(&handle).cloned().unwrap_or_default()
    }

    /// Gives the one that was added last.
    pub(crate) fn last(&self, handle: u64) -> Option<Arc<T>> {
        self.lock().get(&handle)?.last().cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Vec<Arc<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

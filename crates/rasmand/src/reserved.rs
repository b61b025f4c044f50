//! Ports that dials without an entry have chosen and not given back.
//!
//! A dial opens its port some time after it was chosen, and the locks on the port say nothing before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ports of one manager that are reserved.
#[derive(Clone, Default)]
pub(crate) struct Reserved(Arc<Mutex<BTreeSet<PathBuf>>>);

/// A port that no other dial chooses until this is dropped.
pub(crate) struct Reservation {
    reserved: Reserved,
    port: PathBuf,
}

impl Reserved {
    /// Reserves a port, whatever name it is given; nothing if that was done before.
    #[must_use]
    pub(crate) fn reserve(&self, port: &Path) -> Option<Reservation> {
        let port = port.canonicalize().unwrap_or_else(|_| port.to_owned());
        let is_first = self.lock().insert(port.clone());
        is_first.then(|| Reservation { reserved: self.clone(), port })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.reserved.lock().remove(&self.port);
    }
}

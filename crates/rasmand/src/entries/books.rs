//! Phone books as they were last read.

use crate::embedded::lock;
use rasman_phonebook::store::{FileError, Loaded, Place};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Phone books, kept for as long as a look at the file's size and times says that it is the same.
///
/// A dial of an entry whose book has not changed looks at that file and its folder and reads neither again.
#[derive(Default)]
pub(super) struct Books {
    read: Mutex<HashMap<PathBuf, Arc<Loaded>>>,
}

impl Books {
    /// Gives a phone book as it is now.
    ///
    /// # Errors
    /// What cannot be opened or read (clause A18).
    pub(super) fn get(&self, place: &Place) -> Result<Arc<Loaded>, FileError> {
        let known = lock(&self.read).get(&place.path).cloned();
        if let Some(loaded) = known
            && loaded.place == *place
            && loaded.is_current()
        {
            return Ok(loaded);
        }
        // Read with the cache unlocked: another caller may want another book meanwhile.
        let loaded = place.read().map(Arc::new);
        let mut read = lock(&self.read);
        match &loaded {
            Ok(loaded) => {
                if read.len() >= BOOKS_MAX && !read.contains_key(&place.path) {
                    read.clear();
                }
                read.insert(place.path.clone(), Arc::clone(loaded));
            }
            Err(_) => _ = read.remove(&place.path),
        }
        loaded
    }
}

/// How many phone books are remembered; one may be as large as 256 MiB.
const BOOKS_MAX: usize = 8;

//! The files that an entry names.

/// Gives what stands in the files that an entry names.
///
/// A closure that gives certificates is one that has no others.
pub trait ReadFiles {
    /// Gives the certificates of a file in DER form.
    ///
    /// # Errors
    /// What went wrong, as the rest of a sentence that begins with the path.
    fn certificates(&mut self, path: &str) -> Result<Vec<Vec<u8>>, String>;

    /// Gives a file as it is: the user's certificate, or its key.
    ///
    /// # Errors
    /// As of [`certificates`](Self::certificates).
    fn whole(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let _ = path;
        Ok(Vec::new())
    }
}

impl<F: FnMut(&str) -> Result<Vec<Vec<u8>>, String>> ReadFiles for F {
    fn certificates(&mut self, path: &str) -> Result<Vec<Vec<u8>>, String> {
        self(path)
    }
}

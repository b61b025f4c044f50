//! Secrets that leave no trace.

use zeroize::Zeroizing;

/// A secret string of bytes: zeroed on drop, never printed, compared in constant time.
///
/// It has no `Debug`, no `Display` and no `PartialEq` on purpose. Code that needs the bytes calls [`Secret::expose`],
/// which is easy to search for.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Gives the bytes to whoever must compute with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Gives the secret as text, if it is UTF-8.
    #[must_use]
    pub fn expose_str(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    /// Compares in a time that depends on the lengths alone.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(other.0.iter()).fold(0, |sum, (a, b)| sum | (a ^ b));
        core::hint::black_box(differences) == 0 && self.0.len() == other.0.len()
    }

    /// Tells whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

//! What tells one state of a file from another.

use sha2::{Digest, Sha256};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// A state of a file: where it lay, when it was written, and what was in it.
///
/// Two things can be asked of it. [`Fingerprint::same_content`] decides whether somebody changed the phone book: it
/// looks at the bytes alone, so that a checkout of the same content is no change. [`Fingerprint::is_of`] is the quick
/// look at a file that need not be read again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds of the last change of the content.
    modified: (i64, i64),
    /// Seconds and nanoseconds of the last change of the inode; programs cannot set it back.
    changed: (i64, i64),
    sha256: [u8; 32],
}

impl Fingerprint {
    pub(crate) fn of(metadata: &Metadata, bytes: &[u8]) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            sha256: Sha256::digest(bytes).into(),
        }
    }

    /// Tells whether both files had the same bytes.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.size == other.size && self.sha256 == other.sha256
    }

    /// Tells whether this is, as far as can be seen without reading, the state of the file that `metadata` is of.
    #[must_use]
    pub fn is_of(&self, metadata: &Metadata) -> bool {
        let (device, inode, size) = (metadata.dev(), metadata.ino(), metadata.size());
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        (self.device, self.inode, self.size, self.modified, self.changed) == (device, inode, size, modified, changed)
    }
}

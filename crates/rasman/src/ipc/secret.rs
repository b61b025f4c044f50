//! Secrets as sealed memory files.
//!
//! The bytes lie in a page that only the two processes can reach, and no buffer of a socket or a parser has a copy. The
//! seals keep the sender from changing the file under the reader.

use rasman_core::Secret;
use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use zeroize::Zeroizing;

/// The longest secret, in bytes.
pub const SECRET_MAX: usize = 4096;

/// A file that is to hold a secret, made ahead: making it takes longer than a dial's whole round trip.
pub struct Blank(File);

impl Blank {
    /// Makes an empty file that has its memory.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new() -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(rustix::fs::memfd_create("rasman", flags)?);
        // The file stays empty. Where that cannot be done, the memory comes with the secret.
        let _ = rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, SECRET_MAX as u64);
        Ok(Self(file))
    }

    /// Puts a secret into it and seals it.
    ///
    /// # Errors
    /// Those of the system; `InvalidInput` for a secret that is too long.
    pub fn seal(mut self, secret: &Secret) -> io::Result<OwnedFd> {
        if secret.expose().len() > SECRET_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the secret has more than 4096 bytes"));
        }
        self.0.write_all(secret.expose())?;
        rustix::fs::fcntl_add_seals(&self.0, SEALS)?;
        Ok(self.0.into())
    }
}

/// Makes a sealed file of a secret.
///
/// # Errors
/// As [`Blank::seal`].
pub fn seal(secret: &Secret) -> io::Result<OwnedFd> {
    Blank::new()?.seal(secret)
}

/// Reads a sealed file.
///
/// # Errors
/// `InvalidData` if it is not a memory file with all seals, or is too long; those of the system.
pub fn unseal(descriptor: OwnedFd) -> io::Result<Secret> {
    let invalid = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    // Only memory files have seals, so this also keeps out pipes and files that would block.
    let seals = rustix::fs::fcntl_get_seals(descriptor.as_fd()).map_err(|_| invalid("the secret is no memory file"))?;
    if !seals.contains(SEALS) {
        return Err(invalid("the secret is not sealed"));
    }
    let file = File::from(descriptor);
    // Its size is not asked for: one byte more than is allowed tells as much.
    let mut bytes = Zeroizing::new(vec![0; SECRET_MAX + 1]);
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    if length > SECRET_MAX {
        return Err(invalid("the secret has more than 4096 bytes"));
    }
    Ok(Secret::new(&bytes[..length]))
}

const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_through_a_sealed_file() {
        let sealed = seal(&Secret::from("wonderland")).unwrap();
        let again = sealed.try_clone().unwrap();
        assert!(File::from(again).write_all(b"x").is_err(), "sealed against writing");
        assert_eq!(unseal(sealed).unwrap().expose(), b"wonderland");
        assert!(unseal(seal(&Secret::default()).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_sealed_or_too_long_is_refused() {
        let open = rustix::fs::memfd_create("x", MemfdFlags::ALLOW_SEALING).unwrap();
        assert!(unseal(open).is_err());
        let (reader, _writer) = std::io::pipe().unwrap();
        assert!(unseal(reader.into()).is_err(), "a pipe would block");
        let file = File::from(rustix::fs::memfd_create("x", MemfdFlags::ALLOW_SEALING).unwrap());
        file.set_len(1 << 30).unwrap();
        rustix::fs::fcntl_add_seals(&file, SEALS).unwrap();
        assert!(unseal(file.into()).is_err(), "a gigabyte");
        assert!(seal(&Secret::new(vec![b'x'; SECRET_MAX + 1])).is_err());
    }
}

//! Secrets as sealed memory files.
//!
//! The bytes lie in a page that only the two processes can reach, and no buffer of a socket or a parser has a copy. The
//! seals keep the sender from changing the file under the reader.

use rasman_core::Secret;
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use zeroize::Zeroizing;

/// The longest secret, in bytes.
pub const SECRET_MAX: usize = 4096;

/// Makes a sealed file of a secret.
///
/// # Errors
/// Those of the system; `InvalidInput` for a secret that is too long.
pub fn seal(secret: &Secret) -> io::Result<OwnedFd> {
    expect_length(secret)?;
    let mut file = memory_file()?;
    file.write_all(secret.expose())?;
    rustix::fs::fcntl_add_seals(&file, SEALS)?;
    Ok(file.into())
}

/// Reads a sealed file.
///
/// # Errors
/// `InvalidData` if it is not a memory file with all seals, or is too long; those of the system.
pub fn unseal(descriptor: OwnedFd) -> io::Result<Secret> {
    expect_seals(descriptor.as_fd(), SEALS)?;
    let file = File::from(descriptor);
    // Nearly all are short, and clearing a long buffer takes longer than all the rest. A file that cannot change gives
    // less than was asked for at its end alone.
    let mut short = Zeroizing::new([0; SHORT]);
    let count = file.read_at(&mut short[..], 0)?;
    if count < SHORT { Ok(Secret::new(&short[..count])) } else { read_long(&file) }
}

fn read_long(file: &File) -> io::Result<Secret> {
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

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

const SHORT: usize = 128;

/// A memory file that one connection shares, into which a client puts one secret at a time: a file a call costs more than
/// the call. Only its size is sealed. Whoever reads takes its copy in one go, so a client that changes it meanwhile changes
/// nothing but its own password.
pub struct SharedFile(File);

impl SharedFile {
    /// Makes an empty one, of the longest secret's size.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new() -> io::Result<Self> {
        let file = memory_file()?;
        file.set_len(SECRET_MAX as u64)?;
        rustix::fs::fcntl_add_seals(&file, SIZE_SEALS)?;
        Ok(Self(file))
    }

    /// Takes the one that a client shares.
    ///
    /// # Errors
    /// `InvalidData` if it is not a memory file whose size is sealed.
    pub fn receive(descriptor: OwnedFd) -> io::Result<Self> {
        expect_seals(descriptor.as_fd(), SIZE_SEALS)?;
        Ok(Self(descriptor.into()))
    }

    /// Puts a secret into it; gives its length.
    ///
    /// # Errors
    /// Those of the system; `InvalidInput` for a secret that is too long.
    pub fn put(&self, secret: &Secret) -> io::Result<usize> {
        expect_length(secret)?;
        self.0.write_all_at(secret.expose(), 0)?;
        Ok(secret.expose().len())
    }

    /// Overwrites a secret of this length.
    ///
    /// # Errors
    /// Those of the system.
    pub fn wipe(&self, length: usize) -> io::Result<()> {
        self.0.write_all_at(&[0; SECRET_MAX][..length.min(SECRET_MAX)], 0)
    }

    /// Gives the secret of this length.
    ///
    /// # Errors
    /// `InvalidInput` if that is too long; `UnexpectedEof` if the file is shorter.
    pub fn get(&self, length: usize) -> io::Result<Secret> {
        if length > SECRET_MAX {
            return Err(too_long());
        }
        let mut bytes = Zeroizing::new(vec![0; length]);
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(Secret::new(std::mem::take(&mut *bytes)))
    }
}

impl AsFd for SharedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn memory_file() -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    Ok(File::from(rustix::fs::memfd_create("rasman", flags)?))
}

fn expect_length(secret: &Secret) -> io::Result<()> {
    if secret.expose().len() > SECRET_MAX { Err(too_long()) } else { Ok(()) }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the secret has more than 4096 bytes")
}

/// Only memory files have seals, so this also keeps out pipes and files that would block.
fn expect_seals(file: BorrowedFd<'_>, wanted: SealFlags) -> io::Result<()> {
    let seals = rustix::fs::fcntl_get_seals(file).map_err(|_| invalid("the secret is no memory file"))?;
    if seals.contains(wanted) { Ok(()) } else { Err(invalid("the secret is not sealed")) }
}

const SIZE_SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);
const SEALS: SealFlags = SIZE_SEALS.union(SealFlags::WRITE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_through_a_sealed_file() {
        let sealed = seal(&Secret::from("wonderland")).unwrap();
        let again = sealed.try_clone().unwrap();
        assert!(File::from(again).write_all(b"x").is_err(), "sealed against writing");
        assert_eq!(unseal(sealed).unwrap().expose(), b"wonderland");
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, SECRET_MAX] {
            let secret = Secret::new(vec![b'x'; length]);
            assert!(unseal(seal(&secret).unwrap()).unwrap().same(&secret), "{length}");
        }
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

    #[test]
    fn a_shared_file_holds_one_secret_at_a_time_and_nothing_behind_it() {
        let ours = SharedFile::new().unwrap();
        let theirs = SharedFile::receive(ours.as_fd().try_clone_to_owned().unwrap()).unwrap();
        for length in [0, 1, 100, SECRET_MAX] {
            let secret = Secret::new(vec![b'x'; length]);
            assert_eq!(ours.put(&secret).unwrap(), length);
            assert!(theirs.get(length).unwrap().same(&secret), "{length}");
            ours.wipe(length).unwrap();
            assert!(theirs.get(SECRET_MAX).unwrap().expose().iter().all(|byte| *byte == 0), "{length}");
        }
        assert!(ours.put(&Secret::new(vec![b'x'; SECRET_MAX + 1])).is_err());
        assert!(theirs.get(SECRET_MAX + 1).is_err() && theirs.get(usize::MAX).is_err());
    }

    #[test]
    fn a_shared_file_has_its_size_for_good() {
        let shared = SharedFile::new().unwrap();
        assert!(shared.0.set_len(0).is_err() && shared.0.set_len(1 << 30).is_err());
        let open = rustix::fs::memfd_create("x", MemfdFlags::ALLOW_SEALING).unwrap();
        assert!(SharedFile::receive(open).is_err(), "its size is not sealed");
        let (reader, _writer) = std::io::pipe().unwrap();
        assert!(SharedFile::receive(reader.into()).is_err(), "a pipe would block");
        let empty = File::from(rustix::fs::memfd_create("x", MemfdFlags::ALLOW_SEALING).unwrap());
        rustix::fs::fcntl_add_seals(&empty, SIZE_SEALS).unwrap();
        assert!(SharedFile::receive(empty.into()).unwrap().get(1).is_err(), "there is nothing in it");
    }
}

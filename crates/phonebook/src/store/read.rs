//! Reading a whole file, or saying why not: never blocking, never half of it.

use super::folder::Target;
use super::{ENTRIES_MAX, FileError, Fingerprint, LINES_MAX, Problem, SIZE_MAX};
use crate::Book;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The bytes of a file, and what they were read from.
pub(crate) struct Bytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
    /// Mode, owner and group, for whoever replaces the file.
    pub(crate) metadata: Metadata,
}

/// Reads a regular file of at most [`SIZE_MAX`] bytes.
///
/// # Errors
/// Whatever [`FileError`] can say about reading; a file that is being written over in place is tried again a few
/// times, since half a phone book would look like a whole one with entries missing.
pub(crate) fn read(path: &Path) -> Result<Bytes, FileError> {
    read_steady(path, || {
        // Opening some devices does something, so a device is recognised before it is opened.
        let failed = |doing| move |error: std::io::Error| FileError::reading(path, doing, errno_of(&error));
        check_kind(path, &std::fs::metadata(path).map_err(failed("looking at it"))?)?;
        open(path).map_err(failed("opening"))
    })
}

/// Reads the file that will be replaced, in its open folder: neither a link that has taken its name nor another folder
/// that has taken the folder's is followed. Nothing if the file does not exist.
///
/// # Errors
/// As [`read`], and [`Problem::Changed`] for a link.
pub(crate) fn read_in(target: &Target) -> Result<Option<Bytes>, FileError> {
    let path = target.file();
    let Some(stat) = target.look(&target.name)? else { return Ok(None) };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return Err(FileError::new(&path, Problem::Changed)),
        FileType::Directory => return Err(FileError::new(&path, Problem::Folder)),
        _ => return Err(FileError::new(&path, Problem::NotAFile)),
    }
    let open = || {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::openat(&target.folder, &target.name, flags, Mode::empty()) {
            Ok(file) => Ok(File::from(file)),
            Err(Errno::NOENT | Errno::LOOP) => Err(FileError::new(&path, Problem::Changed)),
            Err(errno) => Err(FileError::reading(&path, "opening", errno)),
        }
    };
    read_steady(&path, open).map(Some)
}

/// Reads a file until it is the same before and after.
fn read_steady(path: &Path, open: impl Fn() -> Result<File, FileError>) -> Result<Bytes, FileError> {
    for _ in 0..ATTEMPTS {
        if let Some(read) = read_once(path, open()?)? {
            check_content(path, &read.bytes)?;
            return Ok(read);
        }
    }
    Err(FileError::new(path, Problem::Unsteady))
}

/// Reads the file; nothing if it changed meanwhile.
fn read_once(path: &Path, mut file: File) -> Result<Option<Bytes>, FileError> {
    let failed = |doing| move |error: std::io::Error| FileError::reading(path, doing, errno_of(&error));
    let before = file.metadata().map_err(failed("looking at it"))?;
    check_kind(path, &before)?;

    let mut bytes = Vec::with_capacity(usize::try_from(before.size()).unwrap_or(0).saturating_add(1));
    (&mut file).take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(failed("reading"))?;
    let after = file.metadata().map_err(failed("looking at it"))?;

    let steady = stamp(&before) == stamp(&after) && after.size() == bytes.len() as u64;
    Ok(steady.then(|| Bytes { fingerprint: Fingerprint::of(&after, &bytes), metadata: after, bytes }))
}

/// Opens without waiting for the writer of a pipe and without taking a terminal over.
fn open(path: &Path) -> std::io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

fn check_kind(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let problem = if metadata.is_dir() {
        Problem::Folder
    } else if !metadata.is_file() {
        Problem::NotAFile
    } else if metadata.size() > SIZE_MAX {
        Problem::TooLarge(metadata.size())
    } else {
        return Ok(());
    };
    Err(FileError::new(path, problem))
}

/// Refuses what would take too much memory; nobody should write it either.
pub(crate) fn check_content(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let size = bytes.len() as u64;
    let mut found = (size > SIZE_MAX).then_some(Problem::TooLarge(size));
    Book::count(bytes, |entries, lines, number| {
        if found.is_some() {
            return false;
        }
        if entries > ENTRIES_MAX {
            found = Some(Problem::TooManyEntries);
        } else if lines > LINES_MAX {
            found = Some(Problem::TooManyLines(number + 1 - lines));
        }
        found.is_none()
    });
    found.map_or(Ok(()), |problem| Err(FileError::new(path, problem)))
}

/// What changes with every write.
fn stamp(metadata: &Metadata) -> (u64, i64, i64, i64, i64) {
    (metadata.size(), metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec())
}

pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// How often a file that changes under our eyes is read.
const ATTEMPTS: usize = 5;

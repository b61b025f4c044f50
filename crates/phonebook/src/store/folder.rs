//! The folder of a phone book: found through symbolic links, made if need be, and held open.

use super::read::errno_of;
use super::{FileError, Problem, Scope};
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A phone book's file as a name in an open folder, behind all symbolic links.
///
/// Everything that is written goes through the folder's descriptor, so it stays in one folder, even if that is moved.
pub(crate) struct Target {
    pub(crate) folder: OwnedFd,
    /// The folder's path, for messages.
    pub(crate) path: PathBuf,
    pub(crate) name: OsString,
}

impl Target {
    /// Finds the file behind `path`; the last link may point to a file that does not exist yet.
    pub(crate) fn find(path: &Path) -> Result<Self, FileError> {
        let path = follow(path)?;
        let name = path.file_name().ok_or_else(|| FileError::new(&path, Problem::Folder))?.to_owned();
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(parent, flags, Mode::empty())
            .map_err(|errno| FileError::writing(parent, "opening the folder", errno))?;
        Ok(Self { folder, path: parent.to_owned(), name })
    }

    /// Gives the path of the file.
    pub(crate) fn file(&self) -> PathBuf {
        self.path.join(&self.name)
    }

    /// Gives the path of a file beside it.
    pub(crate) fn beside(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// Gives what is at a name in the folder, without following links; nothing if nothing is.
    pub(crate) fn look(&self, name: &OsStr) -> Result<Option<Stat>, FileError> {
        match rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(FileError::writing(&self.beside(name), "looking at it", errno)),
        }
    }

    /// Removes a name in the folder, if it is there.
    pub(crate) fn remove(&self, name: &OsStr) -> Result<(), FileError> {
        match rustix::fs::unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(FileError::writing(&self.beside(name), "removing it", errno)),
        }
    }
}

/// Follows symbolic links at the end of a path, also to a file that does not exist.
fn follow(path: &Path) -> Result<PathBuf, FileError> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match std::fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            // It is there and no link, or it is not there.
            Err(error) if [Errno::INVAL, Errno::NOENT].contains(&errno_of(&error)) => return Ok(path),
            Err(error) => return Err(FileError::writing(&path, "following the link", errno_of(&error))),
        }
    }
    Err(FileError::new(&path, Problem::LinkLoop))
}

/// Makes the folder of a new phone book: for the user alone, or readable to all.
///
/// The folder of an explicit path is not made: a slip in a path should not leave folders behind.
pub(crate) fn make_folder(path: &Path, scope: Scope) -> Result<(), FileError> {
    let mode = match scope {
        Scope::User => 0o700,
        Scope::AllUsers => 0o755,
        Scope::Explicit => return Ok(()),
    };
    let Some(folder) = path.parent() else { return Ok(()) };
    if folder.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(mode).create(folder);
    // The mask of a daemon must not hide the folder from all users.
    let opened = made.and_then(|()| std::fs::set_permissions(folder, Permissions::from_mode(mode)));
    opened.map_err(|error| FileError::writing(folder, "making the folder", errno_of(&error)))?;
    // A folder that a crash may take away would take the phone book along.
    let Some(parent) = folder.parent() else { return Ok(()) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let synced = rustix::fs::open(parent, flags, Mode::empty()).and_then(rustix::fs::fsync);
    synced.map_err(|errno| FileError::writing(parent, "writing the folder to the disk", errno))
}

/// As many links as Linux itself follows.
const LINKS_MAX: usize = 40;

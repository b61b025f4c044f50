//! Replacing a file at once: whoever looks sees the old one or the new one, also after a crash.
//!
//! ```text
//! new file beside it, 0600 -> owner, access list, mode -> bytes -> fsync -> last look at the old file
//!     -> rename over it -> fsync of the folder
//! ```

use super::folder::Target;
use super::{FileError, Problem, Step, Steps};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, RenameFlags, Uid, XattrFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

/// Writes `bytes` in place of the target, which is as `old` says, or absent and then gets `mode`.
///
/// `still_old` has the last word, right before the rename. The caller holds the lock.
pub(crate) fn replace(
    target: &Target,
    bytes: &[u8],
    old: Option<&Metadata>,
    mode: u32,
    still_old: impl Fn() -> Result<(), FileError>,
    steps: &mut Steps<'_>,
) -> Result<(), FileError> {
    check_writable(target, old)?;
    let mut new = Temporary::make(target)?;
    steps(Step::Made);
    new.take_after(old, mode)?;
    steps(Step::Owned);
    new.write(bytes)?;
    steps(Step::Written);
    new.sync()?;
    steps(Step::Synced);
    still_old()?;
    steps(Step::Checked);
    new.rename(old.is_some())?;
    steps(Step::Renamed);
    rustix::fs::fsync(&target.folder).map_err(|errno| FileError::new(&target.file(), Problem::Unconfirmed(errno)))?;
    steps(Step::Confirmed);
    Ok(())
}

/// Removes the new files of writers that were killed. The caller holds the lock, so nobody is writing one.
pub(crate) fn tidy_up(target: &Target) -> Result<(), FileError> {
    let failed = |errno| FileError::writing(&target.path, "listing the folder", errno);
    for entry in rustix::fs::Dir::read_from(&target.folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if is_temporary(name, &target.name) {
            target.remove(name)?;
        }
    }
    Ok(())
}

/// A rename asks for rights to the folder alone; a file that is protected against writing should stay as it is.
fn check_writable(target: &Target, old: Option<&Metadata>) -> Result<(), FileError> {
    if old.is_none() {
        return Ok(());
    }
    rustix::fs::accessat(&target.folder, &target.name, rustix::fs::Access::WRITE_OK, AtFlags::empty())
        .map_err(|errno| FileError::writing(&target.file(), "asking for the right to write", errno))
}

/// A new file that vanishes unless it is renamed.
struct Temporary<'a> {
    target: &'a Target,
    name: OsString,
    file: File,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    /// Makes an empty file that nobody else can read, under a name that nobody can foresee.
    fn make(target: &'a Target) -> Result<Self, FileError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = temporary_name(&target.name)
            .map_err(|errno| FileError::writing(&target.file(), "asking for random bytes", errno))?;
        let file: OwnedFd = rustix::fs::openat(&target.folder, &name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| FileError::writing(&target.file(), "making the new file", errno))?;
        Ok(Self { target, name, file: File::from(file), renamed: false })
    }

    /// Gives the file the owner, the access list and the mode of the old one, or the mode of a new one.
    ///
    /// In this order it is at no moment readable to anybody who could not read the old file.
    fn take_after(&self, old: Option<&Metadata>, mode: u32) -> Result<(), FileError> {
        let path = self.target.file();
        let failed = |errno| FileError::writing(&path, "setting the rights of the new file", errno);
        let Some(old) = old else {
            return rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode)).map_err(failed);
        };
        let ours = rustix::fs::fstat(&self.file).map_err(failed)?;
        if (ours.st_uid, ours.st_gid) != (old.uid(), old.gid()) {
            let (user, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
            rustix::fs::fchown(&self.file, Some(user), Some(group))
                .map_err(|_| FileError::new(&path, Problem::OwnerLost))?;
        }
        self.copy_attributes().map_err(failed)?;
        let mode = Mode::from_raw_mode(old.permissions().mode() & 0o7777);
        rustix::fs::fchmod(&self.file, mode).map_err(failed)
    }

    /// Copies the access list, or the lack of one, and the security label as far as the system lets us.
    fn copy_attributes(&self) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        // Who may write but not read keeps no access list: there is none that we could have seen.
        let Ok(old) = rustix::fs::openat(&self.target.folder, &self.target.name, flags, Mode::empty()) else {
            return Ok(());
        };
        match attribute(&old, ACCESS_LIST)? {
            Some(list) => rustix::fs::fsetxattr(&self.file, ACCESS_LIST, &list, XattrFlags::empty())?,
            // The folder's default list must not let in whom the old file kept out.
            None => match rustix::fs::fremovexattr(&self.file, ACCESS_LIST) {
                Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
                Err(errno) => return Err(errno),
            },
        }
        if let Ok(Some(label)) = attribute(&old, SECURITY_LABEL) {
            let _ = rustix::fs::fsetxattr(&self.file, SECURITY_LABEL, &label, XattrFlags::empty());
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let path = self.target.file();
        self.file
            .write_all(bytes)
            .map_err(|error| FileError::writing(&path, "writing the new file", super::read::errno_of(&error)))
    }

    /// Some file systems say only now that there is no room.
    fn sync(&self) -> Result<(), FileError> {
        rustix::fs::fsync(&self.file)
            .map_err(|errno| FileError::writing(&self.target.file(), "writing the new file to the disk", errno))
    }

    /// Takes the place of the old file, or a place that is still free.
    fn rename(mut self, over: bool) -> Result<(), FileError> {
        let Target { folder, name, .. } = self.target;
        let renamed = if over {
            rustix::fs::renameat(folder, &self.name, folder, name)
        } else {
            match rustix::fs::renameat_with(folder, &self.name, folder, name, RenameFlags::NOREPLACE) {
                // Not every file system can; the last look was a moment ago.
                Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::renameat(folder, &self.name, folder, name),
                renamed => renamed,
            }
        };
        let path = self.target.file();
        renamed.map_err(|errno| match errno {
            Errno::EXIST => FileError::new(&path, Problem::Changed),
            errno => FileError::writing(&path, "renaming the new file", errno),
        })?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = self.target.remove(&self.name);
        }
    }
}

/// Reads an extended attribute; nothing if there is none, or none can be.
fn attribute(file: &OwnedFd, name: &str) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = vec![0; ATTRIBUTE_MAX];
    match rustix::fs::fgetxattr(file, name, &mut value) {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Makes a name as `.rasphone.pbk.6f0c9a4417be52d3.rasman-new`.
fn temporary_name(book: &OsStr) -> Result<OsString, Errno> {
    let mut random = [0; TAG_LENGTH / 2];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    let mut name = temporary_start(book);
    name.push(random.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    name.push(TEMPORARY_END);
    Ok(name)
}

fn is_temporary(name: &OsStr, book: &OsStr) -> bool {
    let tag = name.as_bytes().strip_prefix(temporary_start(book).as_bytes());
    let tag = tag.and_then(|rest| rest.strip_suffix(TEMPORARY_END.as_bytes()));
    tag.is_some_and(|tag| tag.len() == TAG_LENGTH && tag.iter().all(u8::is_ascii_hexdigit))
}

fn temporary_start(book: &OsStr) -> OsString {
    let mut start = OsString::from(".");
    start.push(book);
    start.push(".");
    start
}

const TEMPORARY_END: &str = ".rasman-new";
/// Hexadecimal digits of the random part.
const TAG_LENGTH: usize = 16;
const ACCESS_LIST: &str = "system.posix_acl_access";
const SECURITY_LABEL: &str = "security.selinux";
/// Linux allows no longer value of an attribute.
const ATTRIBUTE_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_new_files_are_tidied_up() {
        let book = OsStr::new("a.pbk");
        assert!(is_temporary(&temporary_name(book).unwrap(), book));
        for other in [
            "a.pbk",
            ".a.pbk.swp",
            ".b.pbk.0123456789abcdef.rasman-new",
            ".a.pbk.0123456789abcdeg.rasman-new",
            ".a.pbk.012.rasman-new",
            ".a.pbk.0123456789abcdef.rasman-new~",
        ] {
            assert!(!is_temporary(OsStr::new(other), book), "{other}");
        }
    }
}

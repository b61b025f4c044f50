//! The provider `file`: one file an item, in folders that nobody else may enter.
//!
//! An item is `<folder>/<uid>/<entry>.<kind>`, a default credential `<folder>/all-users/<entry>.<kind>` in the system's
//! folder. Folders have mode 0700 and files 0600; anything looser is refused before its content is used, since others
//! may have read a secret or put their own in its place. Files are replaced in one step.

use super::{ITEM_MAX, Kind, Place, SecretStore, StoreError, Whose};
use crate::config::{CredentialSettings, Provider};
use rasman_core::Secret;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) struct Files {
    user: Option<PathBuf>,
    machine: Option<PathBuf>,
}

impl Files {
    pub(super) fn new(settings: &CredentialSettings) -> Self {
        Self { user: settings.folder.clone(), machine: settings.machine_folder.clone() }
    }

    /// Gives the folder above the owner's.
    fn root(&self, place: &Place) -> Result<&Path, StoreError> {
        let root = match place.whose {
            Whose::User(_) => &self.user,
            Whose::AllUsers => &self.machine,
        };
        root.as_deref().ok_or_else(|| StoreError::unavailable("no folder is configured"))
    }

    /// Opens the owner's folder, and makes it if `create` says so; `None` if there is none.
    fn folder(&self, place: &Place, create: bool) -> Result<Option<Folder>, StoreError> {
        let root = self.root(place)?;
        let owner = match place.whose {
            Whose::User(uid) => uid.to_string(),
            Whose::AllUsers => "all-users".to_owned(),
        };
        if create {
            // The system's folder has files for everybody beside the credentials.
            make_folders(root, if place.whose == Whose::AllUsers { 0o755 } else { 0o700 })?;
        }
        let Some(top) = open_folder(CWD, root, root, false)? else { return Ok(None) };
        let path = root.join(&owner);
        let fd = open_folder(top.as_fd(), Path::new(&owner), &path, create)?;
        Ok(fd.map(|fd| Folder { fd, path }))
    }
}

impl SecretStore for Files {
    fn provider(&self) -> Provider {
        Provider::File
    }

    fn get(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, StoreError> {
        let Some(folder) = self.folder(place, false)? else { return Ok(None) };
        let name = file_name(place, kind);
        let reader = Reader { forbidden: Mode::RWXG | Mode::RWXO, owner: Some(own_uid()) };
        read_item(folder.fd.as_fd(), Path::new(&name), &folder.path.join(&name), kind, &reader)
    }

    fn set(&self, place: &Place, kind: Kind, secret: &Secret) -> Result<(), StoreError> {
        let folder =
            self.folder(place, true)?.ok_or_else(|| StoreError::unavailable("the folder went away as it was made"))?;
        let name = file_name(place, kind);
        folder.replace(&name, secret.expose()).map_err(|errno| failed("wrote", &folder.path.join(&name), errno))
    }

    fn clear(&self, place: &Place, kind: Kind) -> Result<(), StoreError> {
        let Some(folder) = self.folder(place, false)? else { return Ok(()) };
        let name = file_name(place, kind);
        match fs::unlinkat(&folder.fd, &*name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(failed("removed", &folder.path.join(&name), errno)),
        }
    }
}

struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Writes a file beside the one it replaces; a crash leaves the old one, or the new one, whole.
    fn replace(&self, name: &str, content: &[u8]) -> Result<(), Errno> {
        // One writer at a time, so that a crashed one's leftover may be removed without asking whose it is.
        rustix::io::retry_on_intr(|| fs::flock(&self.fd, FlockOperation::LockExclusive))?;
        let new = format!("{name}.new");
        match fs::unlinkat(&self.fd, &*new, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(fs::openat(&self.fd, &*new, flags, Mode::RUSR | Mode::WUSR)?);
        let written = file.write_all(content).and_then(|()| file.sync_all());
        if let Err(error) = written {
            let _ = fs::unlinkat(&self.fd, &*new, AtFlags::empty());
            return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
        }
        fs::renameat(&self.fd, &*new, &self.fd, name)?;
        fs::fsync(&self.fd)?;
        fs::flock(&self.fd, FlockOperation::Unlock)
    }
}

/// What is asked of a file before it is believed.
pub(super) struct Reader {
    /// Permissions that it must not give.
    pub(super) forbidden: Mode,
    /// Who must own it.
    pub(super) owner: Option<u32>,
}

/// Reads an item from a file, if there is one; `shown` is its path for people.
pub(super) fn read_item(
    folder: BorrowedFd<'_>,
    name: &Path,
    shown: &Path,
    kind: Kind,
    reader: &Reader,
) -> Result<Option<Secret>, StoreError> {
    // A pipe or a device in the file's place must not hold us up.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => {
            return Err(refuse(shown, "is a symbolic link", "put the file itself there"));
        }
        Err(errno) => return Err(failed("opened", shown, errno)),
    };
    let stat = fs::fstat(&file).map_err(|errno| failed("looked at", shown, errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(refuse(shown, "is no plain file", "put a plain file there"));
    }
    check_access(shown, &stat, reader, "600")?;
    let mut content = Zeroizing::new(Vec::with_capacity(ITEM_MAX + 1));
    let read = File::from(file).take(ITEM_MAX as u64 + 1).read_to_end(&mut content);
    read.map_err(|error| failed("read", shown, Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    super::item(kind, &content).map_err(|problem| {
        refuse(shown, problem, "store the credentials of the entry again, or write one line of text into the file")
    })
}

/// Refuses what somebody else may have read or written.
fn check_access(shown: &Path, stat: &fs::Stat, reader: &Reader, mode: &str) -> Result<(), StoreError> {
    if let Some(owner) = reader.owner
        && stat.st_uid != owner
    {
        let problem = format!("belongs to the user {}, not to {owner}", stat.st_uid);
        return Err(refuse(shown, &problem, &format!("run: chown {owner} {}", shown.display())));
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(reader.forbidden) {
        let problem = format!("has mode {:04o}, so others can use it", stat.st_mode & 0o7777);
        let advice = format!("run: chmod {mode} {}, and change the password if others were there", shown.display());
        return Err(refuse(shown, &problem, &advice));
    }
    Ok(())
}

/// Opens a folder that is only ours; `None` if there is none and none was to be made.
fn open_folder(above: BorrowedFd<'_>, name: &Path, shown: &Path, create: bool) -> Result<Option<OwnedFd>, StoreError> {
    if create {
        match fs::mkdirat(above, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed("made", shown, errno)),
        }
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match fs::openat(above, name, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(None),
        // Somebody else's folder, such as the system's: what is in it is not for us.
        Err(Errno::ACCESS | Errno::PERM) => return Err(StoreError::unavailable("its folder belongs to somebody else")),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            return Err(refuse(shown, "is no folder", "move it away, and a folder is made"));
        }
        Err(errno) => return Err(failed("opened", shown, errno)),
    };
    let stat = fs::fstat(&folder).map_err(|errno| failed("looked at", shown, errno))?;
    let reader = Reader { forbidden: Mode::RWXG | Mode::RWXO, owner: Some(own_uid()) };
    check_access(shown, &stat, &reader, "700")?;
    Ok(Some(folder))
}

/// Makes a folder for us alone, and those above it with a mode of their own.
fn make_folders(path: &Path, above: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    let make = |path: &Path, mode| std::fs::DirBuilder::new().recursive(true).mode(mode).create(path);
    let made = path.parent().map_or(Ok(()), |parent| make(parent, above)).and_then(|()| make(path, 0o700));
    made.map_err(|error| match Errno::from_io_error(&error).unwrap_or(Errno::IO) {
        Errno::ROFS | Errno::ACCESS | Errno::PERM => {
            StoreError::unavailable(format_args!("{} cannot be made: {error}", path.display()))
        }
        errno => failed("made", path, errno),
    })
}

fn file_name(place: &Place, kind: Kind) -> String {
    format!("{}.{}", place.entry, kind.name())
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refuse(path: &Path, problem: &str, advice: &str) -> StoreError {
    StoreError::refused(format!("found that {} {problem}", path.display()), advice)
}

fn failed(did: &str, path: &Path, errno: Errno) -> StoreError {
    StoreError::refused(format!("{did} {} and failed: {errno}", path.display()), "look at that file and its folder")
}

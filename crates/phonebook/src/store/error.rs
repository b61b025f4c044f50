//! What can go wrong with the file of a phone book, in terms that people can act on.

use core::fmt;
use rasman_core::{Cause, Code, LayerName};
use rustix::io::Errno;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A phone book's file could not be read or written: which file, what is wrong, what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileError {
    /// The file or folder in question.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with the file of a phone book.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// It does not exist.
    Missing,
    /// It is a folder.
    Folder,
    /// It is neither a file nor a folder: a pipe, a device, a socket.
    NotAFile,
    /// Its symbolic links lead in a circle.
    LinkLoop,
    /// We may not read it.
    Unreadable,
    /// It is larger than [`SIZE_MAX`](super::SIZE_MAX); its size in bytes.
    TooLarge(u64),
    /// It has more entries than [`ENTRIES_MAX`](super::ENTRIES_MAX).
    TooManyEntries,
    /// The entry that begins in this line has more lines than [`LINES_MAX`](super::LINES_MAX).
    TooManyLines(usize),
    /// It changes all the time while it is being read.
    Unsteady,
    /// We may not change it, or not write into its folder.
    Unwritable,
    /// Its owner or group could not be kept.
    OwnerLost,
    /// It lies in a file system that is mounted read-only.
    ReadOnly,
    /// There is no room for the new file: the disk, the quota or the limit of the process is used up.
    Full,
    /// Another program has been writing it all the time that we waited.
    Busy(Duration),
    /// It was changed by somebody else since it was read.
    Changed,
    /// It would become a phone book without entries (clause B10).
    Empty,
    /// The new file is in place, but the system could not confirm that it is on the disk.
    Unconfirmed(Errno),
    /// The system refused what we did to it.
    System {
        /// What we did: "reading", for example.
        doing: &'static str,
        /// What the system said.
        errno: Errno,
        /// Whether it was in order to change the file.
        writing: bool,
    },
}

impl FileError {
    pub(crate) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// Explains an error of the system that came up while a file was read.
    pub(crate) fn reading(path: &Path, doing: &'static str, errno: Errno) -> Self {
        let problem = match errno {
            Errno::NOENT | Errno::NOTDIR => Problem::Missing,
            Errno::ISDIR => Problem::Folder,
            Errno::LOOP => Problem::LinkLoop,
            Errno::ACCESS | Errno::PERM => Problem::Unreadable,
            Errno::NXIO | Errno::NODEV => Problem::NotAFile,
            errno => Problem::System { doing, errno, writing: false },
        };
        Self::new(path, problem)
    }

    /// Explains an error of the system that came up while a file was changed.
    pub(crate) fn writing(path: &Path, doing: &'static str, errno: Errno) -> Self {
        let problem = match errno {
            Errno::NOENT | Errno::NOTDIR => Problem::Missing,
            Errno::ISDIR => Problem::Folder,
            Errno::LOOP => Problem::LinkLoop,
            Errno::ACCESS | Errno::PERM => Problem::Unwritable,
            Errno::ROFS => Problem::ReadOnly,
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Problem::Full,
            errno => Problem::System { doing, errno, writing: true },
        };
        Self::new(path, problem)
    }

    /// Gives the code that programs see.
    ///
    /// What cannot be opened is 621 and what cannot be read is 622 (clause A18); who lacks the right to change gets 5
    /// (clause E10), and whatever else prevents a change is 624.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.problem {
            Problem::Missing | Problem::Folder | Problem::NotAFile | Problem::LinkLoop | Problem::Unreadable => {
                CANNOT_OPEN_PHONEBOOK
            }
            Problem::TooLarge(_)
            | Problem::TooManyEntries
            | Problem::TooManyLines(_)
            | Problem::Unsteady
            | Problem::System { writing: false, .. } => CANNOT_LOAD_PHONEBOOK,
            Problem::Unwritable | Problem::OwnerLost => Code::ACCESS_DENIED,
            Problem::ReadOnly
            | Problem::Full
            | Problem::Busy(_)
            | Problem::Changed
            | Problem::Empty
            | Problem::Unconfirmed(_)
            | Problem::System { writing: true, .. } => CANNOT_WRITE_PHONEBOOK,
        }
    }

    /// Says what is wrong, as the rest of a sentence that begins with the path.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.problem {
            Problem::Missing => "does not exist".to_owned(),
            Problem::Folder => "is a folder".to_owned(),
            Problem::NotAFile => "is not a regular file".to_owned(),
            Problem::LinkLoop => "is a symbolic link that leads nowhere".to_owned(),
            Problem::Unreadable => "may not be read by you".to_owned(),
            Problem::TooLarge(size) => format!("has {size} bytes, more than the {} that are read", super::SIZE_MAX),
            Problem::TooManyEntries => format!("has more than the {} entries that are read", super::ENTRIES_MAX),
            Problem::TooManyLines(line) => {
                format!("has an entry in line {line} with more than the {} lines that are read", super::LINES_MAX)
            }
            Problem::Unsteady => "changes all the time while it is read".to_owned(),
            Problem::Unwritable => "may not be changed by you, or its folder may not".to_owned(),
            Problem::OwnerLost => "belongs to somebody else, and a new file could not be given to them".to_owned(),
            Problem::ReadOnly => "lies in a file system that is mounted read-only".to_owned(),
            Problem::Full => "cannot grow: disk, quota or file size limit is used up; it is unchanged".to_owned(),
            Problem::Busy(waited) => format!("has been locked by another program for {} s", waited.as_secs_f32()),
            Problem::Changed => "was changed by another program; nothing was written".to_owned(),
            Problem::Empty => "would be a phone book without entries; nothing was written".to_owned(),
            Problem::Unconfirmed(errno) => format!("is written, but the disk did not confirm it ({errno})"),
            Problem::System { doing, errno, .. } => format!("failed in {doing}: {errno}"),
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &self.problem {
            Problem::Missing => "check the path, or create an entry first",
            Problem::Folder => "name the file in it, such as rasphone.pbk",
            Problem::NotAFile => "name a regular file; copy what a pipe or device delivers into one",
            Problem::LinkLoop => "let the link point to a file",
            Problem::Unreadable => "ask its owner for the right to read it, or use a phone book of your own",
            Problem::TooLarge(_) | Problem::TooManyEntries => "split it into several phone books",
            Problem::TooManyLines(_) => "look whether the file is a phone book; if so, remove the damaged entry",
            Problem::Unsteady => "try again when the other program is done",
            Problem::Unwritable => "change it as its owner (as root for the entries of all users), or copy the entry",
            Problem::OwnerLost => "change it as its owner or as root",
            Problem::ReadOnly => "mount it for writing, or use a phone book elsewhere",
            Problem::Full => "make room and try again",
            Problem::Busy(_) => "try again; end the other program if it hangs",
            Problem::Changed => "read it again, then repeat the change",
            Problem::Empty => "add an entry",
            Problem::Unconfirmed(_) => "check the disk",
            Problem::System { .. } => "check the file and its disk",
        }
    }
}

/// One line: the path, what is wrong, what to do.
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", shown(&self.path), self.what(), self.advice())
    }
}

impl std::error::Error for FileError {}

impl From<FileError> for Cause {
    fn from(error: FileError) -> Self {
        let did = format!("used the phone book {}, which {}", shown(&error.path), error.what());
        Self::new(error.code(), LayerName::Settings).did(did).advice(error.advice())
    }
}

// The numbers of the RAS table; clauses A18 and B4.
const CANNOT_OPEN_PHONEBOOK: Code = Code(621);
const CANNOT_LOAD_PHONEBOOK: Code = Code(622);
const CANNOT_WRITE_PHONEBOOK: Code = Code(624);

/// Shows a path without the characters that would disturb a terminal.
fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(problem: Problem) -> FileError {
        FileError::new(Path::new("/etc/rasman/a\x1bb.pbk"), problem)
    }

    #[test]
    fn a18_e10_each_problem_has_its_code() {
        let reading = |errno| FileError::reading(Path::new("a"), "reading", errno).code().0;
        let writing = |errno| FileError::writing(Path::new("a"), "writing", errno).code().0;
        assert_eq!([Errno::NOENT, Errno::ISDIR, Errno::LOOP, Errno::ACCESS].map(reading), [621; 4]);
        assert_eq!([Errno::IO, Errno::NOMEM].map(reading), [622; 2]);
        assert_eq!([Errno::ACCESS, Errno::PERM].map(writing), [5; 2]);
        assert_eq!([Errno::ROFS, Errno::NOSPC, Errno::DQUOT, Errno::FBIG, Errno::IO].map(writing), [624; 5]);
        let others = [Problem::TooLarge(1), Problem::Unsteady, Problem::OwnerLost, Problem::Changed, Problem::Empty];
        assert_eq!(others.map(|problem| error(problem).code().0), [622, 622, 5, 624, 624]);
    }

    #[test]
    fn an_error_is_one_clean_line() {
        let line = error(Problem::Missing).to_string();
        assert_eq!(line, "/etc/rasman/a?b.pbk does not exist; check the path, or create an entry first");
        let cause = Cause::from(error(Problem::Changed)).to_string();
        assert!(cause.starts_with("624 ERROR_CANNOT_WRITE_PHONEBOOK: "), "{cause}");
        assert!(cause.contains("a?b.pbk, which was changed by another program; nothing was written. Try: read it"));
    }
}

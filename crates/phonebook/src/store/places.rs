//! Where phone books are.

use super::{FileError, Place, Scope};
use crate::store::read::errno_of;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where the phone books of a user and of all users are.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Places {
    /// The user's phone book; none for a process without a home.
    pub user: Option<PathBuf>,
    /// The phone book of all users (clause B9).
    pub all_users: PathBuf,
}

impl Places {
    /// Names both files.
    #[must_use]
    pub fn new(user: Option<PathBuf>, all_users: PathBuf) -> Self {
        Self { user, all_users }
    }

    /// Looks the places up in an environment: `XDG_CONFIG_HOME`, else `.config` in `HOME`, and [`system_folder`].
    ///
    /// As the XDG base directory specification has it, what is empty or not absolute counts as not set.
    #[must_use]
    pub fn from_env(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let all_users = system_folder(&lookup).join(FILE_NAME);
        let folder = |name| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        Self::new(config.map(|config| config.join("rasman").join(FILE_NAME)), all_users)
    }

    /// Gives the phone book that is meant when none is named (clause B1): the user's, else that of all users.
    #[must_use]
    pub fn default_place(&self) -> Place {
        match &self.user {
            Some(user) => Place::new(user, Scope::User),
            None => Place::new(&self.all_users, Scope::AllUsers),
        }
    }

    /// Lists the phone books that exist: the user's before those of all users, in each folder the default one first
    /// and then the other `*.pbk` by name (clause B1). A folder that exists and cannot be listed stands as an error in
    /// the place of its phone books.
    #[must_use]
    pub fn books(&self) -> Vec<Result<Place, FileError>> {
        let scopes = [(self.user.as_deref(), Scope::User), (Some(self.all_users.as_path()), Scope::AllUsers)];
        let mut books = Vec::new();
        for (default, scope) in scopes {
            let Some(default) = default else { continue };
            match in_folder_of(default) {
                Ok(paths) => books.extend(paths.iter().map(|path| Ok(Place::new(path, scope)))),
                Err(fault) => books.push(Err(fault)),
            }
        }
        books
    }
}

/// Gives the folder of what is configured for all users: `/etc/rasman` (clause B9), or the absolute path in
/// `RASMAN_SYSTEM_FOLDER`, for systems that keep it elsewhere and for tests that leave the machine's alone.
#[must_use]
pub fn system_folder(lookup: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let named = lookup("RASMAN_SYSTEM_FOLDER").map(PathBuf::from).filter(|path| path.is_absolute());
    named.unwrap_or_else(|| PathBuf::from("/etc/rasman"))
}

/// Lists the `*.pbk` in the folder of `default`, that one first.
fn in_folder_of(default: &Path) -> Result<Vec<PathBuf>, FileError> {
    let folder = default.parent().unwrap_or(Path::new("/"));
    let failed = |error: std::io::Error| FileError::reading(folder, "listing", errno_of(&error));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if [Errno::NOENT, Errno::NOTDIR].contains(&errno_of(&error)) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if is_book(&name) {
            names.push(name);
        }
    }
    // `false` sorts before `true`.
    names.sort_unstable_by_key(|name| (Some(name.as_os_str()) != default.file_name(), name.clone()));
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Tells whether a name is a phone book's; ours for locks and new files begin with a period.
fn is_book(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let suffix = bytes.len().saturating_sub(SUFFIX.len());
    suffix > 0 && bytes[0] != b'.' && bytes[suffix..].eq_ignore_ascii_case(SUFFIX)
}

const FILE_NAME: &str = "rasphone.pbk";
const SUFFIX: &[u8] = b".pbk";

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Places {
        Places::from_env(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn b1_b9_places_follow_the_environment() {
        let user = |variables| places(variables).user.map(|path| path.to_string_lossy().into_owned());
        let both = [("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/cfg")];
        assert_eq!(user(&both).as_deref(), Some("/cfg/rasman/rasphone.pbk"));
        assert_eq!(user(&both[..1]).as_deref(), Some("/home/a/.config/rasman/rasphone.pbk"));
        let relative = [("HOME", "/home/a"), ("XDG_CONFIG_HOME", "cfg")];
        assert_eq!(user(&relative).as_deref(), Some("/home/a/.config/rasman/rasphone.pbk"));
        assert_eq!(user(&[("HOME", ""), ("XDG_CONFIG_HOME", "")]), None);
        assert_eq!(places(&[]).all_users, Path::new("/etc/rasman/rasphone.pbk"));
        let elsewhere = |path| places(&[("RASMAN_SYSTEM_FOLDER", path)]).all_users;
        assert_eq!(elsewhere("/srv/rasman"), Path::new("/srv/rasman/rasphone.pbk"));
        assert_eq!(elsewhere("srv"), Path::new("/etc/rasman/rasphone.pbk"));
    }

    #[test]
    fn b1_the_default_book_is_the_users() {
        assert_eq!(places(&[("HOME", "/h")]).default_place().scope, Scope::User);
        assert_eq!(places(&[]).default_place(), Place::new("/etc/rasman/rasphone.pbk", Scope::AllUsers));
    }

    #[test]
    fn books_are_told_by_their_names() {
        for (name, book) in [("a.pbk", true), ("A.PBK", true), (".pbk", false), (".a.pbk", false), ("a.pbk~", false)] {
            assert_eq!(is_book(OsStr::new(name)), book, "{name}");
        }
    }
}

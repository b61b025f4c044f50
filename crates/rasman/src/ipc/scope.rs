//! Where a manager is found.

use crate::{Error, LayerName};
use rasman_core::{Cause, Code};
use rustix::fs::{Mode, OFlags};
use std::fmt;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Which manager: the system's, or the user's own.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// One for all users, started by the service manager.
    System,
    /// The user's own, without privileges, started by the first client that needs it.
    User,
}

/// A manager's folder, which has its socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The scope.
    pub scope: Scope,
    /// The folder.
    pub folder: PathBuf,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = [Self::System, Self::User].into_iter().find(|scope| scope.name() == text);
        scope.ok_or_else(|| format!("\"{text}\" is no scope; use system or user"))
    }
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }

    /// Gives the scope that `RASMAN_SCOPE` names.
    ///
    /// # Errors
    /// What is wrong with its value.
    pub fn from_environment() -> Result<Option<Self>, String> {
        match std::env::var("RASMAN_SCOPE") {
            Ok(text) if !text.is_empty() => text.parse().map(Some).map_err(|why| format!("RASMAN_SCOPE: {why}")),
            _ => Ok(None),
        }
    }
}

impl Place {
    /// Finds the folder of a scope. It may not exist yet.
    #[must_use]
    pub fn of(scope: Scope) -> Self {
        let folder = match scope {
            Scope::System => PathBuf::from("/run/rasman"),
            Scope::User => user_folder(),
        };
        Self { scope, folder }
    }

    /// Gives the socket's path.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Checks that nobody else could have put something in the user's folder.
    ///
    /// # Errors
    /// 711 if it is not there, 5 if it belongs to somebody else or others can write to it.
    pub fn check(&self) -> Result<(), Error> {
        let shown = self.folder.display();
        let folder = open_folder(&self.folder)
            .map_err(|error| Error(not_running(self.scope).did(format!("opened the folder {shown}: {error}"))))?;
        let metadata = folder
            .metadata()
            .map_err(|error| Error(not_running(self.scope).did(format!("looked at the folder {shown}: {error}"))))?;
        let trusted = match self.scope {
            // Who may write to /run is nobody's business but root's.
            Scope::System => true,
            Scope::User => metadata.uid() == own_uid(),
        };
        if !trusted {
            return Err(foreign(format!("found that {shown} belongs to user {}", metadata.uid())));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(foreign(format!("found that others can write to {shown}")));
        }
        Ok(())
    }

    /// Gives the users that the manager may run as; nobody else's socket is trusted.
    ///
    /// # Errors
    /// As [`Place::check`].
    pub(crate) fn trusted_users(&self) -> Result<[u32; 2], Error> {
        self.check()?;
        let owner = std::fs::metadata(&self.folder).map_or(0, |metadata| metadata.uid());
        Ok(match self.scope {
            // The service manager that made the socket, or the user that the service runs as.
            Scope::System => [0, owner],
            Scope::User => [own_uid(); 2],
        })
    }
}

/// Makes error 711 with what to do.
#[must_use]
pub fn not_running(scope: Scope) -> Cause {
    let advice = match scope {
        Scope::System => "start it with \"systemctl start rasman.socket\" or, as root, \"rasmand --scope system\"",
        Scope::User => "start it with \"rasmand --scope user\", or let RASMAN_DAEMON name the program rasmand",
    };
    Cause::new(Code::RASMAN_CANNOT_INITIALIZE, LayerName::Manager).advice(advice)
}

/// Makes error 5 for a folder or socket that cannot be trusted.
pub(crate) fn foreign(did: String) -> Error {
    let advice = "remove it, or ask its owner to; a manager of somebody else would get your passwords";
    Error(Cause::new(Code::ACCESS_DENIED, LayerName::Manager).did(did).advice(advice))
}

fn user_folder() -> PathBuf {
    let uid = own_uid();
    let from_environment = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = from_environment.into_iter().chain([PathBuf::from(format!("/run/user/{uid}"))]);
    for folder in candidates {
        if folder.is_absolute() && is_ours(&folder) {
            return folder.join("rasman");
        }
    }
    // Without a session there is no runtime folder: cron, containers, su.
    PathBuf::from(format!("/tmp/rasman-{uid}"))
}

fn is_ours(folder: &Path) -> bool {
    open_folder(folder).and_then(|folder| folder.metadata()).is_ok_and(|metadata| metadata.uid() == own_uid())
}

/// Opens a folder that is not a link: in /tmp anybody can make one.
fn open_folder(folder: &Path) -> std::io::Result<File> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    Ok(File::from(rustix::fs::open(folder, flags, Mode::empty())?))
}

/// Gives the number of the user that this program runs as.
#[must_use]
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn place(name: &str) -> Place {
        let folder = std::env::temp_dir().join(format!("rasman-scope-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let _ = std::fs::remove_file(&folder);
        Place { scope: Scope::User, folder }
    }

    #[test]
    fn e9_a_folder_that_is_not_there_is_711_with_how_to_start_the_manager() {
        let error = place("absent").check().unwrap_err();
        assert_eq!(error.code(), Code::RASMAN_CANNOT_INITIALIZE);
        assert!(error.cause().advice.contains("rasmand --scope user"));
    }

    #[test]
    fn a_folder_that_others_can_write_to_and_a_link_are_refused() {
        let place = place("open");
        std::fs::create_dir(&place.folder).unwrap();
        std::fs::set_permissions(&place.folder, PermissionsExt::from_mode(0o700)).unwrap();
        place.check().unwrap();
        std::fs::set_permissions(&place.folder, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(place.check().unwrap_err().code(), Code::ACCESS_DENIED);
        std::fs::remove_dir(&place.folder).unwrap();
        std::os::unix::fs::symlink("/", &place.folder).unwrap();
        assert_eq!(place.check().unwrap_err().code(), Code::RASMAN_CANNOT_INITIALIZE);
        std::fs::remove_file(&place.folder).unwrap();
    }

    #[test]
    fn scopes_are_read_as_they_are_shown() {
        for scope in [Scope::System, Scope::User] {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("root".parse::<Scope>().unwrap_err().contains("system or user"));
    }
}

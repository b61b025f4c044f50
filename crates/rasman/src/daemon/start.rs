//! Connects to the daemon's socket, and starts the daemon if need be.

use super::Connector;
use crate::ipc::scope::{foreign, not_running};
use crate::{Code, Error};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

impl Connector {
    /// Opens a connection.
    pub(super) fn open(&self) -> Result<UnixStream, Error> {
        match self.try_open() {
            Ok(stream) => Ok(stream),
            Err(Absent::Refused(error)) => Err(error),
            Err(Absent::NotThere(error)) if !self.start => Err(error),
            Err(Absent::NotThere(_)) => {
                self.run_starter()?;
                self.try_open().map_err(|absent| match absent {
                    Absent::NotThere(error) | Absent::Refused(error) => error,
                })
            }
        }
    }

    fn try_open(&self) -> Result<UnixStream, Absent> {
        let socket = self.place.socket();
        let absent = |error: io::Error| {
            let did = format!("connected to the manager at {}: {error}", socket.display());
            Absent::NotThere(Error(not_running(self.place.scope).did(did)))
        };
        let metadata = std::fs::symlink_metadata(&socket).map_err(|error| match self.place.check() {
            // A folder of somebody else's is refused even though it has no socket.
            Err(refused) if refused.code() == Code::ACCESS_DENIED => Absent::Refused(refused),
            _ => absent(error),
        })?;
        let trusted = self.place.trusted_users().map_err(Absent::Refused)?;
        if !metadata.file_type().is_socket() || !trusted.contains(&metadata.uid()) {
            let did = format!("found that {} belongs to user {}", socket.display(), metadata.uid());
            return Err(Absent::Refused(foreign(did)));
        }
        let stream = UnixStream::connect(&socket).map_err(absent)?;
        let owner = rustix::net::sockopt::socket_peercred(&stream).map_err(|error| absent(error.into()))?.uid.as_raw();
        if !trusted.contains(&owner) {
            return Err(Absent::Refused(foreign(format!("found user {owner} behind {}", socket.display()))));
        }
        Ok(stream)
    }

    /// Runs `rasmand start`, which returns when clients can connect.
    fn run_starter(&self) -> Result<(), Error> {
        let program = self.find_program()?;
        let failed = |why: String| {
            let did = format!("started {}: {}", program.display(), why.trim());
            Error(not_running(self.place.scope).did(did))
        };
        let mut command = Command::new(&program);
        command.arg("start").arg("--scope").arg(self.place.scope.to_string()).arg("--folder").arg(&self.place.folder);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut said = String::new();
        if let Some(stderr) = child.stderr.take() {
            let _ = stderr.take(4096).read_to_string(&mut said);
        }
        match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) if said.is_empty() => Err(failed(status.to_string())),
            Ok(_) => Err(failed(said)),
            // A program that collects all children itself took this one; the connection will tell.
            Err(_) => Ok(()),
        }
    }

    /// Finds `rasmand`: named by the environment, beside this program, or in the path.
    fn find_program(&self) -> Result<PathBuf, Error> {
        if let Some(program) = &self.program {
            return Ok(program.clone());
        }
        let named = std::env::var_os("RASMAN_DAEMON").filter(|_| !is_privileged()).map(PathBuf::from);
        let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("rasmand")));
        let path = std::env::var_os("PATH").filter(|_| !is_privileged()).unwrap_or_default();
        let in_path = std::env::split_paths(&path).map(|folder| folder.join("rasmand"));
        let mut candidates = beside.into_iter().chain(in_path);
        named.or_else(|| candidates.find(|file| is_program(file))).ok_or_else(|| {
            let did = "looked for the program rasmand beside this one and in PATH";
            Error(not_running(self.place.scope).did(did))
        })
    }
}

enum Absent {
    /// Nobody listens.
    NotThere(Error),
    /// Somebody does, or could, who is not to be trusted.
    Refused(Error),
}

/// Whether this program has rights that its caller has not, who must not choose what it runs.
fn is_privileged() -> bool {
    rustix::process::geteuid() != rustix::process::getuid() || rustix::process::getegid() != rustix::process::getgid()
}

fn is_program(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o111 != 0)
}

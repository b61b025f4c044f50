//! The provider `command`: a program that prints the secret, such as a password manager's; it is only read.
//!
//! The program is run without a shell. In its arguments `{entry}` stands for the entry's name, `{user}` for the user's
//! number and `{kind}` for `password` or `psk`; the same stand in the environment as `RASMAN_ENTRY`, `RASMAN_UID` and
//! `RASMAN_KIND`. No secret is ever in either. Exit code 0 and a first line mean that it has the item, any other code
//! that it has none. It reads nothing, what it says to standard error is not kept, and at its time limit it and what
//! it has started are killed.

use super::{ITEM_MAX, Kind, Place, SecretStore, StoreError, Whose};
use crate::config::{CredentialSettings, Provider};
use rasman_core::Secret;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

pub(super) struct Runner {
    command: Vec<String>,
    limit: Duration,
}

impl Runner {
    pub(super) fn new(settings: &CredentialSettings) -> Self {
        Self { command: settings.command.clone(), limit: settings.command_limit }
    }

    fn start(&self, place: &Place, kind: Kind) -> Result<Running, StoreError> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(StoreError::unavailable("no command is configured"));
        };
        let uid = match place.whose {
            Whose::User(uid) => uid.to_string(),
            Whose::AllUsers => "all-users".to_owned(),
        };
        let mut command = Command::new(program);
        for argument in arguments {
            let filled =
                argument.replace("{user}", &uid).replace("{kind}", kind.name()).replace("{entry}", &place.name);
            // The entry's name must not turn into an option of the program.
            if filled.starts_with('-') && !argument.starts_with('-') {
                let did = format!("put the entry's name in the place of {argument} in the command, as an option");
                return Err(StoreError::refused(did, "rename the entry, or put something before {entry}"));
            }
            command.arg(filled);
        }
        command.env("RASMAN_ENTRY", &place.name).env("RASMAN_UID", uid).env("RASMAN_KIND", kind.name());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(|error| {
            StoreError::refused(
                format!("started {program}, which failed: {error}"),
                "correct command in [credentials] of rasman.toml",
            )
        })?;
        let until = Instant::now() + self.limit;
        Ok(Running { child, program: program.clone(), until, limit: self.limit, ended: false })
    }
}

impl SecretStore for Runner {
    fn provider(&self) -> Provider {
        Provider::Command
    }

    /// A program that does not look at the kind would give the password for everything.
    fn serves(&self, place: &Place, kind: Kind) -> bool {
        let asks_kind = self.command.iter().any(|argument| argument.contains("{kind}"));
        let wanted = kind == Kind::Password || kind == Kind::PreSharedKey && asks_kind;
        wanted && place.by_name && !self.command.is_empty()
    }

    fn get(&self, place: &Place, kind: Kind) -> Result<Option<Secret>, StoreError> {
        if !self.serves(place, kind) {
            return Ok(None);
        }
        let mut running = self.start(place, kind)?;
        let output = running.output()?;
        let status = running.wait()?;
        if !status.success() {
            tracing::debug!(program = %running.program, %status, "the command has no secret");
            return Ok(None);
        }
        let line = output.split(|byte| *byte == b'\n').next().unwrap_or_default();
        super::item(kind, line).map_err(|problem| {
            let did = format!("ran {}, whose first line {problem}", running.program);
            StoreError::refused(did, "make it print the secret alone, as text, on its first line")
        })
    }

    fn set(&self, _: &Place, _: Kind, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::unavailable("a command only reads"))
    }

    fn clear(&self, _: &Place, _: Kind) -> Result<(), StoreError> {
        Err(StoreError::unavailable("a command only reads"))
    }
}

/// A program that runs; it is killed with all of its group if this is dropped before it has ended.
struct Running {
    child: Child,
    program: String,
    until: Instant,
    limit: Duration,
    ended: bool,
}

impl Running {
    /// Reads all that it prints.
    fn output(&mut self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let Some(mut stdout) = self.child.stdout.take() else { return Ok(Zeroizing::default()) };
        // All of it at once, so that growing leaves no copy behind.
        let mut output = Zeroizing::new(vec![0; OUTPUT_MAX]);
        let mut length = 0;
        loop {
            self.wait_for(stdout.as_fd())?;
            match read(&mut stdout, &mut output[length..]) {
                Ok(0) if length == OUTPUT_MAX => {
                    let did = format!("ran {}, which printed more than {OUTPUT_MAX} bytes", self.program);
                    return Err(StoreError::refused(did, "make it print the secret alone, on its first line"));
                }
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) => return Err(self.failed(&error.to_string())),
            }
        }
        output.truncate(length);
        Ok(output)
    }

    fn wait(&mut self) -> Result<ExitStatus, StoreError> {
        let pidfd = pidfd_open(self.pid(), PidfdFlags::empty()).map_err(|errno| self.failed(&errno.to_string()))?;
        self.wait_for(pidfd.as_fd())?;
        let status = self.child.wait().map_err(|error| self.failed(&error.to_string()))?;
        self.ended = true;
        Ok(status)
    }

    /// Waits until the descriptor has something, at most until the time limit.
    fn wait_for(&self, fd: rustix::fd::BorrowedFd<'_>) -> Result<(), StoreError> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => {
                    let did = format!("ran {}, which took longer than {} s", self.program, self.limit.as_secs());
                    let advice = "make it answer without asking, or raise command_seconds in rasman.toml";
                    return Err(StoreError::refused(did, advice));
                }
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(self.failed(&errno.to_string())),
            }
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn failed(&self, error: &str) -> StoreError {
        StoreError::refused(format!("ran {}, which failed: {error}", self.program), "run it by hand to see why")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            // It was not waited for, so its number is still its own, and so is that of its group, in which is all that
            // it has started.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn read(stdout: &mut ChildStdout, buffer: &mut [u8]) -> std::io::Result<usize> {
    use std::io::Read;
    loop {
        match stdout.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The first line may be followed by others, as password managers keep notes there.
const OUTPUT_MAX: usize = 4 * ITEM_MAX;

//! What a manager gives up before it starts: it parses what strangers send, and it needs little of what it may do.
//!
//! ```text
//! apply ──> no new privileges ──> capabilities ──> Landlock: files, signals ──> seccomp: system calls
//! ```
//!
//! Each is kept by the calling thread for good and inherited by every thread and program that it starts. What a kernel
//! lacks is left out and told in [`Applied`]; docs/daemon.md says what holds and why.

mod books;
mod calls;
mod capabilities;
mod files;

use crate::config::{Configuration, Provider};
use std::fmt;
use std::path::PathBuf;

/// For whom a manager works, which decides what it may keep.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// For all users: it makes network interfaces and opens raw sockets.
    System,
    /// For the user that it runs as: it needs no privilege at all.
    User,
}

/// What a manager keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    scope: Scope,
    readable: Vec<PathBuf>,
    writable: Vec<PathBuf>,
    /// The program of the credential provider `command`; without one, no program is ever executed.
    program: Option<PathBuf>,
    keyring: bool,
}

impl Plan {
    /// What a manager of this scope always needs, and what the configuration names: credential folders, the
    /// credential command, the keyring, and the folders of `[sandbox]`.
    #[must_use]
    pub fn new(scope: Scope, configuration: &Configuration) -> Self {
        let credentials = &configuration.credentials;
        let uses = |provider| credentials.order.contains(&provider);
        let program = credentials.command.first().filter(|_| uses(Provider::Command)).map(PathBuf::from);
        let mut plan = Self {
            scope,
            readable: configuration.sandbox.readable.clone(),
            writable: configuration.sandbox.writable.clone(),
            program,
            keyring: uses(Provider::Keyring),
        };
        if uses(Provider::File) {
            plan.writable.extend(credentials.folder.clone());
            // A user's manager reads it at most; it is the administrator's to make.
            let machine = credentials.machine_folder.clone();
            plan.writable.extend(machine.filter(|folder| scope == Scope::System || folder.exists()));
        }
        if uses(Provider::Systemd) {
            plan.readable.extend(std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from));
        }
        plan
    }

    /// Adds a file, or a folder with all that is below it, that is read.
    ///
    /// A file that others replace by renaming is lost then: name its folder.
    #[must_use]
    pub fn readable(mut self, path: impl Into<PathBuf>) -> Self {
        self.readable.push(path.into());
        self
    }

    /// Adds a folder that is read and written; it is made, for this user alone, if it is not there.
    #[must_use]
    pub fn writable(mut self, path: impl Into<PathBuf>) -> Self {
        self.writable.push(path.into());
        self
    }
}

/// What holds from now on, and what could not be had, in words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct Applied {
    holds: Vec<String>,
    lacks: Vec<String>,
}

impl Applied {
    /// What holds.
    #[must_use]
    pub fn holds(&self) -> &[String] {
        &self.holds
    }

    /// What does not hold, and why.
    #[must_use]
    pub fn lacks(&self) -> &[String] {
        &self.lacks
    }

    /// Tells it in the log, in one line.
    pub fn log(&self) {
        tracing::info!("{self}");
    }

    fn hold(&mut self, what: impl Into<String>) {
        self.holds.push(what.into());
    }

    fn lack(&mut self, what: impl Into<String>) {
        self.lacks.push(what.into());
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds.is_empty() { "nothing".to_owned() } else { self.holds.join("; ") };
        write!(f, "sandbox: {holds}")?;
        if !self.lacks.is_empty() {
            write!(f, "; not held: {}", self.lacks.join("; "))?;
        }
        Ok(())
    }
}

/// Gives up all that the plan does not keep.
///
/// Call it on the first thread before there is another, once sockets are bound and handed to groups, and the service
/// manager's socket is open: threads that already run keep what they have, and neither ownership nor abstract sockets
/// can be had any more.
pub fn apply(plan: &Plan) -> Applied {
    let mut applied = Applied::default();
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(0 | 1) => {}
        Ok(threads) => applied.lack(format!("threads that ran before are not confined ({})", threads - 1)),
        Err(error) => applied.lack(format!("whether other threads ran before is not known ({error})")),
    }
    match rustix::thread::set_no_new_privs(true) {
        Ok(()) => applied.hold("no new privileges"),
        Err(errno) => applied.lack(format!("programs may gain privileges ({errno})")),
    }
    capabilities::give_up(plan, &mut applied);
    files::confine(plan, &mut applied);
    // Last, since it forbids what the others need.
    calls::filter(plan, &mut applied);
    applied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_keeps_what_the_configuration_names() {
        let mut configuration = Configuration::default();
        let bare = Plan::new(Scope::User, &configuration);
        assert_eq!((&bare.program, bare.keyring, bare.writable.len()), (&None, false, 0));

        let credentials = &mut configuration.credentials;
        credentials.command = vec!["pass".to_owned(), "show".to_owned()];
        credentials.folder = Some(PathBuf::from("/srv/credentials"));
        configuration.sandbox.readable.push(PathBuf::from("/srv/authorities"));
        let unused = Plan::new(Scope::User, &configuration);
        assert_eq!((&unused.program, unused.writable.len()), (&None, 0), "no provider is asked");
        assert_eq!(unused.readable, [PathBuf::from("/srv/authorities")]);

        configuration.credentials.order = vec![Provider::File, Provider::Keyring, Provider::Command];
        let plan = Plan::new(Scope::User, &configuration).writable("/run/rasman").readable("/srv/books");
        assert_eq!(plan.program, Some(PathBuf::from("pass")));
        assert_eq!(plan.writable, [PathBuf::from("/srv/credentials"), PathBuf::from("/run/rasman")]);
        assert!(plan.keyring && plan.readable.contains(&PathBuf::from("/srv/books")));
    }

    #[test]
    fn what_holds_and_what_does_not_is_one_line() {
        let mut applied = Applied::default();
        assert_eq!(applied.to_string(), "sandbox: nothing");
        applied.hold("no new privileges");
        applied.lack("files");
        applied.lack("signals");
        assert_eq!(applied.to_string(), "sandbox: no new privileges; not held: files; signals");
    }
}

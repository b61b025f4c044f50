//! Runs the body of a test in a process of its own, since what it does to the process cannot be undone.
#![allow(dead_code)] // Not every test binary uses all of it.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the body in a new process of the same user, and in another one: of nobody if that is root, else of a root who
/// is one only in a user namespace.
///
/// `test` is the name of the test that calls this: the process runs that test alone, and there the body is run.
pub(crate) fn confined(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    run(test, Command::new("/proc/self/exe").arg0("rasmand-test"));
    let mut other = if is_root() {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]);
        nobody
    } else {
        let root = || {
            let mut root = Command::new("unshare");
            root.arg("--map-root-user");
            root
        };
        if !root().arg("true").output().is_ok_and(|output| output.status.success()) {
            return println!("SKIPPED {test}: the half that runs as root needs root, or user namespaces");
        }
        root()
    };
    // The file that runs us, wherever it is: nobody may not enter every folder.
    other.arg("/proc/self/fd/0").stdin(File::open("/proc/self/exe").unwrap());
    run(test, &mut other);
}

fn run(test: &str, command: &mut Command) {
    // It cannot tidy up after itself.
    let temporary = Folder::new(&format!("{test}-outside"));
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    command.args(["--exact", test, "--nocapture"]).env(INSIDE, "1").env("TMPDIR", temporary.path());
    let output = command.output().unwrap();
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for line in told.lines().filter(|line| line.starts_with("SKIPPED ")) {
        println!("{line}");
    }
    let ran = told.contains("1 passed");
    assert!(output.status.success() && ran, "{command:?} ended with {}:\n{told}\n{errors}", output.status);
}

/// The user that nobody is, or root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder that goes when this is dropped, if that is still allowed then.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rasman-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that waits until this is dropped.
pub(crate) struct Waiting(std::process::Child);

impl Waiting {
    pub(crate) fn start() -> Self {
        Self(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.0)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

const INSIDE: &str = "RASMAN_TEST_INSIDE";

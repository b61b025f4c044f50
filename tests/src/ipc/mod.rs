//! Daemons and clients in processes of their own.

mod client;
pub mod raw;
mod stopping;

pub use client::client;
pub use stopping::stopping;

use rasman::Manager;
use rasman::daemon::{Connector, Scope};
use rasman::ipc::scope::Place;
use rasmand::daemon::Options;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A daemon of its own in a folder of its own, which is hung up and stopped when this is dropped.
pub struct Daemon {
    helper: PathBuf,
    /// Where its socket is.
    pub folder: PathBuf,
    child: Option<Child>,
    /// What starts it, with arguments; empty for nothing.
    prefix: Vec<String>,
    /// The user's home, if it is not that of whoever runs the tests.
    home: Option<PathBuf>,
}

impl Daemon {
    /// Starts one of the user's scope whose user has this folder as home, with all that is read and stored there.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn at_home(helper: &str, home: &Path) -> Self {
        let mut daemon = Self::absent(helper);
        daemon.home = Some(home.to_owned());
        daemon.run("user", &[]);
        daemon
    }

    /// Starts one of the user's scope with these arguments more; it is ready when this returns.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(helper: &str, arguments: &[&str]) -> Self {
        Self::in_folder(helper, fresh_folder(), "user", arguments)
    }

    /// The same of the system's scope, which other users can reach.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn system(helper: &str, arguments: &[&str]) -> Self {
        Self::in_folder(helper, fresh_folder(), "system", arguments)
    }

    /// Names a folder in which none runs yet.
    #[must_use]
    pub fn absent(helper: &str) -> Self {
        Self::of(helper, fresh_folder())
    }

    /// Starts one of the system's scope as a service manager would: as a user of its own with two capabilities, which may
    /// write the folder of all users' phone book and cannot replace what is root's there.
    ///
    /// # Panics
    /// If it does not start; only root can.
    #[must_use]
    pub fn service(helper: &str, uid: u32, arguments: &[&str]) -> Self {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
        let mut daemon = Self::absent(helper);
        std::fs::DirBuilder::new().mode(0o755).create(&daemon.folder).expect("a folder");
        chown(&daemon.folder, Some(uid), Some(uid)).expect("root can");
        std::fs::create_dir(daemon.machine()).expect("a folder");
        chown(daemon.machine(), Some(0), Some(uid)).expect("root can");
        std::fs::set_permissions(daemon.machine(), PermissionsExt::from_mode(0o1775)).expect("it is ours");
        daemon.prefix = SERVICE.split(' ').map(str::to_owned).collect();
        daemon.prefix.extend([format!("--reuid={uid}"), format!("--regid={uid}")]);
        daemon.run("system", arguments);
        daemon
    }

    fn of(helper: &str, folder: PathBuf) -> Self {
        Self { helper: helper.into(), folder, child: None, prefix: Vec::new(), home: None }
    }

    fn in_folder(helper: &str, folder: PathBuf, scope: &str, arguments: &[&str]) -> Self {
        let mut daemon = Self::of(helper, folder);
        daemon.run(scope, arguments);
        daemon
    }

    /// Gives the settings of an entry that leads to a lab, as a foreign client writes them.
    ///
    /// # Panics
    /// If the entry cannot be carried.
    #[must_use]
    pub fn settings(lab: &rasman_lab::Running) -> serde_json::Value {
        let entry = rasman::ipc::wire::EntryWire::new(&crate::harness::entry(lab), 0).expect("it can be carried").0;
        serde_json::to_value(entry).expect("it is JSON")
    }

    fn command(&self) -> Command {
        let [program, arguments @ ..] = self.prefix.as_slice() else { return Command::new(&self.helper) };
        let mut command = Command::new(program);
        command.args(arguments).arg(&self.helper);
        // A service has no home.
        command.env_remove("HOME").env_remove("XDG_CONFIG_HOME").env("XDG_STATE_HOME", self.folder.join("state"));
        command
    }

    /// Starts it again in the same folder.
    ///
    /// # Panics
    /// If it does not start.
    pub fn run(&mut self, scope: &str, arguments: &[&str]) {
        let mut command = self.command();
        if let Some(home) = &self.home {
            for (variable, folder) in [("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")] {
                command.env(variable, home.join(folder));
            }
        }
        let mut child = command
            // The machine's own settings are neither read nor made.
            .env("RASMAN_SYSTEM_FOLDER", self.machine())
            .args(["--detached", "--scope", scope, "--idle", "never", "--workers", "1", "--folder"])
            .arg(&self.folder)
            .args(arguments)
            .env("RASMAN_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("the daemon tells");
        assert_eq!(line, "ready\n");
        self.child = Some(child);
    }

    /// Gives the folder of what is configured for all users.
    #[must_use]
    pub fn machine(&self) -> PathBuf {
        self.folder.with_extension("machine")
    }

    /// Starts one of the system's scope that stops at this change of the system, to be killed; gives what it says.
    ///
    /// # Panics
    /// If it does not start.
    pub fn stopping(&mut self, change: usize) -> impl Iterator<Item = String> + use<> {
        let mut child = Command::new(&self.helper)
            .arg("stopping")
            .arg(&self.folder)
            .arg(change.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("ready"));
        self.child = Some(child);
        lines
    }

    /// Gives a connector that starts nothing.
    #[must_use]
    pub fn connector(&self) -> Connector {
        Connector::new(Scope::User).folder(&self.folder).start(false)
    }

    /// Gives a connector to one of the system's scope.
    #[must_use]
    pub fn system_connector(&self) -> Connector {
        Connector::new(Scope::System).folder(&self.folder)
    }

    /// Gives a connector that starts one.
    #[must_use]
    pub fn starting(&self) -> Connector {
        self.connector().start(true).program(&self.helper)
    }

    /// Connects.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn manager(&self) -> Manager {
        self.connector().connect().expect("the daemon answers")
    }

    /// Gives its number.
    ///
    /// # Panics
    /// If it was not started here.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it was started here").id()
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    ///
    /// # Panics
    /// If it was not started here.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it was started here");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Waits until it has ended by itself; tells whether it ended well.
    ///
    /// # Panics
    /// If it was not started here.
    pub fn wait(&mut self) -> bool {
        self.child.take().expect("it was started here").wait().expect("it ends").success()
    }

    /// Starts a program that dials.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn client(&self, arguments: &[&str]) -> Client {
        Client::start(Command::new(&self.helper), &self.folder, arguments)
    }

    /// The same as another user.
    ///
    /// # Panics
    /// If it does not start; only root can.
    #[must_use]
    pub fn client_as(&self, uid: u32, groups: &[u32], arguments: &[&str]) -> Client {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(&self.helper);
        command.uid(uid).gid(groups.first().copied().unwrap_or(uid));
        Client::start(command, &self.folder, arguments)
    }
}

/// The rights of the unit `rasman.service`.
const SERVICE: &str = "setpriv --clear-groups --no-new-privs --inh-caps=-all,+net_admin,+net_raw \
    --ambient-caps=-all,+net_admin,+net_raw --bounding-set=-all,+net_admin,+net_raw";

impl Drop for Daemon {
    fn drop(&mut self) {
        let stopped = self.connector().stop().or_else(|_| self.system_connector().stop());
        if let Some(mut child) = self.child.take() {
            if stopped.is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_dir_all(self.machine());
    }
}

/// A program that dials, in a process of its own. It prints a line for whatever happens and reads commands.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(mut command: Command, folder: &Path, arguments: &[&str]) -> Self {
        let mut child = command
            .arg("client")
            .arg(folder)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, input, output }
    }

    /// Gives its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command.
    ///
    /// # Panics
    /// If it has ended.
    pub fn tell(&mut self, command: &str) {
        writeln!(self.input, "{command}").expect("the client listens");
    }

    /// Reads the next line; empty at its end.
    ///
    /// # Panics
    /// If that fails.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the client's output");
        line.trim_end().to_owned()
    }

    /// Reads up to a line that begins so, and gives the rest of it.
    ///
    /// # Panics
    /// If it ends before.
    pub fn until(&mut self, beginning: &str) -> String {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the client ended before it said \"{beginning}\"");
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Kills it as `kill -9` does.
    ///
    /// # Panics
    /// If that fails.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Lets it end by itself.
    ///
    /// # Panics
    /// If that fails.
    pub fn leave(mut self) {
        drop(self.input);
        self.child.wait().expect("it ends");
    }
}

/// Whether the tests of this program show the contract at the socket: those of `contract_ipc` run the same tests as those
/// of `contract_rust`, and some of their own.
#[must_use]
pub fn is_front() -> bool {
    let program = std::env::current_exe().unwrap_or_default();
    program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("contract_ipc"))
}

/// Gives a manager behind a socket; the daemon ends when nobody needs it any more.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn behind_a_socket(settings: rasmand::Settings) -> Manager {
    let place = Place { scope: Scope::User, folder: fresh_folder() };
    let connector = Connector::new(Scope::User).folder(&place.folder).start(false);
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let folder = place.folder.clone();
        let options = Options {
            place,
            idle: Some(std::time::Duration::from_millis(300)),
            admins: String::new(),
            settings,
            sandbox: None,
            ready: Box::new(move || ready.send(()).expect("somebody waits")),
        };
        rasmand::daemon::run(options).expect("the daemon runs");
        let _ = std::fs::remove_dir_all(folder);
    });
    is_ready.recv().expect("the daemon is ready");
    connector.connect().expect("the daemon answers")
}

pub(crate) fn fresh_folder() -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    static TIDY: std::sync::Once = std::sync::Once::new();
    TIDY.call_once(remove_those_of_the_dead);
    let name = format!("rasman-test-{}-{}", std::process::id(), LAST.fetch_add(1, Relaxed));
    std::env::temp_dir().join(name)
}

/// Removes what earlier runs left: a test program ends before the daemons on its threads do.
fn remove_those_of_the_dead() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("rasman-test-")?.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

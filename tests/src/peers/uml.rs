//! User Mode Linux: a Linux kernel with real `pppd` in it, as an ordinary process.
//!
//! ```text
//! test process          10.97.0.2 (TAP device uml0)      pseudo-terminal of line N
//!   User Mode Linux     10.97.0.1 (vec0)                 /dev/ttySN
//! ```
//!
//! Its root is the machine's own, read-only. [`Uml::folder`] is seen by both sides under the same path.

mod sstp;

use std::fs::{self, File};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use sstp::{PppdServer, SstpcCall};

use super::process::{Process, read_lossy, within};
use super::{DATA_PORT, PASSWORD, USER, Unavailable, assets, dir, ready};

/// A running kernel. It goes with the value: nothing in it outlives the process.
#[derive(Debug)]
pub struct Uml {
    kernel: Process,
    /// The console's input.
    control: File,
    folder: PathBuf,
    scripts: usize,
    version: String,
}

/// How a script in the kernel ended.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whether its status was 0.
    pub ok: bool,
    /// What it printed.
    pub text: String,
}

impl Uml {
    /// Its address on the network between it and the test.
    pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 97, 0, 1);

    /// The test's own address there.
    pub const OUR_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 97, 0, 2);

    /// Boots it, with the secrets of [`USER`] in place. Call it once in an [`isolated`](super::isolated) test.
    ///
    /// # Errors
    /// When it is not prepared, or no TAP device can be made.
    ///
    /// # Panics
    /// When it is and does not boot.
    pub fn start() -> Result<Self, Unavailable> {
        let version = ready("pppd")?;
        make_tap()?;
        let folder = PathBuf::from("/run/uml");
        fs::create_dir_all(&folder).expect("an isolated test has /run to itself");
        let console = folder.join("control");
        let made = Command::new("mkfifo").arg(&console).status();
        assert!(made.is_ok_and(|status| status.success()), "a pipe can be made");
        let control = File::options().read(true).write(true).open(&console).expect("it is our pipe");
        let mut kernel = Process::start("linux.uml", boot(&folder), &folder.join("console.log"));
        kernel.wait_for("-- ready");
        let mut uml = Self { kernel, control, folder, scripts: 0, version };
        uml.put_secrets();
        Ok(uml)
    }

    /// The version of pppd.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A folder that both sides see under this path. What is written in the kernel is seen outside after the next
    /// [`run`](Self::run).
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file to [`folder`](Self::folder); gives its path. A name is used once: the kernel keeps what it has read.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("a test may write in its own folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it is our file");
        path
    }

    /// Runs a shell script in the kernel to its end; what it starts with `&` goes on.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub fn run(&mut self, script: &str) -> Said {
        self.scripts += 1;
        let name = format!("script{}", self.scripts);
        self.write(&name, script);
        writeln!(self.control, "{name}").expect("a pipe that we hold open takes a line");
        let end = format!("-- done {name} ");
        let ended = within(Duration::from_secs(60), || self.kernel.log().contains(&end));
        assert!(ended, "{script:?} ends:\n{}", self.kernel.log());
        let log = self.kernel.log();
        let status = log.split(&end).nth(1).and_then(|rest| rest.lines().next());
        Said { ok: status == Some("0"), text: read_lossy(&self.folder.join(format!("{name}.out"))) }
    }

    /// Runs a script that must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn must(&mut self, script: &str) -> String {
        let said = self.run(script);
        assert!(said.ok, "{script}\n{}", said.text);
        said.text
    }

    /// Waits in the kernel until a file of [`folder`](Self::folder) says `words`; whether it did within 30 s.
    pub fn says(&mut self, name: &str, words: &str) -> bool {
        let file = self.folder.join(name);
        let look = format!("until grep -qsF -e '{words}' {}; do sleep 0.05; done", file.display());
        let looking = self.write(&format!("look{}", self.scripts), &look);
        self.run(&format!("timeout 30 sh {}", looking.display())).ok
    }

    /// What a file of [`folder`](Self::folder) that is written in the kernel says by now.
    pub fn log(&mut self, name: &str) -> String {
        self.run(":");
        read_lossy(&self.folder.join(name))
    }

    /// The end of serial line `number` (0 to 3) outside: a pseudo-terminal in raw mode. The line must be open inside.
    ///
    /// # Panics
    /// When it is not.
    pub fn line(&mut self, number: u8) -> PathBuf {
        let assigned = format!("Serial line {number} assigned device ");
        let told = self.must(&format!("timeout 20 sh -c 'until dmesg | grep \"{assigned}\"; do sleep 0.05; done'"));
        let path = told.rsplit(&assigned).next().and_then(|rest| rest.split('\'').nth(1));
        PathBuf::from(path.expect("the line has a device"))
    }

    /// Starts `pppd` on serial line `number` with these options, its log in the file `pppdN.log` of the folder.
    pub fn pppd_on_line(&mut self, number: u8, options: &str) {
        let folder = self.folder.display().to_string();
        let options = self.write(&format!("line{number}.options{}", self.scripts), options).display().to_string();
        self.must(&format!(
            "setsid pppd /dev/ttyS{number} 115200 local nodetach debug logfile {folder}/pppd{number}.log \
             file {options} >{folder}/pppd{number}.out 2>&1 &"
        ));
    }

    /// Serves [`push`](super::push) and [`fetch`](super::fetch) on every address of the kernel.
    ///
    /// # Panics
    /// When it does not start.
    pub fn serve_data(&mut self) {
        let (script, log) = (assets().join("data_server.py"), self.folder.join("data_server.log"));
        let (script, log) = (script.display(), log.display());
        self.must(&format!("setsid /usr/bin/python3 {script} 0.0.0.0 {DATA_PORT} >{log} 2>&1 &"));
        assert!(self.says("data_server.log", "listening"), "{}", self.log("data_server.log"));
    }

    /// Powers it off.
    pub fn stop(mut self) {
        self.power_off();
    }

    /// Ends what is in it; the value has no use afterwards.
    fn power_off(&mut self) {
        self.write("off", "sync; echo o >/proc/sysrq-trigger");
        let _ = writeln!(self.control, "off");
        self.kernel.ends_within(Duration::from_secs(10));
    }

    fn put_secrets(&mut self) {
        let secrets = format!("{USER} * {PASSWORD} *\n* {USER} {PASSWORD} *\n");
        let secrets = self.write("secrets", &secrets).display().to_string();
        let copy = format!("cp {secrets} /etc/ppp/$file; chmod 600 /etc/ppp/$file");
        self.must(&format!("for file in pap-secrets chap-secrets; do {copy}; done; touch /etc/ppp/options"));
    }
}

impl Drop for Uml {
    fn drop(&mut self) {
        if !self.kernel.ends_within(Duration::ZERO) {
            self.power_off();
        }
    }
}

/// The network between the test and the kernel.
fn make_tap() -> Result<(), Unavailable> {
    let make =
        format!("ip tuntap add uml0 mode tap && ip addr add {}/24 dev uml0 && ip link set uml0 up", Uml::OUR_ADDRESS);
    let output = Command::new("sh").args(["-c", &make]).output();
    let output = output.map_err(|error| Unavailable(format!("no TAP device: {error}")))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Unavailable(format!("no TAP device: {}", String::from_utf8_lossy(&output.stderr).trim()))),
    }
}

/// The shell puts the console in place of its input and becomes the kernel.
fn boot(folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" <>\"$CONTROL\"", "sh"]).arg(dir().join("uml/root/usr/bin/linux.uml"));
    command.env("CONTROL", folder.join("control")).env("TMPDIR", folder);
    command.args(["mem=256M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"]);
    command.args(["con=null", "con0=fd:0,fd:1", "ssl=pts", "vec0:transport=tap,ifname=uml0,depth=64,gro=1"]);
    command.arg(format!("init={}", assets().join("uml/init").display()));
    // What the kernel does not know becomes the environment of its first process.
    command.arg(format!("PEERS={}", dir().display())).arg(format!("SHARED={}", folder.display()));
    command.arg(format!("ADDRESS={}/24", Uml::ADDRESS));
    command
}

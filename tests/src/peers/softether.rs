//! SoftEther VPN Server with one hub, one user and its user-space NAT.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use super::host::Host;
use super::process::{Process, read_lossy, signal, within};
use super::{DATA_PORT, PASSWORD, USER, Unavailable, dir, ready};

/// Its paths are compiled in: it gets its own by mounts. `$1` is the host's folder.
const START: &str = r#"
set -e
mkdir -p /run/softether; mount --bind "$1/run" /run/softether
for d in lib log; do
  mount -t tmpfs tmpfs /var/$d; mkdir /var/$d/softether; mount --bind "$1/$d" /var/$d/softether
done
exec "$1/bin/vpnserver" execsvc
"#;

/// Where the host itself is a member of the hub's segment: an Ethernet port (TAP) and its address.
const BRIDGE: &str = "host";
const BRIDGED: Ipv4Addr = Ipv4Addr::new(192, 168, 30, 2);

/// A running server on a [`Host`] of its own, with the data service behind its NAT.
#[derive(Debug)]
pub struct SoftEther {
    // In the order of dropping: programs before the host they run on.
    data: Process,
    monitor: Process,
    host: Host,
    version: String,
}

impl SoftEther {
    /// Starts and configures it: user [`USER`] may dial with EAP-TLS, MS-CHAPv2 and PAP, gets an
    /// address of 192.168.30.0/24 and reaches what the host reaches.
    ///
    /// # Errors
    /// When the peer is not prepared.
    ///
    /// # Panics
    /// When it is and does not start.
    pub fn start() -> Result<Self, Unavailable> {
        let version = ready("softether")?;
        let host = Host::new();
        let folder = host.folder();
        for name in ["run", "lib", "log", "bin"] {
            fs::create_dir_all(folder.join(name)).expect("a test may write in its own folder");
        }
        // Copies, as the mounts may hide the originals.
        for name in ["vpnserver", "vpncmd", "hamcore.se2"] {
            fs::copy(dir().join("softether").join(name), folder.join("bin").join(name))
                .expect("a prepared peer is whole");
        }
        let mut command = host.command("sh");
        command.args(["-c", START, "sh"]).arg(folder);
        let monitor = Process::start("vpnserver", command, &folder.join("vpnserver.out"));
        let data = host.serve_data();
        let server = Self { data, monitor, host, version };
        server.wait_for_port(5555);
        server.configure();
        server.wait_for_port(443);
        Ok(server)
    }

    /// Where to dial.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (self.host.address(), 443).into()
    }

    /// The data service, on the host's Ethernet port of the hub; behind the NAT where we may make none.
    #[must_use]
    pub fn data_address(&self) -> SocketAddr {
        if may_bridge() { (BRIDGED, DATA_PORT).into() } else { self.nat_data_address() }
    }

    /// The data service by way of the NAT, which ends TCP itself and takes seconds for a megabyte.
    #[must_use]
    pub fn nat_data_address(&self) -> SocketAddr {
        (self.host.inner_address(), DATA_PORT).into()
    }

    /// What the data service printed: a line a finished request.
    #[must_use]
    pub fn data_log(&self) -> String {
        self.data.log()
    }

    /// The package's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The host it runs on.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its logs so far, those of the hub included. It writes them in its own time: see [`Self::log_says`].
    #[must_use]
    pub fn log(&self) -> String {
        files(self.host.folder().join("log")).iter().map(|file| read_lossy(file)).collect()
    }

    /// Whether its logs say `words` within 10 s.
    #[must_use]
    pub fn log_says(&self, words: &str) -> bool {
        within(Duration::from_secs(10), || self.log().contains(words))
    }

    /// Whether its logs say within 10 s that a call of [`USER`] ended.
    #[must_use]
    pub fn session_ended(&self) -> bool {
        let session = format!("Session \"SID-{}-[SSTP]", USER.to_uppercase());
        let told = |line: &str| line.contains(&session) && line.contains("The session has been terminated");
        within(Duration::from_secs(10), || self.log().lines().any(told))
    }

    /// Runs management commands (`vpncmd`), one a line, and gives what it prints.
    ///
    /// # Panics
    /// When the program cannot be run. It reports refusals in words, not by its status.
    pub fn manage(&self, commands: &str) -> String {
        let folder = self.host.folder();
        let (input, output) = (folder.join("vpncmd.in"), folder.join("vpncmd.out"));
        // A file, as commands carry passwords.
        fs::write(&input, commands).expect("a test may write in its own folder");
        let mut command = self.host.command(folder.join("bin/vpncmd"));
        command.args(["127.0.0.1:5555", "/SERVER"]).arg(format!("/IN:{}", input.display()));
        let done = command.arg(format!("/OUT:{}", output.display())).output();
        assert!(done.is_ok(), "vpncmd can be run: {done:?}");
        let said = read_lossy(&output);
        for leftover in [input, output] {
            let _ = fs::remove_file(leftover);
        }
        said
    }

    /// Stops it as its own service script does, and checks that it went.
    ///
    /// # Panics
    /// When it had to be killed.
    pub fn stop(mut self) {
        assert!(self.shut_down(), "vpnserver stops when asked");
    }

    fn configure(&self) {
        let pki = dir().join("pki");
        let said = self.manage(&format!(
            "ServerCertSet /LOADCERT:{} /LOADKEY:{}\n\
             HubDelete DEFAULT\n\
             HubCreate TEST /PASSWORD:hub\n\
             KeepDisable\n\
             Hub TEST\n\
             UserCreate {USER} /GROUP:none /REALNAME:none /NOTE:none\n\
             UserPasswordSet {USER} /PASSWORD:{PASSWORD}\n\
             SecureNatEnable\n",
            pki.join("server.crt").display(),
            pki.join("server.key").display(),
        ));
        let refused = said.lines().any(|line| line.starts_with("Error occurred"));
        assert!(!refused && said.contains("SecureNatEnable"), "vpncmd:\n{said}");
        if may_bridge() {
            self.bridge();
        }
    }

    /// Makes the host a member of the hub's segment.
    fn bridge(&self) {
        let said = self.manage(&format!("BridgeCreate TEST /DEVICE:{BRIDGE} /TAP:yes\n"));
        let address = format!("ip addr add {BRIDGED}/24 dev tap_{BRIDGE} && ip link set tap_{BRIDGE} up");
        // The server makes the device in a thread of its own, after it has answered.
        let added = within(Duration::from_secs(5), || {
            let tried = self.host.command("sh").args(["-c", &address]).output();
            tried.is_ok_and(|output| output.status.success())
        });
        assert!(added, "the hub has an Ethernet port on the host:\n{said}\n{}", self.log());
    }

    /// TERM to the monitor would leave the server running: its one child is to stop, the monitor follows.
    fn shut_down(&mut self) -> bool {
        let pid = self.monitor.pid();
        let children = read_lossy(format!("/proc/{pid}/task/{pid}/children").as_ref());
        for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            signal("TERM", child);
        }
        self.monitor.ends_within(Duration::from_secs(10))
    }

    fn wait_for_port(&self, port: u16) {
        let address = SocketAddr::from((self.host.address(), port));
        let open = within(Duration::from_secs(20), || {
            TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
        });
        assert!(open, "vpnserver listens on {port}:\n{}", self.monitor.log());
    }
}

impl Drop for SoftEther {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of vpnserver:\n{}", self.log());
        }
        if !self.monitor.ends_within(Duration::ZERO) {
            self.shut_down();
        }
    }
}

/// Whether the server can make a TAP device; in a namespace of our own this takes the right to open the file.
fn may_bridge() -> bool {
    fs::File::options().read(true).write(true).open("/dev/net/tun").is_ok()
}

/// Every file under a folder, in the order of the names.
fn files(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

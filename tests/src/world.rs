//! A network of a test's own: this end with what it needs to make devices and routes, and a lab at the other end of a cable.

use rasman_lab::Running;
use rasman_net::tun::{Journal, Rule};
use rasman_testkit::namespace;
use rasmand::journal::FileJournal;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The lab's address inside the tunnel.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// Where the lab listens, at the other end of the cable.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Runs a test in a network namespace of its own, as the only user of a user namespace. Where that is not allowed it says so
/// and does nothing.
///
/// # Panics
/// If the test fails.
pub fn inside<F: Future<Output = ()>>(name: &str, test: impl FnOnce(World) -> F) {
    enter("-rn", name, test);
}

/// The same in a network and a mount namespace alone, for tests of several users; only root can.
///
/// # Panics
/// If the test fails.
pub fn inside_with_users<F: Future<Output = ()>>(name: &str, test: impl FnOnce(World) -> F) {
    if !namespace::is_inside() && rasman::ipc::scope::own_uid() != 0 {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "with CI=true this test must run, as root");
        eprintln!("SKIPPED {name}: only root can be several users");
        return;
    }
    enter("-nm", name, test);
}

fn enter<F: Future<Output = ()>>(namespaces: &str, name: &str, test: impl FnOnce(World) -> F) {
    namespace::inside_of(namespaces, name, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test(World::make()));
    });
}

fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `ip` with these words.
///
/// # Panics
/// If it fails.
#[allow(clippy::must_use_candidate)] // It is run for what it does as well.
pub fn ip(arguments: &str) -> String {
    run("ip", arguments)
}

/// Where a packet to an address would go, by the kernel.
///
/// # Panics
/// If that cannot be asked.
#[must_use]
pub fn way_to(address: &str) -> Option<String> {
    let output = Command::new("ip").args(["route", "get", address]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let device = text.split_whitespace().skip_while(|word| *word != "dev").nth(1)?;
    output.status.success().then(|| device.to_owned())
}

/// All that a connection could change.
///
/// # Panics
/// If that cannot be asked.
#[must_use]
pub fn system() -> String {
    let links = ip("-br link");
    let names: Vec<_> = links.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let all = ["rule", "-4 route show table all", "-4 addr show dev near", "-6 rule"].map(ip);
    // Of IPv6 the kernel adds and removes routes of its own by and by.
    let routes = ip("-6 route show table all proto 114");
    // The kernel sees to the carrier of a new cable in its own time.
    format!("{names:?}\n{}\n{routes}", all.join("\n").replace(" linkdown", ""))
}

/// The other end of the cable, and this one.
pub struct World {
    far: Child,
    /// A folder for the test, which may not exist.
    pub folder: PathBuf,
}

impl World {
    fn make() -> Self {
        let mut far = Command::new("unshare")
            .args(["-n", "sh", "-c", "echo there; exec sleep 600"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(far.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = far.id();
        ip("link set lo up");
        ip(&format!("link add near type veth peer name far netns {pid}"));
        ip("addr add 192.0.2.2/24 dev near");
        ip("link set near up");
        for command in ["link set lo up", "addr add 192.0.2.1/24 dev far", "link set far up"] {
            run("nsenter", &format!("-t {pid} -n ip {command}"));
        }
        ip("route add default via 192.0.2.1");
        let folder = std::env::temp_dir().join(format!("rasman-tun-{}", std::process::id()));
        Self { far, folder }
    }

    /// Gives the process whose namespace is the other end.
    #[must_use]
    pub fn far_pid(&self) -> u32 {
        self.far.id()
    }

    /// Starts a lab at the other end.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn lab(&self) -> Running {
        self.lab_with(|_| {})
    }

    /// Starts a lab at the other end that is told something more.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn lab_with(&self, tell: impl FnOnce(&mut rasman_lab::Config) + Send + 'static) -> Running {
        let namespace = std::fs::File::open(format!("/proc/{}/ns/net", self.far.id())).unwrap();
        let start = move || {
            use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
            use std::os::fd::AsFd;
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let mut config = rasman_lab::Config::default();
            config.listen = SocketAddr::from((SERVER, 443));
            tell(&mut config);
            rasman_lab::spawn(config).unwrap()
        };
        // The lab's own thread begins where its starter is.
        std::thread::spawn(start).join().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.far.kill();
        let _ = self.far.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Stops the process, to be killed, when it is about to make its nth change.
pub struct Stopping {
    file: FileJournal,
    at: usize,
    changes: AtomicUsize,
}

impl Stopping {
    /// Makes a journal in a folder that stops at this change, counted from one.
    #[must_use]
    pub fn new(folder: PathBuf, at: usize) -> Self {
        Self { file: FileJournal::new(folder), at, changes: AtomicUsize::new(0) }
    }
}

impl Journal for Stopping {
    fn adding(&self, rule: &Rule) -> std::io::Result<()> {
        self.file.adding(rule)?;
        if self.changes.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            wait_to_be_killed();
        }
        Ok(())
    }

    fn removed(&self, rule: &Rule) {
        self.file.removed(rule);
    }
}

/// Says so, and waits.
pub fn wait_to_be_killed() -> ! {
    println!("now");
    loop {
        std::thread::park();
    }
}

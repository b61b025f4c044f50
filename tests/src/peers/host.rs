//! A second machine: a network namespace joined to the test's own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use super::process::Process;
use super::{DATA_PORT, assets};

/// Debian's interpreter, for the scripts of `tests/peers`.
const PYTHON: &str = "/usr/bin/python3";

/// A network and mount namespace with an Ethernet link to the test's, and a folder for its files.
///
/// The namespace lives as long as a shell that waits for the end of its input, so it is gone when
/// this value is, or when the test is killed.
#[derive(Debug)]
pub struct Host {
    number: u8,
    holder: Child,
    folder: PathBuf,
}

impl Host {
    /// Makes the namespace, the link and the addresses. Call it inside [`super::isolated`] only.
    ///
    /// # Panics
    /// When any of it is refused.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it starts a process")]
    pub fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "sh", "-c", "echo made; read -r _"]);
        let holder = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut holder = holder.expect("unshare can be started");
        let mut line = String::new();
        let said = holder.stdout.as_mut().map(|out| BufReader::new(out).read_line(&mut line));
        assert!(matches!(said, Some(Ok(5))), "a namespace can be made");

        let folder = PathBuf::from(format!("/run/host{number}"));
        fs::create_dir_all(&folder).expect("an isolated test has /run to itself");
        let host = Self { number, holder, folder };
        let (pid, own, theirs) = (host.holder.id(), host.client_address(), host.address());
        let link = format!(
            "ip link add c{number} type veth peer name s0 netns {pid} &&
             ip addr add {own}/24 dev c{number} && ip link set c{number} up"
        );
        let ours = Command::new("sh").args(["-c", &link]).status();
        let theirs = format!(
            "ip link set lo up && ip addr add {}/32 dev lo && ip addr add {theirs}/24 dev s0 && ip link set s0 up",
            host.inner_address()
        );
        let theirs = host.command("sh").args(["-c", &theirs]).status();
        for status in [ours, theirs] {
            assert!(status.is_ok_and(|status| status.success()), "a link to the namespace can be made");
        }
        host
    }

    /// Its address on the link, which is where its servers listen.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 99, self.number, 1)
    }

    /// The test's own address on the link.
    #[must_use]
    pub fn client_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 99, self.number, 2)
    }

    /// An address of it that the test has no route to: only a tunnel leads there.
    #[must_use]
    pub fn inner_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 98, self.number, 1)
    }

    /// A folder for its files, gone with the test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A program to run in it; the process started is the program itself.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        let namespaces = format!("/proc/{}/ns", self.holder.id());
        command.arg(format!("--net={namespaces}/net")).arg(format!("--mount={namespaces}/mnt")).arg("--").arg(program);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Serves [`super::push`] and [`super::fetch`] on every address of it.
    #[must_use]
    pub fn serve_data(&self) -> Process {
        let mut command = self.command(PYTHON);
        command.arg(assets().join("data_server.py")).arg("0.0.0.0").arg(DATA_PORT.to_string());
        let mut server = Process::start("data_server", command, &self.folder.join("data_server.log"));
        server.wait_for("listening");
        server
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// The interpreter in the test's own namespace.
pub(super) fn python() -> Command {
    let mut command = Command::new(PYTHON);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

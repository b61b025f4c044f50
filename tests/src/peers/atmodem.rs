//! A modem of spandsp's AT interpreter, with any PPP peer at the other end of its line.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rasman::{Entry, Medium};
use rasman_core::{LineDevice, ModemSettings, SerialPort, SerialSettings};

use super::caller::entry_to;
use super::process::{Process, within};
use super::sstpd::Auth;
use super::{PASSWORD, USER, Unavailable, dir, ready};

/// The number that is answered; 1 to 4 are busy, not answered, without dial tone, without carrier.
pub const NUMBER: &str = "555-1234";

/// A running modem.
#[derive(Debug)]
pub struct AtModem {
    modem: Process,
    port: PathBuf,
    version: String,
}

impl AtModem {
    /// Starts it in an [`isolated`](super::isolated) test; `command` answers each call on its standard input and output.
    ///
    /// # Errors
    /// When it is not prepared.
    ///
    /// # Panics
    /// When it is and does not start.
    pub fn start(command: &str) -> Result<Self, Unavailable> {
        let version = ready("spandsp")?;
        let folder = Path::new("/run/modem");
        std::fs::create_dir_all(folder).expect("an isolated test has /run to itself");
        let port = folder.join("port");
        let mut program = Command::new(dir().join("spandsp/atmodem"));
        program.arg(&port).arg(command).env("PEER_USER", USER).env("PEER_PASSWORD", PASSWORD);
        let modem = Process::start("atmodem", program, &folder.join("log"));
        assert!(within(Duration::from_secs(20), || port.exists()), "the modem has a port: {}", modem.log());
        Ok(Self { modem, port, version })
    }

    /// Starts it with lwIP behind it, which is 10.66.0.1, gives 10.66.0.2, and serves data.
    ///
    /// # Errors
    /// When one of them is not prepared.
    pub fn with_lwip(auth: Auth) -> Result<Self, Unavailable> {
        let lwip = ready("lwip")?;
        let peer = dir().join("lwip/lwip-peer");
        let mut modem =
            Self::start(&format!("exec '{}' server {} 2>/run/modem/lwip.log", peer.display(), auth.word()))?;
        modem.version = format!("{} with {lwip}", modem.version);
        Ok(modem)
    }

    /// Starts it with slirp behind it, which is 10.0.2.2 and gives 10.0.2.15.
    ///
    /// # Errors
    /// When one of them is not prepared.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn with_slirp(options: &str) -> Result<Self, Unavailable> {
        let slirp = ready("slirp")?;
        let home = Path::new("/run/slirp");
        std::fs::create_dir_all(home).expect("an isolated test has /run to itself");
        for name in [".pap-secrets", ".chap-secrets"] {
            let file = home.join(name);
            std::fs::write(&file, format!("{USER} * {PASSWORD} 10.0.2.15\n")).expect("it is our folder");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&file, mode).expect("it is our file");
        }
        std::fs::write(home.join("hosts"), "127.0.0.1 localhost\n10.0.2.2 slirphost\n").expect("it is our folder");
        let program = dir().join("slirp/root/usr/bin/slirp-fullbolt");
        let run = format!(
            "unshare -u -m sh -c \"hostname slirphost; mount --bind /run/slirp/hosts /etc/hosts; \
             HOME=/run/slirp exec {} {options} 2>/run/slirp/log\"",
            program.display()
        );
        let mut modem = Self::start(&format!("exec {run}"))?;
        modem.version = format!("{} with {slirp}", modem.version);
        Ok(modem)
    }

    /// The versions of the programs.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// An entry that dials these numbers by it.
    #[must_use]
    pub fn entry(&self, numbers: &[&str]) -> Entry {
        let medium = |number: &&str| {
            let modem = ModemSettings { name: "spandsp".into(), number: (*number).into(), ..ModemSettings::default() };
            line(&self.port, LineDevice::Modem(modem))
        };
        let mut media = numbers.iter().map(medium);
        // The doors of the others; there is no server to connect to.
        let mut entry = entry_to(([127, 0, 0, 1], 1).into());
        entry.medium = media.next().expect("one number at least");
        entry.alternates = media.collect();
        entry
    }

    /// Stops it, and whoever it has called.
    pub fn stop(mut self) {
        self.modem.stop();
    }
}

/// An entry for a cable to this port, without a modem.
#[must_use]
pub fn cable(port: &Path) -> Entry {
    let mut entry = entry_to(([127, 0, 0, 1], 1).into());
    entry.medium = line(port, LineDevice::Direct);
    entry
}

fn line(port: &Path, device: LineDevice) -> Medium {
    let port = SerialPort::Device(port.display().to_string());
    Medium::Serial(SerialSettings::new(port, device))
}

//! FreeRADIUS on the loopback interface, and `eapol_test`.

use super::process::Process;
use super::{PASSWORD, USER, Unavailable, dir, ready};
use crate::radius::SECRET;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running FreeRADIUS that knows [`USER`], and whose EAP shows the certificate of every peer.
pub struct FreeRadius {
    version: String,
    home: PathBuf,
    process: Process,
}

impl FreeRadius {
    /// Starts it with its EAP at the highest TLS version `tls_max`, `1.2` or `1.3`.
    ///
    /// # Errors
    /// If it is not prepared.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(tls_max: &str) -> Result<Self, Unavailable> {
        let version = ready("freeradius")?;
        let root = root();
        let home = scratch();
        let text = |text: &str| {
            let fill = [
                ("@ROOT@", root.display().to_string()),
                ("@HOME@", home.display().to_string()),
                ("@PKI@", dir().join("pki").display().to_string()),
                ("@TLS@", tls_max.to_owned()),
                ("@PORT@", PORT.to_string()),
                ("@SECRET@", String::from_utf8_lossy(SECRET).into_owned()),
            ];
            fill.into_iter().fold(text.to_owned(), |text, (mark, value)| text.replace(mark, &value))
        };
        let write =
            |name: &str, content: String| fs::write(home.join(name), content).expect("a file of the test's own");
        write("radiusd.conf", text(include_str!("../../peers/freeradius.conf")));
        write("dictionary", format!("$INCLUDE {}/usr/share/freeradius/dictionary\n", root.display()));
        write("users", format!("{USER} Cleartext-Password := \"{PASSWORD}\"\n"));
        let mut command = at(&root, "usr/sbin/freeradius");
        command.args(["-f", "-l", "stdout", "-xx", "-D"]).arg(&home).arg("-d").arg(&home);
        let mut process = Process::start("FreeRADIUS", command, &home.join("log"));
        process.wait_for("Ready to process requests");
        Ok(Self { version, home, process })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], PORT))
    }

    /// Whether its log has these words.
    #[must_use]
    pub fn log_says(&self, words: &str) -> bool {
        self.process.log().contains(words)
    }

    /// The end of its log, for a failure.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = self.process.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for FreeRadius {
    fn drop(&mut self) {
        self.process.stop();
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// Makes a certificate and a key of [`USER`], of the authority of every peer; gives both in PEM form.
///
/// # Panics
/// If `openssl` refuses.
#[must_use]
pub fn user_certificate() -> Vec<u8> {
    let folder = scratch();
    let pki = dir().join("pki");
    let made = Command::new("openssl")
        .current_dir(&folder)
        .args(["req", "-x509", "-nodes", "-days", "30", "-newkey", "rsa:2048", "-subj"])
        .arg(format!("/CN={USER}"))
        .args(["-addext", "extendedKeyUsage=clientAuth", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "user.key", "-out", "user.crt", "-CA"])
        .arg(pki.join("ca.crt"))
        .arg("-CAkey")
        .arg(pki.join("ca.key"))
        .output();
    let made = made.expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = |name: &str| fs::read(folder.join(name)).expect("was just made");
    let pem = [file("user.crt"), file("user.key")].concat();
    let _ = fs::remove_dir_all(&folder);
    pem
}

/// Runs `eapol_test` with this network block against a RADIUS server; gives what it printed.
///
/// # Errors
/// If it is not prepared.
///
/// # Panics
/// If it cannot be started.
pub fn eapol_test(network: &str, server: SocketAddr) -> Result<String, Unavailable> {
    ready("freeradius")?;
    let folder = scratch();
    let file = folder.join("network.conf");
    fs::write(&file, network).expect("a file of the test's own");
    let mut command = at(&root(), "usr/bin/eapol_test");
    command.arg("-c").arg(&file).args(["-a", "127.0.0.1", "-p", &server.port().to_string(), "-s"]);
    let output = command.arg(String::from_utf8_lossy(SECRET).into_owned()).args(["-t", "20"]).output();
    let _ = fs::remove_dir_all(&folder);
    let output = output.expect("eapol_test can be started");
    Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Makes a folder that is nobody else's: tests in namespaces of their own have the same process id.
///
/// # Panics
/// If the system has no room for one.
#[must_use]
pub fn scratch() -> PathBuf {
    let names = (0..10_000).map(|number| std::env::temp_dir().join(format!("rasman-radius-{number}")));
    let made = names.into_iter().find(|folder| fs::create_dir(folder).is_ok());
    made.expect("a folder of the test's own")
}

/// A program of the unpacked packages, with their libraries.
fn at(root: &Path, program: &str) -> Command {
    let mut command = Command::new(root.join(program));
    let libraries =
        ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib/freeradius", "lib/x86_64-linux-gnu"];
    let paths: Vec<String> = libraries.iter().map(|folder| root.join(folder).display().to_string()).collect();
    command.env("LD_LIBRARY_PATH", paths.join(":"));
    command
}

fn root() -> PathBuf {
    dir().join("radius/root")
}

/// In a namespace of the test's own.
const PORT: u16 = 18_120;

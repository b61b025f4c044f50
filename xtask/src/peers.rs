//! Foreign peers: software of others that answers our dials in tests.
//!
//! Everything lands in `target/peers`; the machine itself gets nothing but missing tools (a C
//! compiler, `python3-venv`, ...), and those only when we are root. The tests find the peers there
//! (`tests/src/peers.rs`), and `docs/peers.md` tells how to run one by hand.
//!
//! ```text
//! target/peers/apt        the machine's package sources with source packages, lists of our own
//! target/peers/softether  vpnserver (patched), vpncmd, hamcore.se2
//! target/peers/venv       sstp-server
//! target/peers/varlink    a Varlink client
//! target/peers/lwip       lwip-peer
//! target/peers/slirp      slirp
//! target/peers/spandsp    a modem of spandsp's AT interpreter
//! target/peers/uml        a Linux kernel as a program, pppd, sstpc
//! target/peers/radius     FreeRADIUS, eapol_test
//! target/peers/tshark     tshark, which reads captures
//! target/peers/pki        a test authority, a server certificate
//! target/peers/status     one line a peer, for the tests
//! ```

mod apt;
mod interop;
mod lwip;
mod pki;
mod radius;
mod slirp;
mod softether;
mod spandsp;
mod sstpd;
mod tshark;
mod uml;
mod varlink;

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

pub(crate) use interop::write_interop;

use crate::tool::{self, Result};

/// One foreign peer after [`ensure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerStatus {
    /// The name that tests and documents use.
    pub(crate) name: &'static str,
    /// Its version, empty when unknown.
    pub(crate) version: String,
    /// Whether tests can use it.
    pub(crate) state: PeerState,
    /// Whether this alone makes the run red: missing with `CI=true`, changed with `strict`.
    pub(crate) red: bool,
}

/// Whether tests can use a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerState {
    /// Present and as expected.
    Ready,
    /// Absent, and how to get it.
    Missing {
        /// What failed, or what to install.
        how: String,
    },
    /// Present, but not the build that is known to work.
    Changed {
        /// In what it differs.
        what: String,
    },
}

/// What a peer's module answers: its version and state.
struct Found {
    version: String,
    state: PeerState,
}

/// Installs or builds what is absent and says how each peer stands; quick when all is present.
pub(crate) fn ensure(strict: bool) -> Vec<PeerStatus> {
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    // Two runs at once would build into one folder.
    let _lock = lock();
    let tools = apt::install_tools();
    let pki = pki::ensure();
    let peers = [
        ("softether", softether::ensure as fn() -> Result<Found>),
        ("sstp-server", sstpd::ensure),
        ("lwip", lwip::ensure),
        ("pppd", uml::ensure),
        ("slirp", slirp::ensure),
        ("spandsp", spandsp::ensure),
        ("freeradius", radius::ensure),
        ("tshark", tshark::ensure),
        ("python-varlink", varlink::ensure),
    ];
    let statuses = peers
        .into_iter()
        .map(|(name, ensure)| {
            let found = pki.clone().and_then(|()| ensure()).unwrap_or_else(|why| {
                let how = match &tools {
                    Ok(()) => why,
                    Err(tools) => format!("{why} ({tools})"),
                };
                Found { version: String::new(), state: PeerState::Missing { how } }
            });
            let red = match found.state {
                PeerState::Ready => false,
                PeerState::Missing { .. } => ci,
                PeerState::Changed { .. } => strict,
            };
            PeerStatus { name, version: found.version, state: found.state, red }
        })
        .collect::<Vec<_>>();
    let lines: String = statuses.iter().map(|s| format!("{}\t{}\t{}\n", s.name, s.version, s.state)).collect();
    // Without this file the tests say that the peers are not prepared.
    let _ = tool::write(&dir().join("status"), lines.as_bytes());
    statuses
}

/// `cargo xtask peers`: prepares every peer, for tests that are then run by `cargo test`.
///
/// # Errors
/// When one that must be there is not.
pub(crate) fn run() -> Result {
    let statuses = ensure(false);
    report(&statuses);
    match complaints(&statuses).is_empty() {
        true => Ok(()),
        false => Err("peers are missing".to_owned()),
    }
}

/// Prints one line a peer.
pub(crate) fn report(statuses: &[PeerStatus]) {
    for status in statuses {
        println!("peer {status}");
    }
}

/// The sentences that make the run red.
pub(crate) fn complaints(statuses: &[PeerStatus]) -> Vec<String> {
    statuses.iter().filter(|status| status.red).map(ToString::to_string).collect()
}

impl fmt::Display for PeerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.name, self.version, self.state)
    }
}

impl fmt::Display for PeerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Missing { how } => write!(f, "missing: {}", one_line(how)),
            Self::Changed { what } => write!(f, "peer changed: {}", one_line(what)),
        }
    }
}

impl Found {
    fn ready(version: impl Into<String>) -> Self {
        Self { version: version.into(), state: PeerState::Ready }
    }
}

/// Where peers live: always in the workspace's own `target`, so that every build finds the same.
fn dir() -> PathBuf {
    tool::root().join("target/peers")
}

/// Scripts and sources that make or run peers.
fn assets() -> PathBuf {
    tool::root().join("tests/peers")
}

fn lock() -> Option<File> {
    fs::create_dir_all(dir()).ok()?;
    let file = File::create(dir().join("lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Runs to the end without showing the output; the error carries its last lines.
fn quietly(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim().lines().collect();
    Err(format!("{program}: {}: {}", output.status, lines[lines.len().saturating_sub(3)..].join(" | ")))
}

fn sha256(path: &std::path::Path) -> Result<String> {
    let text = quietly(Command::new("sha256sum").arg("--").arg(path))?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_one_line() {
        let state = PeerState::Missing { how: "no\n  compiler".to_owned() };
        let status = PeerStatus { name: "lwip", version: "1".to_owned(), state, red: true };
        assert_eq!(complaints(&[status]), ["lwip 1: missing: no compiler"]);
    }
}

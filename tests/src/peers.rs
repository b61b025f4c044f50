//! Foreign peers for tests: servers that nobody here wrote, each in a network namespace of its own.
//!
//! A test runs whole in [`isolated`]: it executes itself again in fresh network, mount and process
//! namespaces, and starts its peers from there. Nothing of it can reach the machine's network, and
//! nothing outlives it: when its first process ends, the kernel ends the rest.
//!
//! ```text
//! test process            10.99.0.2 (veth c0)
//!   Host 0                10.99.0.1 (veth s0), 10.98.0.1 on lo for services behind a tunnel
//!   Host 1                10.99.1.1, ...
//! ```
//!
//! ```no_run
//! use rasman_tests::peers::{Interop, SoftEther, isolated};
//!
//! // #[test]
//! fn softether_lets_us_in() {
//!     isolated("softether_lets_us_in", || {
//!         let server = SoftEther::start()?;
//!         let interop = Interop::begin("SoftEther VPN Server", server.version(), "SSTP", "MS-CHAPv2");
//!         // dial server.address() as USER with PASSWORD, move data to server.data_address()
//!         assert!(server.log_says("logged in"));
//!         interop.ok();
//!         server.stop();
//!         Ok(())
//!     });
//! }
//! ```
//!
//! The peers are made by `cargo xtask test`; a peer that is not there is [`Unavailable`], which
//! prints `SKIPPED <test>: <why>`, or fails the test where `CI=true`.

pub mod atmodem;
pub mod caller;
mod data;
mod freeradius;
mod host;
mod isolate;
mod probe;
mod process;
mod softether;
mod sstpd;
mod tshark;
mod uml;
mod varlink;

use std::fmt;
use std::fs;
use std::path::PathBuf;

pub use data::{DATA_PORT, fetch, fetch_async, pattern, push, push_async, sha256_hex};
pub use freeradius::{FreeRadius, eapol_test, scratch, user_certificate};
pub use host::Host;
pub use isolate::{isolated, isolated_for, leftovers};
pub use probe::{Binding, Probe, dial, handshake};
pub use process::Process;
pub use softether::SoftEther;
pub use sstpd::{Auth, Sstpd};
pub use tshark::{Segment, tshark, tshark_of_fcs32, tshark_of_tcp, tshark_of_udp};
pub use uml::{PppdServer, Said, SstpcCall, Uml};
pub use varlink::python_varlink;

/// The user that every peer knows.
pub const USER: &str = "alice";

/// That user's password.
pub const PASSWORD: &str = "wonderland";

/// The name in every peer's certificate, beside its address.
pub const SERVER_NAME: &str = "vpn.test";

/// Why a peer cannot be had: not installed, changed, or switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// The certificate of the authority that signed every peer's certificate, as PEM.
#[must_use]
pub fn ca_file() -> PathBuf {
    dir().join("pki/ca.crt")
}

/// The certificate that every peer shows, as PEM.
#[must_use]
pub fn server_certificate() -> PathBuf {
    dir().join("pki/server.crt")
}

/// One row of the interoperability table; a test that panics on the way reports `failed`.
#[must_use = "reports a failure when dropped: end it with ok()"]
pub struct Interop {
    line: String,
    result: Option<String>,
}

impl Interop {
    /// Begins a combination, named as in the table: peer "SoftEther VPN Server" or "sstp-server with
    /// lwIP", medium "SSTP", authentication "MS-CHAPv2", "CHAP-MD5", "PAP", "EAP-TLS".
    pub fn begin(peer: &str, version: &str, medium: &str, auth: &str) -> Self {
        Self { line: format!("INTEROP peer={peer} version={version} medium={medium} auth={auth}"), result: None }
    }

    /// The combination works.
    pub fn ok(self) {
        self.end("ok");
    }

    /// The combination ended with `result`, a word or a short phrase.
    pub fn end(mut self, result: &str) {
        self.result = Some(result.to_owned());
    }
}

impl Drop for Interop {
    fn drop(&mut self) {
        println!("{} result={}", self.line, self.result.as_deref().unwrap_or("failed"));
    }
}

/// The version of a peer that `cargo xtask test` made ready.
///
/// # Errors
/// When it is not ready, with the reason noted there.
fn ready(name: &str) -> Result<String, Unavailable> {
    if std::env::var("RASMAN_PEERS").is_ok_and(|mode| mode == "none") {
        return Err(Unavailable("foreign peers are switched off".to_owned()));
    }
    let statuses = fs::read_to_string(dir().join("status")).unwrap_or_default();
    for line in statuses.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [peer, version, "ready"] if peer == name => return Ok(version.to_owned()),
            [peer, _, state] if peer == name => return Err(Unavailable(format!("{name}: {state}"))),
            _ => {}
        }
    }
    Err(Unavailable(format!("{name} is not prepared; `cargo xtask test` does it")))
}

/// Says that a test did not run, or fails it where every peer must be there.
fn skip(test: &str, why: &Unavailable) {
    let mode = std::env::var("RASMAN_PEERS").unwrap_or_default();
    let excused = mode == "none" || (why.0.contains("peer changed") && mode != "strict");
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(excused || !ci, "{test} needs its peer where CI=true: {why}");
    println!("SKIPPED {test}: {why}");
}

/// Where `cargo xtask test` puts peers, whatever the folder of this build's products is.
fn dir() -> PathBuf {
    workspace().join("target/peers")
}

/// Scripts that run peers.
fn assets() -> PathBuf {
    workspace().join("tests/peers")
}

fn workspace() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or_else(|| manifest.clone(), ToOwned::to_owned)
}

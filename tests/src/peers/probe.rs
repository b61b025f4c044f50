//! A foreign client (`tests/peers/sstp_probe.py`): proves a peer without a line of our own client.

use std::net::SocketAddr;
use std::process::Command;

use super::host::python;
use super::{Auth, SERVER_NAME, Unavailable, assets, ca_file, dir, ready};

/// What the foreign client said, and whether all held.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Whether it got what it asked for; a refusal by the server is not that.
    pub ok: bool,
    /// Its lines: TLS version, status line of the HTTPS answer, and how the call went.
    pub said: String,
    /// The log of its PPP peer.
    pub log: String,
}

/// What the foreign client does about the crypto binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The right Compound MAC.
    Right,
    /// Another one.
    Wrong,
}

/// TLS, the HTTPS handshake and the first SSTP message.
#[must_use]
pub fn handshake(server: SocketAddr) -> Probe {
    run(&mut command(server))
}

/// A whole call: PPP by lwIP, `size` bytes to the data service at `service` and as many back.
///
/// # Errors
/// When lwIP is not there.
pub fn dial(
    server: SocketAddr,
    service: SocketAddr,
    size: usize,
    auth: Auth,
    binding: Binding,
) -> Result<Probe, Unavailable> {
    ready("lwip")?;
    let mut probe = command(server);
    probe.arg("--dial").arg(dir().join("lwip/lwip-peer")).arg(service.ip().to_string()).arg(size.to_string());
    probe.arg(auth.word());
    if binding == Binding::Wrong {
        probe.arg("--wrong-binding");
    }
    Ok(run(&mut probe))
}

fn command(server: SocketAddr) -> Command {
    let mut probe = python();
    probe.arg(assets().join("sstp_probe.py")).arg("--ca").arg(ca_file()).args(["--name", SERVER_NAME]);
    probe.arg(server.ip().to_string()).arg(server.port().to_string());
    probe
}

fn run(probe: &mut Command) -> Probe {
    let output = probe.output().expect("an interpreter that prepared the peers is there");
    Probe {
        ok: output.status.success(),
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

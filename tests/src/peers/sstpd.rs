//! sorz/sstp-server, which checks the crypto binding, with lwIP's PPP in place of pppd.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::host::Host;
use super::process::{Process, read_lossy, within};
use super::{DATA_PORT, PASSWORD, USER, Unavailable, assets, dir, ready};

/// lwIP's address at its end of the tunnel.
const INNER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);

/// The authentication that lwIP asks for; it takes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Password Authentication Protocol.
    Pap,
    /// CHAP with MD5.
    ChapMd5,
    /// MS-CHAPv2, which alone gives the crypto binding a key.
    MsChapV2,
    /// EAP with MD5-Challenge.
    EapMd5,
    /// None.
    None,
}

impl Auth {
    /// Its name on the command line of `lwip-peer`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pap => "pap",
            Self::ChapMd5 => "chap",
            Self::MsChapV2 => "mschap2",
            Self::EapMd5 => "eap",
            Self::None => "none",
        }
    }
}

/// A running server on a [`Host`] of its own; each call gets an lwIP with the data service in it.
#[derive(Debug)]
pub struct Sstpd {
    server: Process,
    host: Host,
    version: String,
}

impl Sstpd {
    /// Starts it. The caller gets 10.66.0.2 and DNS 10.66.0.53.
    ///
    /// # Errors
    /// When a peer is not prepared.
    ///
    /// # Panics
    /// When they are and do not start.
    pub fn start(auth: Auth) -> Result<Self, Unavailable> {
        Self::start_as(auth.word())
    }

    /// Starts it with MS-CHAPv2 and MPPE of 128 bits, which lwIP then demands.
    ///
    /// # Errors
    /// When a peer is not prepared.
    ///
    /// # Panics
    /// When they are and do not start.
    pub fn start_encrypted() -> Result<Self, Unavailable> {
        Self::start_as("mschap2 mppe")
    }

    fn start_as(words: &str) -> Result<Self, Unavailable> {
        let version = format!("{} with {}", ready("sstp-server")?, ready("lwip")?);
        let host = Host::new();
        let folder = host.folder();
        let options = folder.join("pppd.options");
        std::fs::write(&options, "").expect("a test may write in its own folder");
        let (pki, peer) = (dir().join("pki"), dir().join("lwip/lwip-peer"));
        let mut command = host.command(dir().join("venv/bin/python"));
        command.arg(assets().join("sstpd_run.py")).args(["-l", &host.address().to_string(), "-p", "443"]);
        command.arg("-c").arg(pki.join("server.crt")).arg("-k").arg(pki.join("server.key"));
        command.arg("--pppd").arg(assets().join("pppd-for-sstpd")).arg("--pppd-config").arg(options);
        command.args(["--local", &INNER.to_string(), "-v", "20"]);
        // The relay and lwIP inherit these.
        command.env("PEER_COMMAND", format!("'{}' server {words}", peer.display()));
        command.env("PEER_LOG", folder.join("lwip.log")).env("PEER_USER", USER).env("PEER_PASSWORD", PASSWORD);
        // Its sockets: a path of a Unix socket is short.
        command.env("TMPDIR", folder);
        let mut server = Process::start("sstp-server", command, &folder.join("sstpd.log"));
        server.wait_for("Listening on");
        Ok(Self { server, host, version })
    }

    /// Where to dial.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (self.host.address(), 443).into()
    }

    /// The data service, in lwIP at the other end of the tunnel.
    #[must_use]
    pub fn data_address(&self) -> SocketAddr {
        (INNER, DATA_PORT).into()
    }

    /// The versions of both programs.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The host it runs on.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What the SSTP server has logged: "Crypto Binding is valid.", "Received call disconnect request.", ...
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Whether the SSTP server's log says `words` within 10 s.
    #[must_use]
    pub fn log_says(&self, words: &str) -> bool {
        within(Duration::from_secs(10), || self.log().contains(words))
    }

    /// What lwIP has logged over all calls: each PPP packet in words, and "peer:" lines of the data service.
    #[must_use]
    pub fn ppp_log(&self) -> String {
        read_lossy(&self.host.folder().join("lwip.log"))
    }

    /// Whether lwIP's log says `words` within 10 s.
    #[must_use]
    pub fn ppp_log_says(&self, words: &str) -> bool {
        within(Duration::from_secs(10), || self.ppp_log().contains(words))
    }

    /// Stops it; its relay and lwIP end with their pipes.
    pub fn stop(mut self) {
        self.server.stop();
    }
}

impl Drop for Sstpd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.ppp_log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("last words of lwIP:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

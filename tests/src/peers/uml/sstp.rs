//! SSTP with real pppd behind it: sorz/sstp-server as the answering half, sstpc as the dialling one.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::{Said, Uml};
use crate::peers::{DATA_PORT, PASSWORD, SERVER_NAME, USER, Unavailable, assets, ca_file, dir, ready};

/// sorz/sstp-server in User Mode Linux; a pppd for each call.
///
/// The caller gets 10.66.0.2 and DNS 10.66.0.53; pppd is 10.66.0.1.
#[derive(Debug)]
pub struct PppdServer {
    /// The kernel that it runs in.
    pub uml: Uml,
    version: String,
}

impl PppdServer {
    /// pppd's address at its end of the tunnel.
    pub const INNER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);

    /// Boots a kernel and starts the server; `options` are pppd's, such as `require-mschap-v2`.
    ///
    /// # Errors
    /// When a peer is not prepared.
    ///
    /// # Panics
    /// When they are and do not start.
    pub fn start(options: &str) -> Result<Self, Unavailable> {
        Self::start_with(options, PPPD)
    }

    /// The same for a method without keys: the plugin has none to tell then, and sstp-server would wait for them for ever.
    /// Without the plugin it compares nonce and certificate of the crypto binding alone.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_without_keys(options: &str) -> Result<Self, Unavailable> {
        Self::start_with(options, PPPD_WITHOUT_PLUGIN)
    }

    fn start_with(options: &str, wrapper: &str) -> Result<Self, Unavailable> {
        let sstpd = ready("sstp-server")?;
        let mut uml = Uml::start()?;
        let version = format!("{sstpd} with {}", uml.version());
        uml.serve_data();
        let folder = uml.folder().display().to_string();
        let options = format!("{options}\nms-dns 10.66.0.53\ndebug\nlogfile {folder}/pppd.log\nname pppd.test\n");
        let (options, wrapper) = (uml.write("pppd.options", &options), uml.write("pppd", wrapper));
        let (python, script, pki) = (dir().join("venv/bin/python"), assets().join("sstpd_run.py"), dir().join("pki"));
        uml.must(&format!(
            "setsid {} {} -l {} -p 443 -c {pki}/server.crt -k {pki}/server.key --pppd {} --pppd-config {} \
             --local {} --remote 10.66.0.0/24 -v 20 >{folder}/sstpd.log 2>&1 &",
            python.display(),
            script.display(),
            Uml::ADDRESS,
            wrapper.display(),
            options.display(),
            Self::INNER,
            pki = pki.display(),
        ));
        assert!(uml.says("sstpd.log", "Listening on"), "{}", uml.log("sstpd.log"));
        Ok(Self { uml, version })
    }

    /// Lets pppd ask every caller for a certificate, by EAP-TLS, and show its own.
    ///
    /// # Panics
    /// When the kernel cannot be told.
    pub fn show_certificates(&mut self) {
        let pki = dir().join("pki").display().to_string();
        let line = format!("* * - {pki}/server.crt {pki}/ca.crt {pki}/server.key *\n");
        let file = self.uml.write("eaptls-server", &line).display().to_string();
        self.uml.must(&format!("cp {file} /etc/ppp/eaptls-server; chmod 600 /etc/ppp/eaptls-server"));
    }

    /// Where to dial.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Uml::ADDRESS, 443).into()
    }

    /// The data service, which pppd's interface leads to.
    #[must_use]
    pub fn data_address(&self) -> SocketAddr {
        (Self::INNER, DATA_PORT).into()
    }

    /// The versions of both programs.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the SSTP server's log says `words` within 30 s.
    pub fn log_says(&mut self, words: &str) -> bool {
        self.uml.says("sstpd.log", words)
    }

    /// Whether pppd's log says `words` within 30 s.
    pub fn ppp_log_says(&mut self, words: &str) -> bool {
        self.uml.says("pppd.log", words)
    }

    /// Powers all of it off.
    pub fn stop(mut self) {
        self.uml.power_off();
    }
}

impl Drop for PppdServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of sstp-server:\n{}", tail(&self.uml.log("sstpd.log")));
            eprintln!("log of pppd:\n{}", tail(&self.uml.log("pppd.log")));
        }
    }
}

/// A call by sstpc with pppd, the client that Linux users have.
#[derive(Clone, Copy, Debug)]
pub struct SstpcCall<'a> {
    /// Where it dials: seen from the kernel.
    pub server: SocketAddr,
    /// The authority of the server's certificate, as PEM; the test authority if none.
    pub ca_pem: Option<&'a str>,
    /// The name that the certificate must have.
    pub name: &'a str,
    /// More options of pppd, such as `refuse-eap`.
    pub options: &'a str,
}

impl<'a> SstpcCall<'a> {
    /// A call of a server that shows the test authority's certificate.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Self { server, ca_pem: None, name: SERVER_NAME, options: "" }
    }
}

impl Uml {
    /// Dials with sstpc and pppd, and waits until pppd has its address or has ended; the log of both. The interface is
    /// `sstp0` and stays until [`sstpc_hang_up`](Self::sstpc_hang_up).
    pub fn sstpc(&mut self, call: &SstpcCall<'_>) -> Said {
        let number = self.scripts;
        let options = self.sstpc_options(call);
        let folder = self.folder().display().to_string();
        let said = self.run(&format!(
            "setsid pppd file {} >{folder}/sstpc{number}.out 2>&1 & \
             timeout 40 sh -c 'while [ -d /proc/'$!' ]; do ip -4 addr show sstp0 2>/dev/null | grep -q inet && exit 0; \
             sleep 0.05; done; exit 1'",
            options.display(),
        ));
        let text = self.log(&format!("sstpc{number}.log")) + &self.log(&format!("sstpc{number}.out"));
        Said { ok: said.ok, text }
    }

    /// Writes the options with which pppd makes such a call; gives their path.
    pub fn sstpc_options(&mut self, call: &SstpcCall<'_>) -> PathBuf {
        let number = self.scripts;
        let folder = self.folder().display().to_string();
        let ca = match call.ca_pem {
            Some(pem) => self.write(&format!("ca{number}.pem"), pem).display().to_string(),
            None => ca_file().display().to_string(),
        };
        let log = format!("{folder}/sstpc{number}.log");
        let client = self.write(&format!("sstpc{number}"), &format!(
            "#!/bin/sh\nexec sstpc --ipparam rasman --nolaunchpppd --ca-cert {ca} --tls-ext --host {name} --log-level 4 \
             --log-stderr {host}:{port} 2>>{log}\n",
            name = call.name,
            host = call.server.ip(),
            port = call.server.port(),
        ));
        self.write(&format!("sstpc{number}.options"), &format!(
            "pty {client}\nplugin {plugins}/sstp-pppd-plugin.so\nsstp-sock /run/sstpc/sstpc-rasman\nipparam rasman\n\
             user {USER}\npassword {PASSWORD}\nnoauth\nusepeerdns\nnoipdefault\nifname sstp0\nlinkname sstp0\ndebug\nmaxfail 1\n\
             nodetach\nlogfile {log}\n{more}\n",
            client = client.display(),
            plugins = "$UML/root/usr/lib/pppd/2.4.9".replace("$UML", &dir().join("uml").display().to_string()),
            more = call.options,
        ))
    }

    /// Ends the call of [`sstpc`](Self::sstpc) and waits until pppd is gone; whether it went within 20 s.
    pub fn sstpc_hang_up(&mut self) -> bool {
        let wait = "timeout 20 sh -c 'while [ -d /proc/'$pid' ]; do sleep 0.05; done'";
        self.run(&format!(
            "pid=$(head -1 /run/ppp-sstp0.pid 2>/dev/null || head -1 /var/run/ppp-sstp0.pid); kill -TERM $pid; {wait}"
        ))
        .ok
    }
}

/// pppd looks for plugins without a path in a folder that is compiled in, and here they are elsewhere.
const PPPD: &str = r#"#!/bin/sh
for argument; do
  shift
  case "$argument" in *.so) argument="$UML/root/usr/lib/pppd/2.4.9/$argument" ;; esac
  set -- "$@" "$argument"
done
exec pppd "$@"
"#;

/// sstp-server asks by a dry run whether pppd takes the plugin.
const PPPD_WITHOUT_PLUGIN: &str = r#"#!/bin/sh
case "$*" in *dryrun*) exit 1 ;; esac
exec pppd "$@"
"#;

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

//! A server on the command line, without an entry.

use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use rasman::{AuthMethod, ClientCertificate, Code, Dial, Entry, HttpProxy, Medium, Revocation, Trust};
use rasman_core::{hex, host_and_port};
use std::path::{Path, PathBuf};

/// Which server, and how it proves who it is.
#[derive(Args)]
pub(crate) struct ServerArguments {
    /// Dial this server, without an entry: host name or address, with its TCP port if that is not 443
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Server")]
    server: Option<String>,
    /// Dial this number, without an entry
    #[arg(long, value_name = "NUMBER", conflicts_with = "server", help_heading = "Modem")]
    number: Option<String>,
    /// Port of the modem that dials it, such as /dev/ttyUSB0 or tcp:HOST:PORT, or a name that `rasctl devices` lists, or a
    /// part of it
    /// [default: the first one that is free]
    #[arg(long, value_name = "NAME", requires = "number", help_heading = "Modem")]
    device: Option<String>,
    /// What carries the connection
    #[arg(long, value_enum, default_value_t = MediumName::Sstp, requires = "server", help_heading = "Server")]
    medium: MediumName,
    /// TCP port of the server, if it is not named with it [default: 443]
    #[arg(long, requires = "server", help_heading = "Server")]
    port: Option<u16>,
    /// Name that the server's certificate must carry, if it is not the server's own
    #[arg(long, value_name = "NAME", requires = "server", help_heading = "Server")]
    server_name: Option<String>,
    /// Also trust this certificate authority (PEM or DER file)
    #[arg(long, value_name = "FILE", requires = "server", help_heading = "Server")]
    ca: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256 digest (64 hexadecimal digits), and nothing else
    #[arg(long, value_name = "SHA256", value_parser = parse_digest, requires = "server", help_heading = "Server")]
    pin: Option<[u8; 32]>,
    /// Authentication methods that are allowed, the preferred one first, with commas between [default: mschapv2]
    #[arg(long, value_name = "METHODS", value_delimiter = ',', value_parser = parse_method, requires = "server",
          help_heading = "Server")]
    auth: Vec<AuthMethod>,
    /// Authority that may sign the certificate of EAP's server, instead of the system's (PEM or DER file)
    #[arg(long, value_name = "FILE", requires = "auth", help_heading = "Server")]
    eap_ca: Option<PathBuf>,
    /// Name that the certificate of EAP's server must carry; may be repeated
    #[arg(long, value_name = "NAME", requires = "auth", help_heading = "Server")]
    eap_server_name: Vec<String>,
    /// Refuse a server of PEAP that does not bind the password to TLS
    #[arg(long, requires = "auth", help_heading = "Server")]
    eap_binding: bool,
    /// The user's certificate for EAP-TLS: a PEM file with its key, or a PKCS#12 file
    #[arg(long, value_name = "FILE", requires = "auth", help_heading = "Server")]
    certificate: Option<PathBuf>,
    /// Reach the server through this HTTP proxy
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_proxy, requires = "server", help_heading = "Server")]
    http_proxy: Option<HttpProxy>,
    /// Find out whether the certificate was revoked, by OCSP or a list
    #[arg(long, value_enum, requires = "server", help_heading = "Server")]
    revocation: Option<RevocationName>,
}

/// How much a list of revoked certificates matters.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum RevocationName {
    /// Refuse what is revoked, accept what cannot be checked
    IfPossible,
    /// Refuse what cannot be checked, too
    Required,
}

/// What carries a connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum MediumName {
    /// PPP in TLS
    Sstp,
    /// IPsec with IKEv2
    Ikev2,
    /// PPP in L2TP, protected by IPsec
    L2tp,
    /// PPP in GRE
    Pptp,
    /// PPP over Ethernet
    Pppoe,
    /// A modem line
    Modem,
    /// A serial cable
    Direct,
}

impl ServerArguments {
    /// Makes an entry of the arguments; nothing if they name no server.
    pub(super) fn entry(&self) -> Result<Option<Entry>, Failure> {
        let Some(server) = &self.server else { return Ok(None) };
        self.expect_sstp()?;
        let (host, port) = self.address(server)?;
        let mut entry = Entry::sstp(NAME, &host);
        let Medium::Sstp(sstp) = &mut entry.medium else { return Ok(Some(entry)) };
        if let Some(port) = port {
            sstp.port = port;
        }
        if let Some(name) = &self.server_name {
            sstp.server_name.clone_from(name);
        }
        if let Some(path) = &self.ca {
            sstp.trust.added_roots = read_certificates(path)?;
        }
        if let Some(digest) = self.pin {
            sstp.trust = Trust { pinned_leaf_sha256: Some(digest), ..Trust::default() };
        }
        sstp.proxy.clone_from(&self.http_proxy);
        sstp.trust.revocation = match self.revocation {
            None => Revocation::Unchecked,
            Some(RevocationName::IfPossible) => Revocation::IfPossible,
            Some(RevocationName::Required) => Revocation::Required,
        };
        self.authentication(&mut entry)?;
        entry.validate().map_err(|invalid| {
            Failure::new(Exit::Usage, format!("{} {}", flag_of(invalid.field), invalid.problem), invalid.advice)
        })?;
        // Clause B11: without a name it is listed under its number.
        entry.name.clear();
        Ok(Some(entry))
    }

    /// Takes the server apart; its port may stand behind it or in `--port`.
    fn address(&self, server: &str) -> Result<(String, Option<u16>), Failure> {
        let refused =
            |problem: &str, advice: &str| Failure::new(Exit::Usage, format!("--server is {server}, {problem}"), advice);
        let Some((host, port)) = host_and_port(server) else {
            return Err(refused("which is no server", "give a host name or an address, such as vpn.example.com:4443"));
        };
        match (port, self.port) {
            (Some(one), Some(other)) if one != other => {
                Err(refused(&format!("but --port is {other}"), "name the port once"))
            }
            (port, given) => Ok((host, port.or(given))),
        }
    }

    /// Sets which methods are allowed, and what those of EAP need.
    fn authentication(&self, entry: &mut Entry) -> Result<(), Failure> {
        if self.auth.is_empty() {
            return Ok(());
        }
        entry.authentication.clone_from(&self.auth);
        if !self.auth.iter().any(|method| method.has_tls()) {
            return Ok(());
        }
        let eap = &mut entry.eap;
        eap.trust.system_roots = self.eap_ca.is_none();
        if let Some(path) = &self.eap_ca {
            eap.trust.added_roots = read_certificates(path)?;
        }
        eap.server_names.clone_from(&self.eap_server_name);
        eap.require_crypto_binding = self.eap_binding;
        if let Some(path) = &self.certificate {
            let file = crate::named_files::bytes(path).map_err(|what| {
                let what = format!("--certificate {} {what}", path.display());
                Failure::new(Exit::Settings, what, "give a PEM file with certificate and key, or a PKCS#12 file")
            })?;
            eap.certificate = Some(ClientCertificate { file, ..Default::default() });
        }
        Ok(())
    }

    /// Gives the server's name, or the number.
    pub(super) fn name(&self) -> Option<&str> {
        self.server.as_deref().or(self.number.as_deref())
    }

    /// Makes a dial of a number without an entry, if one is named.
    pub(super) fn number(&self) -> Option<Dial> {
        let device = self.device.clone().unwrap_or_default();
        Some(Dial::entry("").number(self.number.clone()?).device(device))
    }

    /// A line has settings of its own, for which an entry is the place; what else there is cannot be dialled yet.
    fn expect_sstp(&self) -> Result<(), Failure> {
        let name = self.medium.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        let (problem, advice) = match self.medium {
            MediumName::Sstp => return Ok(()),
            MediumName::Modem | MediumName::Direct => (
                format!("{name} has no server"),
                format!("make an entry by `rasctl entry add NAME --medium {name}`, and dial that"),
            ),
            MediumName::Ikev2 | MediumName::L2tp | MediumName::Pptp | MediumName::Pppoe => {
                (format!("{name} cannot be dialled yet"), "use sstp".to_owned())
            }
        };
        Err(Failure::new(Exit::of(Code::NOT_SUPPORTED), problem, advice))
    }
}

/// Names the argument that a setting comes from.
fn flag_of(field: &str) -> &str {
    match field {
        "sstp.server" => "--server",
        "sstp.port" => "--port",
        "sstp.server_name" => "--server-name",
        field if field.starts_with("sstp.proxy") => "--http-proxy",
        field if field.starts_with("sstp.trust") => "--ca or --pin",
        "eap.trust" | "eap.trust.added_roots" => "--eap-ca",
        "eap.server_names" => "--eap-server-name",
        "eap.require_crypto_binding" => "--eap-binding",
        "eap.certificate" => "--certificate",
        field => field,
    }
}

/// The name under which the settings of the command line are checked.
const NAME: &str = "command line";

fn read_certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    crate::named_files::read(path).map_err(|what| {
        Failure::new(Exit::Settings, format!("--ca {} {what}", path.display()), "give a PEM or DER certificate")
    })
}

fn parse_method(word: &str) -> Result<AuthMethod, String> {
    AuthMethod::from_word(word).ok_or_else(|| {
        let all: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.word()).collect();
        format!("give some of {}", all.join(", "))
    })
}

fn parse_proxy(text: &str) -> Result<HttpProxy, String> {
    let (host, Some(port)) = host_and_port(text).unwrap_or_default() else {
        return Err("give host:port, such as proxy.example.com:3128".to_owned());
    };
    Ok(HttpProxy { host, port, login: None })
}

fn parse_digest(text: &str) -> Result<[u8; 32], String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    hex::decode_array(digits).ok_or_else(|| "give 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(arguments: &[&str]) -> Result<(String, u16), Failure> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            server: ServerArguments,
        }
        let line = <Line as clap::Parser>::parse_from([&["rasctl"], arguments].concat());
        let entry = line.server.entry()?.expect("a server is named");
        let Medium::Sstp(sstp) = entry.medium else { panic!("SSTP is the default") };
        Ok((sstp.server, sstp.port))
    }

    #[test]
    fn a_server_names_its_port_once() {
        let named = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(server(&["--server", "vpn.example.com"]).ok(), named("vpn.example.com", 443));
        assert_eq!(server(&["--server", "vpn.example.com:4443"]).ok(), named("vpn.example.com", 4443));
        assert_eq!(server(&["--server", "vpn.example.com", "--port", "4443"]).ok(), named("vpn.example.com", 4443));
        assert_eq!(server(&["--server", "[2001:db8::1]:4443"]).ok(), named("2001:db8::1", 4443));
        assert_eq!(server(&["--server", "2001:db8::1"]).ok(), named("2001:db8::1", 443));
        assert_eq!(server(&["--server", "vpn.example.com:1", "--port", "1"]).ok(), named("vpn.example.com", 1));
        for wrong in [&["--server", "vpn.example.com:1", "--port", "2"][..], &["--server", "https://vpn.example.com"]] {
            assert!(server(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn digests_are_64_digits() {
        assert_eq!(parse_digest(&"aB".repeat(32)), Ok([0xAB; 32]));
        assert!(parse_digest(&"a".repeat(63)).is_err());
        assert!(parse_digest(&"ä".repeat(32)).is_err());
        assert!(parse_digest(&"zz".repeat(32)).is_err());
    }
}

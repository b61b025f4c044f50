//! A test authority and the certificate that every TLS peer shows.

use std::process::Command;

use super::{dir, quietly};
use crate::tool::{self, Result};

/// Names and addresses under which the tests reach a peer, each in a namespace of its own.
const CONFIG: &str = "\
[req]
prompt = no
distinguished_name = name
[name]
O = rasman tests
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:vpn.test, IP:127.0.0.1, IP:10.99.0.1, IP:10.99.1.1, IP:10.99.2.1, IP:10.99.3.1
";

/// Makes both anew when they are absent or end within a week.
///
/// # Errors
/// When `openssl` is absent or refuses.
pub(super) fn ensure() -> Result {
    let home = dir().join("pki");
    let week = (7 * 24 * 60 * 60).to_string();
    let mut check = Command::new("openssl");
    check.current_dir(&home).args(["x509", "-noout", "-in", "server.crt", "-checkend", &week]);
    if home.join("server.crt").is_file() && tool::present(&mut check) {
        return Ok(());
    }
    tool::write(&home.join("openssl.cnf"), CONFIG.as_bytes())?;
    let request = |arguments: &str| {
        let common = ["req", "-x509", "-config", "openssl.cnf", "-nodes", "-days", "365"];
        let mut openssl = Command::new("openssl");
        quietly(openssl.current_dir(&home).args(common).args(arguments.split(' ')))
    };
    request("-newkey rsa:2048 -subj /CN=rasman.tests -extensions authority -keyout ca.key -out ca.crt")?;
    // RSA, as SoftEther takes no other key.
    request(
        "-newkey rsa:2048 -subj /CN=vpn.test -extensions server -CA ca.crt -CAkey ca.key -keyout server.key -out server.crt",
    )?;
    Ok(())
}

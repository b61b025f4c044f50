//! Labs that authenticate by a certain method, and entries that know what its EAP needs.

use crate::harness;
use rasman::{AuthMethod, ClientCertificate, EapSettings, Entry, Trust};
use rasman_lab::Running;
use std::io::Write;
use std::process::{Command, Stdio};

/// Starts a lab that takes these methods, with faults in the lab's own words.
///
/// # Panics
/// If the lab does not start or the words are wrong.
#[must_use]
pub fn lab_with(methods: &[AuthMethod], faults: &str, tls12_only: bool) -> Running {
    let mut config = rasman_lab::Config::default();
    config.authentication = methods.to_vec();
    config.faults = faults.parse().expect("faults in the lab's grammar");
    config.tls12_only = tls12_only;
    rasman_lab::spawn(config).expect("the lab starts")
}

/// Gives an entry that allows these methods and knows what the lab's EAP needs.
#[must_use]
pub fn entry_with(lab: &Running, methods: &[AuthMethod]) -> Entry {
    let mut entry = harness::entry(lab);
    let facts = lab.facts();
    entry.authentication = methods.to_vec();
    entry.eap = EapSettings {
        trust: Trust { added_roots: vec![facts.ca_der.clone()], ..Trust::default() },
        server_names: vec![facts.name.clone()],
        certificate: Some(ClientCertificate { file: facts.user_pem.clone().into_bytes(), ..Default::default() }),
        ..EapSettings::default()
    };
    entry
}

/// Makes a PKCS#12 file of a certificate and its key; the PEM text goes in, the file comes out. None without openssl.
///
/// # Panics
/// If openssl dies in mid-work.
#[must_use]
pub fn pkcs12(pem: &str, password: &str) -> Option<Vec<u8>> {
    // The key first: openssl looks for it first, and cannot go back in a pipe.
    let (certificates, key) = pem.split_at(pem.find("-----BEGIN PRIVATE KEY-----")?);
    openssl(&["pkcs12", "-export", "-passout", &format!("pass:{password}")], &[key, certificates].concat())
}

/// The same in the old encryption that Windows exports: Triple DES for the key, RC2 for the certificates. None without
/// openssl, or where it has no such algorithms.
///
/// # Panics
/// If openssl dies in mid-work.
#[must_use]
pub fn legacy_pkcs12(pem: &str, password: &str) -> Option<Vec<u8>> {
    let (certificates, key) = pem.split_at(pem.find("-----BEGIN PRIVATE KEY-----")?);
    let arguments = ["pkcs12", "-export", "-legacy", "-passout", &format!("pass:{password}")];
    openssl(&arguments, &[key, certificates].concat())
}

/// Encrypts the key of a PEM text as PKCS#8 has it. None without openssl.
///
/// # Panics
/// If openssl dies in mid-work.
#[must_use]
pub fn encrypted_key(pem: &str, password: &str) -> Option<Vec<u8>> {
    let key = &pem[pem.find("-----BEGIN PRIVATE KEY-----")?..];
    openssl(&["pkcs8", "-topk8", "-passout", &format!("pass:{password}")], key)
}

fn openssl(arguments: &[&str], input: &str) -> Option<Vec<u8>> {
    let mut openssl = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    openssl.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let made = openssl.wait_with_output().expect("openssl ends");
    made.status.success().then_some(made.stdout)
}

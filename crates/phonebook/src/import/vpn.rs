//! The VPN plugins of NetworkManager that have a counterpart: each has its own keys in `[vpn]`.

use super::keyfile::KeyFile;
use super::network_manager::{clean, kept_elsewhere, number, ppp_security};
use super::report::Report;
use super::{FoundCredentials, NotImportable};
use crate::{Identity, IpSecFlags, Properties};

/// Reads `[vpn]` and `[vpn-secrets]`.
pub(crate) fn properties(
    file: &mut KeyFile<'_>,
    name: String,
    identity: Identity,
    found: &mut FoundCredentials,
    report: &mut Report,
) -> Result<Properties, NotImportable> {
    let service = file.take(VPN, "service-type").ok_or(NotImportable::NoTarget { what: "a VPN service type" })?;
    match service.value.rsplit('.').next().unwrap_or_default() {
        "sstp" => sstp(file, name, identity, found, report),
        "l2tp" => l2tp(file, name, identity, found, report),
        "pptp" => {
            let mut properties = Properties::pptp(name, gateway(file, "gateway")?, identity);
            ppp_user(file, &mut properties, found, report);
            Ok(properties)
        }
        "strongswan" => strongswan(file, name, identity, found, report),
        "libreswan" | "openswan" => libreswan(file, name, identity, found, report),
        _ => Err(NotImportable::NoDialUp { line: service.line, what: clean(&service.value) }),
    }
}

fn sstp(
    file: &mut KeyFile<'_>,
    name: String,
    identity: Identity,
    found: &mut FoundCredentials,
    report: &mut Report,
) -> Result<Properties, NotImportable> {
    let mut properties = Properties::sstp(name, gateway(file, "gateway")?, identity);
    ppp_user(file, &mut properties, found, report);
    properties.ca.extend(file.take(VPN, "ca-cert").map(|path| path.value));
    if let Some(careless) = file.take(VPN, "ignore-cert-warn")
        && careless.is_yes()
    {
        let why = "the certificate is always checked; add the one that signed it, or pin it";
        report.skip(careless.line, "vpn.ignore-cert-warn", why);
    }
    // The name of the server is always sent.
    file.take(VPN, "tls-ext");
    Ok(properties)
}

fn l2tp(
    file: &mut KeyFile<'_>,
    name: String,
    identity: Identity,
    found: &mut FoundCredentials,
    report: &mut Report,
) -> Result<Properties, NotImportable> {
    let mut properties = Properties::l2tp(name, gateway(file, "gateway")?, identity);
    ppp_user(file, &mut properties, found, report);
    number(file.take(VPN, "mru"), "vpn.mru", report, |mru| properties.mru = mru);
    if !file.take_yes(VPN, "ipsec-enabled") {
        report.skip(0, "vpn.ipsec-enabled", "L2TP goes in IPsec always");
    }
    let kind = file.take(VPN, "machine-auth-type").filter(|kind| !kind.value.is_empty());
    found.pre_shared_key = file.take_secret(SECRETS, "ipsec-psk").or_else(|| file.take_secret(VPN, "ipsec-psk"));
    let flags = file.take(VPN, "ipsec-psk-flags");
    kept_elsewhere(flags, "vpn.ipsec-psk-flags", found.pre_shared_key.is_some(), report);
    let with_key = kind.as_ref().is_none_or(|kind| kind.value == "psk");
    if let Some(kind) = kind.as_ref().filter(|_| !with_key) {
        report.skip(kind.line, "vpn.machine-auth-type", "certificates of the machine are not imported");
    }
    if kind.is_some() && with_key || found.pre_shared_key.is_some() {
        properties.ip_sec_flags = IpSecFlags::PRE_SHARED_KEY;
    }
    if found.pre_shared_key.as_ref().is_some_and(|key| key.expose().starts_with(b"0s")) {
        report.skip(0, "vpn.ipsec-psk", "it seems to be written in base64; store it as it really is");
    }
    Ok(properties)
}

fn strongswan(
    file: &mut KeyFile<'_>,
    name: String,
    identity: Identity,
    found: &mut FoundCredentials,
    report: &mut Report,
) -> Result<Properties, NotImportable> {
    let mut properties = Properties::ikev2(name, gateway(file, "address")?, identity);
    properties.ca.extend(file.take(VPN, "certificate").map(|path| path.value).filter(|path| !path.is_empty()));
    ike_names(file, &mut properties, "local-identity", "remote-identity");
    // An address of the server's choice is what every entry asks for.
    file.take(VPN, "virtual");
    user(file, "user", found);
    let secret = file.take_secret(SECRETS, "password");
    let flags = file.take(VPN, "password-flags");
    kept_elsewhere(flags, "vpn.password-flags", secret.is_some(), report);
    match file.take(VPN, "method") {
        Some(method) if method.value == "psk" => {
            properties.ip_sec_flags = IpSecFlags::PRE_SHARED_KEY;
            found.pre_shared_key = secret;
        }
        Some(method) if method.value != "eap" => {
            let why = "certificates and keys of the user are not imported; the entry authenticates with EAP-MSCHAPv2";
            report.skip(method.line, "vpn.method", why);
        }
        _ => found.password = secret,
    }
    Ok(properties)
}

fn libreswan(
    file: &mut KeyFile<'_>,
    name: String,
    identity: Identity,
    found: &mut FoundCredentials,
    report: &mut Report,
) -> Result<Properties, NotImportable> {
    match file.take(VPN, "ikev2") {
        Some(version) if ["insist", "yes", "propose"].contains(&version.value.as_str()) => {}
        version => {
            let line = version.map_or(0, |version| version.line);
            return Err(NotImportable::NoDialUp { line, what: "IKEv1".to_owned() });
        }
    }
    let mut properties = Properties::ikev2(name, gateway(file, "right")?, identity);
    ike_names(file, &mut properties, "leftid", "rightid");
    for key in ["leftusername", "leftxauthusername"] {
        user(file, key, found);
    }
    found.password = file.take_secret(SECRETS, "xauthpassword");
    found.pre_shared_key = file.take_secret(SECRETS, "pskvalue");
    for (key, is_found) in
        [("xauthpassword-flags", found.password.is_some()), ("pskvalue-flags", found.pre_shared_key.is_some())]
    {
        kept_elsewhere(file.take(VPN, key), &format!("vpn.{key}"), is_found, report);
    }
    if found.pre_shared_key.is_some() {
        properties.ip_sec_flags = IpSecFlags::PRE_SHARED_KEY;
    }
    Ok(properties)
}

/// Takes what all plugins that run PPP have: user, domain, password, refused methods, encryption.
fn ppp_user(file: &mut KeyFile<'_>, properties: &mut Properties, found: &mut FoundCredentials, report: &mut Report) {
    user(file, "user", found);
    if let Some(domain) = file.take(VPN, "domain").filter(|domain| !domain.value.is_empty()) {
        found.domain = domain.value;
    }
    found.password = file.take_secret(SECRETS, "password");
    let flags = file.take(VPN, "password-flags");
    kept_elsewhere(flags, "vpn.password-flags", found.password.is_some(), report);
    ppp_security(file, VPN, properties, report);
}

fn user(file: &mut KeyFile<'_>, key: &str, found: &mut FoundCredentials) {
    if let Some(user) = file.take(VPN, key).filter(|user| !user.value.is_empty()) {
        found.set_user(&user.value);
    }
}

fn ike_names(file: &mut KeyFile<'_>, properties: &mut Properties, ours: &str, theirs: &str) {
    let mut name = |key| file.take(VPN, key).map(|name| name.value).unwrap_or_default();
    properties.ike_id_initiator = name(ours);
    properties.ike_id_responder = name(theirs);
}

/// Takes the server.
fn gateway(file: &mut KeyFile<'_>, key: &str) -> Result<String, NotImportable> {
    let gateway = file.take(VPN, key).map(|gateway| gateway.value.trim().to_owned());
    gateway.filter(|gateway| !gateway.is_empty()).ok_or(NotImportable::NoTarget { what: "the VPN server" })
}

const VPN: &str = "vpn";
const SECRETS: &str = "vpn-secrets";

//! How we prove who we are, and how EAP's server does.

use super::Setting;
use super::values::{absolute, flag, list, path, revocation, set_revocation, yes_or_no};
use rasman::AuthMethod;
use rasman_phonebook::AuthRestrictions;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "authentication",
        takes: "mschapv2, eap, chap, pap, with commas between, or any",
        what: "which methods are allowed",
        get: |entry| methods(entry.auth_restrictions),
        set: |entry, value| {
            entry.auth_restrictions = restrictions(value)?;
            Ok(())
        },
    },
    Setting {
        name: "eap-method",
        takes: "eap-tls, peap-mschapv2, ttls-mschapv2, ttls-pap, eap-mschapv2, eap-md5, with commas between",
        what: "methods of EAP, the preferred one first, if eap is allowed",
        get: |entry| entry.eap_methods.join(","),
        set: |entry, value| {
            let unknown = |word: &String| AuthMethod::from_word(word).is_none_or(|method| !method.is_eap());
            if let Some(word) = list(value).find(unknown) {
                return Err(format!("has an unknown method, {word}"));
            }
            entry.eap_methods = list(value).collect();
            Ok(())
        },
    },
    Setting {
        name: "eap-binding",
        takes: "yes or no",
        what: "refuse a server of PEAP that does not bind the password to TLS",
        get: |entry| yes_or_no(entry.eap_crypto_binding),
        set: |entry, value| flag(&mut entry.eap_crypto_binding, value),
    },
    Setting {
        name: "eap-revocation",
        takes: "if-possible, required or no",
        what: "whether EAP's server has to staple that its certificate was not revoked",
        get: |entry| revocation(&entry.eap_revocation),
        set: |entry, value| set_revocation(&mut entry.eap_revocation, value),
    },
    Setting {
        name: "eap-identity",
        takes: "NAME",
        what: "what EAP tells in the open in place of the user's name",
        get: |entry| entry.eap_identity.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.eap_identity);
            Ok(())
        },
    },
    Setting {
        name: "eap-certificate",
        takes: "FILE",
        what: "the user's certificate for EAP-TLS: PEM, or PKCS#12 with its key",
        get: |entry| entry.eap_certificate.clone(),
        set: |entry, value| {
            entry.eap_certificate = path(value);
            Ok(())
        },
    },
    Setting {
        name: "eap-key",
        takes: "FILE",
        what: "the key of that certificate, if it is in another file",
        get: |entry| entry.eap_key.clone(),
        set: |entry, value| {
            entry.eap_key = path(value);
            Ok(())
        },
    },
    Setting {
        name: "eap-ca",
        takes: "FILE,...",
        what: "authorities that may sign the certificate of EAP's server, instead of the system's",
        get: |entry| entry.eap_ca.join(","),
        set: |entry, value| {
            entry.eap_ca = list(value).map(absolute).collect();
            Ok(())
        },
    },
    Setting {
        name: "eap-pin",
        takes: "SHA256",
        what: "accept exactly the certificate of EAP's server with this digest",
        get: |entry| entry.eap_pin.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.eap_pin);
            Ok(())
        },
    },
    Setting {
        name: "eap-server-name",
        takes: "NAME,...",
        what: "names one of which the certificate of EAP's server must carry",
        get: |entry| entry.eap_server_names.join(","),
        set: |entry, value| {
            entry.eap_server_names = list(value).collect();
            Ok(())
        },
    },
    Setting {
        name: "remember",
        takes: "yes or no",
        what: "let credentials be stored after a dial",
        get: |entry| yes_or_no(entry.cache_credentials),
        set: |entry, value| flag(&mut entry.cache_credentials, value),
    },
];

fn methods(allowed: AuthRestrictions) -> String {
    let named = METHODS.iter().filter(|(_, bit)| allowed.contains(*bit)).map(|(name, _)| *name);
    let named = named.collect::<Vec<_>>().join(",");
    match named.as_str() {
        "" if allowed.0 == 0 => "any".to_owned(),
        "" => allowed.0.to_string(),
        _ => named,
    }
}

fn restrictions(value: &str) -> Result<AuthRestrictions, String> {
    if value == "any" {
        return Ok(AuthRestrictions(0));
    }
    let mut allowed = 0;
    for name in list(value) {
        let method = METHODS.iter().find(|(known, _)| *known == name);
        let (_, bit) = method.ok_or_else(|| format!("has an unknown method, {name}"))?;
        allowed |= bit.0;
    }
    if allowed == 0 { Err("names no method".to_owned()) } else { Ok(AuthRestrictions(allowed)) }
}

const METHODS: &[(&str, AuthRestrictions)] = &[
    ("mschapv2", AuthRestrictions::MS_CHAP_V2),
    ("eap", AuthRestrictions::EAP),
    ("chap", AuthRestrictions::CHAP),
    ("pap", AuthRestrictions::PAP),
];

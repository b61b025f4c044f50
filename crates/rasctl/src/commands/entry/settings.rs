//! The settings of an entry by names that people would guess.

use crate::exit::Exit;
use crate::failure::Failure;
use rasman::AuthMethod;
use rasman_phonebook::{Assign, AuthRestrictions, IdleDisconnect, OverridePref, Properties, Subentry, VpnStrategy};
use std::num::NonZeroU32;

/// A setting: its name, what it takes, and what it is.
pub(super) struct Setting {
    pub(super) name: &'static str,
    takes: &'static str,
    pub(super) what: &'static str,
    get: fn(&Properties) -> String,
    set: fn(&mut Properties, &str) -> Result<(), String>,
}

/// All settings, in the order in which they are shown.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "server",
        takes: "HOST[:PORT]",
        what: "server of a VPN; number of a modem line; service of PPPoE",
        get: |entry| entry.primary().map_or("", Subentry::phone_number).to_owned(),
        set: |entry, value| {
            let numbers = &mut link(entry)?.phone_numbers;
            match numbers.first_mut() {
                Some(first) => value.clone_into(first),
                None => numbers.push(value.to_owned()),
            }
            Ok(())
        },
    },
    Setting {
        name: "alternates",
        takes: "HOST[:PORT],...",
        what: "what is tried when it does not answer, in order",
        get: |entry| entry.primary().map_or(String::new(), |link| link.alternates().join(",")),
        set: |entry, value| {
            let numbers = &mut link(entry)?.phone_numbers;
            numbers.truncate(1);
            numbers.extend(list(value));
            Ok(())
        },
    },
    Setting {
        name: "script",
        takes: "FILE",
        what: "login script that a modem line runs before PPP; empty for none",
        get: |entry| entry.primary().map_or(String::new(), |link| link.script.clone()),
        set: |entry, value| {
            link(entry)?.script = if value.is_empty() { String::new() } else { absolute(value.to_owned()) };
            Ok(())
        },
    },
    Setting {
        name: "strategy",
        takes: "sstp, sstp-first, ikev2, l2tp, pptp or automatic",
        what: "which tunnels are tried",
        get: |entry| {
            strategy_name(entry.vpn_strategy).map_or_else(|| entry.vpn_strategy.number().to_string(), str::to_owned)
        },
        set: |entry, value| {
            let found = STRATEGIES.iter().find(|(name, _)| *name == value);
            entry.vpn_strategy = found.map(|(_, strategy)| *strategy).ok_or("is none of them")?;
            Ok(())
        },
    },
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
        name: "ca",
        takes: "FILE,...",
        what: "certificate authorities to trust besides the system's",
        get: |entry| entry.ca.join(","),
        set: |entry, value| {
            entry.ca = list(value).map(absolute).collect();
            Ok(())
        },
    },
    Setting {
        name: "system-roots",
        takes: "yes or no",
        what: "trust the authorities of the system",
        get: |entry| yes_or_no(entry.system_roots),
        set: |entry, value| flag(&mut entry.system_roots, value),
    },
    Setting {
        name: "pin",
        takes: "SHA256",
        what: "accept exactly the certificate with this digest",
        get: |entry| entry.pin.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.pin);
            Ok(())
        },
    },
    Setting {
        name: "server-name",
        takes: "NAME",
        what: "name that the server's certificate must carry",
        get: |entry| entry.server_name.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.server_name);
            Ok(())
        },
    },
    Setting {
        name: "proxy",
        takes: "ADDRESS:PORT",
        what: "where the SOCKS5 proxy listens",
        get: |entry| entry.socks.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.socks);
            Ok(())
        },
    },
    Setting {
        name: "forward",
        takes: "LISTEN=HOST:PORT,...",
        what: "local ports that lead to addresses inside",
        get: |entry| entry.forwards.join(","),
        set: |entry, value| {
            entry.forwards = list(value).collect();
            Ok(())
        },
    },
    Setting {
        name: "public-doors",
        takes: "yes or no",
        what: "let proxy and forwards listen beyond loopback: whoever reaches them is inside",
        get: |entry| yes_or_no(entry.public_doors),
        set: |entry, value| flag(&mut entry.public_doors, value),
    },
    Setting {
        name: "data-path",
        takes: "tun, rootless or empty",
        what: "a network device or doors; empty for what the manager prefers",
        get: |entry| entry.data_path.clone(),
        set: |entry, value| {
            if !["", "tun", "rootless"].contains(&value) {
                return Err("is none of them".to_owned());
            }
            value.clone_into(&mut entry.data_path);
            Ok(())
        },
    },
    Setting {
        name: "interface",
        takes: "NAME",
        what: "name of the network device",
        get: |entry| entry.interface.clone(),
        set: |entry, value| {
            value.clone_into(&mut entry.interface);
            Ok(())
        },
    },
    Setting {
        name: "default-route",
        takes: "yes or no",
        what: "a network device takes everything that no more special route leads elsewhere",
        get: |entry| yes_or_no(entry.remote_default_gateway),
        set: |entry, value| flag(&mut entry.remote_default_gateway, value),
    },
    Setting {
        name: "default-route6",
        takes: "yes or no",
        what: "the same of IPv6; with both it is unreachable where the far network has none",
        get: |entry| yes_or_no(entry.ipv6_remote_default_gateway),
        set: |entry, value| flag(&mut entry.ipv6_remote_default_gateway, value),
    },
    Setting {
        name: "class-route",
        takes: "yes or no",
        what: "a network device takes the network of the assigned address's class",
        get: |entry| yes_or_no(!entry.disable_class_based_default_route),
        set: |entry, value| {
            let mut wanted = !entry.disable_class_based_default_route;
            flag(&mut wanted, value)?;
            entry.disable_class_based_default_route = !wanted;
            Ok(())
        },
    },
    Setting {
        name: "route",
        takes: "NETWORK/BITS,...",
        what: "networks that a network device leads inside",
        get: |entry| entry.routes.join(","),
        set: |entry, value| {
            entry.routes = list(value).collect();
            Ok(())
        },
    },
    Setting {
        name: "exclude",
        takes: "NETWORK/BITS,...",
        what: "networks that it does not",
        get: |entry| entry.excluded_routes.join(","),
        set: |entry, value| {
            entry.excluded_routes = list(value).collect();
            Ok(())
        },
    },
    Setting {
        name: "redial-attempts",
        takes: "a number",
        what: "how many attempts follow the first one",
        get: |entry| entry.redial_attempts.to_string(),
        set: |entry, value| {
            entry.override_pref = entry.override_pref.with(OverridePref::REDIAL_ATTEMPTS, true);
            number(&mut entry.redial_attempts, value)
        },
    },
    Setting {
        name: "redial-pause",
        takes: "a number of seconds",
        what: "the wait before each of them",
        get: |entry| entry.redial_seconds.to_string(),
        set: |entry, value| {
            entry.override_pref = entry.override_pref.with(OverridePref::REDIAL_SECONDS, true);
            number(&mut entry.redial_seconds, value)
        },
    },
    Setting {
        name: "reconnect",
        takes: "yes or no",
        what: "dial again when the connection is lost",
        get: |entry| yes_or_no(entry.redial_on_link_failure),
        set: |entry, value| {
            entry.override_pref = entry.override_pref.with(OverridePref::REDIAL_ON_LINK_FAILURE, true);
            flag(&mut entry.redial_on_link_failure, value)
        },
    },
    Setting {
        name: "idle",
        takes: "a number of seconds, never or default",
        what: "hang up after this long without traffic",
        get: |entry| match entry.idle_disconnect() {
            IdleDisconnect::UserPreference => "default".to_owned(),
            IdleDisconnect::Never => "never".to_owned(),
            IdleDisconnect::After(seconds) => seconds.to_string(),
        },
        set: |entry, value| {
            entry.set_idle_disconnect(match value {
                "default" => IdleDisconnect::UserPreference,
                "never" | "0" => IdleDisconnect::Never,
                seconds => IdleDisconnect::After(seconds.parse::<NonZeroU32>().map_err(|_| "is no number of seconds")?),
            });
            Ok(())
        },
    },
    Setting {
        name: "session",
        takes: "a number of seconds or never",
        what: "hang up this long after the connection was made",
        get: |entry| if entry.session_limit == 0 { "never".to_owned() } else { entry.session_limit.to_string() },
        set: |entry, value| {
            let seconds = if value == "never" { Ok(0) } else { value.parse() };
            entry.session_limit = seconds.map_err(|_| "is no number of seconds")?;
            Ok(())
        },
    },
    Setting {
        name: "address",
        takes: "ADDRESS or server",
        what: "address inside: this one, or what the server gives",
        get: |entry| if entry.ip_assign == Assign::Given { entry.ip_address.to_string() } else { "server".to_owned() },
        set: |entry, value| {
            if value == "server" {
                entry.ip_assign = Assign::Server;
                return Ok(());
            }
            entry.ip_address = value.parse().map_err(|_| "is no IPv4 address")?;
            entry.ip_assign = Assign::Given;
            Ok(())
        },
    },
    Setting {
        name: "mru",
        takes: "a number of bytes",
        what: "largest packet that we want to receive",
        get: |entry| entry.mru.to_string(),
        set: |entry, value| number(&mut entry.mru, value),
    },
    Setting {
        name: "remember",
        takes: "yes or no",
        what: "let credentials be stored after a dial",
        get: |entry| yes_or_no(entry.cache_credentials),
        set: |entry, value| flag(&mut entry.cache_credentials, value),
    },
    Setting {
        name: "port",
        takes: "PORT",
        what: "port of the device, such as COM3 or /dev/ttyUSB0",
        get: |entry| entry.primary().map_or(String::new(), |link| link.port.clone()),
        set: |entry, value| {
            value.clone_into(&mut link(entry)?.port);
            Ok(())
        },
    },
    Setting {
        name: "device",
        takes: "NAME",
        what: "name of the device",
        get: |entry| entry.primary().map_or(String::new(), |link| link.device_name.clone()),
        set: |entry, value| {
            value.clone_into(&mut link(entry)?.device_name);
            Ok(())
        },
    },
    Setting {
        name: "comment",
        takes: "TEXT",
        what: "a remark",
        get: |entry| entry.primary().map_or(String::new(), |link| link.comment.clone()),
        set: |entry, value| {
            value.clone_into(&mut link(entry)?.comment);
            Ok(())
        },
    },
];

impl Setting {
    /// Reads it of an entry.
    pub(super) fn get(&self, entry: &Properties) -> String {
        (self.get)(entry)
    }

    /// Sets it in an entry.
    pub(super) fn set(&self, entry: &mut Properties, value: &str) -> Result<(), Failure> {
        (self.set)(entry, value.trim()).map_err(|problem| {
            Failure::new(Exit::Usage, format!("{}={value} {problem}", self.name), format!("give {}", self.takes))
        })
    }
}

/// Finds a setting by its name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Lists the settings for the help.
pub(super) fn listing() -> String {
    let rows = SETTINGS
        .iter()
        .map(|setting| format!("  {:<16} {}\n  {:16}   {}", setting.name, setting.what, "", setting.takes));
    let rows = rows.collect::<Vec<_>>().join("\n");
    format!(
        "Settings:\n{rows}\n\nAny key of the phone book can be set as well, in its own case: VpnStrategy=6. KEY+=VALUE \
         adds one more\nvalue to a key that repeats; --unset KEY removes a key."
    )
}

fn link(entry: &mut Properties) -> Result<&mut Subentry, String> {
    entry.subentries.first_mut().ok_or_else(|| "has no place, as the entry has no MEDIA group".to_owned())
}

fn list(value: &str) -> impl Iterator<Item = String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

/// A path in a phone book means the same wherever one dials from.
fn absolute(path: String) -> String {
    std::path::absolute(&path).map_or(path, |path| path.to_string_lossy().into_owned())
}

fn path(value: &str) -> String {
    if value.is_empty() { String::new() } else { absolute(value.to_owned()) }
}

fn yes_or_no(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

fn flag(flag: &mut bool, value: &str) -> Result<(), String> {
    *flag = match value.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" | "1" => true,
        "no" | "off" | "false" | "0" => false,
        _ => return Err("is neither yes nor no".to_owned()),
    };
    Ok(())
}

fn number(number: &mut u32, value: &str) -> Result<(), String> {
    *number = value.parse().map_err(|_| "is no number".to_owned())?;
    Ok(())
}

fn strategy_name(strategy: VpnStrategy) -> Option<&'static str> {
    STRATEGIES.iter().find(|(_, known)| *known == strategy).map(|(name, _)| *name)
}

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

const STRATEGIES: &[(&str, VpnStrategy)] = &[
    ("sstp", VpnStrategy::SstpOnly),
    ("sstp-first", VpnStrategy::SstpFirst),
    ("ikev2", VpnStrategy::Ikev2Only),
    ("ikev2-first", VpnStrategy::Ikev2First),
    ("l2tp", VpnStrategy::L2tpOnly),
    ("l2tp-first", VpnStrategy::L2tpFirst),
    ("pptp", VpnStrategy::PptpOnly),
    ("pptp-first", VpnStrategy::PptpFirst),
    ("automatic", VpnStrategy::Default),
];

const METHODS: &[(&str, AuthRestrictions)] = &[
    ("mschapv2", AuthRestrictions::MS_CHAP_V2),
    ("eap", AuthRestrictions::EAP),
    ("chap", AuthRestrictions::CHAP),
    ("pap", AuthRestrictions::PAP),
];

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_phonebook::{Guid, Identity};

    fn entry() -> Properties {
        Properties::sstp("work", "vpn.example.com", Identity { guid: Guid([1; 16]), dial_params_uid: 1 })
    }

    #[test]
    fn what_is_set_is_what_is_read() {
        for (name, value) in [
            ("server", "[2001:db8::1]:8443"),
            ("alternates", "b.example.com,c.example.com:444"),
            ("strategy", "sstp-first"),
            ("authentication", "mschapv2,eap"),
            ("authentication", "any"),
            ("ca", "/etc/ca.pem"),
            ("system-roots", "no"),
            ("proxy", "127.0.0.1:1081"),
            ("forward", "127.0.0.1:1=a:2"),
            ("public-doors", "yes"),
            ("data-path", "tun"),
            ("interface", "vpn0"),
            ("default-route", "no"),
            ("class-route", "no"),
            ("route", "10.1.0.0/16,10.2.0.0/16"),
            ("exclude", "10.1.2.0/24,2001:db8::/32"),
            ("default-route6", "no"),
            ("redial-attempts", "7"),
            ("redial-pause", "5"),
            ("reconnect", "yes"),
            ("idle", "300"),
            ("idle", "never"),
            ("idle", "default"),
            ("session", "3600"),
            ("session", "never"),
            ("address", "10.1.2.3"),
            ("address", "server"),
            ("mru", "1400"),
            ("remember", "no"),
            ("comment", "the office"),
        ] {
            let mut entry = entry();
            let setting = find(name).unwrap();
            setting.set(&mut entry, value).unwrap();
            assert_eq!(setting.get(&entry), value, "{name}");
        }
    }

    #[test]
    fn bad_values_are_refused_with_what_is_wanted() {
        for (name, value) in [
            ("strategy", "wireguard"),
            ("authentication", "magic"),
            ("system-roots", "perhaps"),
            ("redial-attempts", "many"),
            ("idle", "-1"),
            ("session", "long"),
            ("address", "::1"),
        ] {
            let error = find(name).unwrap().set(&mut entry(), value).unwrap_err();
            assert_eq!(error.exit, Exit::Usage, "{name}");
            assert!(error.headline().contains(value), "{}", error.headline());
        }
    }
}

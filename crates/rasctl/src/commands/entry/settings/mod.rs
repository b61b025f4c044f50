//! The settings of an entry by names that people would guess.

mod authentication;
mod certificate;
mod dialled;
mod network;
mod times;
mod values;

use crate::exit::Exit;
use crate::failure::Failure;
use rasman_phonebook::Properties;

/// A setting: its name, what it takes, and what it is.
pub(super) struct Setting {
    pub(super) name: &'static str,
    takes: &'static str,
    pub(super) what: &'static str,
    get: fn(&Properties) -> String,
    set: fn(&mut Properties, &str) -> Result<(), String>,
}

/// All settings, in the order in which they are shown.
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().copied().flatten()
}

const GROUPS: &[&[Setting]] =
    &[dialled::SETTINGS, authentication::SETTINGS, certificate::SETTINGS, network::SETTINGS, times::SETTINGS];

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
    all().find(|setting| setting.name == name)
}

/// Lists the settings for the help.
pub(super) fn listing() -> String {
    let rows = all().map(|setting| format!("  {:<16} {}\n  {:16}   {}", setting.name, setting.what, "", setting.takes));
    let rows = rows.collect::<Vec<_>>().join("\n");
    format!(
        "Settings:\n{rows}\n\nAny key of the phone book can be set as well, in its own case: VpnStrategy=6. KEY+=VALUE \
         adds one more\nvalue to a key that repeats; --unset KEY removes a key."
    )
}

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
            ("fcs32", "yes"),
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

//! What is dialled: servers and numbers, the tunnels that are tried, ports and devices of lines.

use super::Setting;
use super::values::{absolute, flag, list, yes_or_no};
use rasman_phonebook::{Properties, Subentry, VpnStrategy};

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
        name: "terminal-before",
        takes: "yes or no",
        what: "have a serial line in a terminal before the modem dials",
        get: |entry| yes_or_no(entry.primary().is_some_and(|link| link.terminal_before_dial)),
        set: |entry, value| flag(&mut link(entry)?.terminal_before_dial, value),
    },
    Setting {
        name: "terminal-after",
        takes: "yes or no",
        what: "have it in a terminal once the line is connected",
        get: |entry| yes_or_no(entry.primary().is_some_and(|link| link.terminal_after_dial)),
        set: |entry, value| flag(&mut link(entry)?.terminal_after_dial, value),
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
        name: "fcs32",
        takes: "yes or no",
        what: "ask the peer of a serial line for checksums of 32 bits",
        get: |entry| yes_or_no(entry.fcs32),
        set: |entry, value| flag(&mut entry.fcs32, value),
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

fn link(entry: &mut Properties) -> Result<&mut Subentry, String> {
    entry.subentries.first_mut().ok_or_else(|| "has no place, as the entry has no MEDIA group".to_owned())
}

fn strategy_name(strategy: VpnStrategy) -> Option<&'static str> {
    STRATEGIES.iter().find(|(_, known)| *known == strategy).map(|(name, _)| *name)
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

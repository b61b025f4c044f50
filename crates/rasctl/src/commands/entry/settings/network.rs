//! How programs reach the far network: doors, or a device with its routes; addresses.

use super::Setting;
use super::values::{flag, list, number, yes_or_no};
use rasman_phonebook::Assign;

pub(super) const SETTINGS: &[Setting] = &[
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
];

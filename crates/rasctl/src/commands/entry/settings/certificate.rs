//! Which certificate of the server is trusted.

use super::Setting;
use super::values::{absolute, flag, list, revocation, set_revocation, yes_or_no};

pub(super) const SETTINGS: &[Setting] = &[
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
        name: "revocation",
        takes: "if-possible, required or no",
        what: "find out whether the server's certificate was revoked",
        get: |entry| revocation(&entry.revocation),
        set: |entry, value| set_revocation(&mut entry.revocation, value),
    },
];

//! When it is dialled again, and when it is hung up.

use super::Setting;
use super::values::{flag, number, yes_or_no};
use rasman_phonebook::{IdleDisconnect, OverridePref};
use std::num::NonZeroU32;

pub(super) const SETTINGS: &[Setting] = &[
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
];

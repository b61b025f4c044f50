//! The methods of the AutoDial database.

use super::{parameters, reply};
use crate::idl::Interface;
use rasman::AutodialEntry;
use rasman::ipc::wire::*;

fn entries() -> Vec<AutodialEntryWire> {
    vec![(&AutodialEntry { location: 1, flags: 2, entry: "work".into() }).into()]
}

pub(crate) fn exercise(i: &mut Interface) {
    let address = || "intranet".to_owned();
    parameters(i, "AutodialAddresses", &Nothing {});
    parameters(i, "GetAutodialEntries", &AutodialAddressCall { address: address() });
    parameters(i, "SetAutodialEntries", &SetAutodialEntriesCall { address: address(), entries: entries() });
    parameters(i, "GetAutodialEnabled", &AutodialLocationCall { location: 1 });
    parameters(i, "SetAutodialEnabled", &SetAutodialEnabledCall { location: 1, enabled: true });
    parameters(i, "GetAutodialSetting", &AutodialSettingCall { key: 1 });
    parameters(i, "SetAutodialSetting", &SetAutodialSettingCall { key: 1, value: 2 });

    reply(i, "AutodialAddresses", &AutodialAddressesReply { addresses: vec![address()] });
    reply(i, "GetAutodialEntries", &AutodialEntriesReply { entries: entries() });
    reply(i, "GetAutodialEnabled", &AutodialEnabledReply { enabled: true });
    reply(i, "GetAutodialSetting", &AutodialSettingReply { value: 1 });
    for method in ["SetAutodialEntries", "SetAutodialEnabled", "SetAutodialSetting"] {
        reply(i, method, &Nothing {});
    }
}

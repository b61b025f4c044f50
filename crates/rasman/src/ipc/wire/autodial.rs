//! What the methods of the AutoDial database take and give.
#![allow(missing_docs)] // The interface says it.

use rasman_phonebook::AutodialEntry;
use serde::{Deserialize, Serialize};

/// One entry of an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutodialEntryWire {
    pub location: u32,
    pub flags: u32,
    pub entry: String,
}

impl From<&AutodialEntry> for AutodialEntryWire {
    fn from(from: &AutodialEntry) -> Self {
        let AutodialEntry { location, flags, entry } = from.clone();
        Self { location, flags, entry }
    }
}

impl From<AutodialEntryWire> for AutodialEntry {
    fn from(wire: AutodialEntryWire) -> Self {
        let AutodialEntryWire { location, flags, entry } = wire;
        Self { location, flags, entry }
    }
}

/// Reply of `AutodialAddresses`.
#[derive(Debug, Serialize, Deserialize)]
pub struct AutodialAddressesReply {
    pub addresses: Vec<String>,
}

/// Parameters of `GetAutodialEntries`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutodialAddressCall {
    pub address: String,
}

/// Reply of `GetAutodialEntries`.
#[derive(Debug, Serialize, Deserialize)]
pub struct AutodialEntriesReply {
    pub entries: Vec<AutodialEntryWire>,
}

/// Parameters of `SetAutodialEntries`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAutodialEntriesCall {
    pub address: String,
    pub entries: Vec<AutodialEntryWire>,
}

/// Parameters of `GetAutodialEnabled`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutodialLocationCall {
    pub location: u32,
}

/// Reply of `GetAutodialEnabled`.
#[derive(Debug, Serialize, Deserialize)]
pub struct AutodialEnabledReply {
    pub enabled: bool,
}

/// Parameters of `SetAutodialEnabled`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAutodialEnabledCall {
    pub location: u32,
    pub enabled: bool,
}

/// Parameters of `GetAutodialSetting`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutodialSettingCall {
    pub key: u32,
}

/// Reply of `GetAutodialSetting`.
#[derive(Debug, Serialize, Deserialize)]
pub struct AutodialSettingReply {
    pub value: u32,
}

/// Parameters of `SetAutodialSetting`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAutodialSettingCall {
    pub key: u32,
    pub value: u32,
}

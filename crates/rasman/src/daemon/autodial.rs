//! The AutoDial database behind the socket.

use super::remote::Remote;
use crate::ipc::wire::{
    AutodialAddressCall, AutodialAddressesReply, AutodialEnabledReply, AutodialEntriesReply, AutodialLocationCall,
    AutodialSettingCall, AutodialSettingReply, Nothing, SetAutodialEnabledCall, SetAutodialEntriesCall,
    SetAutodialSettingCall,
};
use crate::{AutodialBackend, AutodialSetting, Error};
use rasman_phonebook::AutodialEntry;

impl AutodialBackend for Remote {
    fn autodial_addresses(&self) -> Result<Vec<String>, Error> {
        self.on_entries("AutodialAddresses", &Nothing {}).map(|reply: AutodialAddressesReply| reply.addresses)
    }

    fn autodial_entries(&self, address: &str) -> Result<Vec<AutodialEntry>, Error> {
        let call = AutodialAddressCall { address: address.to_owned() };
        let reply: AutodialEntriesReply = self.on_entries("GetAutodialEntries", &call)?;
        Ok(reply.entries.into_iter().map(Into::into).collect())
    }

    fn set_autodial_entries(&self, address: &str, entries: &[AutodialEntry]) -> Result<(), Error> {
        let entries = entries.iter().map(Into::into).collect();
        let call = SetAutodialEntriesCall { address: address.to_owned(), entries };
        self.on_entries("SetAutodialEntries", &call).map(|Nothing {}| ())
    }

    fn autodial_is_enabled(&self, location: u32) -> Result<bool, Error> {
        let call = AutodialLocationCall { location };
        self.on_entries("GetAutodialEnabled", &call).map(|reply: AutodialEnabledReply| reply.enabled)
    }

    fn enable_autodial(&self, location: u32, on: bool) -> Result<(), Error> {
        let call = SetAutodialEnabledCall { location, enabled: on };
        self.on_entries("SetAutodialEnabled", &call).map(|Nothing {}| ())
    }

    fn autodial_setting(&self, setting: AutodialSetting) -> Result<u32, Error> {
        let call = AutodialSettingCall { key: setting.0 };
        self.on_entries("GetAutodialSetting", &call).map(|reply: AutodialSettingReply| reply.value)
    }

    fn set_autodial_setting(&self, setting: AutodialSetting, value: u32) -> Result<(), Error> {
        let call = SetAutodialSettingCall { key: setting.0, value };
        self.on_entries("SetAutodialSetting", &call).map(|Nothing {}| ())
    }
}

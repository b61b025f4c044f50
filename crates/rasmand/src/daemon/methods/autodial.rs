//! The methods of the AutoDial database: carried out by a clerk, as those of entries.

use super::{Call, Outcome, Result};
use rasman::AutodialBackend;
use rasman::ipc::wire::{
    AutodialAddressCall, AutodialAddressesReply, AutodialEnabledReply, AutodialEntriesReply, AutodialLocationCall,
    AutodialSettingCall, AutodialSettingReply, Nothing, SetAutodialEnabledCall, SetAutodialEntriesCall,
    SetAutodialSettingCall,
};
use rasman::{AutodialEntry, AutodialSetting};

impl Call<'_> {
    /// Carries out a call that is about the AutoDial database; nothing for one that is not.
    pub(super) fn of_autodial(&mut self, method: &str) -> Option<Result<Outcome>> {
        Some(match method {
            "AutodialAddresses" => self.autodial_addresses(),
            "GetAutodialEntries" => self.get_autodial_entries(),
            "SetAutodialEntries" => self.set_autodial_entries(),
            "GetAutodialEnabled" => self.get_autodial_enabled(),
            "SetAutodialEnabled" => self.set_autodial_enabled(),
            "GetAutodialSetting" => self.get_autodial_setting(),
            "SetAutodialSetting" => self.set_autodial_setting(),
            _ => return None,
        })
    }

    fn autodial_addresses(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        self.on_entries(|client| client.autodial_addresses().map(|addresses| AutodialAddressesReply { addresses }))
    }

    fn get_autodial_entries(&self) -> Result<Outcome> {
        let AutodialAddressCall { address } = self.read()?;
        self.on_entries(move |client| {
            let entries = client.autodial_entries(&address)?;
            Ok(AutodialEntriesReply { entries: entries.iter().map(Into::into).collect() })
        })
    }

    fn set_autodial_entries(&self) -> Result<Outcome> {
        let SetAutodialEntriesCall { address, entries } = self.read()?;
        let entries: Vec<AutodialEntry> = entries.into_iter().map(Into::into).collect();
        self.on_entries(move |client| client.set_autodial_entries(&address, &entries).map(nothing))
    }

    fn get_autodial_enabled(&self) -> Result<Outcome> {
        let AutodialLocationCall { location } = self.read()?;
        self.on_entries(move |client| {
            client.autodial_is_enabled(location).map(|enabled| AutodialEnabledReply { enabled })
        })
    }

    fn set_autodial_enabled(&self) -> Result<Outcome> {
        let SetAutodialEnabledCall { location, enabled } = self.read()?;
        self.on_entries(move |client| client.enable_autodial(location, enabled).map(nothing))
    }

    fn get_autodial_setting(&self) -> Result<Outcome> {
        let AutodialSettingCall { key } = self.read()?;
        self.on_entries(move |client| {
            client.autodial_setting(AutodialSetting(key)).map(|value| AutodialSettingReply { value })
        })
    }

    fn set_autodial_setting(&self) -> Result<Outcome> {
        let SetAutodialSettingCall { key, value } = self.read()?;
        self.on_entries(move |client| client.set_autodial_setting(AutodialSetting(key), value).map(nothing))
    }
}

fn nothing((): ()) -> Nothing {
    Nothing {}
}

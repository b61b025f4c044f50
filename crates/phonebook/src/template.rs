//! New entries of each kind, with the settings that Windows gives them.

use crate::setting::{AuthRestrictions, Encryption, EntryType, OverridePref, Purpose, VpnStrategy};
use crate::{Guid, Properties, Subentry};

/// What makes an entry itself and nobody else's; the caller draws both at random.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The entry's GUID.
    pub guid: Guid,
    /// The number under which its credentials are stored.
    pub dial_params_uid: u32,
}

impl Properties {
    /// Makes an SSTP entry. `server` is a host name or an address, with `:port` if that is not 443.
    #[must_use]
    pub fn sstp(name: impl Into<String>, server: impl Into<String>, identity: Identity) -> Self {
        Self::vpn(name, server, identity, VpnStrategy::SstpOnly, "SSTP")
    }

    /// Makes an IKEv2 entry with EAP-MSCHAPv2.
    #[must_use]
    pub fn ikev2(name: impl Into<String>, server: impl Into<String>, identity: Identity) -> Self {
        Self {
            auth_restrictions: AuthRestrictions::EAP,
            custom_auth_key: EAP_MSCHAPV2,
            network_outage_seconds: 1800,
            ..Self::vpn(name, server, identity, VpnStrategy::Ikev2Only, "IKEv2")
        }
    }

    /// Makes an L2TP entry.
    #[must_use]
    pub fn l2tp(name: impl Into<String>, server: impl Into<String>, identity: Identity) -> Self {
        Self::vpn(name, server, identity, VpnStrategy::L2tpOnly, "L2TP")
    }

    /// Makes a PPTP entry.
    #[must_use]
    pub fn pptp(name: impl Into<String>, server: impl Into<String>, identity: Identity) -> Self {
        Self::vpn(name, server, identity, VpnStrategy::PptpOnly, "PPTP")
    }

    /// Makes a PPPoE entry. An empty `service` takes any.
    #[must_use]
    pub fn pppoe(name: impl Into<String>, service: impl Into<String>, identity: Identity) -> Self {
        // Clause B8.
        let link = link("rastapi", "PPPoE5-0", "WAN Miniport (PPPOE)", "PPPoE", service.into());
        Self {
            entry_type: EntryType::Broadband,
            use_ras_credentials: false,
            redial_attempts: 1,
            redial_seconds: 30,
            redial_on_link_failure: true,
            auth_restrictions: secured_or_plain(),
            nbt_over_ip: false,
            purpose: Purpose::Internet,
            ..Self::new(name, link, identity)
        }
    }

    /// Makes a modem entry. `port` is such as `COM3`, `device` the modem's name.
    #[must_use]
    pub fn modem(
        name: impl Into<String>,
        port: impl Into<String>,
        device: impl Into<String>,
        number: impl Into<String>,
        identity: Identity,
    ) -> Self {
        let link = Subentry {
            connect_bps: 115_200,
            hw_flow_control: 1,
            protocol: 1,
            compression: 1,
            speaker: 1,
            ..link("serial", &port.into(), &device.into(), "modem", number.into())
        };
        Self {
            idle_disconnect_seconds: 1200,
            redial_on_link_failure: true,
            preview_phone_number: true,
            auth_restrictions: secured_or_plain(),
            nbt_over_ip: false,
            purpose: Purpose::Internet,
            ..Self::new(name, link, identity)
        }
    }

    /// Makes an entry for a cable between two machines.
    #[must_use]
    pub fn direct(
        name: impl Into<String>,
        port: impl Into<String>,
        device: impl Into<String>,
        identity: Identity,
    ) -> Self {
        let link = Subentry {
            connect_bps: 115_200,
            hw_flow_control: 1,
            ..link("serial", &port.into(), &device.into(), "null", String::new())
        };
        Self {
            entry_type: EntryType::Direct,
            nbt_over_ip: false,
            purpose: Purpose::PrivateNetwork,
            ..Self::new(name, link, identity)
        }
    }

    fn vpn(
        name: impl Into<String>,
        server: impl Into<String>,
        identity: Identity,
        vpn_strategy: VpnStrategy,
        miniport: &str,
    ) -> Self {
        let link = link("rastapi", "VPN2-0", &format!("WAN Miniport ({miniport})"), "vpn", server.into());
        Self {
            entry_type: EntryType::Vpn,
            vpn_strategy,
            encryption: Encryption::Required,
            redial_on_link_failure: true,
            share_ms_file_print: true,
            bind_ms_net_client: true,
            preview_domain: true,
            auth_restrictions: AuthRestrictions::MS_CHAP_V2,
            purpose: Purpose::PrivateNetwork,
            ..Self::new(name, link, identity)
        }
    }

    fn new(name: impl Into<String>, link: Subentry, identity: Identity) -> Self {
        Self {
            guid: identity.guid,
            dial_params_uid: identity.dial_params_uid,
            override_pref: OverridePref(15),
            subentries: vec![link],
            ..Self::with_defaults(name)
        }
    }
}

fn link(media: &str, port: &str, device: &str, device_type: &str, number: String) -> Subentry {
    Subentry {
        media: media.to_owned(),
        port: port.to_owned(),
        device_name: device.to_owned(),
        device_type: device_type.to_owned(),
        phone_numbers: Some(number).filter(|number| !number.is_empty()).into_iter().collect(),
        ..Subentry::default()
    }
}

/// What Windows allows over lines that nobody else hears.
fn secured_or_plain() -> AuthRestrictions {
    AuthRestrictions(AuthRestrictions::PAP.0 | AuthRestrictions::CHAP.0 | AuthRestrictions::MS_CHAP_V2.0)
}

/// The number of EAP-MSCHAPv2.
const EAP_MSCHAPV2: u32 = 26;

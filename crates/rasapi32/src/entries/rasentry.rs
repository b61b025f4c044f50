//! RASENTRY from and to the properties of an entry.

use super::link::numbers_of;
use super::options::{encryption, encryption_type, options, options2, set_options, set_options2};
use crate::abi::constants::*;
use crate::abi::{GUID, Layout, RASENTRY, RASIPADDR};
use crate::country;
use crate::text::{self, Char};
use core::net::{Ipv4Addr, Ipv6Addr};
use core::num::NonZeroU32;
use rasman::{Code, Properties, Subentry};
use rasman_core::SerialPort;
use rasman_phonebook::{
    DialMode, EntryType, ExcludedProtocols, Framing, Guid, IdleDisconnect, OverridePref, VpnStrategy,
};

/// Writes the properties of an entry, but for its alternate numbers.
pub(super) fn to_rasentry<C: Char>(entry: &Properties) -> RASENTRY<C> {
    let none = Subentry::default();
    let link = entry.primary().unwrap_or(&none);
    RASENTRY {
        dwSize: RASENTRY::<C>::size(),
        dwfOptions: options(entry, link),
        dwCountryID: link.country_id,
        dwCountryCode: link.country_code,
        szAreaCode: text::array(&link.area_code),
        szLocalPhoneNumber: text::array(link.phone_number()),
        dwAlternateOffset: 0,
        ipaddr: address(entry.ip_address),
        ipaddrDns: address(entry.ip_dns),
        ipaddrDnsAlt: address(entry.ip_dns2),
        ipaddrWins: address(entry.ip_wins),
        ipaddrWinsAlt: address(entry.ip_wins2),
        // Clause B14: it means something for SLIP alone.
        dwFrameSize: if entry.framing == Framing::Slip { entry.frame_size } else { 0 },
        dwfNetProtocols: !entry.excluded_protocols.0 & IP_PROTOCOLS,
        dwFramingProtocol: entry.framing.number(),
        szScript: text::array(&link.script),
        szAutodialDll: text::array(&entry.autodial_dll),
        szAutodialFunc: text::array(&entry.autodial_func),
        szDeviceType: text::array(&link.device_type),
        szDeviceName: text::array(&link.device_name),
        szX25PadType: text::array(&link.x25_pad),
        szX25Address: text::array(&link.x25_address),
        szX25Facilities: text::array(&link.x25_facilities),
        szX25UserData: text::array(&link.x25_user_data),
        dwChannels: entry.channels,
        // Clause M1: a link alone is no subentry.
        dwSubEntries: if entry.subentries.len() > 1 { entry.subentries.len() as u32 } else { 0 },
        dwDialMode: entry.dial_mode.number(),
        dwDialExtraPercent: entry.dial_percent,
        dwDialExtraSampleSeconds: entry.dial_seconds,
        dwHangUpExtraPercent: entry.hang_up_percent,
        dwHangUpExtraSampleSeconds: entry.hang_up_seconds,
        dwIdleDisconnectSeconds: idle_seconds(entry.idle_disconnect()),
        dwType: entry.entry_type.number(),
        dwEncryptionType: encryption_type(entry.encryption),
        dwCustomAuthKey: entry.custom_auth_key,
        guidId: GUID::from_bytes(entry.guid.0),
        szCustomDialDll: text::array(&entry.custom_dial_dll),
        dwVpnStrategy: entry.vpn_strategy.number(),
        dwfOptions2: options2(entry, link),
        dwfOptions3: entry.further_options3,
        szDnsSuffix: text::array(&entry.dns_suffix),
        dwTcpWindowSize: entry.tcp_window_size,
        szPrerequisitePbk: text::array(&entry.prerequisite_pbk),
        szPrerequisiteEntry: text::array(&entry.prerequisite_entry),
        dwRedialCount: entry.redial_attempts,
        dwRedialPause: entry.redial_seconds,
        ipv6addrDns: entry.ipv6_dns.octets(),
        ipv6addrDnsAlt: entry.ipv6_dns2.octets(),
        dwIPv4InterfaceMetric: entry.ip_interface_metric,
        dwIPv6InterfaceMetric: entry.ipv6_interface_metric,
        ipv6addr: entry.ipv6_address.octets(),
        dwIPv6PrefixLength: entry.ipv6_prefix_length,
        dwNetworkOutageTime: entry.network_outage_seconds,
        szIDi: text::array(&entry.ike_id_initiator),
        szIDr: text::array(&entry.ike_id_responder),
        fIsImsConfig: entry.ims_config.into(),
        IdiType: entry.ike_id_initiator_type.cast_signed(),
        IdrType: entry.ike_id_responder_type.cast_signed(),
        fDisableIKEv2Fragmentation: entry.disable_ikev2_fragmentation.into(),
        ..RASENTRY::zeroed()
    }
}

/// Takes over what a structure of this version says; what the version lacks stays as it is.
///
/// # Errors
/// 87 for text without an end, for a kind of entry that is none (clause B5), and for a prefix longer than an address.
pub(super) fn from_rasentry<C: Char>(
    given: &RASENTRY<C>,
    version: u32,
    alternates: Vec<String>,
    entry: &mut Properties,
) -> Result<(), Code> {
    // The link is changed beside the entry and put back.
    let mut links = core::mem::take(&mut entry.subentries);
    let is_new = links.is_empty();
    let mut link = if is_new { Subentry::default() } else { links.remove(0) };
    base(given, alternates, entry, &mut link)?;
    if is_new && link.device_type.eq_ignore_ascii_case("modem") {
        // RASENTRY has no member for them: as a new entry of a modem has them.
        (link.hw_flow_control, link.protocol, link.compression, link.speaker) = (1, 1, 1, 1);
    }
    let has = |member: &str| has_member::<C>(version, member);
    if has("dwIdleDisconnectSeconds") {
        bundle(given, entry);
    }
    if has("dwVpnStrategy") {
        kinds(given, entry)?;
    } else {
        entry.entry_type = kind_of_device(&link.device_type);
        entry.encryption = encryption(None, given.dwfOptions);
    }
    if has("dwRedialPause") {
        further(given, entry, &mut link)?;
    }
    if has("dwIPv6InterfaceMetric") {
        ipv6(given, entry);
    }
    if has("dwNetworkOutageTime") {
        mobility(given, entry)?;
    }
    if has("fDisableIKEv2Fragmentation") {
        identities(given, entry)?;
    }
    links.insert(0, link);
    entry.subentries = links;
    Ok(())
}

/// Tells whether a version has a member.
fn has_member<C: Char>(version: u32, member: &str) -> bool {
    let field = RASENTRY::<C>::FIELDS.iter().find(|(name, ..)| *name == member);
    field.is_some_and(|(_, offset, size)| offset + size <= version as usize)
}

/// WINVER 0x400.
fn base<C: Char>(
    given: &RASENTRY<C>,
    alternates: Vec<String>,
    entry: &mut Properties,
    link: &mut Subentry,
) -> Result<(), Code> {
    let bits = given.dwfOptions;
    set_options(entry, link, bits);
    // Clause B14: the options decide what counts; what does not stays.
    if bits & RASEO_UseCountryAndAreaCodes != 0 {
        // What stands in the phone book already may stay; 0 is none.
        if ![0, link.country_id].contains(&given.dwCountryID) && !country::is_known(given.dwCountryID) {
            return Err(Code::INVALID_PARAMETER);
        }
        (link.country_id, link.country_code) = (given.dwCountryID, given.dwCountryCode);
        link.area_code = text::of_array(&{ given.szAreaCode })?;
    }
    if bits & RASEO_SpecificIpAddr != 0 {
        entry.ip_address = from_address(given.ipaddr);
    }
    if bits & RASEO_SpecificNameServers != 0 {
        (entry.ip_dns, entry.ip_dns2) = (from_address(given.ipaddrDns), from_address(given.ipaddrDnsAlt));
        (entry.ip_wins, entry.ip_wins2) = (from_address(given.ipaddrWins), from_address(given.ipaddrWinsAlt));
    }
    entry.framing = Framing::from_number(given.dwFramingProtocol);
    if entry.framing == Framing::Slip {
        entry.frame_size = given.dwFrameSize;
    }
    // No protocol at all is no wish: such a connection could carry nothing.
    if given.dwfNetProtocols & IP_PROTOCOLS != 0 {
        let excluded = entry.excluded_protocols.0 & !IP_PROTOCOLS | !given.dwfNetProtocols & IP_PROTOCOLS;
        entry.excluded_protocols = ExcludedProtocols(excluded);
    }
    link.script = text::of_array(&{ given.szScript })?;
    entry.autodial_dll = text::of_array(&{ given.szAutodialDll })?;
    entry.autodial_func = text::of_array(&{ given.szAutodialFunc })?;
    set_device(link, text::of_array(&{ given.szDeviceType })?, text::of_array(&{ given.szDeviceName })?);
    link.phone_numbers = numbers_of(text::of_array(&{ given.szLocalPhoneNumber })?, alternates);
    link.x25_pad = text::of_array(&{ given.szX25PadType })?;
    link.x25_address = text::of_array(&{ given.szX25Address })?;
    link.x25_facilities = text::of_array(&{ given.szX25Facilities })?;
    link.x25_user_data = text::of_array(&{ given.szX25UserData })?;
    entry.channels = given.dwChannels;
    Ok(())
}

/// WINVER 0x401.
fn bundle<C: Char>(given: &RASENTRY<C>, entry: &mut Properties) {
    entry.dial_mode = DialMode::from_number(given.dwDialMode);
    // The samples mean something in one mode alone (clause M3).
    if entry.dial_mode == DialMode::AsNeeded {
        (entry.dial_percent, entry.dial_seconds) = (given.dwDialExtraPercent, given.dwDialExtraSampleSeconds);
        entry.hang_up_percent = given.dwHangUpExtraPercent;
        entry.hang_up_seconds = given.dwHangUpExtraSampleSeconds;
    }
    entry.set_idle_disconnect(match NonZeroU32::new(given.dwIdleDisconnectSeconds) {
        None => IdleDisconnect::UserPreference,
        Some(seconds) if seconds.get() == RASIDS_Disabled => IdleDisconnect::Never,
        Some(seconds) => IdleDisconnect::After(seconds),
    });
}

/// WINVER 0x500.
fn kinds<C: Char>(given: &RASENTRY<C>, entry: &mut Properties) -> Result<(), Code> {
    // Clause B5.
    if given.dwType == 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    entry.entry_type = EntryType::from_number(given.dwType);
    entry.encryption = encryption(Some(given.dwEncryptionType), given.dwfOptions);
    entry.custom_auth_key = given.dwCustomAuthKey;
    let guid = given.guidId.to_bytes();
    // Whoever fills the structure anew knows nothing of the identity; it stays.
    if guid != [0; 16] {
        entry.guid = Guid(guid);
    }
    entry.custom_dial_dll = text::of_array(&{ given.szCustomDialDll })?;
    entry.vpn_strategy = VpnStrategy::from_number(given.dwVpnStrategy);
    Ok(())
}

/// WINVER 0x501.
fn further<C: Char>(given: &RASENTRY<C>, entry: &mut Properties, link: &mut Subentry) -> Result<(), Code> {
    set_options2(entry, link, given.dwfOptions2);
    entry.further_options3 = given.dwfOptions3;
    entry.dns_suffix = text::of_array(&{ given.szDnsSuffix })?;
    entry.tcp_window_size = given.dwTcpWindowSize;
    entry.prerequisite_pbk = text::of_array(&{ given.szPrerequisitePbk })?;
    entry.prerequisite_entry = text::of_array(&{ given.szPrerequisiteEntry })?;
    (entry.redial_attempts, entry.redial_seconds) = (given.dwRedialCount, given.dwRedialPause);
    let own = OverridePref(OverridePref::REDIAL_ATTEMPTS.0 | OverridePref::REDIAL_SECONDS.0);
    entry.override_pref = entry.override_pref.with(own, true);
    Ok(())
}

/// WINVER 0x600.
fn ipv6<C: Char>(given: &RASENTRY<C>, entry: &mut Properties) {
    if given.dwfOptions2 & RASEO2_IPv6SpecificNameServers != 0 {
        entry.ipv6_dns = Ipv6Addr::from(given.ipv6addrDns);
        entry.ipv6_dns2 = Ipv6Addr::from(given.ipv6addrDnsAlt);
    }
    let metric = |bit, metric| if given.dwfOptions2 & bit != 0 { metric } else { 0 };
    entry.ip_interface_metric = metric(RASEO2_IPv4ExplicitMetric, given.dwIPv4InterfaceMetric);
    entry.ipv6_interface_metric = metric(RASEO2_IPv6ExplicitMetric, given.dwIPv6InterfaceMetric);
}

/// WINVER 0x601.
fn mobility<C: Char>(given: &RASENTRY<C>, entry: &mut Properties) -> Result<(), Code> {
    if given.dwfOptions2 & RASEO2_SpecificIPv6Addr != 0 {
        if given.dwIPv6PrefixLength > 128 {
            return Err(Code::INVALID_PARAMETER);
        }
        entry.ipv6_address = Ipv6Addr::from(given.ipv6addr);
        entry.ipv6_prefix_length = given.dwIPv6PrefixLength;
    }
    entry.network_outage_seconds = given.dwNetworkOutageTime;
    Ok(())
}

/// WINVER 0xA00.
fn identities<C: Char>(given: &RASENTRY<C>, entry: &mut Properties) -> Result<(), Code> {
    entry.ike_id_initiator = text::of_array(&{ given.szIDi })?;
    entry.ike_id_responder = text::of_array(&{ given.szIDr })?;
    entry.ims_config = given.fIsImsConfig != 0;
    entry.ike_id_initiator_type = given.IdiType.cast_unsigned();
    entry.ike_id_responder_type = given.IdrType.cast_unsigned();
    entry.disable_ikev2_fragmentation = given.fDisableIKEv2Fragmentation != 0;
    Ok(())
}

/// Puts a link on a device. Another kind of device has another kind of port.
pub(super) fn set_device(link: &mut Subentry, kind: String, name: String) {
    let is = |wanted: &str| kind.eq_ignore_ascii_case(wanted);
    if link.device_name != name {
        link.port = match () {
            () if is(RASDT_Vpn) => "VPN2-0".to_owned(),
            // RASENTRY has no port, so a device that is named by its port is at that port.
            () if SerialPort::parse(&name).is_some() => name.clone(),
            () => String::new(),
        };
    }
    if !link.device_type.eq_ignore_ascii_case(&kind) {
        link.media = match () {
            () if is(RASDT_Modem) || is("null") => "serial",
            () if is(RASDT_Isdn) => "isdn",
            () if is(RASDT_X25) => "x25",
            () => "rastapi",
        }
        .to_owned();
        link.device_type = kind;
    }
    link.device_name = name;
}

/// Before WINVER 0x500 the device alone told the kind of entry.
fn kind_of_device(device: &str) -> EntryType {
    match () {
        () if device.eq_ignore_ascii_case(RASDT_Vpn) => EntryType::Vpn,
        () if device.eq_ignore_ascii_case(RASDT_PPPoE) => EntryType::Broadband,
        () if device.eq_ignore_ascii_case("null") => EntryType::Direct,
        () => EntryType::Phone,
    }
}

fn idle_seconds(idle: IdleDisconnect) -> u32 {
    match idle {
        IdleDisconnect::UserPreference => RASIDS_UseGlobalValue,
        IdleDisconnect::Never => RASIDS_Disabled,
        IdleDisconnect::After(seconds) => seconds.get(),
    }
}

fn address(address: Ipv4Addr) -> RASIPADDR {
    let [a, b, c, d] = address.octets();
    RASIPADDR { a, b, c, d }
}

fn from_address(RASIPADDR { a, b, c, d }: RASIPADDR) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// The protocols that are told of: what else there was is gone.
const IP_PROTOCOLS: u32 = RASNP_Ip | RASNP_Ipv6;

#[cfg(test)]
mod tests;

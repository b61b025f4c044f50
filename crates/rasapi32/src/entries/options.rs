//! The bits of dwfOptions and dwfOptions2, each with the setting that it stands for.

use crate::abi::constants::*;
use rasman::{Properties, Subentry};
use rasman_phonebook::{Assign, AuthRestrictions, DnsRegistration, Encryption, IpSecFlags, OverridePref, Purpose};

/// Gives dwfOptions.
pub(super) fn options(entry: &Properties, link: &Subentry) -> u32 {
    read(OPTIONS, entry, link) | authentication(entry.auth_restrictions) | entry.further_options & FURTHER
}

/// Takes dwfOptions over, but for what is encrypted.
pub(super) fn set_options(entry: &mut Properties, link: &mut Subentry, options: u32) {
    write(OPTIONS, entry, link, options);
    entry.auth_restrictions = restrictions(options);
    entry.further_options = options & FURTHER;
}

/// Gives dwfOptions2.
pub(super) fn options2(entry: &Properties, link: &Subentry) -> u32 {
    let registration = entry.ip_dns_registration.number();
    read(OPTIONS2, entry, link)
        | if registration & 1 != 0 { RASEO2_RegisterIpWithDNS } else { 0 }
        | if registration & 2 != 0 { RASEO2_UseDNSSuffixForRegistration } else { 0 }
        | entry.further_options2 & FURTHER2
}

/// Takes dwfOptions2 over. The bits for explicit metrics are the metrics themselves.
pub(super) fn set_options2(entry: &mut Properties, link: &mut Subentry, options: u32) {
    // Either bit makes the links share their number.
    let shared = entry.shared_phone_numbers;
    write(OPTIONS2, entry, link, options);
    entry.shared_phone_numbers |= shared;
    let registration = u32::from(options & RASEO2_RegisterIpWithDNS != 0)
        | u32::from(options & RASEO2_UseDNSSuffixForRegistration != 0) << 1;
    entry.ip_dns_registration = DnsRegistration::from_number(registration);
    entry.further_options2 = options & FURTHER2;
}

/// What dwEncryptionType and RASEO_RequireDataEncryption come to: the stricter one counts.
pub(super) fn encryption(kind: Option<u32>, options: u32) -> Encryption {
    let required = options & RASEO_RequireDataEncryption != 0;
    match () {
        () if kind == Some(ET_RequireMax) => Encryption::Maximum,
        () if kind == Some(ET_Require) || required => Encryption::Required,
        () if kind == Some(ET_None) => Encryption::None,
        () => Encryption::Optional,
    }
}

/// Gives dwEncryptionType.
pub(super) fn encryption_type(encryption: Encryption) -> u32 {
    match encryption {
        Encryption::None => ET_None,
        Encryption::Required => ET_Require,
        Encryption::Maximum => ET_RequireMax,
        _ => ET_Optional,
    }
}

/// A bit, and the setting that it stands for.
struct Flag {
    bit: u32,
    get: fn(&Properties, &Subentry) -> bool,
    set: fn(&mut Properties, &mut Subentry, bool),
}

fn read(flags: &[Flag], entry: &Properties, link: &Subentry) -> u32 {
    flags.iter().filter(|flag| (flag.get)(entry, link)).fold(0, |bits, flag| bits | flag.bit)
}

fn write(flags: &[Flag], entry: &mut Properties, link: &mut Subentry, bits: u32) {
    for flag in flags {
        (flag.set)(entry, link, bits & flag.bit != 0);
    }
}

/// Makes a list of flags: `entry.setting` and `link.setting` are set with the bit, `not entry.setting` without it, and
/// anything else is a pair of functions.
macro_rules! flags {
    ($($bit:ident = { $($setting:tt)+ })+) => { &[$(flags!(@$bit $($setting)+)),+] };
    (@$bit:ident entry.$setting:ident) => {
        Flag { bit: $bit, get: |entry, _| entry.$setting, set: |entry, _, on| entry.$setting = on }
    };
    (@$bit:ident not entry.$setting:ident) => {
        Flag { bit: $bit, get: |entry, _| !entry.$setting, set: |entry, _, on| entry.$setting = !on }
    };
    (@$bit:ident link.$setting:ident) => {
        Flag { bit: $bit, get: |_, link| link.$setting, set: |_, link, on| link.$setting = on }
    };
    (@$bit:ident given entry.$setting:ident) => {
        Flag {
            bit: $bit,
            get: |entry, _| entry.$setting == Assign::Given,
            set: |entry, _, on| entry.$setting = if on { Assign::Given } else { Assign::Server },
        }
    };
    (@$bit:ident $get:expr, $set:expr) => { Flag { bit: $bit, get: $get, set: $set } };
}

const OPTIONS: &[Flag] = flags! {
    RASEO_UseCountryAndAreaCodes = { link.use_dialing_rules }
    RASEO_SpecificIpAddr = { given entry.ip_assign }
    RASEO_SpecificNameServers = { given entry.ip_name_assign }
    RASEO_IpHeaderCompression = { entry.ip_header_compression }
    RASEO_RemoteDefaultGateway = { entry.remote_default_gateway }
    RASEO_DisableLcpExtensions = { not entry.lcp_extensions }
    RASEO_TerminalBeforeDial = { link.terminal_before_dial }
    RASEO_TerminalAfterDial = { link.terminal_after_dial }
    RASEO_ModemLights = { entry.show_monitor_icon }
    RASEO_SwCompression = { entry.sw_compression }
    RASEO_RequireDataEncryption = { |entry, _| matches!(entry.encryption, Encryption::Required | Encryption::Maximum), |_, _, _| () }
    RASEO_UseLogonCredentials = { entry.use_logon_credentials }
    RASEO_PromoteAlternates = { link.promote_alternates }
    RASEO_PreviewPhoneNumber = { entry.preview_phone_number }
    RASEO_SharedPhoneNumbers = { entry.shared_phone_numbers }
    RASEO_PreviewUserPw = { entry.preview_user_pw }
    RASEO_PreviewDomain = { entry.preview_domain }
    RASEO_ShowDialingProgress = { entry.show_dialing_progress }
};

const OPTIONS2: &[Flag] = flags! {
    RASEO2_SecureFileAndPrint = { not entry.share_ms_file_print }
    RASEO2_SecureClientForMSNet = { not entry.bind_ms_net_client }
    RASEO2_DontNegotiateMultilink = { not entry.negotiate_multilink_always }
    RASEO2_DontUseRasCredentials = { not entry.use_ras_credentials }
    RASEO2_UsePreSharedKey = {
        |entry, _| entry.ip_sec_flags.contains(IpSecFlags::PRE_SHARED_KEY),
        |entry, _, on| entry.ip_sec_flags = entry.ip_sec_flags.with(IpSecFlags::PRE_SHARED_KEY, on)
    }
    RASEO2_Internet = { |entry, _| entry.purpose == Purpose::Internet, set_internet }
    RASEO2_DisableNbtOverIP = { not entry.nbt_over_ip }
    RASEO2_UseGlobalDeviceSettings = { entry.global_device_settings }
    RASEO2_ReconnectIfDropped = { |entry, _| entry.redial_on_link_failure, set_reconnect }
    RASEO2_SharePhoneNumbers = { entry.shared_phone_numbers }
    RASEO2_SecureRoutingCompartment = { entry.secure_compartment }
    RASEO2_IPv6SpecificNameServers = { given entry.ipv6_name_assign }
    RASEO2_IPv6RemoteDefaultGateway = { entry.ipv6_remote_default_gateway }
    RASEO2_IPv4ExplicitMetric = { |entry, _| entry.ip_interface_metric != 0, |_, _, _| () }
    RASEO2_IPv6ExplicitMetric = { |entry, _| entry.ipv6_interface_metric != 0, |_, _, _| () }
    RASEO2_DisableIKENameEkuCheck = { entry.disable_ike_name_eku_check }
    RASEO2_DisableClassBasedStaticRoute = { entry.disable_class_based_default_route }
    RASEO2_SpecificIPv6Addr = { given entry.ipv6_assign }
    RASEO2_DisableMobility = { entry.disable_mobility }
    RASEO2_CacheCredentials = { entry.cache_credentials }
    RASEO2_AutoTriggerCapable = { entry.auto_trigger_capable }
    RASEO2_AuthTypeIsOtp = { entry.auth_type_otp }
    RASEO2_IsAlwaysOn = { entry.always_on }
    RASEO2_IsPrivateNetwork = { entry.private_network }
    RASEO2_PlumbIKEv2TSAsRoutes = { entry.plumb_ikev2_ts_as_routes }
};

/// The bits of dwfOptions that no key of a phone book holds.
const FURTHER: u32 = RASEO_NetworkLogon | RASEO_SecureLocalFiles | RASEO_CustomScript;

/// The bits of dwfOptions2 that no key of a phone book holds.
const FURTHER2: u32 = RASEO2_UseTypicalSettings
    | RASEO2_RequireMachineCertificates
    | RASEO2_UsePreSharedKeyForIkev2Initiator
    | RASEO2_UsePreSharedKeyForIkev2Responder
    | RASEO2_IsThirdPartyProfile;

fn set_internet(entry: &mut Properties, _: &mut Subentry, on: bool) {
    match (on, entry.purpose) {
        (true, _) => entry.purpose = Purpose::Internet,
        (false, Purpose::Internet) => entry.purpose = Purpose::PrivateNetwork,
        (false, _) => {}
    }
}

fn set_reconnect(entry: &mut Properties, _: &mut Subentry, on: bool) {
    entry.redial_on_link_failure = on;
    entry.override_pref = entry.override_pref.with(OverridePref::REDIAL_ON_LINK_FAILURE, true);
}

/// The bits that allow a method each.
const METHODS: [(u32, AuthRestrictions); 8] = [
    (RASEO_RequirePAP, AuthRestrictions::PAP),
    (RASEO_RequireSPAP, AuthRestrictions::SPAP),
    (RASEO_RequireCHAP, AuthRestrictions::CHAP),
    (RASEO_RequireMsCHAP, AuthRestrictions::MS_CHAP),
    (RASEO_RequireEAP, AuthRestrictions::EAP),
    (RASEO_Custom, AuthRestrictions::CUSTOM),
    (RASEO_RequireMsCHAP2, AuthRestrictions::MS_CHAP_V2),
    (RASEO_RequireW95MSCHAP, AuthRestrictions::MS_CHAP_W95),
];

/// Methods that tell the password itself.
const PLAIN: u32 = RASEO_RequirePAP | RASEO_RequireSPAP;

/// Methods that are Microsoft's, or hide the password as well as those.
const MICROSOFT: u32 = RASEO_RequireMsCHAP | RASEO_RequireMsCHAP2 | RASEO_RequireW95MSCHAP | RASEO_RequireEAP;

/// Gives the bits for authentication. Where methods are restricted, the older bits that exclude some follow from it.
fn authentication(restrictions: AuthRestrictions) -> u32 {
    let allowed = METHODS.iter().filter(|(_, method)| restrictions.contains(*method));
    let bits = allowed.fold(0, |bits, (bit, _)| bits | bit);
    let methods = bits & !RASEO_Custom;
    let encrypted = methods != 0 && methods & PLAIN == 0;
    let microsoft = methods != 0 && methods & !MICROSOFT == 0;
    bits | if encrypted { RASEO_RequireEncryptedPw } else { 0 } | if microsoft { RASEO_RequireMsEncryptedPw } else { 0 }
}

/// Gives the methods that the bits allow. The older bits exclude methods; without any other they name those that are
/// left, and nothing at all restricts nothing. RASEO_RequireMsEncryptedPw wins.
fn restrictions(options: u32) -> AuthRestrictions {
    let newer = METHODS.iter().fold(0, |bits, (bit, _)| bits | bit & options);
    let left = match options {
        _ if options & RASEO_RequireMsEncryptedPw != 0 => MICROSOFT,
        _ if options & RASEO_RequireEncryptedPw != 0 => MICROSOFT | RASEO_RequireCHAP,
        _ => u32::MAX,
    };
    let wanted = match newer & left & !RASEO_Custom {
        0 if left == u32::MAX => newer,
        // What was allowed is all excluded: as strict as the older bits ask, and not without any restriction.
        0 => left & (RASEO_RequireCHAP | RASEO_RequireMsCHAP | RASEO_RequireMsCHAP2) | newer & RASEO_Custom,
        methods => methods | newer & RASEO_Custom,
    };
    let methods = METHODS.iter().filter(|(bit, _)| wanted & bit != 0);
    AuthRestrictions(methods.fold(0, |all, (_, method)| all | method.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank() -> (Properties, Subentry) {
        (Properties::with_defaults("x"), Subentry::default())
    }

    #[test]
    fn every_option_is_read_as_it_was_written() {
        let derived = RASEO_RequireEncryptedPw | RASEO_RequireMsEncryptedPw;
        let metrics = RASEO2_IPv4ExplicitMetric | RASEO2_IPv6ExplicitMetric;
        let older = RASEO_RequireEncryptedPw | RASEO_RequireMsEncryptedPw;
        for bit in (0..32).map(|shift| 1_u32 << shift).filter(|bit| bit & older == 0) {
            let (mut entry, mut link) = blank();
            set_options(&mut entry, &mut link, bit);
            entry.encryption = encryption(None, bit);
            let read = options(&entry, &link);
            // 0x400000 is no option.
            let expected = if bit == 0x40_0000 { 0 } else { bit };
            assert_eq!(read & !derived, expected & !derived, "{bit:#x}");
            set_options2(&mut entry, &mut link, bit & !metrics);
            let shared = if bit == RASEO_SharedPhoneNumbers { RASEO2_SharePhoneNumbers } else { 0 };
            assert_eq!(options2(&entry, &link), bit & !metrics | shared, "{bit:#x}");
        }
    }

    #[test]
    fn older_bits_exclude_methods_and_never_lift_a_restriction() {
        let methods = |options| restrictions(options).0;
        let (chap, ms) = (AuthRestrictions::CHAP.0, AuthRestrictions::MS_CHAP.0 | AuthRestrictions::MS_CHAP_V2.0);
        assert_eq!(methods(0), 0);
        assert_eq!(methods(RASEO_RequireEncryptedPw), chap | ms);
        assert_eq!(methods(RASEO_RequireEncryptedPw | RASEO_RequireMsEncryptedPw), ms);
        assert_eq!(methods(RASEO_RequirePAP | RASEO_RequireMsEncryptedPw), ms);
        let (pap, v2) = (RASEO_RequirePAP, RASEO_RequireMsCHAP2);
        assert_eq!(methods(pap | v2), AuthRestrictions::PAP.0 | AuthRestrictions::MS_CHAP_V2.0);
        assert_eq!(methods(pap | v2 | RASEO_RequireEncryptedPw), AuthRestrictions::MS_CHAP_V2.0);
    }

    #[test]
    fn the_stricter_word_about_encryption_counts() {
        assert_eq!(encryption(Some(ET_Optional), RASEO_RequireDataEncryption), Encryption::Required);
        assert_eq!(encryption(Some(ET_RequireMax), 0), Encryption::Maximum);
        assert_eq!(encryption(Some(ET_None), 0), Encryption::None);
        assert_eq!(encryption(None, 0), Encryption::Optional);
        for kind in [ET_None, ET_Require, ET_RequireMax, ET_Optional] {
            assert_eq!(encryption_type(encryption(Some(kind), 0)), kind);
        }
    }
}

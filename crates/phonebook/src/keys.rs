//! Every key that is known, in the order in which Windows writes them.

use crate::Scope;

/// A key of an entry, a port group or a device group.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    /// Its name, in the case in which it is written.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) kind: Kind,
    /// What a missing key stands for, and what a new entry gets.
    pub(crate) default: &'static str,
    /// New entries get it even where it says nothing but the default.
    pub(crate) always: bool,
}

/// What the value of a key is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// 0 or 1; others are kept and count as 1.
    Flag,
    /// A decimal number of 32 bits, perhaps negative.
    Number,
    /// Any text.
    Text,
    /// Any text; the key may stand several times.
    Repeats,
    /// A number, once for each telephone number.
    RepeatedNumber,
    /// A flag, once for each telephone number.
    RepeatedFlag,
    /// So many hexadecimal digits.
    Hex(usize),
    /// Any even count of hexadecimal digits; the key may stand several times and its values belong together.
    Blob,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
}

impl Kind {
    /// Tells whether the key may stand several times in its group.
    pub(crate) fn repeats(self) -> bool {
        matches!(self, Self::Repeats | Self::RepeatedNumber | Self::RepeatedFlag | Self::Blob)
    }
}

/// Finds a key by the group that it stands in; `None` for names that nobody knows there.
pub(crate) fn find(scope: Scope, name: &str) -> Option<&'static Key> {
    keys_of(scope).iter().copied().flatten().find(|key| key.name == name)
}

/// Tells whether a key is one of the format, or of ours, in the group that it stands in.
#[must_use]
pub fn is_known_key(scope: Scope, name: &str) -> bool {
    find(scope, name).is_some()
}

/// Gives the tables of a group.
pub(crate) fn keys_of(scope: Scope) -> &'static [&'static [Key]] {
    match scope {
        Scope::Entry => &[ENTRY, OURS],
        Scope::Components => &[COMPONENTS],
        Scope::Media(_) => &[PORT],
        Scope::Device { .. } => &[NUMBER, MODEM, SWITCH, PAD],
    }
}

const fn always(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { name, kind, default, always: true }
}

const fn if_set(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { name, kind, default, always: false }
}

/// The keys of the entry itself.
pub(crate) const ENTRY: &[Key] = &[
    always("Encoding", Kind::Number, "1"),
    always("PBVersion", Kind::Number, "8"),
    always("Type", Kind::Number, "1"),
    if_set("BaseProtocol", Kind::Number, "1"),
    always("AutoLogon", Kind::Flag, "0"),
    always("UseRasCredentials", Kind::Flag, "1"),
    always("LowDateTime", Kind::Number, "0"),
    always("HighDateTime", Kind::Number, "0"),
    always("DialParamsUID", Kind::Number, "0"),
    always("Guid", Kind::Hex(32), ""),
    always("VpnStrategy", Kind::Number, "0"),
    always("ExcludedProtocols", Kind::Number, "0"),
    always("LcpExtensions", Kind::Flag, "1"),
    always("DataEncryption", Kind::Number, "8"),
    always("SwCompression", Kind::Flag, "0"),
    always("NegotiateMultilinkAlways", Kind::Flag, "0"),
    always("SkipDoubleDialDialog", Kind::Flag, "0"),
    always("DialMode", Kind::Number, "0"),
    if_set("DialPercent", Kind::Number, "75"),
    if_set("DialSeconds", Kind::Number, "120"),
    if_set("HangUpPercent", Kind::Number, "10"),
    if_set("HangUpSeconds", Kind::Number, "120"),
    always("OverridePref", Kind::Number, "15"),
    always("RedialAttempts", Kind::Number, "3"),
    always("RedialSeconds", Kind::Number, "60"),
    always("IdleDisconnectSeconds", Kind::Number, "0"),
    always("RedialOnLinkFailure", Kind::Flag, "0"),
    always("CallbackMode", Kind::Number, "0"),
    always("CustomDialDll", Kind::Text, ""),
    always("CustomDialFunc", Kind::Text, ""),
    always("CustomRasDialDll", Kind::Text, ""),
    always("ForceSecureCompartment", Kind::Flag, "0"),
    always("DisableIKENameEkuCheck", Kind::Flag, "0"),
    always("AuthenticateServer", Kind::Flag, "0"),
    always("ShareMsFilePrint", Kind::Flag, "0"),
    always("BindMsNetClient", Kind::Flag, "0"),
    always("SharedPhoneNumbers", Kind::Flag, "0"),
    always("GlobalDeviceSettings", Kind::Flag, "0"),
    always("PrerequisiteEntry", Kind::Text, ""),
    always("PrerequisitePbk", Kind::Text, ""),
    always("PreferredPort", Kind::Text, ""),
    always("PreferredDevice", Kind::Text, ""),
    always("PreferredBps", Kind::Number, "0"),
    always("PreferredHwFlow", Kind::Number, "0"),
    always("PreferredProtocol", Kind::Number, "0"),
    always("PreferredCompression", Kind::Number, "0"),
    always("PreferredSpeaker", Kind::Number, "0"),
    always("PreferredMdmProtocol", Kind::Number, "0"),
    always("PreviewUserPw", Kind::Flag, "1"),
    always("PreviewDomain", Kind::Flag, "0"),
    always("PreviewPhoneNumber", Kind::Flag, "0"),
    always("ShowDialingProgress", Kind::Flag, "1"),
    always("ShowMonitorIconInTaskBar", Kind::Flag, "1"),
    always("CustomAuthKey", Kind::Number, "0"),
    if_set("CustomAuthData", Kind::Blob, ""),
    always("AuthRestrictions", Kind::Number, "544"),
    always("IpPrioritizeRemote", Kind::Flag, "1"),
    always("IpInterfaceMetric", Kind::Number, "0"),
    always("IpHeaderCompression", Kind::Flag, "0"),
    always("IpAddress", Kind::Ipv4, "0.0.0.0"),
    always("IpDnsAddress", Kind::Ipv4, "0.0.0.0"),
    always("IpDns2Address", Kind::Ipv4, "0.0.0.0"),
    always("IpWinsAddress", Kind::Ipv4, "0.0.0.0"),
    always("IpWins2Address", Kind::Ipv4, "0.0.0.0"),
    always("IpAssign", Kind::Number, "1"),
    always("IpNameAssign", Kind::Number, "1"),
    always("IpDnsFlags", Kind::Number, "0"),
    always("IpNBTFlags", Kind::Flag, "1"),
    always("TcpWindowSize", Kind::Number, "0"),
    always("UseFlags", Kind::Number, "1"),
    always("IpSecFlags", Kind::Number, "0"),
    always("IpDnsSuffix", Kind::Text, ""),
    always("Ipv6Assign", Kind::Number, "1"),
    always("Ipv6Address", Kind::Ipv6, "::"),
    always("Ipv6PrefixLength", Kind::Number, "0"),
    always("Ipv6PrioritizeRemote", Kind::Flag, "1"),
    always("Ipv6InterfaceMetric", Kind::Number, "0"),
    always("Ipv6NameAssign", Kind::Number, "1"),
    always("Ipv6DnsAddress", Kind::Ipv6, "::"),
    always("Ipv6Dns2Address", Kind::Ipv6, "::"),
    always("Ipv6Prefix", Kind::Hex(16), "0000000000000000"),
    always("Ipv6InterfaceId", Kind::Hex(16), "0000000000000000"),
    always("DisableClassBasedDefaultRoute", Kind::Flag, "0"),
    always("DisableMobility", Kind::Flag, "0"),
    always("NetworkOutageTime", Kind::Number, "0"),
    always("IDI", Kind::Text, ""),
    always("IDR", Kind::Text, ""),
    always("ImsConfig", Kind::Flag, "0"),
    always("IdiType", Kind::Number, "0"),
    always("IdrType", Kind::Number, "0"),
    always("ProvisionType", Kind::Number, "0"),
    always("PreSharedKey", Kind::Text, ""),
    always("CacheCredentials", Kind::Flag, "1"),
    always("NumCustomPolicy", Kind::Number, "0"),
    if_set("CustomIPSecPolicies", Kind::Repeats, ""),
    always("NumEku", Kind::Number, "0"),
    always("UseMachineRootCert", Kind::Flag, "0"),
    always("Disable_IKEv2_Fragmentation", Kind::Flag, "0"),
    always("PlumbIKEv2TSAsRoutes", Kind::Flag, "0"),
    always("NumServers", Kind::Number, "0"),
    always("RouteVersion", Kind::Number, "1"),
    always("NumRoutes", Kind::Number, "0"),
    always("NumNrptRules", Kind::Number, "0"),
    always("AutoTiggerCapable", Kind::Flag, "0"),
    always("NumAppIds", Kind::Number, "0"),
    always("NumClassicAppIds", Kind::Number, "0"),
    always("SecurityDescriptor", Kind::Text, ""),
    always("ApnInfoProviderId", Kind::Text, ""),
    always("ApnInfoUsername", Kind::Text, ""),
    always("ApnInfoPassword", Kind::Text, ""),
    always("ApnInfoAccessPoint", Kind::Text, ""),
    always("ApnInfoAuthentication", Kind::Number, "1"),
    always("ApnInfoCompression", Kind::Number, "0"),
    always("DeviceComplianceEnabled", Kind::Flag, "0"),
    always("DeviceComplianceSsoEnabled", Kind::Flag, "0"),
    always("DeviceComplianceSsoEku", Kind::Text, ""),
    always("DeviceComplianceSsoIssuer", Kind::Text, ""),
    always("FlagsSet", Kind::Number, "0"),
    always("Options", Kind::Number, "0"),
    always("DisableDefaultDnsSuffixes", Kind::Flag, "0"),
    always("NumTrustedNetworks", Kind::Number, "0"),
    always("NumDnsSearchSuffixes", Kind::Number, "0"),
    always("PowershellCreatedProfile", Kind::Flag, "0"),
    always("ProxyFlags", Kind::Number, "0"),
    always("ProxySettingsModified", Kind::Flag, "0"),
    always("ProvisioningAuthority", Kind::Text, ""),
    always("AuthTypeOTP", Kind::Flag, "0"),
    always("GREKeyDefined", Kind::Flag, "0"),
    always("NumPerAppTrafficFilters", Kind::Number, "0"),
    always("AlwaysOnCapable", Kind::Flag, "0"),
    always("DeviceTunnel", Kind::Flag, "0"),
    always("PrivateNetwork", Kind::Flag, "0"),
    always("ManagementApp", Kind::Text, ""),
];

/// Keys that Windows does not have. It keeps what it does not know, and the prefix keeps them from becoming known.
pub(crate) const OURS: &[Key] = &[
    if_set("RasmanCa", Kind::Repeats, ""),
    if_set("RasmanSystemRoots", Kind::Flag, "1"),
    if_set("RasmanPin", Kind::Text, ""),
    if_set("RasmanServerName", Kind::Text, ""),
    if_set("RasmanEapMethod", Kind::Repeats, ""),
    if_set("RasmanEapCa", Kind::Repeats, ""),
    if_set("RasmanEapPin", Kind::Text, ""),
    if_set("RasmanEapServerName", Kind::Repeats, ""),
    if_set("RasmanEapCryptoBinding", Kind::Flag, "0"),
    if_set("RasmanEapRevocation", Kind::Text, ""),
    if_set("RasmanEapIdentity", Kind::Text, ""),
    if_set("RasmanEapCertificate", Kind::Text, ""),
    if_set("RasmanEapKey", Kind::Text, ""),
    if_set("RasmanSocks", Kind::Text, ""),
    if_set("RasmanForward", Kind::Repeats, ""),
    if_set("RasmanModem", Kind::Text, ""),
    if_set("RasmanModemInit", Kind::Repeats, ""),
    if_set("RasmanDialPrefix", Kind::Text, ""),
    if_set("RasmanDialSuffix", Kind::Text, ""),
    if_set("RasmanApn", Kind::Text, ""),
    if_set("RasmanFcs32", Kind::Flag, "0"),
    if_set("RasmanPublicDoors", Kind::Flag, "0"),
    if_set("RasmanDataPath", Kind::Text, ""),
    if_set("RasmanInterface", Kind::Text, ""),
    if_set("RasmanRoute", Kind::Repeats, ""),
    if_set("RasmanExclude", Kind::Repeats, ""),
    if_set("RasmanMru", Kind::Number, "1500"),
    if_set("RasmanHttpProxy", Kind::Text, ""),
    if_set("RasmanRevocation", Kind::Text, ""),
    if_set("RasmanIpv6", Kind::Flag, "0"),
    if_set("RasmanInform", Kind::Flag, "1"),
    if_set("RasmanMppe", Kind::Text, ""),
    if_set("RasmanSessionLimit", Kind::Number, "0"),
    if_set("RasmanOptions", Kind::Number, "0"),
    if_set("RasmanOptions2", Kind::Number, "0"),
    if_set("RasmanOptions3", Kind::Number, "0"),
    if_set("RasmanFrameSize", Kind::Number, "0"),
    if_set("RasmanChannels", Kind::Number, "0"),
];

/// The component list. Other names are components too.
pub(crate) const COMPONENTS: &[Key] = &[
    if_set("NETCOMPONENTS", Kind::Text, ""),
    always("ms_msclient", Kind::Flag, "0"),
    always("ms_server", Kind::Flag, "0"),
];

/// A port group.
pub(crate) const PORT: &[Key] = &[
    if_set("MEDIA", Kind::Text, "rastapi"),
    always("Port", Kind::Text, ""),
    always("Device", Kind::Text, ""),
    if_set("ConnectBPS", Kind::Number, "0"),
];

/// A device group that holds a number.
pub(crate) const NUMBER: &[Key] = &[
    if_set("DEVICE", Kind::Text, ""),
    always("PhoneNumber", Kind::Repeats, ""),
    always("AreaCode", Kind::Repeats, ""),
    always("CountryCode", Kind::RepeatedNumber, "0"),
    always("CountryID", Kind::RepeatedNumber, "0"),
    always("UseDialingRules", Kind::RepeatedFlag, "0"),
    always("Comment", Kind::Repeats, ""),
    always("FriendlyName", Kind::Text, ""),
    always("LastSelectedPhone", Kind::Number, "0"),
    always("PromoteAlternates", Kind::Flag, "0"),
    always("TryNextAlternateOnFail", Kind::Flag, "1"),
];

/// What a modem's device group has besides.
pub(crate) const MODEM: &[Key] = &[
    always("HwFlowControl", Kind::Number, "0"),
    // Where they are missing, a modem keeps its own settings, which are on.
    always("Protocol", Kind::Number, "1"),
    always("Compression", Kind::Number, "1"),
    always("Speaker", Kind::Number, "0"),
    always("MdmProtocol", Kind::Number, "0"),
];

/// What a `switch` group has: a terminal or a script before or after dialling.
pub(crate) const SWITCH: &[Key] =
    &[if_set("Terminal", Kind::Flag, "0"), if_set("Name", Kind::Text, ""), if_set("Script", Kind::Text, "")];

/// What a `pad` group has.
pub(crate) const PAD: &[Key] = &[
    if_set("X25Pad", Kind::Text, ""),
    if_set("X25Address", Kind::Text, ""),
    if_set("UserData", Kind::Text, ""),
    if_set("Facilities", Kind::Text, ""),
];

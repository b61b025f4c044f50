//! One entry with types: what RASENTRY and RASSUBENTRY hold, and what we act on.

use crate::setting::{
    Assign, AuthRestrictions, CallbackMode, DialMode, DnsRegistration, Encryption, EntryType, ExcludedProtocols,
    Framing, IdleDisconnect, IpSecFlags, OverridePref, Purpose, VpnStrategy,
};
use crate::value::{Blob, Filetime, Guid, Value, Written};
use crate::values::{Values, default_of};
use crate::{Scope, Subentry};
use core::net::{Ipv4Addr, Ipv6Addr};
use core::num::NonZeroU32;

/// Makes the structure of the table: one field for each key, in the order of the file.
macro_rules! properties {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $key:literal;)+) => {
        /// One entry of a phone book, typed.
        ///
        /// A missing key reads as its default, and so does a value that cannot be read, which is noted in
        /// `unreadable`. Numbers without a name are kept. Text is kept as it stands, blanks included.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Properties {
            /// The entry's name as the file writes it.
            pub name: String,
            /// When the entry was last changed (`LowDateTime`, `HighDateTime`).
            pub changed: Filetime,
            $($(#[$doc])* pub $field: $type,)+
            /// The links, in order: one for each `MEDIA` group. An ordinary entry has one (clause M1).
            pub subentries: Vec<Subentry>,
            /// Keys of which the value could not be read when the entry was. Comparisons leave it out.
            pub unreadable: Unreadable,
        }

        impl Properties {
            /// Makes an entry of which everything is at its default, without links.
            #[must_use]
            pub fn with_defaults(name: impl Into<String>) -> Self {
                Self {
                    name: name.into(),
                    changed: Filetime::default(),
                    $($field: default_of(Scope::Entry, $key),)+
                    subentries: Vec::new(),
                    unreadable: Unreadable::default(),
                }
            }

            /// Reads the keys of the entry itself.
            pub(crate) fn read_entry(name: String, values: &mut Values<'_>) -> Self {
                let low: u32 = values.take(Scope::Entry, "LowDateTime");
                let high: u32 = values.take(Scope::Entry, "HighDateTime");
                Self {
                    name,
                    changed: Filetime::from_halves(low, high),
                    $($field: values.take(Scope::Entry, $key),)+
                    subentries: Vec::new(),
                    unreadable: Unreadable::default(),
                }
            }

            /// Writes the typed keys of the entry itself.
            pub(crate) fn write_entry(&self) -> Vec<(&'static str, Written)> {
                vec![$(($key, self.$field.write()),)+]
            }

            /// Writes those typed keys of the entry itself that mean something else than `other`'s.
            pub(crate) fn differences(&self, other: &Self) -> Vec<(&'static str, Written)> {
                let mut differences = Vec::new();
                $(if self.$field != other.$field {
                    differences.push(($key, self.$field.write()));
                })+
                differences
            }
        }

        /// The keys that are typed.
        #[cfg(test)]
        pub(crate) const TYPED: &[&str] = &[$($key,)+];
    };
}

/// RASEO_CustomScript, among the bits of [`Properties::further_options`].
pub(crate) const CUSTOM_SCRIPT: u32 = 0x8000_0000;

properties! {
    /// What kind of connection it is (dwType).
    entry_type: EntryType = "Type";
    /// How frames are put on the line (dwFramingProtocol).
    framing: Framing = "BaseProtocol";
    /// Use the credentials of the logon (RASEO_UseLogonCredentials, clause B16).
    use_logon_credentials: bool = "AutoLogon";
    /// Use this connection's credentials for resources behind it (RASEO2_DontUseRasCredentials inverted).
    use_ras_credentials: bool = "UseRasCredentials";
    /// Under which number the credentials are stored.
    dial_params_uid: u32 = "DialParamsUID";
    /// The entry's identity (guidId).
    guid: Guid = "Guid";
    /// Which tunnels are tried, in which order (dwVpnStrategy).
    vpn_strategy: VpnStrategy = "VpnStrategy";
    /// The network protocols that are not used (dwfNetProtocols inverted).
    excluded_protocols: ExcludedProtocols = "ExcludedProtocols";
    /// Use the extensions of RFC 1570 (RASEO_DisableLcpExtensions inverted).
    lcp_extensions: bool = "LcpExtensions";
    /// Whether packets have to be encrypted (dwEncryptionType, RASEO_RequireDataEncryption).
    encryption: Encryption = "DataEncryption";
    /// Compress in software (RASEO_SwCompression).
    sw_compression: bool = "SwCompression";
    /// Negotiate multilink even on one link (RASEO2_DontNegotiateMultilink inverted).
    negotiate_multilink_always: bool = "NegotiateMultilinkAlways";
    /// How the subentries are dialled (dwDialMode).
    dial_mode: DialMode = "DialMode";
    /// Add a link above this load, in percent (dwDialExtraPercent).
    dial_percent: u32 = "DialPercent";
    /// ... that lasts for so many seconds (dwDialExtraSampleSeconds).
    dial_seconds: u32 = "DialSeconds";
    /// Drop a link below this load, in percent (dwHangUpExtraPercent).
    hang_up_percent: u32 = "HangUpPercent";
    /// ... that lasts for so many seconds (dwHangUpExtraSampleSeconds).
    hang_up_seconds: u32 = "HangUpSeconds";
    /// Which of the next four settings go before the user's preferences.
    override_pref: OverridePref = "OverridePref";
    /// How many attempts follow the first one (dwRedialCount).
    redial_attempts: u32 = "RedialAttempts";
    /// The wait before each of them, in seconds (dwRedialPause).
    redial_seconds: u32 = "RedialSeconds";
    /// As it stands in the file, in seconds; see [`Properties::idle_disconnect`].
    idle_disconnect_seconds: u32 = "IdleDisconnectSeconds";
    /// Dial again when the connection is lost (RASEO2_ReconnectIfDropped).
    redial_on_link_failure: bool = "RedialOnLinkFailure";
    /// Whether the server calls back.
    callback_mode: CallbackMode = "CallbackMode";
    /// The library that AutoDial calls (szAutodialDll).
    autodial_dll: String = "CustomDialDll";
    /// Its function (szAutodialFunc).
    autodial_func: String = "CustomDialFunc";
    /// The library that dials in our place (szCustomDialDll).
    custom_dial_dll: String = "CustomRasDialDll";
    /// A routing compartment of its own (RASEO2_SecureRoutingCompartment).
    secure_compartment: bool = "ForceSecureCompartment";
    /// Leave out the check of name and purpose of IKE's certificate (RASEO2_DisableIKENameEkuCheck).
    disable_ike_name_eku_check: bool = "DisableIKENameEkuCheck";
    /// File and printer sharing is bound (RASEO2_SecureFileAndPrint inverted).
    share_ms_file_print: bool = "ShareMsFilePrint";
    /// The client for Microsoft networks is bound (RASEO2_SecureClientForMSNet inverted).
    bind_ms_net_client: bool = "BindMsNetClient";
    /// All links dial the same number (RASEO_SharedPhoneNumbers, RASEO2_SharePhoneNumbers).
    shared_phone_numbers: bool = "SharedPhoneNumbers";
    /// The settings of the device are not the entry's (RASEO2_UseGlobalDeviceSettings).
    global_device_settings: bool = "GlobalDeviceSettings";
    /// The entry that is dialled first (szPrerequisiteEntry).
    prerequisite_entry: String = "PrerequisiteEntry";
    /// Its phone book (szPrerequisitePbk).
    prerequisite_pbk: String = "PrerequisitePbk";
    /// Dialogs ask for name and password (RASEO_PreviewUserPw).
    preview_user_pw: bool = "PreviewUserPw";
    /// Dialogs ask for the domain (RASEO_PreviewDomain).
    preview_domain: bool = "PreviewDomain";
    /// Dialogs show the number (RASEO_PreviewPhoneNumber).
    preview_phone_number: bool = "PreviewPhoneNumber";
    /// Dialogs show the progress (RASEO_ShowDialingProgress).
    show_dialing_progress: bool = "ShowDialingProgress";
    /// Show an icon while connected (RASEO_ModemLights).
    show_monitor_icon: bool = "ShowMonitorIconInTaskBar";
    /// The type of EAP; 0 for none (dwCustomAuthKey).
    custom_auth_key: u32 = "CustomAuthKey";
    /// The settings of EAP (RasSetCustomAuthData).
    custom_auth_data: Blob = "CustomAuthData";
    /// The authentication methods that are allowed (RASEO_Require...).
    auth_restrictions: AuthRestrictions = "AuthRestrictions";
    /// The default route leads here (RASEO_RemoteDefaultGateway).
    remote_default_gateway: bool = "IpPrioritizeRemote";
    /// The metric of IPv4 routes; 0 for automatic (dwIPv4InterfaceMetric).
    ip_interface_metric: u32 = "IpInterfaceMetric";
    /// Compress TCP headers (RASEO_IpHeaderCompression).
    ip_header_compression: bool = "IpHeaderCompression";
    /// The address to ask for (ipaddr); counts if `ip_assign` is `Given`.
    ip_address: Ipv4Addr = "IpAddress";
    /// The first name server (ipaddrDns); counts, as the next three, if `ip_name_assign` is `Given`.
    ip_dns: Ipv4Addr = "IpDnsAddress";
    /// The second name server (ipaddrDnsAlt).
    ip_dns2: Ipv4Addr = "IpDns2Address";
    /// The first WINS server (ipaddrWins).
    ip_wins: Ipv4Addr = "IpWinsAddress";
    /// The second WINS server (ipaddrWinsAlt).
    ip_wins2: Ipv4Addr = "IpWins2Address";
    /// Where the address comes from (RASEO_SpecificIpAddr).
    ip_assign: Assign = "IpAssign";
    /// Where name servers come from (RASEO_SpecificNameServers).
    ip_name_assign: Assign = "IpNameAssign";
    /// Whether the address is registered in DNS (RASEO2_RegisterIpWithDNS, RASEO2_UseDNSSuffixForRegistration).
    ip_dns_registration: DnsRegistration = "IpDnsFlags";
    /// NetBIOS over IP is on (RASEO2_DisableNbtOverIP inverted).
    nbt_over_ip: bool = "IpNBTFlags";
    /// TCP's window in bytes; 0 for the system's (dwTcpWindowSize).
    tcp_window_size: u32 = "TcpWindowSize";
    /// What the connection leads to (RASEO2_Internet).
    purpose: Purpose = "UseFlags";
    /// What IPsec is authenticated with (RASEO2_UsePreSharedKey).
    ip_sec_flags: IpSecFlags = "IpSecFlags";
    /// The connection's DNS suffix (szDnsSuffix).
    dns_suffix: String = "IpDnsSuffix";
    /// Where the IPv6 address comes from (RASEO2_SpecificIPv6Addr).
    ipv6_assign: Assign = "Ipv6Assign";
    /// The IPv6 address to ask for (ipv6addr).
    ipv6_address: Ipv6Addr = "Ipv6Address";
    /// The length of its prefix in bits (dwIPv6PrefixLength).
    ipv6_prefix_length: u32 = "Ipv6PrefixLength";
    /// The default IPv6 route leads here (RASEO2_IPv6RemoteDefaultGateway).
    ipv6_remote_default_gateway: bool = "Ipv6PrioritizeRemote";
    /// The metric of IPv6 routes; 0 for automatic (dwIPv6InterfaceMetric).
    ipv6_interface_metric: u32 = "Ipv6InterfaceMetric";
    /// Where IPv6 name servers come from (RASEO2_IPv6SpecificNameServers).
    ipv6_name_assign: Assign = "Ipv6NameAssign";
    /// The first IPv6 name server (ipv6addrDns).
    ipv6_dns: Ipv6Addr = "Ipv6DnsAddress";
    /// The second IPv6 name server (ipv6addrDnsAlt).
    ipv6_dns2: Ipv6Addr = "Ipv6Dns2Address";
    /// No route of the address's class (RASEO2_DisableClassBasedStaticRoute).
    disable_class_based_default_route: bool = "DisableClassBasedDefaultRoute";
    /// IKEv2 does not follow changes of address (RASEO2_DisableMobility).
    disable_mobility: bool = "DisableMobility";
    /// How long IKEv2 bears with a dead network, in seconds (dwNetworkOutageTime).
    network_outage_seconds: u32 = "NetworkOutageTime";
    /// IKEv2's name for us (szIDi).
    ike_id_initiator: String = "IDI";
    /// IKEv2's name for the server (szIDr).
    ike_id_responder: String = "IDR";
    /// The entry belongs to a mobile operator's IMS (fIsImsConfig).
    ims_config: bool = "ImsConfig";
    /// What `ike_id_initiator` is (IdiType).
    ike_id_initiator_type: u32 = "IdiType";
    /// What `ike_id_responder` is (IdrType).
    ike_id_responder_type: u32 = "IdrType";
    /// Keep credentials after a dial that succeeded (RASEO2_CacheCredentials).
    cache_credentials: bool = "CacheCredentials";
    /// IKEv2 does not fragment (fDisableIKEv2Fragmentation).
    disable_ikev2_fragmentation: bool = "Disable_IKEv2_Fragmentation";
    /// IKEv2's traffic selectors become routes (RASEO2_PlumbIKEv2TSAsRoutes).
    plumb_ikev2_ts_as_routes: bool = "PlumbIKEv2TSAsRoutes";
    /// Programs may start the connection (RASEO2_AutoTriggerCapable); the file's spelling is so.
    auto_trigger_capable: bool = "AutoTiggerCapable";
    /// The password is good for once (RASEO2_AuthTypeIsOtp).
    auth_type_otp: bool = "AuthTypeOTP";
    /// The connection is always on (RASEO2_IsAlwaysOn).
    always_on: bool = "AlwaysOnCapable";
    /// Treat what is behind it as a private network (RASEO2_IsPrivateNetwork).
    private_network: bool = "PrivateNetwork";
    /// Files with further certificates that may sign the server's.
    ca: Vec<String> = "RasmanCa";
    /// Accept what the system's certificates sign.
    system_roots: bool = "RasmanSystemRoots";
    /// The SHA-256 digest of the one certificate that is accepted, 64 hexadecimal digits; empty for none.
    pin: String = "RasmanPin";
    /// The name that the server's certificate must carry; empty for the server's own.
    server_name: String = "RasmanServerName";
    /// Methods of EAP that are allowed, most preferred first, by the words of [`rasman_core::AuthMethod`]; none for what
    /// `CustomAuthKey` says.
    eap_methods: Vec<String> = "RasmanEapMethod";
    /// Files with the authorities that EAP's server may have its certificate of; none for those of the system.
    eap_ca: Vec<String> = "RasmanEapCa";
    /// The SHA-256 digest of the one certificate that EAP's server may have.
    eap_pin: String = "RasmanEapPin";
    /// Names one of which the certificate of EAP's server must carry.
    eap_server_names: Vec<String> = "RasmanEapServerName";
    /// PEAP's server has to bind what is inside to TLS; `CustomAuthData` may demand it, too.
    eap_crypto_binding: bool = "RasmanEapCryptoBinding";
    /// Whether EAP's server has to staple that its certificate was not revoked: `if-possible` or `required`; empty for not.
    eap_revocation: String = "RasmanEapRevocation";
    /// The identity that EAP tells in the open; empty for the user's name.
    eap_identity: String = "RasmanEapIdentity";
    /// The file of the user's certificate for EAP-TLS: PEM, or PKCS#12 with the key.
    eap_certificate: String = "RasmanEapCertificate";
    /// The file of its key, if that is another.
    eap_key: String = "RasmanEapKey";
    /// Where the proxy listens, `address:port`; empty for no proxy.
    socks: String = "RasmanSocks";
    /// Local ports that lead inside, each `LISTEN=HOST:PORT`.
    forwards: Vec<String> = "RasmanForward";
    /// What kind of modem it is: `hayes`, `cellular`, `iridium`; of a cable `direct` if nobody greets on it.
    modem_profile: String = "RasmanModem";
    /// Commands for the modem before it dials.
    modem_init: Vec<String> = "RasmanModemInit";
    /// What is dialled before the number.
    dial_prefix: String = "RasmanDialPrefix";
    /// What is dialled behind it.
    dial_suffix: String = "RasmanDialSuffix";
    /// The access point name of a cellular network.
    apn: String = "RasmanApn";
    /// Ask the peer of a serial line for checksums of 32 bits.
    fcs32: bool = "RasmanFcs32";
    /// Doors may listen beyond loopback without asking who comes.
    public_doors: bool = "RasmanPublicDoors";
    /// How programs get in: `tun`, a network device, or `rootless`, doors; empty for what the manager prefers.
    data_path: String = "RasmanDataPath";
    /// The name of the network device; empty lets the manager choose.
    interface: String = "RasmanInterface";
    /// Networks that the network device leads inside, such as `10.1.0.0/16` or `2001:db8::/32`.
    routes: Vec<String> = "RasmanRoute";
    /// Networks that it does not, whatever else is said.
    excluded_routes: Vec<String> = "RasmanExclude";
    /// The largest packet that we want to receive, in bytes.
    mru: u32 = "RasmanMru";
    /// The HTTP proxy that leads to the server, `host:port`; empty for none.
    http_proxy: String = "RasmanHttpProxy";
    /// Whether the server's certificate is looked for in its issuer's list of revoked ones: `if-possible` or `required`;
    /// empty for not.
    revocation: String = "RasmanRevocation";
    /// Speak IPv6 as well if the server offers it.
    ipv6: bool = "RasmanIpv6";
    /// Ask for routes and the suffix of names by DHCPINFORM.
    inform: bool = "RasmanInform";
    /// Encryption by MPPE: `strong` (128 bits) or `any`; empty refuses it.
    mppe: String = "RasmanMppe";
    /// Hang up so many seconds after the connection was made; 0 for never.
    session_limit: u32 = "RasmanSessionLimit";
    /// The bits of dwfOptions that no other key holds, such as RASEO_NetworkLogon.
    further_options: u32 = "RasmanOptions";
    /// The bits of dwfOptions2 that no other key holds, such as RASEO2_UseTypicalSettings.
    further_options2: u32 = "RasmanOptions2";
    /// dwfOptions3.
    further_options3: u32 = "RasmanOptions3";
    /// The size of SLIP's frames in bytes (dwFrameSize, clause B14).
    frame_size: u32 = "RasmanFrameSize";
    /// dwChannels.
    channels: u32 = "RasmanChannels";
}

impl Properties {
    /// Tells when the connection ends without traffic (clause B15).
    ///
    /// The file's 0 is *never*, and so is the -1 of old files; the programs' 0, the user's preference, is a bit of
    /// `OverridePref` that is not set.
    #[must_use]
    pub fn idle_disconnect(&self) -> IdleDisconnect {
        if !self.override_pref.contains(OverridePref::IDLE_DISCONNECT) {
            return IdleDisconnect::UserPreference;
        }
        match NonZeroU32::new(self.idle_disconnect_seconds) {
            None | Some(NonZeroU32::MAX) => IdleDisconnect::Never,
            Some(seconds) => IdleDisconnect::After(seconds),
        }
    }

    /// Tells whether a program of whoever dials logs in on the line (RASEO_CustomScript, clause A58).
    #[must_use]
    pub fn custom_script(&self) -> bool {
        self.further_options & CUSTOM_SCRIPT != 0
    }

    /// Says whether it does.
    pub fn set_custom_script(&mut self, on: bool) {
        self.further_options = self.further_options & !CUSTOM_SCRIPT | if on { CUSTOM_SCRIPT } else { 0 };
    }

    /// Says when the connection ends without traffic.
    pub fn set_idle_disconnect(&mut self, idle: IdleDisconnect) {
        let own = idle != IdleDisconnect::UserPreference;
        self.override_pref = self.override_pref.with(OverridePref::IDLE_DISCONNECT, own);
        self.idle_disconnect_seconds = match idle {
            IdleDisconnect::After(seconds) => seconds.get(),
            IdleDisconnect::UserPreference | IdleDisconnect::Never => 0,
        };
    }

    /// Gives the first link, which an ordinary entry has alone.
    #[must_use]
    pub fn primary(&self) -> Option<&Subentry> {
        self.subentries.first()
    }
}

/// Keys of which the value could not be read, with the value. All are equal: they are notes, not content.
#[derive(Clone, Eq, Default, Debug)]
pub struct Unreadable(pub Vec<(&'static str, String)>);

impl PartialEq for Unreadable {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

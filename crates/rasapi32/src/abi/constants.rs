//! The constants of `ras.h`.
#![allow(non_upper_case_globals, missing_docs, reason = "Windows' own names, documented in ras.h")]

/// Makes constants and, for the tests, the list of them.
macro_rules! constants {
    ($($(#[$doc:meta])* { $($name:ident = $value:literal;)+ })+) => {
        $($(pub const $name: u32 = $value;)+)+

        /// Names and values of all numbers here.
        pub const NUMBERS: &[(&str, u32)] = &[$($((stringify!($name), $name),)+)+];
    };
}

constants! {
    /// States of a connection.
    {
        RASCS_OpenPort = 0x0;
        RASCS_PortOpened = 0x1;
        RASCS_ConnectDevice = 0x2;
        RASCS_DeviceConnected = 0x3;
        RASCS_AllDevicesConnected = 0x4;
        RASCS_Authenticate = 0x5;
        RASCS_AuthNotify = 0x6;
        RASCS_AuthRetry = 0x7;
        RASCS_AuthCallback = 0x8;
        RASCS_AuthChangePassword = 0x9;
        RASCS_AuthProject = 0xa;
        RASCS_AuthLinkSpeed = 0xb;
        RASCS_AuthAck = 0xc;
        RASCS_ReAuthenticate = 0xd;
        RASCS_Authenticated = 0xe;
        RASCS_PrepareForCallback = 0xf;
        RASCS_WaitForModemReset = 0x10;
        RASCS_WaitForCallback = 0x11;
        RASCS_Projected = 0x12;
        RASCS_StartAuthentication = 0x13;
        RASCS_CallbackComplete = 0x14;
        RASCS_LogonNetwork = 0x15;
        RASCS_SubEntryConnected = 0x16;
        RASCS_SubEntryDisconnected = 0x17;
        RASCS_ApplySettings = 0x18;
        RASCS_PAUSED = 0x1000;
        RASCS_DONE = 0x2000;
        RASCS_Interactive = 0x1000;
        RASCS_RetryAuthentication = 0x1001;
        RASCS_CallbackSetByCaller = 0x1002;
        RASCS_PasswordExpired = 0x1003;
        RASCS_InvokeEapUI = 0x1004;
        RASCS_Connected = 0x2000;
        RASCS_Disconnected = 0x2001;
    }
    /// Substates of a connection that is up.
    {
        RASCSS_DONE = 0x2000;
        RASCSS_None = 0x0;
        RASCSS_Dormant = 0x1;
        RASCSS_Reconnecting = 0x2;
        RASCSS_Reconnected = 0x2000;
    }
    /// Options of RasDial.
    {
        RDEOPT_UsePrefixSuffix = 0x1;
        RDEOPT_PausedStates = 0x2;
        RDEOPT_IgnoreModemSpeaker = 0x4;
        RDEOPT_SetModemSpeaker = 0x8;
        RDEOPT_IgnoreSoftwareCompression = 0x10;
        RDEOPT_SetSoftwareCompression = 0x20;
        RDEOPT_DisableConnectedUI = 0x40;
        RDEOPT_DisableReconnectUI = 0x80;
        RDEOPT_DisableReconnect = 0x100;
        RDEOPT_NoUser = 0x200;
        RDEOPT_PauseOnScript = 0x400;
        RDEOPT_Router = 0x800;
        RDEOPT_CustomDial = 0x1000;
        RDEOPT_UseCustomScripting = 0x2000;
        RDEOPT_InvokeAutoTriggerCredentialUI = 0x4000;
        RDEOPT_EapInfoCryptInCapable = 0x8000;
    }
    /// dwfOptions of an entry.
    {
        RASEO_UseCountryAndAreaCodes = 0x1;
        RASEO_SpecificIpAddr = 0x2;
        RASEO_SpecificNameServers = 0x4;
        RASEO_IpHeaderCompression = 0x8;
        RASEO_RemoteDefaultGateway = 0x10;
        RASEO_DisableLcpExtensions = 0x20;
        RASEO_TerminalBeforeDial = 0x40;
        RASEO_TerminalAfterDial = 0x80;
        RASEO_ModemLights = 0x100;
        RASEO_SwCompression = 0x200;
        RASEO_RequireEncryptedPw = 0x400;
        RASEO_RequireMsEncryptedPw = 0x800;
        RASEO_RequireDataEncryption = 0x1000;
        RASEO_NetworkLogon = 0x2000;
        RASEO_UseLogonCredentials = 0x4000;
        RASEO_PromoteAlternates = 0x8000;
        RASEO_SecureLocalFiles = 0x10000;
        RASEO_RequireEAP = 0x20000;
        RASEO_RequirePAP = 0x40000;
        RASEO_RequireSPAP = 0x80000;
        RASEO_Custom = 0x100000;
        RASEO_PreviewPhoneNumber = 0x200000;
        RASEO_SharedPhoneNumbers = 0x800000;
        RASEO_PreviewUserPw = 0x1000000;
        RASEO_PreviewDomain = 0x2000000;
        RASEO_ShowDialingProgress = 0x4000000;
        RASEO_RequireCHAP = 0x8000000;
        RASEO_RequireMsCHAP = 0x10000000;
        RASEO_RequireMsCHAP2 = 0x20000000;
        RASEO_RequireW95MSCHAP = 0x40000000;
        RASEO_CustomScript = 0x80000000;
    }
    /// dwfOptions2 of an entry.
    {
        RASEO2_SecureFileAndPrint = 0x1;
        RASEO2_SecureClientForMSNet = 0x2;
        RASEO2_DontNegotiateMultilink = 0x4;
        RASEO2_DontUseRasCredentials = 0x8;
        RASEO2_UsePreSharedKey = 0x10;
        RASEO2_Internet = 0x20;
        RASEO2_DisableNbtOverIP = 0x40;
        RASEO2_UseGlobalDeviceSettings = 0x80;
        RASEO2_ReconnectIfDropped = 0x100;
        RASEO2_SharePhoneNumbers = 0x200;
        RASEO2_SecureRoutingCompartment = 0x400;
        RASEO2_UseTypicalSettings = 0x800;
        RASEO2_IPv6SpecificNameServers = 0x1000;
        RASEO2_IPv6RemoteDefaultGateway = 0x2000;
        RASEO2_RegisterIpWithDNS = 0x4000;
        RASEO2_UseDNSSuffixForRegistration = 0x8000;
        RASEO2_IPv4ExplicitMetric = 0x10000;
        RASEO2_IPv6ExplicitMetric = 0x20000;
        RASEO2_DisableIKENameEkuCheck = 0x40000;
        RASEO2_DisableClassBasedStaticRoute = 0x80000;
        RASEO2_SpecificIPv6Addr = 0x100000;
        RASEO2_DisableMobility = 0x200000;
        RASEO2_RequireMachineCertificates = 0x400000;
        RASEO2_UsePreSharedKeyForIkev2Initiator = 0x800000;
        RASEO2_UsePreSharedKeyForIkev2Responder = 0x1000000;
        RASEO2_CacheCredentials = 0x2000000;
        RASEO2_AutoTriggerCapable = 0x4000000;
        RASEO2_IsThirdPartyProfile = 0x8000000;
        RASEO2_AuthTypeIsOtp = 0x10000000;
        RASEO2_IsAlwaysOn = 0x20000000;
        RASEO2_IsPrivateNetwork = 0x40000000;
        RASEO2_PlumbIKEv2TSAsRoutes = 0x80000000;
    }
    /// Kinds of entries.
    {
        RASET_Phone = 1;
        RASET_Vpn = 2;
        RASET_Direct = 3;
        RASET_Internet = 4;
        RASET_Broadband = 5;
    }
    /// Network protocols.
    {
        RASNP_NetBEUI = 1;
        RASNP_Ipx = 2;
        RASNP_Ip = 4;
        RASNP_Ipv6 = 8;
    }
    /// Framing protocols.
    {
        RASFP_Ppp = 1;
        RASFP_Slip = 2;
        RASFP_Ras = 4;
    }
    /// Special values of dwIdleDisconnectSeconds.
    {
        RASIDS_Disabled = 0xffffffff;
        RASIDS_UseGlobalValue = 0x0;
    }
    /// How subentries are dialled.
    {
        RASEDM_DialAll = 1;
        RASEDM_DialAsNeeded = 2;
    }
    /// Which tunnels are tried, in which order.
    {
        VS_Default = 0;
        VS_PptpOnly = 1;
        VS_PptpFirst = 2;
        VS_L2tpOnly = 3;
        VS_L2tpFirst = 4;
        VS_SstpOnly = 5;
        VS_SstpFirst = 6;
        VS_Ikev2Only = 7;
        VS_Ikev2First = 8;
        VS_GREOnly = 9;
        VS_PptpSstp = 12;
        VS_L2tpSstp = 13;
        VS_Ikev2Sstp = 14;
        VS_ProtocolList = 15;
    }
    /// Kinds of encryption.
    {
        ET_None = 0;
        ET_Require = 1;
        ET_RequireMax = 2;
        ET_Optional = 3;
    }
    /// Flags of a connection.
    {
        RASCF_AllUsers = 0x1;
        RASCF_GlobalCreds = 0x2;
        RASCF_OwnerKnown = 0x4;
        RASCF_OwnerMatch = 0x8;
    }
    /// What RasConnectionNotification signals.
    {
        RASCN_Connection = 0x1;
        RASCN_Disconnection = 0x2;
        RASCN_BandwidthAdded = 0x4;
        RASCN_BandwidthRemoved = 0x8;
        RASCN_Dormant = 0x10;
        RASCN_ReConnection = 0x20;
        RASCN_EPDGPacketArrival = 0x40;
    }
    /// Projections.
    {
        RASP_Amb = 0x10000;
        RASP_PppNbf = 0x803f;
        RASP_PppIpx = 0x802b;
        RASP_PppIp = 0x8021;
        RASP_PppCcp = 0x80fd;
        RASP_PppLcp = 0xc021;
        RASP_PppIpv6 = 0x8057;
        RASP_Slip = 0x20000;
    }
    /// Parts of credentials.
    {
        RASCM_UserName = 0x1;
        RASCM_Password = 0x2;
        RASCM_Domain = 0x4;
        RASCM_DefaultCreds = 0x8;
        RASCM_PreSharedKey = 0x10;
        RASCM_ServerPreSharedKey = 0x20;
        RASCM_DDMPreSharedKey = 0x40;
    }
    /// Parameters of AutoDial.
    {
        RASADP_DisableConnectionQuery = 0;
        RASADP_LoginSessionDisable = 1;
        RASADP_SavedAddressesLimit = 2;
        RASADP_FailedConnectionTimeout = 3;
        RASADP_ConnectionQueryTimeout = 4;
        RASADP_DisableConnectionQuery_default = 0;
        RASADP_LoginSessionDisable_default = 0;
        RASADP_SavedAddressesLimit_default = 100;
        RASADP_FailedConnectionTimeout_default = 5;
    }
    /// Flags of RASADPARAMS.
    {
        RASADFLG_PositionDlg = 1;
    }
    /// Flags of RasGetEapUserIdentity.
    {
        RASEAPF_NonInteractive = 0x2;
        RASEAPF_Logon = 0x4;
        RASEAPF_Preview = 0x8;
    }
    /// Whose an entry is.
    {
        REN_User = 0;
        REN_AllUsers = 1;
    }
    /// Flags of custom dialling.
    {
        RCD_SingleUser = 0;
        RCD_AllUsers = 1;
        RCD_Eap = 2;
        RCD_Logon = 4;
    }
    /// Authentication protocols.
    {
        RASLCPAP_PAP = 0xc023;
        RASLCPAP_SPAP = 0xc027;
        RASLCPAP_CHAP = 0xc223;
        RASLCPAP_EAP = 0xc227;
    }
    /// Algorithms of CHAP.
    {
        RASLCPAD_CHAP_MD5 = 0x5;
        RASLCPAD_CHAP_MS = 0x80;
        RASLCPAD_CHAP_MSV2 = 0x81;
    }
    /// Options of LCP, and of encryption in projections.
    {
        RASLCPO_PFC = 0x1;
        RASLCPO_ACFC = 0x2;
        RASLCPO_SSHF = 0x4;
        RASLCPO_DES_56 = 0x8;
        RASLCPO_3_DES = 0x10;
        RASLCPO_AES_128 = 0x20;
        RASLCPO_AES_256 = 0x40;
        RASLCPO_AES_192 = 0x80;
        RASLCPO_GCM_AES_128 = 0x100;
        RASLCPO_GCM_AES_192 = 0x200;
        RASLCPO_GCM_AES_256 = 0x400;
    }
    /// Options of IPCP.
    {
        RASIPO_VJ = 1;
    }
    /// Compression and its options.
    {
        RASCCPCA_MPPC = 0x6;
        RASCCPCA_STAC = 0x5;
        RASCCPO_Compression = 0x1;
        RASCCPO_HistoryLess = 0x2;
        RASCCPO_Encryption56bit = 0x10;
        RASCCPO_Encryption40bit = 0x20;
        RASCCPO_Encryption128bit = 0x40;
    }
    /// IKEv2 projections.
    {
        RASIKEv2_FLAGS_MOBIKESUPPORTED = 1;
        RASIKEv2_FLAGS_BEHIND_NAT = 2;
        RASIKEv2_FLAGS_SERVERBEHIND_NAT = 4;
        RASIKEv2_AUTH_MACHINECERTIFICATES = 1;
        RASIKEv2_AUTH_EAP = 2;
        RASIKEv2_AUTH_PSK = 3;
        PROJECTION_INFO_TYPE_PPP = 1;
        PROJECTION_INFO_TYPE_IKEv2 = 2;
    }
    /// Kinds of IKEv2 identities.
    {
        IKEV2_ID_PAYLOAD_TYPE_INVALID = 0;
        IKEV2_ID_PAYLOAD_TYPE_IPV4_ADDR = 1;
        IKEV2_ID_PAYLOAD_TYPE_FQDN = 2;
        IKEV2_ID_PAYLOAD_TYPE_RFC822_ADDR = 3;
        IKEV2_ID_PAYLOAD_TYPE_ID_IPV6_ADDR = 5;
        IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_DN = 9;
        IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_GN = 10;
        IKEV2_ID_PAYLOAD_TYPE_KEY_ID = 11;
        IKEV2_ID_PAYLOAD_TYPE_MAX = 12;
    }
    /// Versions of structures.
    {
        RASAPIVERSION_500 = 1;
        RASAPIVERSION_501 = 2;
        RASAPIVERSION_600 = 3;
        RASAPIVERSION_601 = 4;
    }
    /// Kinds of ends of a tunnel.
    {
        RASTUNNELENDPOINT_UNKNOWN = 0;
        RASTUNNELENDPOINT_IPv4 = 1;
        RASTUNNELENDPOINT_IPv6 = 2;
    }
    /// The message of notifications.
    {
        WM_RASDIALEVENT = 0xcccd;
    }
    /// Kinds of notifiers; the names are ours.
    {
        NOTIFIER_RasDialFunc = 0x0;
        NOTIFIER_RasDialFunc1 = 0x1;
        NOTIFIER_RasDialFunc2 = 0x2;
        NOTIFIER_WindowHandle = 0xffffffff;
    }
    /// Limits: characters without terminator, unless ras.h says otherwise.
    {
        RAS_MaxEntryName = 256;
        RAS_MaxDeviceType = 16;
        RAS_MaxDeviceName = 128;
        RAS_MaxPhoneNumber = 128;
        RAS_MaxCallbackNumber = 128;
        RAS_MaxIpAddress = 15;
        RAS_MaxIpxAddress = 21;
        RAS_MaxAreaCode = 10;
        RAS_MaxPadType = 32;
        RAS_MaxX25Address = 200;
        RAS_MaxFacilities = 200;
        RAS_MaxUserData = 200;
        RAS_MaxReplyMessage = 1024;
        RAS_MaxDnsSuffix = 256;
        RAS_MaxIDSize = 256;
        UNLEN = 256;
        PWLEN = 256;
        DNLEN = 15;
        CNLEN = 15;
        NETBIOS_NAME_LEN = 16;
        MAX_PATH = 260;
        RASBASE = 600;
        RASBASEEND = 877;
    }
    /// Flags of RasEntryDlg.
    {
        RASEDFLAG_PositionDlg = 0x1;
        RASEDFLAG_NewEntry = 0x2;
        RASEDFLAG_CloneEntry = 0x4;
        RASEDFLAG_NoRename = 0x8;
        RASEDFLAG_ShellOwned = 0x40000000;
        RASEDFLAG_NewPhoneEntry = 0x10;
        RASEDFLAG_NewTunnelEntry = 0x20;
        RASEDFLAG_NewDirectEntry = 0x40;
        RASEDFLAG_NewBroadbandEntry = 0x80;
        RASEDFLAG_InternetEntry = 0x100;
        RASEDFLAG_NAT = 0x200;
        RASEDFLAG_IncomingConnection = 0x400;
    }
    /// Flags of RasDialDlg.
    {
        RASDDFLAG_PositionDlg = 0x1;
        RASDDFLAG_NoPrompt = 0x2;
        RASDDFLAG_AoacRedial = 0x4;
        RASDDFLAG_NoErrorDlg = 0x4;
        RASDDFLAG_LinkFailure = 0x80000000;
    }
    /// Flags of RasPhonebookDlg.
    {
        RASPBDFLAG_PositionDlg = 0x1;
        RASPBDFLAG_ForceCloseOnDial = 0x2;
        RASPBDFLAG_NoUser = 0x10;
        RASPBDFLAG_UpdateDefaults = 0x80000000;
    }
    /// Events of RasPhonebookDlg.
    {
        RASPBDEVENT_AddEntry = 1;
        RASPBDEVENT_EditEntry = 2;
        RASPBDEVENT_RemoveEntry = 3;
        RASPBDEVENT_DialEntry = 4;
        RASPBDEVENT_EditGlobals = 5;
        RASPBDEVENT_NoUser = 6;
        RASPBDEVENT_NoUserEdit = 7;
        RASNOUSER_SmartCard = 1;
    }
    /// RasMonitorDlg.
    {
        RASMDPAGE_Status = 0x0;
        RASMDPAGE_Summary = 0x1;
        RASMDPAGE_Preferences = 0x2;
        RASMDFLAG_PositionDlg = 0x1;
        RASMDFLAG_UpdateDefaults = 0x80000000;
    }
    /// Flags of RASNAPSTATE.
    {
        RASNAP_ProbationTime = 1;
    }
}

pub const RASDT_Modem: &str = "modem";
pub const RASDT_Isdn: &str = "isdn";
pub const RASDT_X25: &str = "x25";
pub const RASDT_Vpn: &str = "vpn";
pub const RASDT_Pad: &str = "pad";
pub const RASDT_Generic: &str = "GENERIC";
pub const RASDT_Serial: &str = "SERIAL";
pub const RASDT_FrameRelay: &str = "FRAMERELAY";
pub const RASDT_Atm: &str = "ATM";
pub const RASDT_Sonet: &str = "SONET";
pub const RASDT_SW56: &str = "SW56";
pub const RASDT_Irda: &str = "IRDA";
pub const RASDT_Parallel: &str = "PARALLEL";
pub const RASDT_PPPoE: &str = "PPPoE";
pub const RASDIALEVENT: &str = "RasDialEvent";

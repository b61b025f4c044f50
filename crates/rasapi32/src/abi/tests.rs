//! The structures and constants against those of `windows-sys`, which are made from Microsoft's own metadata.

use super::*;
use windows_sys::Win32::NetworkManagement::Rras as windows;

/// Compares size and offsets.
macro_rules! same {
    ($($ours:ty = $theirs:ident { $($field:ident)+ })+) => {$(
        assert_eq!(size_of::<$ours>(), size_of::<windows::$theirs>(), stringify!($ours));
        let theirs = [$(core::mem::offset_of!(windows::$theirs, $field)),+];
        let ours: Vec<usize> = <$ours as Layout>::FIELDS.iter().map(|field| field.1).collect();
        assert_eq!(ours, theirs, stringify!($ours));
    )+};
}

/// Compares values.
macro_rules! equal {
    ($($name:ident)+) => {$(
        assert_eq!(constants::$name, windows::$name as u32, stringify!($name));
    )+};
}

#[test]
fn x1_x3_x6_sizes_and_offsets_are_those_of_windows() {
    same! {
        RASTUNNELENDPOINT = RASTUNNELENDPOINT { dwType Anonymous }
        RASCONN<u8> = RASCONNA { dwSize hrasconn szEntryName szDeviceType szDeviceName szPhonebook dwSubEntry
            guidEntry dwFlags luid guidCorrelationId }
        RASCONN<u16> = RASCONNW { dwSize hrasconn szEntryName szDeviceType szDeviceName szPhonebook dwSubEntry
            guidEntry dwFlags luid guidCorrelationId }
        RASCONNSTATUS<u8> = RASCONNSTATUSA { dwSize rasconnstate dwError szDeviceType szDeviceName szPhoneNumber
            localEndPoint remoteEndPoint rasconnsubstate }
        RASCONNSTATUS<u16> = RASCONNSTATUSW { dwSize rasconnstate dwError szDeviceType szDeviceName szPhoneNumber
            localEndPoint remoteEndPoint rasconnsubstate }
        RASUPDATECONN = RASUPDATECONN { version dwSize dwFlags dwIfIndex localEndPoint remoteEndPoint }
        RAS_STATS = RAS_STATS { dwSize dwBytesXmited dwBytesRcved dwFramesXmited dwFramesRcved dwCrcErr dwTimeoutErr
            dwAlignmentErr dwHardwareOverrunErr dwFramingErr dwBufferOverrunErr dwCompressionRatioIn
            dwCompressionRatioOut dwBps dwConnectDuration }
        RASDIALPARAMS<u8> = RASDIALPARAMSA { dwSize szEntryName szPhoneNumber szCallbackNumber szUserName szPassword
            szDomain dwSubEntry dwCallbackId dwIfIndex szEncPassword }
        RASDIALPARAMS<u16> = RASDIALPARAMSW { dwSize szEntryName szPhoneNumber szCallbackNumber szUserName
            szPassword szDomain dwSubEntry dwCallbackId dwIfIndex szEncPassword }
        RASEAPINFO = RASEAPINFO { dwSizeofEapInfo pbEapInfo }
        RASDEVSPECIFICINFO = RASDEVSPECIFICINFO { dwSize pbDevSpecificInfo }
        RASDIALEXTENSIONS = RASDIALEXTENSIONS { dwSize dwfOptions hwndParent reserved reserved1 RasEapInfo
            fSkipPppAuth RasDevSpecificInfo }
        RASAMB<u8> = RASAMBA { dwSize dwError szNetBiosError bLana }
        RASAMB<u16> = RASAMBW { dwSize dwError szNetBiosError bLana }
        RASPPPNBF<u8> = RASPPPNBFA { dwSize dwError dwNetBiosError szNetBiosError szWorkstationName bLana }
        RASPPPNBF<u16> = RASPPPNBFW { dwSize dwError dwNetBiosError szNetBiosError szWorkstationName bLana }
        RASPPPIPX<u8> = RASPPPIPXA { dwSize dwError szIpxAddress }
        RASPPPIPX<u16> = RASIPXW { dwSize dwError szIpxAddress }
        RASPPPIP<u8> = RASPPPIPA { dwSize dwError szIpAddress szServerIpAddress dwOptions dwServerOptions }
        RASPPPIP<u16> = RASPPPIPW { dwSize dwError szIpAddress szServerIpAddress dwOptions dwServerOptions }
        RASPPPIPV6 = RASPPPIPV6 { dwSize dwError bLocalInterfaceIdentifier bPeerInterfaceIdentifier
            bLocalCompressionProtocol bPeerCompressionProtocol }
        RASPPPLCP<u8> = RASPPPLCPA { dwSize fBundled dwError dwAuthenticationProtocol dwAuthenticationData
            dwEapTypeId dwServerAuthenticationProtocol dwServerAuthenticationData dwServerEapTypeId fMultilink
            dwTerminateReason dwServerTerminateReason szReplyMessage dwOptions dwServerOptions }
        RASPPPLCP<u16> = RASPPPLCPW { dwSize fBundled dwError dwAuthenticationProtocol dwAuthenticationData
            dwEapTypeId dwServerAuthenticationProtocol dwServerAuthenticationData dwServerEapTypeId fMultilink
            dwTerminateReason dwServerTerminateReason szReplyMessage dwOptions dwServerOptions }
        RASPPPCCP = RASPPPCCP { dwSize dwError dwCompressionAlgorithm dwOptions dwServerCompressionAlgorithm
            dwServerOptions }
        RASPPP_PROJECTION_INFO = RASPPP_PROJECTION_INFO { dwIPv4NegotiationError ipv4Address ipv4ServerAddress
            dwIPv4Options dwIPv4ServerOptions dwIPv6NegotiationError bInterfaceIdentifier bServerInterfaceIdentifier
            fBundled fMultilink dwAuthenticationProtocol dwAuthenticationData dwServerAuthenticationProtocol
            dwServerAuthenticationData dwEapTypeId dwServerEapTypeId dwLcpOptions dwLcpServerOptions dwCcpError
            dwCcpCompressionAlgorithm dwCcpServerCompressionAlgorithm dwCcpOptions dwCcpServerOptions }
        RASIKEV2_PROJECTION_INFO = RASIKEV2_PROJECTION_INFO { dwIPv4NegotiationError ipv4Address ipv4ServerAddress
            dwIPv6NegotiationError ipv6Address ipv6ServerAddress dwPrefixLength dwAuthenticationProtocol dwEapTypeId
            dwFlags dwEncryptionMethod numIPv4ServerAddresses ipv4ServerAddresses numIPv6ServerAddresses
            ipv6ServerAddresses }
        RAS_PROJECTION_INFO = RAS_PROJECTION_INFO { version r#type Anonymous }
        RASIPADDR = RASIPADDR { a b c d }
        RASENTRYNAME<u8> = RASENTRYNAMEA { dwSize szEntryName dwFlags szPhonebookPath }
        RASENTRYNAME<u16> = RASENTRYNAMEW { dwSize szEntryName dwFlags szPhonebookPath }
        RASENTRY<u8> = RASENTRYA { dwSize dwfOptions dwCountryID dwCountryCode szAreaCode szLocalPhoneNumber
            dwAlternateOffset ipaddr ipaddrDns ipaddrDnsAlt ipaddrWins ipaddrWinsAlt dwFrameSize dwfNetProtocols
            dwFramingProtocol szScript szAutodialDll szAutodialFunc szDeviceType szDeviceName szX25PadType szX25Address
            szX25Facilities szX25UserData dwChannels dwReserved1 dwReserved2 dwSubEntries dwDialMode dwDialExtraPercent
            dwDialExtraSampleSeconds dwHangUpExtraPercent dwHangUpExtraSampleSeconds dwIdleDisconnectSeconds dwType
            dwEncryptionType dwCustomAuthKey guidId szCustomDialDll dwVpnStrategy dwfOptions2 dwfOptions3 szDnsSuffix
            dwTcpWindowSize szPrerequisitePbk szPrerequisiteEntry dwRedialCount dwRedialPause ipv6addrDns ipv6addrDnsAlt
            dwIPv4InterfaceMetric dwIPv6InterfaceMetric ipv6addr dwIPv6PrefixLength dwNetworkOutageTime szIDi szIDr
            fIsImsConfig IdiType IdrType fDisableIKEv2Fragmentation }
        RASENTRY<u16> = RASENTRYW { dwSize dwfOptions dwCountryID dwCountryCode szAreaCode szLocalPhoneNumber
            dwAlternateOffset ipaddr ipaddrDns ipaddrDnsAlt ipaddrWins ipaddrWinsAlt dwFrameSize dwfNetProtocols
            dwFramingProtocol szScript szAutodialDll szAutodialFunc szDeviceType szDeviceName szX25PadType szX25Address
            szX25Facilities szX25UserData dwChannels dwReserved1 dwReserved2 dwSubEntries dwDialMode dwDialExtraPercent
            dwDialExtraSampleSeconds dwHangUpExtraPercent dwHangUpExtraSampleSeconds dwIdleDisconnectSeconds dwType
            dwEncryptionType dwCustomAuthKey guidId szCustomDialDll dwVpnStrategy dwfOptions2 dwfOptions3 szDnsSuffix
            dwTcpWindowSize szPrerequisitePbk szPrerequisiteEntry dwRedialCount dwRedialPause ipv6addrDns ipv6addrDnsAlt
            dwIPv4InterfaceMetric dwIPv6InterfaceMetric ipv6addr dwIPv6PrefixLength dwNetworkOutageTime szIDi szIDr
            fIsImsConfig IdiType IdrType fDisableIKEv2Fragmentation }
        RASSUBENTRY<u8> = RASSUBENTRYA { dwSize dwfFlags szDeviceType szDeviceName szLocalPhoneNumber
            dwAlternateOffset }
        RASSUBENTRY<u16> = RASSUBENTRYW { dwSize dwfFlags szDeviceType szDeviceName szLocalPhoneNumber
            dwAlternateOffset }
        RASDEVINFO<u8> = RASDEVINFOA { dwSize szDeviceType szDeviceName }
        RASDEVINFO<u16> = RASDEVINFOW { dwSize szDeviceType szDeviceName }
        RASCTRYINFO = RASCTRYINFO { dwSize dwCountryID dwNextCountryID dwCountryCode dwCountryNameOffset }
        RASCREDENTIALS<u8> = RASCREDENTIALSA { dwSize dwMask szUserName szPassword szDomain }
        RASCREDENTIALS<u16> = RASCREDENTIALSW { dwSize dwMask szUserName szPassword szDomain }
        RASEAPUSERIDENTITY<u8> = RASEAPUSERIDENTITYA { szUserName dwSizeofEapInfo pbEapInfo }
        RASEAPUSERIDENTITY<u16> = RASEAPUSERIDENTITYW { szUserName dwSizeofEapInfo pbEapInfo }
        RASAUTODIALENTRY<u8> = RASAUTODIALENTRYA { dwSize dwFlags dwDialingLocation szEntry }
        RASAUTODIALENTRY<u16> = RASAUTODIALENTRYW { dwSize dwFlags dwDialingLocation szEntry }
        RASADPARAMS = RASADPARAMS { dwSize hwndOwner dwFlags xDlg yDlg }
        RASNOUSER<u8> = RASNOUSERA { dwSize dwFlags dwTimeoutMs szUserName szPassword szDomain }
        RASNOUSER<u16> = RASNOUSERW { dwSize dwFlags dwTimeoutMs szUserName szPassword szDomain }
        RASPBDLG = RASPBDLGA { dwSize hwndOwner dwFlags xDlg yDlg dwCallbackId pCallback dwError reserved reserved2 }
        RASENTRYDLG<u8> = RASENTRYDLGA { dwSize hwndOwner dwFlags xDlg yDlg szEntry dwError reserved reserved2 }
        RASENTRYDLG<u16> = RASENTRYDLGW { dwSize hwndOwner dwFlags xDlg yDlg szEntry dwError reserved reserved2 }
        RASDIALDLG = RASDIALDLG { dwSize hwndOwner dwFlags xDlg yDlg dwSubEntry dwError reserved reserved2 }
        RASCOMMSETTINGS = RASCOMMSETTINGS { dwSize bParity bStop bByteSize bAlign }
        RASCUSTOMSCRIPTEXTENSIONS = RASCUSTOMSCRIPTEXTENSIONS { dwSize pfnRasSetCommSettings }
    }
}

#[test]
fn x1_constants_are_those_of_windows() {
    equal! {
        RASEDM_DialAll RASEDM_DialAsNeeded RASP_Amb RASP_PppNbf RASP_PppIpx RASP_PppIp RASP_PppCcp RASP_PppLcp
        RASP_PppIpv6 RASLCPAP_PAP RASLCPAP_SPAP RASLCPAP_CHAP RASLCPAP_EAP RASLCPAD_CHAP_MD5 RASLCPAD_CHAP_MS
        RASLCPAD_CHAP_MSV2 RASIKEv2_FLAGS_MOBIKESUPPORTED RASIKEv2_FLAGS_BEHIND_NAT
        RASIKEv2_FLAGS_SERVERBEHIND_NAT
        RASCS_OpenPort RASCS_PortOpened RASCS_ConnectDevice RASCS_DeviceConnected RASCS_AllDevicesConnected
        RASCS_Authenticate RASCS_AuthNotify RASCS_AuthRetry RASCS_AuthCallback RASCS_AuthChangePassword
        RASCS_AuthProject RASCS_AuthLinkSpeed RASCS_AuthAck RASCS_ReAuthenticate RASCS_Authenticated
        RASCS_PrepareForCallback RASCS_WaitForModemReset RASCS_WaitForCallback RASCS_Projected
        RASCS_StartAuthentication RASCS_CallbackComplete RASCS_LogonNetwork RASCS_SubEntryConnected
        RASCS_SubEntryDisconnected RASCS_ApplySettings RASCS_PAUSED RASCS_DONE RASCS_Interactive
        RASCS_RetryAuthentication RASCS_CallbackSetByCaller RASCS_PasswordExpired RASCS_InvokeEapUI
        RASCS_Connected RASCS_Disconnected RASCSS_DONE RASCSS_None RASCSS_Dormant RASCSS_Reconnecting
        RASCSS_Reconnected RDEOPT_UsePrefixSuffix RDEOPT_PausedStates RDEOPT_IgnoreModemSpeaker
        RDEOPT_SetModemSpeaker RDEOPT_IgnoreSoftwareCompression RDEOPT_SetSoftwareCompression
        RDEOPT_DisableConnectedUI RDEOPT_DisableReconnectUI RDEOPT_DisableReconnect RDEOPT_NoUser
        RDEOPT_PauseOnScript RDEOPT_Router RDEOPT_CustomDial RDEOPT_UseCustomScripting
        RDEOPT_InvokeAutoTriggerCredentialUI RDEOPT_EapInfoCryptInCapable RASEO_UseCountryAndAreaCodes
        RASEO_SpecificIpAddr RASEO_SpecificNameServers RASEO_IpHeaderCompression RASEO_RemoteDefaultGateway
        RASEO_DisableLcpExtensions RASEO_TerminalBeforeDial RASEO_TerminalAfterDial RASEO_ModemLights
        RASEO_SwCompression RASEO_RequireEncryptedPw RASEO_RequireMsEncryptedPw RASEO_RequireDataEncryption
        RASEO_NetworkLogon RASEO_UseLogonCredentials RASEO_PromoteAlternates RASEO_SecureLocalFiles
        RASEO_RequireEAP RASEO_RequirePAP RASEO_RequireSPAP RASEO_Custom RASEO_PreviewPhoneNumber
        RASEO_SharedPhoneNumbers RASEO_PreviewUserPw RASEO_PreviewDomain RASEO_ShowDialingProgress
        RASEO_RequireCHAP RASEO_RequireMsCHAP RASEO_RequireMsCHAP2 RASEO_RequireW95MSCHAP RASEO_CustomScript
        RASEO2_SecureFileAndPrint RASEO2_SecureClientForMSNet RASEO2_DontNegotiateMultilink
        RASEO2_DontUseRasCredentials RASEO2_UsePreSharedKey RASEO2_Internet RASEO2_DisableNbtOverIP
        RASEO2_UseGlobalDeviceSettings RASEO2_ReconnectIfDropped RASEO2_SharePhoneNumbers
        RASEO2_SecureRoutingCompartment RASEO2_UseTypicalSettings RASEO2_IPv6SpecificNameServers
        RASEO2_IPv6RemoteDefaultGateway RASEO2_RegisterIpWithDNS RASEO2_UseDNSSuffixForRegistration
        RASEO2_IPv4ExplicitMetric RASEO2_IPv6ExplicitMetric RASEO2_DisableIKENameEkuCheck
        RASEO2_DisableClassBasedStaticRoute RASEO2_SpecificIPv6Addr RASEO2_DisableMobility
        RASEO2_RequireMachineCertificates RASEO2_UsePreSharedKeyForIkev2Initiator
        RASEO2_UsePreSharedKeyForIkev2Responder RASEO2_CacheCredentials RASEO2_AutoTriggerCapable
        RASEO2_IsThirdPartyProfile RASEO2_AuthTypeIsOtp RASEO2_IsAlwaysOn RASEO2_IsPrivateNetwork
        RASEO2_PlumbIKEv2TSAsRoutes RASET_Phone RASET_Vpn RASET_Direct RASET_Internet RASET_Broadband
        RASNP_NetBEUI RASNP_Ipx RASNP_Ip RASNP_Ipv6 RASFP_Ppp RASFP_Slip RASFP_Ras RASIDS_Disabled
        RASIDS_UseGlobalValue VS_Default VS_PptpOnly VS_PptpFirst VS_L2tpOnly VS_L2tpFirst VS_SstpOnly
        VS_SstpFirst VS_Ikev2Only VS_Ikev2First VS_GREOnly VS_PptpSstp VS_L2tpSstp VS_Ikev2Sstp VS_ProtocolList
        ET_None ET_Require ET_RequireMax ET_Optional RASCF_AllUsers RASCF_GlobalCreds RASCF_OwnerKnown
        RASCF_OwnerMatch RASCN_Connection RASCN_Disconnection RASCN_BandwidthAdded RASCN_BandwidthRemoved
        RASCN_Dormant RASCN_ReConnection RASCN_EPDGPacketArrival RASCM_UserName RASCM_Password RASCM_Domain
        RASCM_DefaultCreds RASCM_PreSharedKey RASCM_ServerPreSharedKey RASCM_DDMPreSharedKey
        RASADP_DisableConnectionQuery RASADP_LoginSessionDisable RASADP_SavedAddressesLimit
        RASADP_FailedConnectionTimeout RASADP_ConnectionQueryTimeout RASADFLG_PositionDlg RASEAPF_NonInteractive
        RASEAPF_Logon RASEAPF_Preview REN_User REN_AllUsers RCD_SingleUser RCD_AllUsers RCD_Eap RCD_Logon
        RASLCPO_PFC RASLCPO_ACFC RASLCPO_SSHF RASLCPO_DES_56 RASLCPO_3_DES RASLCPO_AES_128 RASLCPO_AES_256
        RASLCPO_AES_192 RASLCPO_GCM_AES_128 RASLCPO_GCM_AES_192 RASLCPO_GCM_AES_256 RASIPO_VJ RASCCPCA_MPPC
        RASCCPCA_STAC RASCCPO_Compression RASCCPO_HistoryLess RASCCPO_Encryption56bit RASCCPO_Encryption40bit
        RASCCPO_Encryption128bit RASIKEv2_AUTH_MACHINECERTIFICATES RASIKEv2_AUTH_EAP RASIKEv2_AUTH_PSK
        PROJECTION_INFO_TYPE_PPP PROJECTION_INFO_TYPE_IKEv2 IKEV2_ID_PAYLOAD_TYPE_INVALID
        IKEV2_ID_PAYLOAD_TYPE_IPV4_ADDR IKEV2_ID_PAYLOAD_TYPE_FQDN IKEV2_ID_PAYLOAD_TYPE_RFC822_ADDR
        IKEV2_ID_PAYLOAD_TYPE_ID_IPV6_ADDR IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_DN IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_GN
        IKEV2_ID_PAYLOAD_TYPE_KEY_ID IKEV2_ID_PAYLOAD_TYPE_MAX RASAPIVERSION_500 RASAPIVERSION_501
        RASAPIVERSION_600 RASAPIVERSION_601 RASTUNNELENDPOINT_UNKNOWN RASTUNNELENDPOINT_IPv4
        RASTUNNELENDPOINT_IPv6 WM_RASDIALEVENT RAS_MaxEntryName RAS_MaxDeviceType RAS_MaxDeviceName
        RAS_MaxPhoneNumber RAS_MaxCallbackNumber RAS_MaxIpAddress RAS_MaxIpxAddress RAS_MaxAreaCode
        RAS_MaxPadType RAS_MaxX25Address RAS_MaxFacilities RAS_MaxUserData RAS_MaxReplyMessage RAS_MaxDnsSuffix
        RAS_MaxIDSize RASBASE RASBASEEND RASEDFLAG_PositionDlg RASEDFLAG_NewEntry RASEDFLAG_CloneEntry
        RASEDFLAG_NoRename RASEDFLAG_ShellOwned RASEDFLAG_NewPhoneEntry RASEDFLAG_NewTunnelEntry
        RASEDFLAG_NewDirectEntry RASEDFLAG_NewBroadbandEntry RASEDFLAG_InternetEntry RASEDFLAG_NAT
        RASEDFLAG_IncomingConnection RASDDFLAG_PositionDlg RASDDFLAG_NoPrompt RASDDFLAG_AoacRedial
        RASDDFLAG_LinkFailure RASPBDFLAG_PositionDlg RASPBDFLAG_ForceCloseOnDial RASPBDFLAG_NoUser
        RASPBDFLAG_UpdateDefaults RASPBDEVENT_AddEntry RASPBDEVENT_EditEntry RASPBDEVENT_RemoveEntry
        RASPBDEVENT_DialEntry RASPBDEVENT_EditGlobals RASPBDEVENT_NoUser RASPBDEVENT_NoUserEdit
        RASNOUSER_SmartCard RASNAP_ProbationTime
    }
}

#[test]
fn x4_versions_from_0x400_on_are_accepted_and_no_other() {
    assert_eq!(<RASCONN<u16> as Layout>::SIZES, [820, 1344, 1360, 1372, 1388]);
    assert_eq!(<RASDIALPARAMS<u8> as Layout>::SIZES, [1052, 1064, 1068, 1076]);
    assert_eq!(<RASENTRY<u16> as Layout>::SIZES, [3468, 3496, 4048, 5616, 5656, 5680, 6724]);
    assert!(!RASCONN::<u16>::is_size(528));
    // Naturally aligned, as a compiler without the packing would have it.
    assert!(!RASCONN::<u16>::is_size(1392));
}

#[test]
fn x5_the_state_of_access_protection_is_not_packed_and_has_20_bytes() {
    assert_eq!(size_of::<RASNAPSTATE>(), 20);
}

#[test]
fn a10_what_an_old_version_lacks_is_zero() {
    let mut memory = [0xff_u8; 1388 + 1];
    for (version, phonebook) in [(820_u32, 0), (1344, 0xffff)] {
        memory[1..5].copy_from_slice(&version.to_ne_bytes());
        // SAFETY: the memory is long enough for every version; it is misaligned on purpose.
        let read = unsafe { read_versioned(memory[1..].as_ptr().cast::<RASCONN<u16>>()) };
        let Some(read) = read else { panic!("{version} is a version") };
        assert_eq!((read.szPhonebook[0], { read.guidEntry.Data1 }), (phonebook, 0));
    }
    memory[1..5].copy_from_slice(&821_u32.to_ne_bytes());
    // SAFETY: as above.
    assert!(unsafe { read_versioned(memory[1..].as_ptr().cast::<RASCONN<u16>>()) }.is_none());
}

#[test]
fn a10_padding_of_an_old_version_is_not_a_member_of_the_next() {
    let mut memory = [0xff_u8; 416];
    memory[..4].copy_from_slice(&416_u32.to_ne_bytes());
    // SAFETY: the memory is as long as it says.
    let read = unsafe { read_versioned(memory.as_ptr().cast::<RASCONN<u8>>()) };
    assert_eq!(read.map(|read| (read.szDeviceName[128], read.szPhonebook[0])), Some((0xff, 0)));
}

#[test]
fn a_scrubbed_structure_leaves_zeroes() {
    let mut place = MaybeUninit::<Scrubbed<RASCREDENTIALS<u8>>>::zeroed();
    place.write(Scrubbed(RASCREDENTIALS { szPassword: [b'x'; 257], ..Layout::zeroed() }));
    // SAFETY: it was written; dropping leaves bytes that are a value, and are read as such.
    let left = unsafe {
        place.assume_init_drop();
        place.assume_init_ref().szPassword
    };
    assert_eq!(left, [0; 257]);
}

#[test]
fn identifiers_are_read_as_they_are_written() {
    let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let guid = GUID::from_bytes(bytes);
    assert_eq!((guid.Data1, guid.Data2), (0x0403_0201, 0x0605));
    assert_eq!(guid.to_bytes(), bytes);
}

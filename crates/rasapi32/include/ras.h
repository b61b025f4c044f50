/*
 * The Remote Access API, for programs written for Windows' ras.h.
 *
 * Sizes and offsets are those of 64-bit Windows: structures are packed to four bytes. WINVER chooses the version of the
 * structures, as it does there; the library accepts all of them. W functions take UTF-16: WCHAR is char16_t, or wchar_t
 * where that has 16 bits (-fshort-wchar). A functions take UTF-8. UNICODE makes the plain names mean the W functions.
 *
 * Every function returns 0 or an error of raserror.h. See rasapi32(3), which also lists where this differs from Windows.
 */
#ifndef RASMAN_RAS_H
#define RASMAN_RAS_H

#include <netinet/in.h>

#include "rastypes.h"
#include "raserror.h"

#ifndef WINVER
#define WINVER 0xA00
#endif
#if WINVER < 0x400
#error "structures of versions before WINVER 0x400 are not supported"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#pragma pack(push, 4)

/* Limits: characters without the terminator, unless said otherwise. */
#define RAS_MaxEntryName                         256
#define RAS_MaxDeviceType                        16
#define RAS_MaxDeviceName                        128
#define RAS_MaxPhoneNumber                       128
#define RAS_MaxCallbackNumber                    128
#define RAS_MaxIpAddress                         15
#define RAS_MaxIpxAddress                        21
#define RAS_MaxAreaCode                          10
#define RAS_MaxPadType                           32
#define RAS_MaxX25Address                        200
#define RAS_MaxFacilities                        200
#define RAS_MaxUserData                          200
#define RAS_MaxReplyMessage                      1024  /* with the terminator */
#define RAS_MaxDnsSuffix                         256  /* with the terminator */
#define RAS_MaxIDSize                            256

typedef struct in_addr RASIPV4ADDR;
typedef struct in6_addr RASIPV6ADDR;

/* A connection. The value means the same connection in every process of the user. */
typedef struct HRASCONN__ *HRASCONN;
typedef HRASCONN *LPHRASCONN;

/* States of a connection. */
#define RASCS_PAUSED                             0x1000
#define RASCS_DONE                               0x2000

typedef enum tagRASCONNSTATE {
    RASCS_OpenPort = 0x0,
    RASCS_PortOpened = 0x1,
    RASCS_ConnectDevice = 0x2,
    RASCS_DeviceConnected = 0x3,
    RASCS_AllDevicesConnected = 0x4,
    RASCS_Authenticate = 0x5,
    RASCS_AuthNotify = 0x6,
    RASCS_AuthRetry = 0x7,
    RASCS_AuthCallback = 0x8,
    RASCS_AuthChangePassword = 0x9,
    RASCS_AuthProject = 0xA,
    RASCS_AuthLinkSpeed = 0xB,
    RASCS_AuthAck = 0xC,
    RASCS_ReAuthenticate = 0xD,
    RASCS_Authenticated = 0xE,
    RASCS_PrepareForCallback = 0xF,
    RASCS_WaitForModemReset = 0x10,
    RASCS_WaitForCallback = 0x11,
    RASCS_Projected = 0x12,
    RASCS_StartAuthentication = 0x13,
    RASCS_CallbackComplete = 0x14,
    RASCS_LogonNetwork = 0x15,
    RASCS_SubEntryConnected = 0x16,
    RASCS_SubEntryDisconnected = 0x17,
    RASCS_ApplySettings = 0x18,
    RASCS_Interactive = 0x1000,
    RASCS_RetryAuthentication = 0x1001,
    RASCS_CallbackSetByCaller = 0x1002,
    RASCS_PasswordExpired = 0x1003,
    RASCS_InvokeEapUI = 0x1004,
    RASCS_Connected = 0x2000,
    RASCS_Disconnected = 0x2001
} RASCONNSTATE, *LPRASCONNSTATE;

/* Substates of a connection that is up. */
#define RASCSS_DONE                              0x2000

typedef enum tagRASCONNSUBSTATE {
    RASCSS_None = 0x0,
    RASCSS_Dormant = 0x1,
    RASCSS_Reconnecting = 0x2,
    RASCSS_Reconnected = 0x2000
} RASCONNSUBSTATE, *LPRASCONNSUBSTATE;

typedef enum tagRASAPIVERSION {
    RASAPIVERSION_500 = 1,
    RASAPIVERSION_501 = 2,
    RASAPIVERSION_600 = 3,
    RASAPIVERSION_601 = 4
} RASAPIVERSION, *LPRASAPIVERSION;

typedef enum tagIKEV2_ID_PAYLOAD_TYPE {
    IKEV2_ID_PAYLOAD_TYPE_INVALID = 0,
    IKEV2_ID_PAYLOAD_TYPE_IPV4_ADDR = 1,
    IKEV2_ID_PAYLOAD_TYPE_FQDN = 2,
    IKEV2_ID_PAYLOAD_TYPE_RFC822_ADDR = 3,
    IKEV2_ID_PAYLOAD_TYPE_ID_IPV6_ADDR = 5,
    IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_DN = 9,
    IKEV2_ID_PAYLOAD_TYPE_DER_ASN1_GN = 10,
    IKEV2_ID_PAYLOAD_TYPE_KEY_ID = 11,
    IKEV2_ID_PAYLOAD_TYPE_MAX = 12
} IKEV2_ID_PAYLOAD_TYPE, *LPIKEV2_ID_PAYLOAD_TYPE;

typedef enum tagRASPROJECTION_INFO_TYPE {
    PROJECTION_INFO_TYPE_PPP = 1,
    PROJECTION_INFO_TYPE_IKEv2 = 2
} RASPROJECTION_INFO_TYPE, *LPRASPROJECTION_INFO_TYPE;

typedef enum tagRASPROJECTION {
    RASP_Amb = 0x10000,
    RASP_PppNbf = 0x803F,
    RASP_PppIpx = 0x802B,
    RASP_PppIp = 0x8021,
    RASP_PppCcp = 0x80FD,
    RASP_PppLcp = 0xC021,
    RASP_PppIpv6 = 0x8057,
    RASP_Slip = 0x20000
} RASPROJECTION, *LPRASPROJECTION;

/* Options of RasDial. */
#define RDEOPT_UsePrefixSuffix                   0x1
#define RDEOPT_PausedStates                      0x2
#define RDEOPT_IgnoreModemSpeaker                0x4
#define RDEOPT_SetModemSpeaker                   0x8
#define RDEOPT_IgnoreSoftwareCompression         0x10
#define RDEOPT_SetSoftwareCompression            0x20
#define RDEOPT_DisableConnectedUI                0x40
#define RDEOPT_DisableReconnectUI                0x80
#define RDEOPT_DisableReconnect                  0x100
#define RDEOPT_NoUser                            0x200
#define RDEOPT_PauseOnScript                     0x400
#define RDEOPT_Router                            0x800
#define RDEOPT_CustomDial                        0x1000
#define RDEOPT_UseCustomScripting                0x2000
#define RDEOPT_InvokeAutoTriggerCredentialUI     0x4000
#define RDEOPT_EapInfoCryptInCapable             0x8000

/* dwfOptions of an entry. */
#define RASEO_UseCountryAndAreaCodes             0x1
#define RASEO_SpecificIpAddr                     0x2
#define RASEO_SpecificNameServers                0x4
#define RASEO_IpHeaderCompression                0x8
#define RASEO_RemoteDefaultGateway               0x10
#define RASEO_DisableLcpExtensions               0x20
#define RASEO_TerminalBeforeDial                 0x40
#define RASEO_TerminalAfterDial                  0x80
#define RASEO_ModemLights                        0x100
#define RASEO_SwCompression                      0x200
#define RASEO_RequireEncryptedPw                 0x400
#define RASEO_RequireMsEncryptedPw               0x800
#define RASEO_RequireDataEncryption              0x1000
#define RASEO_NetworkLogon                       0x2000
#define RASEO_UseLogonCredentials                0x4000
#define RASEO_PromoteAlternates                  0x8000
#define RASEO_SecureLocalFiles                   0x10000
#define RASEO_RequireEAP                         0x20000
#define RASEO_RequirePAP                         0x40000
#define RASEO_RequireSPAP                        0x80000
#define RASEO_Custom                             0x100000
#define RASEO_PreviewPhoneNumber                 0x200000
#define RASEO_SharedPhoneNumbers                 0x800000
#define RASEO_PreviewUserPw                      0x1000000
#define RASEO_PreviewDomain                      0x2000000
#define RASEO_ShowDialingProgress                0x4000000
#define RASEO_RequireCHAP                        0x8000000
#define RASEO_RequireMsCHAP                      0x10000000
#define RASEO_RequireMsCHAP2                     0x20000000
#define RASEO_RequireW95MSCHAP                   0x40000000
#define RASEO_CustomScript                       0x80000000

/* dwfOptions2 of an entry. */
#define RASEO2_SecureFileAndPrint                0x1
#define RASEO2_SecureClientForMSNet              0x2
#define RASEO2_DontNegotiateMultilink            0x4
#define RASEO2_DontUseRasCredentials             0x8
#define RASEO2_UsePreSharedKey                   0x10
#define RASEO2_Internet                          0x20
#define RASEO2_DisableNbtOverIP                  0x40
#define RASEO2_UseGlobalDeviceSettings           0x80
#define RASEO2_ReconnectIfDropped                0x100
#define RASEO2_SharePhoneNumbers                 0x200
#define RASEO2_SecureRoutingCompartment          0x400
#define RASEO2_UseTypicalSettings                0x800
#define RASEO2_IPv6SpecificNameServers           0x1000
#define RASEO2_IPv6RemoteDefaultGateway          0x2000
#define RASEO2_RegisterIpWithDNS                 0x4000
#define RASEO2_UseDNSSuffixForRegistration       0x8000
#define RASEO2_IPv4ExplicitMetric                0x10000
#define RASEO2_IPv6ExplicitMetric                0x20000
#define RASEO2_DisableIKENameEkuCheck            0x40000
#define RASEO2_DisableClassBasedStaticRoute      0x80000
#define RASEO2_SpecificIPv6Addr                  0x100000
#define RASEO2_DisableMobility                   0x200000
#define RASEO2_RequireMachineCertificates        0x400000
#define RASEO2_UsePreSharedKeyForIkev2Initiator  0x800000
#define RASEO2_UsePreSharedKeyForIkev2Responder  0x1000000
#define RASEO2_CacheCredentials                  0x2000000
#define RASEO2_AutoTriggerCapable                0x4000000
#define RASEO2_IsThirdPartyProfile               0x8000000
#define RASEO2_AuthTypeIsOtp                     0x10000000
#define RASEO2_IsAlwaysOn                        0x20000000
#define RASEO2_IsPrivateNetwork                  0x40000000
#define RASEO2_PlumbIKEv2TSAsRoutes              0x80000000

/* Kinds of entries. */
#define RASET_Phone                              1
#define RASET_Vpn                                2
#define RASET_Direct                             3
#define RASET_Internet                           4
#define RASET_Broadband                          5

/* Network protocols. */
#define RASNP_NetBEUI                            1
#define RASNP_Ipx                                2
#define RASNP_Ip                                 4
#define RASNP_Ipv6                               8

/* Framing protocols. */
#define RASFP_Ppp                                1
#define RASFP_Slip                               2
#define RASFP_Ras                                4

/* Special values of dwIdleDisconnectSeconds. */
#define RASIDS_Disabled                          0xFFFFFFFF
#define RASIDS_UseGlobalValue                    0x0

/* How subentries are dialled. */
#define RASEDM_DialAll                           1
#define RASEDM_DialAsNeeded                      2

/* Which tunnels are tried, in which order. */
#define VS_Default                               0
#define VS_PptpOnly                              1
#define VS_PptpFirst                             2
#define VS_L2tpOnly                              3
#define VS_L2tpFirst                             4
#define VS_SstpOnly                              5
#define VS_SstpFirst                             6
#define VS_Ikev2Only                             7
#define VS_Ikev2First                            8
#define VS_GREOnly                               9
#define VS_PptpSstp                              12
#define VS_L2tpSstp                              13
#define VS_Ikev2Sstp                             14
#define VS_ProtocolList                          15

/* Kinds of encryption. */
#define ET_None                                  0
#define ET_Require                               1
#define ET_RequireMax                            2
#define ET_Optional                              3

/* Flags of a connection. */
#define RASCF_AllUsers                           0x1
#define RASCF_GlobalCreds                        0x2
#define RASCF_OwnerKnown                         0x4
#define RASCF_OwnerMatch                         0x8

/* What RasConnectionNotification signals. */
#define RASCN_Connection                         0x1
#define RASCN_Disconnection                      0x2
#define RASCN_BandwidthAdded                     0x4
#define RASCN_BandwidthRemoved                   0x8
#define RASCN_Dormant                            0x10
#define RASCN_ReConnection                       0x20
#define RASCN_EPDGPacketArrival                  0x40

/* Parts of credentials. */
#define RASCM_UserName                           0x1
#define RASCM_Password                           0x2
#define RASCM_Domain                             0x4
#define RASCM_DefaultCreds                       0x8
#define RASCM_PreSharedKey                       0x10
#define RASCM_ServerPreSharedKey                 0x20
#define RASCM_DDMPreSharedKey                    0x40

/* Flags of RASADPARAMS. */
#define RASADFLG_PositionDlg                     1

/* Flags of RasGetEapUserIdentity. */
#define RASEAPF_NonInteractive                   0x2
#define RASEAPF_Logon                            0x4
#define RASEAPF_Preview                          0x8

/* Whose an entry is. */
#define REN_User                                 0
#define REN_AllUsers                             1

/* Flags of custom dialling. */
#define RCD_SingleUser                           0
#define RCD_AllUsers                             1
#define RCD_Eap                                  2
#define RCD_Logon                                4

/* Authentication protocols. */
#define RASLCPAP_PAP                             0xC023
#define RASLCPAP_SPAP                            0xC027
#define RASLCPAP_CHAP                            0xC223
#define RASLCPAP_EAP                             0xC227

/* Algorithms of CHAP. */
#define RASLCPAD_CHAP_MD5                        0x5
#define RASLCPAD_CHAP_MS                         0x80
#define RASLCPAD_CHAP_MSV2                       0x81

/* Options of LCP, and of encryption in projections. */
#define RASLCPO_PFC                              0x1
#define RASLCPO_ACFC                             0x2
#define RASLCPO_SSHF                             0x4
#define RASLCPO_DES_56                           0x8
#define RASLCPO_3_DES                            0x10
#define RASLCPO_AES_128                          0x20
#define RASLCPO_AES_256                          0x40
#define RASLCPO_AES_192                          0x80
#define RASLCPO_GCM_AES_128                      0x100
#define RASLCPO_GCM_AES_192                      0x200
#define RASLCPO_GCM_AES_256                      0x400

/* Options of IPCP. */
#define RASIPO_VJ                                1

/* Compression and its options. */
#define RASCCPCA_MPPC                            0x6
#define RASCCPCA_STAC                            0x5
#define RASCCPO_Compression                      0x1
#define RASCCPO_HistoryLess                      0x2
#define RASCCPO_Encryption56bit                  0x10
#define RASCCPO_Encryption40bit                  0x20
#define RASCCPO_Encryption128bit                 0x40

/* IKEv2 projections. */
#define RASIKEv2_FLAGS_MOBIKESUPPORTED           1
#define RASIKEv2_FLAGS_BEHIND_NAT                2
#define RASIKEv2_FLAGS_SERVERBEHIND_NAT          4
#define RASIKEv2_AUTH_MACHINECERTIFICATES        1
#define RASIKEv2_AUTH_EAP                        2
#define RASIKEv2_AUTH_PSK                        3

/* Parameters of AutoDial, and their defaults. */
#define RASADP_DisableConnectionQuery            0
#define RASADP_LoginSessionDisable               1
#define RASADP_SavedAddressesLimit               2
#define RASADP_FailedConnectionTimeout           3
#define RASADP_ConnectionQueryTimeout            4
#define RASADP_DisableConnectionQuery_default    0
#define RASADP_LoginSessionDisable_default       0
#define RASADP_SavedAddressesLimit_default       100
#define RASADP_FailedConnectionTimeout_default   5

/* Kinds of ends of a tunnel. */
#define RASTUNNELENDPOINT_UNKNOWN                0
#define RASTUNNELENDPOINT_IPv4                   1
#define RASTUNNELENDPOINT_IPv6                   2

/* Kinds of devices. */
#define RASDT_Modem                              RAS_TEXT("modem")
#define RASDT_Isdn                               RAS_TEXT("isdn")
#define RASDT_X25                                RAS_TEXT("x25")
#define RASDT_Vpn                                RAS_TEXT("vpn")
#define RASDT_Pad                                RAS_TEXT("pad")
#define RASDT_Generic                            RAS_TEXT("GENERIC")
#define RASDT_Serial                             RAS_TEXT("SERIAL")
#define RASDT_FrameRelay                         RAS_TEXT("FRAMERELAY")
#define RASDT_Atm                                RAS_TEXT("ATM")
#define RASDT_Sonet                              RAS_TEXT("SONET")
#define RASDT_SW56                               RAS_TEXT("SW56")
#define RASDT_Irda                               RAS_TEXT("IRDA")
#define RASDT_Parallel                           RAS_TEXT("PARALLEL")
#define RASDT_PPPoE                              RAS_TEXT("PPPoE")

/* The message of notifications. */
#define WM_RASDIALEVENT                          0xCCCD
#define RASDIALEVENT                             "RasDialEvent"

/* Values of dwNotifierType; the names are ours. */
#define NOTIFIER_RasDialFunc                     0x0
#define NOTIFIER_RasDialFunc1                    0x1
#define NOTIFIER_RasDialFunc2                    0x2
#define NOTIFIER_WindowHandle                    0xFFFFFFFF

/* What answers a dial, in the order of dwNotifierType. Only the last has a result: 0 for no more calls. */
typedef VOID(WINAPI *RASDIALFUNC)(UINT unMsg, RASCONNSTATE rasconnstate, DWORD dwError);
typedef VOID(WINAPI *RASDIALFUNC1)(HRASCONN hrasconn, UINT unMsg, RASCONNSTATE rasconnstate, DWORD dwError,
                                   DWORD dwExtendedError);
typedef DWORD(WINAPI *RASDIALFUNC2)(ULONG_PTR dwCallbackId, DWORD dwSubEntry, HRASCONN hrasconn, UINT unMsg,
                                    RASCONNSTATE rasconnstate, DWORD dwError, DWORD dwExtendedError);

/* An IPv4 address as four numbers, the first one first. */
typedef struct tagRASIPADDR {
    BYTE a;
    BYTE b;
    BYTE c;
    BYTE d;
} RASIPADDR, *LPRASIPADDR;

/* An end of a tunnel: dwType is RASTUNNELENDPOINT_*, the address in network order, for IPv4 in the first four bytes. */
typedef struct tagRASTUNNELENDPOINT {
    DWORD dwType;
    union {
        RASIPV4ADDR ipv4;
        RASIPV6ADDR ipv6;
    } DUMMYUNIONNAME;
} RASTUNNELENDPOINT, *LPRASTUNNELENDPOINT;

/* One connection in the list of RasEnumConnections. */
typedef struct tagRASCONNA {
    DWORD dwSize;
    HRASCONN hrasconn;
    CHAR szEntryName[RAS_MaxEntryName + 1];
    CHAR szDeviceType[RAS_MaxDeviceType + 1];
    CHAR szDeviceName[RAS_MaxDeviceName + 1];
#if WINVER >= 0x401
    CHAR szPhonebook[MAX_PATH];
    DWORD dwSubEntry;
#endif
#if WINVER >= 0x500
    GUID guidEntry;
#endif
#if WINVER >= 0x501
    DWORD dwFlags;
    LUID luid;
#endif
#if WINVER >= 0x600
    GUID guidCorrelationId;
#endif
} RASCONNA, *LPRASCONNA;

typedef struct tagRASCONNW {
    DWORD dwSize;
    HRASCONN hrasconn;
    WCHAR szEntryName[RAS_MaxEntryName + 1];
    WCHAR szDeviceType[RAS_MaxDeviceType + 1];
    WCHAR szDeviceName[RAS_MaxDeviceName + 1];
#if WINVER >= 0x401
    WCHAR szPhonebook[MAX_PATH];
    DWORD dwSubEntry;
#endif
#if WINVER >= 0x500
    GUID guidEntry;
#endif
#if WINVER >= 0x501
    DWORD dwFlags;
    LUID luid;
#endif
#if WINVER >= 0x600
    GUID guidCorrelationId;
#endif
} RASCONNW, *LPRASCONNW;

#define RASCONN RAS_AW(RASCONN)
#define LPRASCONN RAS_AW(LPRASCONN)

/* What RasGetConnectStatus tells. */
typedef struct tagRASCONNSTATUSA {
    DWORD dwSize;
    RASCONNSTATE rasconnstate;
    DWORD dwError;
    CHAR szDeviceType[RAS_MaxDeviceType + 1];
    CHAR szDeviceName[RAS_MaxDeviceName + 1];
#if WINVER >= 0x401
    CHAR szPhoneNumber[RAS_MaxPhoneNumber + 1];
#endif
#if WINVER >= 0x601
    RASTUNNELENDPOINT localEndPoint;
    RASTUNNELENDPOINT remoteEndPoint;
    RASCONNSUBSTATE rasconnsubstate;
#endif
} RASCONNSTATUSA, *LPRASCONNSTATUSA;

typedef struct tagRASCONNSTATUSW {
    DWORD dwSize;
    RASCONNSTATE rasconnstate;
    DWORD dwError;
    WCHAR szDeviceType[RAS_MaxDeviceType + 1];
    WCHAR szDeviceName[RAS_MaxDeviceName + 1];
#if WINVER >= 0x401
    WCHAR szPhoneNumber[RAS_MaxPhoneNumber + 1];
#endif
#if WINVER >= 0x601
    RASTUNNELENDPOINT localEndPoint;
    RASTUNNELENDPOINT remoteEndPoint;
    RASCONNSUBSTATE rasconnsubstate;
#endif
} RASCONNSTATUSW, *LPRASCONNSTATUSW;

#define RASCONNSTATUS RAS_AW(RASCONNSTATUS)
#define LPRASCONNSTATUS RAS_AW(LPRASCONNSTATUS)

/* With what RasDial dials. It carries a password: copies are scrubbed. */
typedef struct tagRASDIALPARAMSA {
    DWORD dwSize;
    CHAR szEntryName[RAS_MaxEntryName + 1];
    CHAR szPhoneNumber[RAS_MaxPhoneNumber + 1];
    CHAR szCallbackNumber[RAS_MaxCallbackNumber + 1];
    CHAR szUserName[UNLEN + 1];
    CHAR szPassword[PWLEN + 1];
    CHAR szDomain[DNLEN + 1];
#if WINVER >= 0x401
    DWORD dwSubEntry;
    ULONG_PTR dwCallbackId;
#endif
#if WINVER >= 0x601
    DWORD dwIfIndex;
#endif
#if WINVER >= 0x602
    LPSTR szEncPassword;
#endif
} RASDIALPARAMSA, *LPRASDIALPARAMSA;

typedef struct tagRASDIALPARAMSW {
    DWORD dwSize;
    WCHAR szEntryName[RAS_MaxEntryName + 1];
    WCHAR szPhoneNumber[RAS_MaxPhoneNumber + 1];
    WCHAR szCallbackNumber[RAS_MaxCallbackNumber + 1];
    WCHAR szUserName[UNLEN + 1];
    WCHAR szPassword[PWLEN + 1];
    WCHAR szDomain[DNLEN + 1];
#if WINVER >= 0x401
    DWORD dwSubEntry;
    ULONG_PTR dwCallbackId;
#endif
#if WINVER >= 0x601
    DWORD dwIfIndex;
#endif
#if WINVER >= 0x602
    LPWSTR szEncPassword;
#endif
} RASDIALPARAMSW, *LPRASDIALPARAMSW;

#define RASDIALPARAMS RAS_AW(RASDIALPARAMS)
#define LPRASDIALPARAMS RAS_AW(LPRASDIALPARAMS)

/* What an EAP method hands to the dial. */
typedef struct tagRASEAPINFO {
    DWORD dwSizeofEapInfo;
    BYTE *pbEapInfo;
} RASEAPINFO, *LPRASEAPINFO;

/* What a device driver is given (clause A61). */
typedef struct tagRASDEVSPECIFICINFO {
    DWORD dwSize;
    BYTE *pbDevSpecificInfo;
} RASDEVSPECIFICINFO, *LPRASDEVSPECIFICINFO;

/* Options of RasDial. */
typedef struct tagRASDIALEXTENSIONS {
    DWORD dwSize;
    DWORD dwfOptions;
    HWND hwndParent;
    ULONG_PTR reserved;
#if WINVER >= 0x500
    ULONG_PTR reserved1;
    RASEAPINFO RasEapInfo;
#endif
#if WINVER >= 0x601
    BOOL fSkipPppAuth;
    RASDEVSPECIFICINFO RasDevSpecificInfo;
#endif
} RASDIALEXTENSIONS, *LPRASDIALEXTENSIONS;

/* One entry in the list of RasEnumEntries. */
typedef struct tagRASENTRYNAMEA {
    DWORD dwSize;
    CHAR szEntryName[RAS_MaxEntryName + 1];
#if WINVER >= 0x500
    DWORD dwFlags;
    CHAR szPhonebookPath[MAX_PATH + 1];
#endif
} RASENTRYNAMEA, *LPRASENTRYNAMEA;

typedef struct tagRASENTRYNAMEW {
    DWORD dwSize;
    WCHAR szEntryName[RAS_MaxEntryName + 1];
#if WINVER >= 0x500
    DWORD dwFlags;
    WCHAR szPhonebookPath[MAX_PATH + 1];
#endif
} RASENTRYNAMEW, *LPRASENTRYNAMEW;

#define RASENTRYNAME RAS_AW(RASENTRYNAME)
#define LPRASENTRYNAME RAS_AW(LPRASENTRYNAME)

/* Projection: the authentication message block of NT 3.1. */
typedef struct tagRASAMBA {
    DWORD dwSize;
    DWORD dwError;
    CHAR szNetBiosError[NETBIOS_NAME_LEN + 1];
    BYTE bLana;
} RASAMBA, *LPRASAMBA;

typedef struct tagRASAMBW {
    DWORD dwSize;
    DWORD dwError;
    WCHAR szNetBiosError[NETBIOS_NAME_LEN + 1];
    BYTE bLana;
} RASAMBW, *LPRASAMBW;

#define RASAMB RAS_AW(RASAMB)
#define LPRASAMB RAS_AW(LPRASAMB)

/* Projection: NetBEUI. */
typedef struct tagRASPPPNBFA {
    DWORD dwSize;
    DWORD dwError;
    DWORD dwNetBiosError;
    CHAR szNetBiosError[NETBIOS_NAME_LEN + 1];
    CHAR szWorkstationName[NETBIOS_NAME_LEN + 1];
    BYTE bLana;
} RASPPPNBFA, *LPRASPPPNBFA;

typedef struct tagRASPPPNBFW {
    DWORD dwSize;
    DWORD dwError;
    DWORD dwNetBiosError;
    WCHAR szNetBiosError[NETBIOS_NAME_LEN + 1];
    WCHAR szWorkstationName[NETBIOS_NAME_LEN + 1];
    BYTE bLana;
} RASPPPNBFW, *LPRASPPPNBFW;

#define RASPPPNBF RAS_AW(RASPPPNBF)
#define LPRASPPPNBF RAS_AW(LPRASPPPNBF)

/* Projection: IPX. */
typedef struct tagRASPPPIPXA {
    DWORD dwSize;
    DWORD dwError;
    CHAR szIpxAddress[RAS_MaxIpxAddress + 1];
} RASPPPIPXA, *LPRASPPPIPXA;

typedef struct tagRASPPPIPXW {
    DWORD dwSize;
    DWORD dwError;
    WCHAR szIpxAddress[RAS_MaxIpxAddress + 1];
} RASPPPIPXW, *LPRASPPPIPXW;

#define RASPPPIPX RAS_AW(RASPPPIPX)
#define LPRASPPPIPX RAS_AW(LPRASPPPIPX)

/* Projection: IPv4. */
typedef struct tagRASPPPIPA {
    DWORD dwSize;
    DWORD dwError;
    CHAR szIpAddress[RAS_MaxIpAddress + 1];
    CHAR szServerIpAddress[RAS_MaxIpAddress + 1];
#if WINVER >= 0x500
    DWORD dwOptions;
    DWORD dwServerOptions;
#endif
} RASPPPIPA, *LPRASPPPIPA;

typedef struct tagRASPPPIPW {
    DWORD dwSize;
    DWORD dwError;
    WCHAR szIpAddress[RAS_MaxIpAddress + 1];
    WCHAR szServerIpAddress[RAS_MaxIpAddress + 1];
#if WINVER >= 0x500
    DWORD dwOptions;
    DWORD dwServerOptions;
#endif
} RASPPPIPW, *LPRASPPPIPW;

#define RASPPPIP RAS_AW(RASPPPIP)
#define LPRASPPPIP RAS_AW(LPRASPPPIP)

/* Projection: IPv6. */
typedef struct tagRASPPPIPV6 {
    DWORD dwSize;
    DWORD dwError;
    BYTE bLocalInterfaceIdentifier[8];
    BYTE bPeerInterfaceIdentifier[8];
    BYTE bLocalCompressionProtocol[2];
    BYTE bPeerCompressionProtocol[2];
} RASPPPIPV6, *LPRASPPPIPV6;

/* Projection: the link and its authentication. */
typedef struct tagRASPPPLCPA {
    DWORD dwSize;
    BOOL fBundled;
#if WINVER >= 0x500
    DWORD dwError;
    DWORD dwAuthenticationProtocol;
    DWORD dwAuthenticationData;
    DWORD dwEapTypeId;
    DWORD dwServerAuthenticationProtocol;
    DWORD dwServerAuthenticationData;
    DWORD dwServerEapTypeId;
    BOOL fMultilink;
    DWORD dwTerminateReason;
    DWORD dwServerTerminateReason;
    CHAR szReplyMessage[RAS_MaxReplyMessage];
    DWORD dwOptions;
    DWORD dwServerOptions;
#endif
} RASPPPLCPA, *LPRASPPPLCPA;

typedef struct tagRASPPPLCPW {
    DWORD dwSize;
    BOOL fBundled;
#if WINVER >= 0x500
    DWORD dwError;
    DWORD dwAuthenticationProtocol;
    DWORD dwAuthenticationData;
    DWORD dwEapTypeId;
    DWORD dwServerAuthenticationProtocol;
    DWORD dwServerAuthenticationData;
    DWORD dwServerEapTypeId;
    BOOL fMultilink;
    DWORD dwTerminateReason;
    DWORD dwServerTerminateReason;
    WCHAR szReplyMessage[RAS_MaxReplyMessage];
    DWORD dwOptions;
    DWORD dwServerOptions;
#endif
} RASPPPLCPW, *LPRASPPPLCPW;

#define RASPPPLCP RAS_AW(RASPPPLCP)
#define LPRASPPPLCP RAS_AW(LPRASPPPLCP)

/* Projection: SLIP. */
typedef struct tagRASSLIPA {
    DWORD dwSize;
    DWORD dwError;
    CHAR szIpAddress[RAS_MaxIpAddress + 1];
} RASSLIPA, *LPRASSLIPA;

typedef struct tagRASSLIPW {
    DWORD dwSize;
    DWORD dwError;
    WCHAR szIpAddress[RAS_MaxIpAddress + 1];
} RASSLIPW, *LPRASSLIPW;

#define RASSLIP RAS_AW(RASSLIP)
#define LPRASSLIP RAS_AW(LPRASSLIP)

/* Projection: compression and encryption. */
typedef struct tagRASPPPCCP {
    DWORD dwSize;
    DWORD dwError;
    DWORD dwCompressionAlgorithm;
    DWORD dwOptions;
    DWORD dwServerCompressionAlgorithm;
    DWORD dwServerOptions;
} RASPPPCCP, *LPRASPPPCCP;

/* All projections of PPP. */
typedef struct tagRASPPP_PROJECTION_INFO {
    DWORD dwIPv4NegotiationError;
    RASIPV4ADDR ipv4Address;
    RASIPV4ADDR ipv4ServerAddress;
    DWORD dwIPv4Options;
    DWORD dwIPv4ServerOptions;
    DWORD dwIPv6NegotiationError;
    BYTE bInterfaceIdentifier[8];
    BYTE bServerInterfaceIdentifier[8];
    BOOL fBundled;
    BOOL fMultilink;
    DWORD dwAuthenticationProtocol;
    DWORD dwAuthenticationData;
    DWORD dwServerAuthenticationProtocol;
    DWORD dwServerAuthenticationData;
    DWORD dwEapTypeId;
    DWORD dwServerEapTypeId;
    DWORD dwLcpOptions;
    DWORD dwLcpServerOptions;
    DWORD dwCcpError;
    DWORD dwCcpCompressionAlgorithm;
    DWORD dwCcpServerCompressionAlgorithm;
    DWORD dwCcpOptions;
    DWORD dwCcpServerOptions;
} RASPPP_PROJECTION_INFO, *LPRASPPP_PROJECTION_INFO;

/* The projection of IKEv2; the lists lie behind the structure. */
typedef struct tagRASIKEV2_PROJECTION_INFO {
    DWORD dwIPv4NegotiationError;
    RASIPV4ADDR ipv4Address;
    RASIPV4ADDR ipv4ServerAddress;
    DWORD dwIPv6NegotiationError;
    RASIPV6ADDR ipv6Address;
    RASIPV6ADDR ipv6ServerAddress;
    DWORD dwPrefixLength;
    DWORD dwAuthenticationProtocol;
    DWORD dwEapTypeId;
    DWORD dwFlags;
    DWORD dwEncryptionMethod;
    DWORD numIPv4ServerAddresses;
    RASIPV4ADDR *ipv4ServerAddresses;
    DWORD numIPv6ServerAddresses;
    RASIPV6ADDR *ipv6ServerAddresses;
} RASIKEV2_PROJECTION_INFO, *LPRASIKEV2_PROJECTION_INFO;

/* What RasGetProjectionInfoEx gives; version is asked, type is answered. */
typedef struct tagRAS_PROJECTION_INFO {
    RASAPIVERSION version;
    RASPROJECTION_INFO_TYPE type;
    union {
        RASPPP_PROJECTION_INFO ppp;
        RASIKEV2_PROJECTION_INFO ikev2;
    } DUMMYUNIONNAME;
} RAS_PROJECTION_INFO, *LPRAS_PROJECTION_INFO;

/* One device in the list of RasEnumDevices. */
typedef struct tagRASDEVINFOA {
    DWORD dwSize;
    CHAR szDeviceType[RAS_MaxDeviceType + 1];
    CHAR szDeviceName[RAS_MaxDeviceName + 1];
} RASDEVINFOA, *LPRASDEVINFOA;

typedef struct tagRASDEVINFOW {
    DWORD dwSize;
    WCHAR szDeviceType[RAS_MaxDeviceType + 1];
    WCHAR szDeviceName[RAS_MaxDeviceName + 1];
} RASDEVINFOW, *LPRASDEVINFOW;

#define RASDEVINFO RAS_AW(RASDEVINFO)
#define LPRASDEVINFO RAS_AW(LPRASDEVINFO)

/* One country; its name lies behind the structure, at an offset in bytes. */
typedef struct tagRASCTRYINFO {
    DWORD dwSize;
    DWORD dwCountryID;
    DWORD dwNextCountryID;
    DWORD dwCountryCode;
    DWORD dwCountryNameOffset;
} RASCTRYINFO, *LPRASCTRYINFO;

/* The properties of an entry; alternate numbers lie behind it. */
typedef struct tagRASENTRYA {
    DWORD dwSize;
    DWORD dwfOptions;
    DWORD dwCountryID;
    DWORD dwCountryCode;
    CHAR szAreaCode[RAS_MaxAreaCode + 1];
    CHAR szLocalPhoneNumber[RAS_MaxPhoneNumber + 1];
    DWORD dwAlternateOffset;
    RASIPADDR ipaddr;
    RASIPADDR ipaddrDns;
    RASIPADDR ipaddrDnsAlt;
    RASIPADDR ipaddrWins;
    RASIPADDR ipaddrWinsAlt;
    DWORD dwFrameSize;
    DWORD dwfNetProtocols;
    DWORD dwFramingProtocol;
    CHAR szScript[MAX_PATH];
    CHAR szAutodialDll[MAX_PATH];
    CHAR szAutodialFunc[MAX_PATH];
    CHAR szDeviceType[RAS_MaxDeviceType + 1];
    CHAR szDeviceName[RAS_MaxDeviceName + 1];
    CHAR szX25PadType[RAS_MaxPadType + 1];
    CHAR szX25Address[RAS_MaxX25Address + 1];
    CHAR szX25Facilities[RAS_MaxFacilities + 1];
    CHAR szX25UserData[RAS_MaxUserData + 1];
    DWORD dwChannels;
    DWORD dwReserved1;
    DWORD dwReserved2;
#if WINVER >= 0x401
    DWORD dwSubEntries;
    DWORD dwDialMode;
    DWORD dwDialExtraPercent;
    DWORD dwDialExtraSampleSeconds;
    DWORD dwHangUpExtraPercent;
    DWORD dwHangUpExtraSampleSeconds;
    DWORD dwIdleDisconnectSeconds;
#endif
#if WINVER >= 0x500
    DWORD dwType;
    DWORD dwEncryptionType;
    DWORD dwCustomAuthKey;
    GUID guidId;
    CHAR szCustomDialDll[MAX_PATH];
    DWORD dwVpnStrategy;
#endif
#if WINVER >= 0x501
    DWORD dwfOptions2;
    DWORD dwfOptions3;
    CHAR szDnsSuffix[RAS_MaxDnsSuffix];
    DWORD dwTcpWindowSize;
    CHAR szPrerequisitePbk[MAX_PATH];
    CHAR szPrerequisiteEntry[RAS_MaxEntryName + 1];
    DWORD dwRedialCount;
    DWORD dwRedialPause;
#endif
#if WINVER >= 0x600
    RASIPV6ADDR ipv6addrDns;
    RASIPV6ADDR ipv6addrDnsAlt;
    DWORD dwIPv4InterfaceMetric;
    DWORD dwIPv6InterfaceMetric;
#endif
#if WINVER >= 0x601
    RASIPV6ADDR ipv6addr;
    DWORD dwIPv6PrefixLength;
    DWORD dwNetworkOutageTime;
#endif
#if WINVER >= 0xA00
    CHAR szIDi[RAS_MaxIDSize + 1];
    CHAR szIDr[RAS_MaxIDSize + 1];
    BOOL fIsImsConfig;
    IKEV2_ID_PAYLOAD_TYPE IdiType;
    IKEV2_ID_PAYLOAD_TYPE IdrType;
    BOOL fDisableIKEv2Fragmentation;
#endif
} RASENTRYA, *LPRASENTRYA;

typedef struct tagRASENTRYW {
    DWORD dwSize;
    DWORD dwfOptions;
    DWORD dwCountryID;
    DWORD dwCountryCode;
    WCHAR szAreaCode[RAS_MaxAreaCode + 1];
    WCHAR szLocalPhoneNumber[RAS_MaxPhoneNumber + 1];
    DWORD dwAlternateOffset;
    RASIPADDR ipaddr;
    RASIPADDR ipaddrDns;
    RASIPADDR ipaddrDnsAlt;
    RASIPADDR ipaddrWins;
    RASIPADDR ipaddrWinsAlt;
    DWORD dwFrameSize;
    DWORD dwfNetProtocols;
    DWORD dwFramingProtocol;
    WCHAR szScript[MAX_PATH];
    WCHAR szAutodialDll[MAX_PATH];
    WCHAR szAutodialFunc[MAX_PATH];
    WCHAR szDeviceType[RAS_MaxDeviceType + 1];
    WCHAR szDeviceName[RAS_MaxDeviceName + 1];
    WCHAR szX25PadType[RAS_MaxPadType + 1];
    WCHAR szX25Address[RAS_MaxX25Address + 1];
    WCHAR szX25Facilities[RAS_MaxFacilities + 1];
    WCHAR szX25UserData[RAS_MaxUserData + 1];
    DWORD dwChannels;
    DWORD dwReserved1;
    DWORD dwReserved2;
#if WINVER >= 0x401
    DWORD dwSubEntries;
    DWORD dwDialMode;
    DWORD dwDialExtraPercent;
    DWORD dwDialExtraSampleSeconds;
    DWORD dwHangUpExtraPercent;
    DWORD dwHangUpExtraSampleSeconds;
    DWORD dwIdleDisconnectSeconds;
#endif
#if WINVER >= 0x500
    DWORD dwType;
    DWORD dwEncryptionType;
    DWORD dwCustomAuthKey;
    GUID guidId;
    WCHAR szCustomDialDll[MAX_PATH];
    DWORD dwVpnStrategy;
#endif
#if WINVER >= 0x501
    DWORD dwfOptions2;
    DWORD dwfOptions3;
    WCHAR szDnsSuffix[RAS_MaxDnsSuffix];
    DWORD dwTcpWindowSize;
    WCHAR szPrerequisitePbk[MAX_PATH];
    WCHAR szPrerequisiteEntry[RAS_MaxEntryName + 1];
    DWORD dwRedialCount;
    DWORD dwRedialPause;
#endif
#if WINVER >= 0x600
    RASIPV6ADDR ipv6addrDns;
    RASIPV6ADDR ipv6addrDnsAlt;
    DWORD dwIPv4InterfaceMetric;
    DWORD dwIPv6InterfaceMetric;
#endif
#if WINVER >= 0x601
    RASIPV6ADDR ipv6addr;
    DWORD dwIPv6PrefixLength;
    DWORD dwNetworkOutageTime;
#endif
#if WINVER >= 0xA00
    WCHAR szIDi[RAS_MaxIDSize + 1];
    WCHAR szIDr[RAS_MaxIDSize + 1];
    BOOL fIsImsConfig;
    IKEV2_ID_PAYLOAD_TYPE IdiType;
    IKEV2_ID_PAYLOAD_TYPE IdrType;
    BOOL fDisableIKEv2Fragmentation;
#endif
} RASENTRYW, *LPRASENTRYW;

#define RASENTRY RAS_AW(RASENTRY)
#define LPRASENTRY RAS_AW(LPRASENTRY)

/* What an AutoDial handler is given. */
typedef struct tagRASADPARAMS {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
} RASADPARAMS, *LPRASADPARAMS;

/* One link of an entry; alternate numbers lie behind it. */
typedef struct tagRASSUBENTRYA {
    DWORD dwSize;
    DWORD dwfFlags;
    CHAR szDeviceType[RAS_MaxDeviceType + 1];
    CHAR szDeviceName[RAS_MaxDeviceName + 1];
    CHAR szLocalPhoneNumber[RAS_MaxPhoneNumber + 1];
    DWORD dwAlternateOffset;
} RASSUBENTRYA, *LPRASSUBENTRYA;

typedef struct tagRASSUBENTRYW {
    DWORD dwSize;
    DWORD dwfFlags;
    WCHAR szDeviceType[RAS_MaxDeviceType + 1];
    WCHAR szDeviceName[RAS_MaxDeviceName + 1];
    WCHAR szLocalPhoneNumber[RAS_MaxPhoneNumber + 1];
    DWORD dwAlternateOffset;
} RASSUBENTRYW, *LPRASSUBENTRYW;

#define RASSUBENTRY RAS_AW(RASSUBENTRY)
#define LPRASSUBENTRY RAS_AW(LPRASSUBENTRY)

/* Stored credentials. It carries a password: copies are scrubbed. */
typedef struct tagRASCREDENTIALSA {
    DWORD dwSize;
    DWORD dwMask;
    CHAR szUserName[UNLEN + 1];
    CHAR szPassword[PWLEN + 1];
    CHAR szDomain[DNLEN + 1];
} RASCREDENTIALSA, *LPRASCREDENTIALSA;

typedef struct tagRASCREDENTIALSW {
    DWORD dwSize;
    DWORD dwMask;
    WCHAR szUserName[UNLEN + 1];
    WCHAR szPassword[PWLEN + 1];
    WCHAR szDomain[DNLEN + 1];
} RASCREDENTIALSW, *LPRASCREDENTIALSW;

#define RASCREDENTIALS RAS_AW(RASCREDENTIALS)
#define LPRASCREDENTIALS RAS_AW(LPRASCREDENTIALS)

/* One line of an AutoDial address. */
typedef struct tagRASAUTODIALENTRYA {
    DWORD dwSize;
    DWORD dwFlags;
    DWORD dwDialingLocation;
    CHAR szEntry[RAS_MaxEntryName + 1];
} RASAUTODIALENTRYA, *LPRASAUTODIALENTRYA;

typedef struct tagRASAUTODIALENTRYW {
    DWORD dwSize;
    DWORD dwFlags;
    DWORD dwDialingLocation;
    WCHAR szEntry[RAS_MaxEntryName + 1];
} RASAUTODIALENTRYW, *LPRASAUTODIALENTRYW;

#define RASAUTODIALENTRY RAS_AW(RASAUTODIALENTRY)
#define LPRASAUTODIALENTRY RAS_AW(LPRASAUTODIALENTRY)

/* An EAP identity, as RasGetEapUserIdentity allocates it; the data lie behind it. */
typedef struct tagRASEAPUSERIDENTITYA {
    CHAR szUserName[UNLEN + 1];
    DWORD dwSizeofEapInfo;
    BYTE pbEapInfo[1];
} RASEAPUSERIDENTITYA, *LPRASEAPUSERIDENTITYA;

typedef struct tagRASEAPUSERIDENTITYW {
    WCHAR szUserName[UNLEN + 1];
    DWORD dwSizeofEapInfo;
    BYTE pbEapInfo[1];
} RASEAPUSERIDENTITYW, *LPRASEAPUSERIDENTITYW;

#define RASEAPUSERIDENTITY RAS_AW(RASEAPUSERIDENTITY)
#define LPRASEAPUSERIDENTITY RAS_AW(LPRASEAPUSERIDENTITY)

struct tagRASCOMMSETTINGS;
typedef DWORD(WINAPI *PFNRASGETBUFFER)(PBYTE *ppBuffer, PDWORD pdwSize);
typedef DWORD(WINAPI *PFNRASFREEBUFFER)(PBYTE pBufer);
typedef DWORD(WINAPI *PFNRASSENDBUFFER)(HANDLE hPort, PBYTE pBuffer, DWORD dwSize);
typedef DWORD(WINAPI *PFNRASRECEIVEBUFFER)(HANDLE hPort, PBYTE pBuffer, PDWORD pdwSize, DWORD dwTimeOut, HANDLE hEvent);
typedef DWORD(WINAPI *PFNRASRETRIEVEBUFFER)(HANDLE hPort, PBYTE pBuffer, PDWORD pdwSize);
typedef DWORD(WINAPI *PFNRASSETCOMMSETTINGS)(HANDLE hPort, struct tagRASCOMMSETTINGS *pRasCommSettings, PVOID pvReserved);

/* Settings of a serial line for scripts. */
typedef struct tagRASCOMMSETTINGS {
    DWORD dwSize;
    BYTE bParity;
    BYTE bStop;
    BYTE bByteSize;
    BYTE bAlign;
} RASCOMMSETTINGS, *LPRASCOMMSETTINGS;

/* What a custom script is given. */
typedef struct tagRASCUSTOMSCRIPTEXTENSIONS {
    DWORD dwSize;
    PFNRASSETCOMMSETTINGS pfnRasSetCommSettings;
} RASCUSTOMSCRIPTEXTENSIONS, *LPRASCUSTOMSCRIPTEXTENSIONS;

/* Counters of a connection or a link. Durations are in milliseconds. */
typedef struct tagRAS_STATS {
    DWORD dwSize;
    DWORD dwBytesXmited;
    DWORD dwBytesRcved;
    DWORD dwFramesXmited;
    DWORD dwFramesRcved;
    DWORD dwCrcErr;
    DWORD dwTimeoutErr;
    DWORD dwAlignmentErr;
    DWORD dwHardwareOverrunErr;
    DWORD dwFramingErr;
    DWORD dwBufferOverrunErr;
    DWORD dwCompressionRatioIn;
    DWORD dwCompressionRatioOut;
    DWORD dwBps;
    DWORD dwConnectDuration;
} RAS_STATS, *LPRAS_STATS;

/* New ends for an IKEv2 tunnel. */
typedef struct tagRASUPDATECONN {
    RASAPIVERSION version;
    DWORD dwSize;
    DWORD dwFlags;
    DWORD dwIfIndex;
    RASTUNNELENDPOINT localEndPoint;
    RASTUNNELENDPOINT remoteEndPoint;
} RASUPDATECONN, *LPRASUPDATECONN;

/* What may take over from AutoDial and from RasDial. Libraries that are named in an entry are not called here. */
typedef BOOL(WINAPI *RASADFUNCA)(LPSTR lpszPhonebook, LPSTR lpszEntry, LPRASADPARAMS lpAutoDialParams, LPDWORD lpdwRetCode);
typedef BOOL(WINAPI *RASADFUNCW)(LPWSTR lpszPhonebook, LPWSTR lpszEntry, LPRASADPARAMS lpAutoDialParams,
                                 LPDWORD lpdwRetCode);
#define RASADFUNC RAS_AW(RASADFUNC)
typedef BOOL(WINAPI *ORASADFUNC)(HWND hwndOwner, LPSTR lpszEntry, DWORD dwFlags, LPDWORD lpdwRetCode);
typedef DWORD(WINAPI *RasCustomHangUpFn)(HRASCONN hRasConn);
typedef DWORD(WINAPI *RasCustomDialFn)(HINSTANCE hInstDll, LPRASDIALEXTENSIONS lpRasDialExtensions, LPCWSTR lpszPhonebook,
                                       LPRASDIALPARAMS lpRasDialParams, DWORD dwNotifierType, LPVOID lpvNotifier,
                                       LPHRASCONN lphRasConn, DWORD dwFlags);
typedef DWORD(WINAPI *RasCustomDeleteEntryNotifyFn)(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, DWORD dwFlags);
typedef DWORD(WINAPI *RasCustomScriptExecuteFn)(HANDLE hPort, LPCWSTR lpszPhonebook, LPCWSTR lpszEntryName,
                                                PFNRASGETBUFFER pfnRasGetBuffer, PFNRASFREEBUFFER pfnRasFreeBuffer,
                                                PFNRASSENDBUFFER pfnRasSendBuffer,
                                                PFNRASRECEIVEBUFFER pfnRasReceiveBuffer,
                                                PFNRASRETRIEVEBUFFER pfnRasRetrieveBuffer, HWND hWnd,
                                                LPRASDIALPARAMS pRasDialParams, PVOID pvReserved);

#pragma pack(pop)

/* Network access protection: outside the packing, and never configured here. */
typedef enum tagISOLATION_STATE {
    isolationStateNotRestricted = 1,
    isolationStateInProbation = 2,
    isolationStateRestrictedAccess = 3
} ISOLATION_STATE;

#define RASNAP_ProbationTime 1

/* The state of network access protection. */
typedef struct tagRASNAPSTATE {
    DWORD dwSize;
    DWORD dwFlags;
    ISOLATION_STATE isolationState;
    FILETIME probationTime;
} RASNAPSTATE, *LPRASNAPSTATE;

/* Functions of two variants. The plain name is a macro. */

/* Starts or resumes a dial: extensions, phone book, parameters, kind of notifier, notifier, handle. */
DWORD WINAPI RasDialA(LPRASDIALEXTENSIONS lpRasDialExtensions, LPCSTR lpszPhonebook, LPRASDIALPARAMSA lpRasDialParams,
                      DWORD dwNotifierType, LPVOID lpvNotifier, LPHRASCONN lphRasConn);
DWORD WINAPI RasDialW(LPRASDIALEXTENSIONS lpRasDialExtensions, LPCWSTR lpszPhonebook, LPRASDIALPARAMSW
                      lpRasDialParams, DWORD dwNotifierType, LPVOID lpvNotifier, LPHRASCONN lphRasConn);
#define RasDial RAS_AW(RasDial)

/* Gives a reference back; the last one ends the connection. */
DWORD WINAPI RasHangUpA(HRASCONN hrasconn);
DWORD WINAPI RasHangUpW(HRASCONN hrasconn);
#define RasHangUp RAS_AW(RasHangUp)

/* Tells state and error of a connection. */
DWORD WINAPI RasGetConnectStatusA(HRASCONN hrasconn, LPRASCONNSTATUSA lprasconnstatus);
DWORD WINAPI RasGetConnectStatusW(HRASCONN hrasconn, LPRASCONNSTATUSW lprasconnstatus);
#define RasGetConnectStatus RAS_AW(RasGetConnectStatus)

/* Lists connections and dials. */
DWORD WINAPI RasEnumConnectionsA(LPRASCONNA lprasconn, LPDWORD lpcb, LPDWORD lpcConnections);
DWORD WINAPI RasEnumConnectionsW(LPRASCONNW lprasconn, LPDWORD lpcb, LPDWORD lpcConnections);
#define RasEnumConnections RAS_AW(RasEnumConnections)

/* Signals an event when connections come and go. */
DWORD WINAPI RasConnectionNotificationA(HRASCONN hrasconn, HANDLE hEvent, DWORD dwFlags);
DWORD WINAPI RasConnectionNotificationW(HRASCONN hrasconn, HANDLE hEvent, DWORD dwFlags);
#define RasConnectionNotification RAS_AW(RasConnectionNotification)

/* Gives the text of an error; the size is in characters. */
DWORD WINAPI RasGetErrorStringA(UINT uErrorValue, LPSTR lpszErrorString, DWORD cBufSize);
DWORD WINAPI RasGetErrorStringW(UINT uErrorValue, LPWSTR lpszErrorString, DWORD cBufSize);
#define RasGetErrorString RAS_AW(RasGetErrorString)

/* Tells what was negotiated. */
DWORD WINAPI RasGetProjectionInfoA(HRASCONN hrasconn, RASPROJECTION rasprojection, LPVOID lpprojection, LPDWORD lpcb);
DWORD WINAPI RasGetProjectionInfoW(HRASCONN hrasconn, RASPROJECTION rasprojection, LPVOID lpprojection, LPDWORD lpcb);
#define RasGetProjectionInfo RAS_AW(RasGetProjectionInfo)

/* Gives the handle of one link. */
DWORD WINAPI RasGetSubEntryHandleA(HRASCONN hrasconn, DWORD dwSubEntry, LPHRASCONN lphRasConn);
DWORD WINAPI RasGetSubEntryHandleW(HRASCONN hrasconn, DWORD dwSubEntry, LPHRASCONN lphRasConn);
#define RasGetSubEntryHandle RAS_AW(RasGetSubEntryHandle)

/* Lists the devices that can dial. */
DWORD WINAPI RasEnumDevicesA(LPRASDEVINFOA lpRasDevInfo, LPDWORD lpcb, LPDWORD lpcDevices);
DWORD WINAPI RasEnumDevicesW(LPRASDEVINFOW lpRasDevInfo, LPDWORD lpcb, LPDWORD lpcDevices);
#define RasEnumDevices RAS_AW(RasEnumDevices)

/* Lists entries. */
DWORD WINAPI RasEnumEntriesA(LPCSTR reserved, LPCSTR lpszPhonebook, LPRASENTRYNAMEA lprasentryname, LPDWORD lpcb,
                             LPDWORD lpcEntries);
DWORD WINAPI RasEnumEntriesW(LPCWSTR reserved, LPCWSTR lpszPhonebook, LPRASENTRYNAMEW lprasentryname, LPDWORD lpcb,
                             LPDWORD lpcEntries);
#define RasEnumEntries RAS_AW(RasEnumEntries)

/* A dialog: not supported. */
DWORD WINAPI RasCreatePhonebookEntryA(HWND hwnd, LPCSTR lpszPhonebook);
DWORD WINAPI RasCreatePhonebookEntryW(HWND hwnd, LPCWSTR lpszPhonebook);
#define RasCreatePhonebookEntry RAS_AW(RasCreatePhonebookEntry)

/* A dialog: not supported. */
DWORD WINAPI RasEditPhonebookEntryA(HWND hwnd, LPCSTR lpszPhonebook, LPCSTR lpszEntry);
DWORD WINAPI RasEditPhonebookEntryW(HWND hwnd, LPCWSTR lpszPhonebook, LPCWSTR lpszEntry);
#define RasEditPhonebookEntry RAS_AW(RasEditPhonebookEntry)

/* Reads an entry; "" gives the defaults of a new one. */
DWORD WINAPI RasGetEntryPropertiesA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, LPRASENTRYA lpRasEntry, LPDWORD
                                    lpdwEntryInfoSize, LPBYTE lpbDeviceInfo, LPDWORD lpdwDeviceInfoSize);
DWORD WINAPI RasGetEntryPropertiesW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, LPRASENTRYW lpRasEntry, LPDWORD
                                    lpdwEntryInfoSize, LPBYTE lpbDeviceInfo, LPDWORD lpdwDeviceInfoSize);
#define RasGetEntryProperties RAS_AW(RasGetEntryProperties)

/* Changes or creates an entry. */
DWORD WINAPI RasSetEntryPropertiesA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, LPRASENTRYA lpRasEntry, DWORD
                                    dwEntryInfoSize, LPBYTE lpbDeviceInfo, DWORD dwDeviceInfoSize);
DWORD WINAPI RasSetEntryPropertiesW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, LPRASENTRYW lpRasEntry, DWORD
                                    dwEntryInfoSize, LPBYTE lpbDeviceInfo, DWORD dwDeviceInfoSize);
#define RasSetEntryProperties RAS_AW(RasSetEntryProperties)

DWORD WINAPI RasRenameEntryA(LPCSTR lpszPhonebook, LPCSTR lpszOldEntry, LPCSTR lpszNewEntry);
DWORD WINAPI RasRenameEntryW(LPCWSTR lpszPhonebook, LPCWSTR lpszOldEntry, LPCWSTR lpszNewEntry);
#define RasRenameEntry RAS_AW(RasRenameEntry)

DWORD WINAPI RasDeleteEntryA(LPCSTR lpszPhonebook, LPCSTR lpszEntry);
DWORD WINAPI RasDeleteEntryW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry);
#define RasDeleteEntry RAS_AW(RasDeleteEntry)

/* 0 for a free name, 183 for one that exists, 123 for one that cannot be. */
DWORD WINAPI RasValidateEntryNameA(LPCSTR lpszPhonebook, LPCSTR lpszEntry);
DWORD WINAPI RasValidateEntryNameW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry);
#define RasValidateEntryName RAS_AW(RasValidateEntryName)

/* Reads one link of an entry, counted from 1. */
DWORD WINAPI RasGetSubEntryPropertiesA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, DWORD dwSubEntry, LPRASSUBENTRYA
                                       lpRasSubEntry, LPDWORD lpdwcb, LPBYTE lpbDeviceConfig, LPDWORD
                                       lpcbDeviceConfig);
DWORD WINAPI RasGetSubEntryPropertiesW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, DWORD dwSubEntry, LPRASSUBENTRYW
                                       lpRasSubEntry, LPDWORD lpdwcb, LPBYTE lpbDeviceConfig, LPDWORD
                                       lpcbDeviceConfig);
#define RasGetSubEntryProperties RAS_AW(RasGetSubEntryProperties)

/* Changes a link, or adds the next one. */
DWORD WINAPI RasSetSubEntryPropertiesA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, DWORD dwSubEntry, LPRASSUBENTRYA
                                       lpRasSubEntry, DWORD dwcbRasSubEntry, LPBYTE lpbDeviceConfig, DWORD
                                       dwcbDeviceConfig);
DWORD WINAPI RasSetSubEntryPropertiesW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, DWORD dwSubEntry, LPRASSUBENTRYW
                                       lpRasSubEntry, DWORD dwcbRasSubEntry, LPBYTE lpbDeviceConfig, DWORD
                                       dwcbDeviceConfig);
#define RasSetSubEntryProperties RAS_AW(RasSetSubEntryProperties)

DWORD WINAPI RasDeleteSubEntryA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, DWORD dwSubEntryId);
DWORD WINAPI RasDeleteSubEntryW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, DWORD dwSubEntryId);
#define RasDeleteSubEntry RAS_AW(RasDeleteSubEntry)

/* Gives a country: its telephone code, its name, and the id of the next. */
DWORD WINAPI RasGetCountryInfoA(LPRASCTRYINFO lpRasCtryInfo, LPDWORD lpdwSize);
DWORD WINAPI RasGetCountryInfoW(LPRASCTRYINFO lpRasCtryInfo, LPDWORD lpdwSize);
#define RasGetCountryInfo RAS_AW(RasGetCountryInfo)

/* Gives what an entry was last dialled with. */
DWORD WINAPI RasGetEntryDialParamsA(LPCSTR lpszPhonebook, LPRASDIALPARAMSA lpRasDialParams, LPBOOL lpfPassword);
DWORD WINAPI RasGetEntryDialParamsW(LPCWSTR lpszPhonebook, LPRASDIALPARAMSW lpRasDialParams, LPBOOL lpfPassword);
#define RasGetEntryDialParams RAS_AW(RasGetEntryDialParams)

/* Stores what an entry is dialled with. */
DWORD WINAPI RasSetEntryDialParamsA(LPCSTR lpszPhonebook, LPRASDIALPARAMSA lpRasDialParams, BOOL fRemovePassword);
DWORD WINAPI RasSetEntryDialParamsW(LPCWSTR lpszPhonebook, LPRASDIALPARAMSW lpRasDialParams, BOOL fRemovePassword);
#define RasSetEntryDialParams RAS_AW(RasSetEntryDialParams)

/* Tells which credentials are stored; never a password. */
DWORD WINAPI RasGetCredentialsA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, LPRASCREDENTIALSA lpCredentials);
DWORD WINAPI RasGetCredentialsW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, LPRASCREDENTIALSW lpCredentials);
#define RasGetCredentials RAS_AW(RasGetCredentials)

/* Stores credentials, or forgets them. */
DWORD WINAPI RasSetCredentialsA(LPCSTR lpszPhonebook, LPCSTR lpszEntry, LPRASCREDENTIALSA lpCredentials, BOOL
                                fClearCredentials);
DWORD WINAPI RasSetCredentialsW(LPCWSTR lpszPhonebook, LPCWSTR lpszEntry, LPRASCREDENTIALSW lpCredentials, BOOL
                                fClearCredentials);
#define RasSetCredentials RAS_AW(RasSetCredentials)

/* Gives the entries of an address. */
DWORD WINAPI RasGetAutodialAddressA(LPCSTR lpszAddress, LPDWORD lpdwReserved, LPRASAUTODIALENTRYA
                                    lpRasAutodialEntries, LPDWORD lpcb, LPDWORD lpcEntries);
DWORD WINAPI RasGetAutodialAddressW(LPCWSTR lpszAddress, LPDWORD lpdwReserved, LPRASAUTODIALENTRYW
                                    lpRasAutodialEntries, LPDWORD lpcb, LPDWORD lpcEntries);
#define RasGetAutodialAddress RAS_AW(RasGetAutodialAddress)

/* Sets the entries of an address, or forgets it. */
DWORD WINAPI RasSetAutodialAddressA(LPCSTR lpszAddress, DWORD dwReserved, LPRASAUTODIALENTRYA lpRasAutodialEntries,
                                    DWORD dwcb, DWORD dwcEntries);
DWORD WINAPI RasSetAutodialAddressW(LPCWSTR lpszAddress, DWORD dwReserved, LPRASAUTODIALENTRYW lpRasAutodialEntries,
                                    DWORD dwcb, DWORD dwcEntries);
#define RasSetAutodialAddress RAS_AW(RasSetAutodialAddress)

/* Lists the addresses: pointers, then the strings. */
DWORD WINAPI RasEnumAutodialAddressesA(LPSTR *lppRasAutodialAddresses, LPDWORD lpdwcbRasAutodialAddresses, LPDWORD
                                       lpdwcRasAutodialAddresses);
DWORD WINAPI RasEnumAutodialAddressesW(LPWSTR *lppRasAutodialAddresses, LPDWORD lpdwcbRasAutodialAddresses, LPDWORD
                                       lpdwcRasAutodialAddresses);
#define RasEnumAutodialAddresses RAS_AW(RasEnumAutodialAddresses)

DWORD WINAPI RasGetAutodialEnableA(DWORD dwDialingLocation, LPBOOL lpfEnabled);
DWORD WINAPI RasGetAutodialEnableW(DWORD dwDialingLocation, LPBOOL lpfEnabled);
#define RasGetAutodialEnable RAS_AW(RasGetAutodialEnable)

DWORD WINAPI RasSetAutodialEnableA(DWORD dwDialingLocation, BOOL fEnabled);
DWORD WINAPI RasSetAutodialEnableW(DWORD dwDialingLocation, BOOL fEnabled);
#define RasSetAutodialEnable RAS_AW(RasSetAutodialEnable)

DWORD WINAPI RasGetAutodialParamA(DWORD dwKey, LPVOID lpvValue, LPDWORD lpdwcbValue);
DWORD WINAPI RasGetAutodialParamW(DWORD dwKey, LPVOID lpvValue, LPDWORD lpdwcbValue);
#define RasGetAutodialParam RAS_AW(RasGetAutodialParam)

DWORD WINAPI RasSetAutodialParamA(DWORD dwKey, LPVOID lpvValue, DWORD dwcbValue);
DWORD WINAPI RasSetAutodialParamW(DWORD dwKey, LPVOID lpvValue, DWORD dwcbValue);
#define RasSetAutodialParam RAS_AW(RasSetAutodialParam)

/* Gives what an EAP method keeps for the user. */
DWORD WINAPI RasGetEapUserDataA(HANDLE hToken, LPCSTR pszPhonebook, LPCSTR pszEntry, BYTE *pbEapData, DWORD
                                *pdwSizeofEapData);
DWORD WINAPI RasGetEapUserDataW(HANDLE hToken, LPCWSTR pszPhonebook, LPCWSTR pszEntry, BYTE *pbEapData, DWORD
                                *pdwSizeofEapData);
#define RasGetEapUserData RAS_AW(RasGetEapUserData)

DWORD WINAPI RasSetEapUserDataA(HANDLE hToken, LPCSTR pszPhonebook, LPCSTR pszEntry, BYTE *pbEapData, DWORD
                                dwSizeofEapData);
DWORD WINAPI RasSetEapUserDataW(HANDLE hToken, LPCWSTR pszPhonebook, LPCWSTR pszEntry, BYTE *pbEapData, DWORD
                                dwSizeofEapData);
#define RasSetEapUserData RAS_AW(RasSetEapUserData)

/* Gives what an EAP method keeps for the entry. */
DWORD WINAPI RasGetCustomAuthDataA(LPCSTR pszPhonebook, LPCSTR pszEntry, BYTE *pbCustomAuthData, DWORD
                                   *pdwSizeofCustomAuthData);
DWORD WINAPI RasGetCustomAuthDataW(LPCWSTR pszPhonebook, LPCWSTR pszEntry, BYTE *pbCustomAuthData, DWORD
                                   *pdwSizeofCustomAuthData);
#define RasGetCustomAuthData RAS_AW(RasGetCustomAuthData)

DWORD WINAPI RasSetCustomAuthDataA(LPCSTR pszPhonebook, LPCSTR pszEntry, BYTE *pbCustomAuthData, DWORD
                                   dwSizeofCustomAuthData);
DWORD WINAPI RasSetCustomAuthDataW(LPCWSTR pszPhonebook, LPCWSTR pszEntry, BYTE *pbCustomAuthData, DWORD
                                   dwSizeofCustomAuthData);
#define RasSetCustomAuthData RAS_AW(RasSetCustomAuthData)

/* Allocates the identity of the user for EAP. */
DWORD WINAPI RasGetEapUserIdentityA(LPCSTR pszPhonebook, LPCSTR pszEntry, DWORD dwFlags, HWND hwnd,
                                    LPRASEAPUSERIDENTITYA *ppRasEapUserIdentity);
DWORD WINAPI RasGetEapUserIdentityW(LPCWSTR pszPhonebook, LPCWSTR pszEntry, DWORD dwFlags, HWND hwnd,
                                    LPRASEAPUSERIDENTITYW *ppRasEapUserIdentity);
#define RasGetEapUserIdentity RAS_AW(RasGetEapUserIdentity)

VOID WINAPI RasFreeEapUserIdentityA(LPRASEAPUSERIDENTITYA pRasEapUserIdentity);
VOID WINAPI RasFreeEapUserIdentityW(LPRASEAPUSERIDENTITYW pRasEapUserIdentity);
#define RasFreeEapUserIdentity RAS_AW(RasFreeEapUserIdentity)

/* Functions of one variant. */

/* Tells what was negotiated, in one structure. */
DWORD WINAPI RasGetProjectionInfoEx(HRASCONN hrasconn, RAS_PROJECTION_INFO *pRasProjection, LPDWORD lpdwSize);

/* Moves the ends of an IKEv2 tunnel. */
DWORD WINAPI RasUpdateConnection(HRASCONN hrasconn, LPRASUPDATECONN lprasupdateconn);

DWORD WINAPI RasGetConnectionStatistics(HRASCONN hRasConn, RAS_STATS *lpStatistics);

DWORD WINAPI RasGetLinkStatistics(HRASCONN hRasConn, DWORD dwSubEntry, RAS_STATS *lpStatistics);

DWORD WINAPI RasClearConnectionStatistics(HRASCONN hRasConn);

DWORD WINAPI RasClearLinkStatistics(HRASCONN hRasConn, DWORD dwSubEntry);

/* Asks the user in the name of an EAP method. */
DWORD WINAPI RasInvokeEapUI(HRASCONN hRasConn, DWORD dwSubEntry, LPRASDIALEXTENSIONS lpExtensions, HWND hwnd);

/* Always 836: not configured. */
DWORD WINAPI RasGetNapStatus(HRASCONN hRasConn, LPRASNAPSTATE pNapState);

/* Not supported. */
DWORD WINAPI RasGetQuarantineConnectionId(HRASCONN hRasConn, GUID *pSessionId);

/* Not supported. */
DWORD WINAPI RasGetPCscf(LPWSTR lpszPCscf);

#ifdef __cplusplus
}
#endif

#endif

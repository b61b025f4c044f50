/*
 * The errors of the Remote Access API: their numbers and what they mean. RasGetErrorString tells the same at run time.
 */
#ifndef RASMAN_RASERROR_H
#define RASMAN_RASERROR_H

#define RASBASE 600
#define RASBASEEND 877

#ifndef SUCCESS
#define SUCCESS 0
#endif

#define PENDING                                      600  /* still in progress (not a failure) */
#define ERROR_INVALID_PORT_HANDLE                    601  /* port handle unknown to the manager */
#define ERROR_PORT_ALREADY_OPEN                      602  /* port already opened by someone */
#define ERROR_BUFFER_TOO_SMALL                       603  /* caller's buffer too small; required size is written back */
#define ERROR_WRONG_INFO_SPECIFIED                   604  /* port information has a wrong value */
#define ERROR_CANNOT_SET_PORT_INFO                   605  /* port information cannot be set */
#define ERROR_PORT_NOT_CONNECTED                     606  /* port has no connection */
#define ERROR_EVENT_INVALID                          607  /* event not valid here */
#define ERROR_DEVICE_DOES_NOT_EXIST                  608  /* no such device */
#define ERROR_DEVICETYPE_DOES_NOT_EXIST              609  /* no such device type */
#define ERROR_BUFFER_INVALID                         610  /* buffer pointer or its header (dwSize) not acceptable */
#define ERROR_ROUTE_NOT_AVAILABLE                    611  /* requested route not available */
#define ERROR_ROUTE_NOT_ALLOCATED                    612  /* route not allocated to this port */
#define ERROR_INVALID_COMPRESSION_SPECIFIED          613  /* compression kind not valid */
#define ERROR_OUT_OF_BUFFERS                         614  /* out of internal buffers */
#define ERROR_PORT_NOT_FOUND                         615  /* no such port */
#define ERROR_ASYNC_REQUEST_PENDING                  616  /* an asynchronous request is already under way on the port */
#define ERROR_ALREADY_DISCONNECTING                  617  /* port or device is already being disconnected */
#define ERROR_PORT_NOT_OPEN                          618  /* port is not open */
#define ERROR_PORT_DISCONNECTED                      619  /* port lost its connection before the operation ended */
#define ERROR_NO_ENDPOINTS                           620  /* no endpoints found */
#define ERROR_CANNOT_OPEN_PHONEBOOK                  621  /* phone book could not be opened */
#define ERROR_CANNOT_LOAD_PHONEBOOK                  622  /* phone book could not be read */
#define ERROR_CANNOT_FIND_PHONEBOOK_ENTRY            623  /* entry not in the phone book */
#define ERROR_CANNOT_WRITE_PHONEBOOK                 624  /* phone book could not be written */
#define ERROR_CORRUPT_PHONEBOOK                      625  /* phone book content damaged */
#define ERROR_CANNOT_LOAD_STRING                     626  /* a message string could not be loaded */
#define ERROR_KEY_NOT_FOUND                          627  /* key not found */
#define ERROR_DISCONNECTION                          628  /* connection ended before it was complete */
#define ERROR_REMOTE_DISCONNECTION                   629  /* the remote side closed the connection */
#define ERROR_HARDWARE_FAILURE                       630  /* hardware fault closed the connection */
#define ERROR_USER_DISCONNECTION                     631  /* the local user (or RasHangUp) closed the connection */
#define ERROR_INVALID_SIZE                           632  /* dwSize is none of the supported structure sizes */
#define ERROR_PORT_NOT_AVAILABLE                     633  /* port or modem busy, or not set up for dial-out */
#define ERROR_CANNOT_PROJECT_CLIENT                  634  /* remote network refused to register this client */
#define ERROR_UNKNOWN                                635  /* unspecified error */
#define ERROR_WRONG_DEVICE_ATTACHED                  636  /* another device than expected is attached to the port */
#define ERROR_BAD_STRING                             637  /* string could not be converted */
#define ERROR_REQUEST_TIMEOUT                        638  /* request timed out */
#define ERROR_CANNOT_GET_LANA                        639  /* no asynchronous net (LANA) available */
#define ERROR_NETBIOS_ERROR                          640  /* NetBIOS error (code in the extended error) */
#define ERROR_SERVER_OUT_OF_RESOURCES                641  /* server has no NetBIOS resources left */
#define ERROR_NAME_EXISTS_ON_NET                     642  /* computer name already taken on the remote network */
#define ERROR_SERVER_GENERAL_NET_FAILURE             643  /* network adapter failure at the server */
#define WARNING_MSG_ALIAS_NOT_ADDED                  644  /* warning: message alias not added, no popup messages */
#define ERROR_AUTH_INTERNAL                          645  /* internal authentication error (diagnostic in the extended error) */
#define ERROR_RESTRICTED_LOGON_HOURS                 646  /* account may not log on at this hour */
#define ERROR_ACCT_DISABLED                          647  /* account disabled */
#define ERROR_PASSWD_EXPIRED                         648  /* password expired (paused state RASCS_PasswordExpired when paused states are on) */
#define ERROR_NO_DIALIN_PERMISSION                   649  /* account has no dial-in right */
#define ERROR_SERVER_NOT_RESPONDING                  650  /* remote server does not answer (NetBIOS code in the extended error) */
#define ERROR_FROM_DEVICE                            651  /* modem or other device reported an error */
#define ERROR_UNRECOGNIZED_RESPONSE                  652  /* device answer not recognised */
#define ERROR_MACRO_NOT_FOUND                        653  /* device INF lacks a macro */
#define ERROR_MACRO_NOT_DEFINED                      654  /* command or response refers to an undefined macro */
#define ERROR_MESSAGE_MACRO_NOT_FOUND                655  /* INF lacks the message macro */
#define ERROR_DEFAULTOFF_MACRO_NOT_FOUND             656  /* default-off macro uses an undefined macro */
#define ERROR_FILE_COULD_NOT_BE_OPENED               657  /* device INF could not be opened */
#define ERROR_DEVICENAME_TOO_LONG                    658  /* device name in INF/INI too long */
#define ERROR_DEVICENAME_NOT_FOUND                   659  /* media INI names an unknown device */
#define ERROR_NO_RESPONSES                           660  /* INF has no responses for the command */
#define ERROR_NO_COMMAND_FOUND                       661  /* INF lacks a command */
#define ERROR_WRONG_KEY_SPECIFIED                    662  /* tried to set a macro that the INF section lacks */
#define ERROR_UNKNOWN_DEVICE_TYPE                    663  /* media INI names an unknown device type */
#define ERROR_ALLOCATING_MEMORY                      664  /* out of memory inside RAS */
#define ERROR_PORT_NOT_CONFIGURED                    665  /* port not configured for remote access */
#define ERROR_DEVICE_NOT_READY                       666  /* modem or device not ready */
#define ERROR_READING_INI_FILE                       667  /* media INI not readable */
#define ERROR_NO_CONNECTION                          668  /* connection dropped; also: no such connection */
#define ERROR_BAD_USAGE_IN_INI_FILE                  669  /* usage value in media INI not valid */
#define ERROR_READING_SECTIONNAME                    670  /* section name not readable */
#define ERROR_READING_DEVICETYPE                     671  /* device type not readable */
#define ERROR_READING_DEVICENAME                     672  /* device name not readable */
#define ERROR_READING_USAGE                          673  /* usage not readable */
#define ERROR_READING_MAXCONNECTBPS                  674  /* max connect speed not readable */
#define ERROR_READING_MAXCARRIERBPS                  675  /* max carrier speed not readable */
#define ERROR_LINE_BUSY                              676  /* line busy */
#define ERROR_VOICE_ANSWER                           677  /* a person answered, not a modem */
#define ERROR_NO_ANSWER                              678  /* nobody answered */
#define ERROR_NO_CARRIER                             679  /* no carrier */
#define ERROR_NO_DIALTONE                            680  /* no dial tone */
#define ERROR_IN_COMMAND                             681  /* device command error */
#define ERROR_WRITING_SECTIONNAME                    682  /* section name not writable */
#define ERROR_WRITING_DEVICETYPE                     683  /* device type not writable */
#define ERROR_WRITING_DEVICENAME                     684  /* device name not writable */
#define ERROR_WRITING_MAXCONNECTBPS                  685  /* max connect speed not writable */
#define ERROR_WRITING_MAXCARRIERBPS                  686  /* max carrier speed not writable */
#define ERROR_WRITING_USAGE                          687  /* usage not writable */
#define ERROR_WRITING_DEFAULTOFF                     688  /* default-off not writable */
#define ERROR_READING_DEFAULTOFF                     689  /* default-off not readable */
#define ERROR_EMPTY_INI_FILE                         690  /* INI file empty */
#define ERROR_AUTHENTICATION_FAILURE                 691  /* server refused name/password or the authentication protocol */
#define ERROR_PORT_OR_DEVICE                         692  /* hardware failure in port or device */
#define ERROR_NOT_BINARY_MACRO                       693  /* macro is not binary */
#define ERROR_DCB_NOT_FOUND                          694  /* device control block not found */
#define ERROR_STATE_MACHINES_NOT_STARTED             695  /* internal state machines not started */
#define ERROR_STATE_MACHINES_ALREADY_STARTED         696  /* internal state machines already started */
#define ERROR_PARTIAL_RESPONSE_LOOPING               697  /* device answer loops */
#define ERROR_UNKNOWN_RESPONSE_KEY                   698  /* response key in INF malformed */
#define ERROR_RECV_BUF_FULL                          699  /* device answer overflowed the buffer */
#define ERROR_CMD_TOO_LONG                           700  /* expanded device command too long */
#define ERROR_UNSUPPORTED_BPS                        701  /* device switched to an unsupported line speed */
#define ERROR_UNEXPECTED_RESPONSE                    702  /* device answered when nothing was expected */
#define ERROR_INTERACTIVE_MODE                       703  /* user interaction would be needed but is not allowed or not enabled */
#define ERROR_BAD_CALLBACK_NUMBER                    704  /* callback number not acceptable */
#define ERROR_INVALID_AUTH_STATE                     705  /* authentication state not valid */
#define ERROR_WRITING_INITBPS                        706  /* initial speed not writable */
#define ERROR_X25_DIAGNOSTIC                         707  /* X.25 diagnostic received */
#define ERROR_ACCT_EXPIRED                           708  /* account expired */
#define ERROR_CHANGING_PASSWORD                      709  /* password change failed on the domain */
#define ERROR_OVERRUN                                710  /* serial overrun */
#define ERROR_RASMAN_CANNOT_INITIALIZE               711  /* connection manager could not start */
#define ERROR_BIPLEX_PORT_NOT_AVAILABLE              712  /* two-way port still initialising */
#define ERROR_NO_ACTIVE_ISDN_LINES                   713  /* no active ISDN line */
#define ERROR_NO_ISDN_CHANNELS_AVAILABLE             714  /* no ISDN channel free */
#define ERROR_TOO_MANY_LINE_ERRORS                   715  /* too many line errors */
#define ERROR_IP_CONFIGURATION                       716  /* IP configuration unusable */
#define ERROR_NO_IP_ADDRESSES                        717  /* server's static address pool is exhausted */
#define ERROR_PPP_TIMEOUT                            718  /* PPP timeout: no answer during negotiation */
#define ERROR_PPP_REMOTE_TERMINATED                  719  /* PPP ended by the remote computer */
#define ERROR_PPP_NO_PROTOCOLS_CONFIGURED            720  /* no PPP network protocol could be configured */
#define ERROR_PPP_NO_RESPONSE                        721  /* PPP peer does not answer */
#define ERROR_PPP_INVALID_PACKET                     722  /* malformed PPP packet */
#define ERROR_PHONE_NUMBER_TOO_LONG                  723  /* number too long with prefix and suffix */
#define ERROR_IPXCP_NO_DIALOUT_CONFIGURED            724  /* IPX dial-out not configured */
#define ERROR_IPXCP_NO_DIALIN_CONFIGURED             725  /* IPX dial-in not configured */
#define ERROR_IPXCP_DIALOUT_ALREADY_ACTIVE           726  /* IPX already active on another dial-out port */
#define ERROR_ACCESSING_TCPCFGDLL                    727  /* TCPCFG.DLL not accessible */
#define ERROR_NO_IP_RAS_ADAPTER                      728  /* no IP adapter bound to remote access */
#define ERROR_SLIP_REQUIRES_IP                       729  /* SLIP needs IP */
#define ERROR_PROJECTION_NOT_COMPLETE                730  /* projection not finished yet (RasGetProjectionInfo called before RASCS_Projected) */
#define ERROR_PROTOCOL_NOT_CONFIGURED                731  /* that protocol was not part of the negotiation */
#define ERROR_PPP_NOT_CONVERGING                     732  /* PPP options do not converge */
#define ERROR_PPP_CP_REJECTED                        733  /* control protocol rejected by the server */
#define ERROR_PPP_LCP_TERMINATED                     734  /* LCP terminated the link */
#define ERROR_PPP_REQUIRED_ADDRESS_REJECTED          735  /* server refused the requested address */
#define ERROR_PPP_NCP_TERMINATED                     736  /* remote side terminated the NCP */
#define ERROR_PPP_LOOPBACK_DETECTED                  737  /* loopback detected */
#define ERROR_PPP_NO_ADDRESS_ASSIGNED                738  /* server assigned no address */
#define ERROR_CANNOT_USE_LOGON_CREDENTIALS           739  /* server cannot use logon credentials in this form */
#define ERROR_TAPI_CONFIGURATION                     740  /* TAPI device configuration broken */
#define ERROR_NO_LOCAL_ENCRYPTION                    741  /* this computer lacks the encryption */
#define ERROR_NO_REMOTE_ENCRYPTION                   742  /* server lacks the encryption */
#define ERROR_REMOTE_REQUIRES_ENCRYPTION             743  /* server insists on encryption */
#define ERROR_IPXCP_NET_NUMBER_CONFLICT              744  /* IPX network number conflict */
#define ERROR_INVALID_SMM                            745  /* session management module not valid */
#define ERROR_SMM_UNINITIALIZED                      746  /* session management module not initialised */
#define ERROR_NO_MAC_FOR_PORT                        747  /* no MAC for the port */
#define ERROR_SMM_TIMEOUT                            748  /* session management timeout */
#define ERROR_BAD_PHONE_NUMBER                       749  /* phone number not acceptable */
#define ERROR_WRONG_MODULE                           750  /* wrong session management module */
#define ERROR_INVALID_CALLBACK_NUMBER                751  /* callback number has characters outside digits T P W ( ) - @ and space */
#define ERROR_SCRIPT_SYNTAX                          752  /* script syntax error */
#define ERROR_HANGUP_FAILED                          753  /* connection belongs to the router, hang-up refused */
#define ERROR_BUNDLE_NOT_FOUND                       754  /* multilink bundle not found */
#define ERROR_CANNOT_DO_CUSTOMDIAL                   755  /* entry has a custom dialer; automatic dial impossible */
#define ERROR_DIAL_ALREADY_IN_PROGRESS               756  /* this entry is already being dialed */
#define ERROR_RASAUTO_CANNOT_INITIALIZE              757  /* automatic dialing service could not start */
#define ERROR_CONNECTION_ALREADY_SHARED              758  /* connection sharing already on */
#define ERROR_SHARING_CHANGE_FAILED                  759  /* sharing settings could not be changed */
#define ERROR_SHARING_ROUTER_INSTALL                 760  /* routing could not be enabled for sharing */
#define ERROR_SHARE_CONNECTION_FAILED                761  /* sharing could not be enabled */
#define ERROR_SHARING_PRIVATE_INSTALL                762  /* local network could not be configured for sharing */
#define ERROR_CANNOT_SHARE_CONNECTION                763  /* more than one candidate LAN for sharing */
#define ERROR_NO_SMART_CARD_READER                   764  /* no smart card reader */
#define ERROR_SHARING_ADDRESS_EXISTS                 765  /* LAN already uses the sharing address */
#define ERROR_NO_CERTIFICATE                         766  /* L2TP: no machine certificate */
#define ERROR_SHARING_MULTIPLE_ADDRESSES             767  /* LAN for sharing has several addresses */
#define ERROR_FAILED_TO_ENCRYPT                      768  /* encryption failed */
#define ERROR_BAD_ADDRESS_SPECIFIED                  769  /* destination not reachable */
#define ERROR_CONNECTION_REJECT                      770  /* remote computer rejected the call */
#define ERROR_CONGESTION                             771  /* network congested */
#define ERROR_INCOMPATIBLE                           772  /* remote hardware incompatible */
#define ERROR_NUMBERCHANGED                          773  /* destination number changed */
#define ERROR_TEMPFAILURE                            774  /* temporary failure, retry may help */
#define ERROR_BLOCKED                                775  /* remote computer blocks the call */
#define ERROR_DONOTDISTURB                           776  /* remote side is in do-not-disturb */
#define ERROR_OUTOFORDER                             777  /* remote modem out of order */
#define ERROR_UNABLE_TO_AUTHENTICATE_SERVER          778  /* server's identity could not be verified */
#define ERROR_SMART_CARD_REQUIRED                    779  /* smart card required */
#define ERROR_INVALID_FUNCTION_FOR_ENTRY             780  /* function does not apply to this entry (no EAP needed) */
#define ERROR_CERT_FOR_ENCRYPTION_NOT_FOUND          781  /* no certificate for encryption */
#define ERROR_SHARING_RRAS_CONFLICT                  782  /* NAT routing protocol conflicts with sharing */
#define ERROR_SHARING_NO_PRIVATE_LAN                 783  /* no private LAN for sharing */
#define ERROR_NO_DIFF_USER_AT_LOGON                  784  /* logon-time dial needs the smart card's own user */
#define ERROR_NO_REG_CERT_AT_LOGON                   785  /* logon-time dial needs a smart-card entry */
#define ERROR_OAKLEY_NO_CERT                         786  /* L2TP: no valid machine certificate */
#define ERROR_OAKLEY_AUTH_FAIL                       787  /* L2TP: IPsec could not authenticate the peer */
#define ERROR_OAKLEY_ATTRIB_FAIL                     788  /* L2TP: IPsec parameters do not match */
#define ERROR_OAKLEY_GENERAL_PROCESSING              789  /* L2TP: IPsec processing error in early negotiation */
#define ERROR_OAKLEY_NO_PEER_CERT                    790  /* L2TP: peer certificate check failed */
#define ERROR_OAKLEY_NO_POLICY                       791  /* L2TP: no IPsec policy */
#define ERROR_OAKLEY_TIMED_OUT                       792  /* L2TP: IPsec negotiation timed out */
#define ERROR_OAKLEY_ERROR                           793  /* L2TP: other IPsec negotiation error */
#define ERROR_UNKNOWN_FRAMED_PROTOCOL                794  /* RADIUS framed protocol is not PPP */
#define ERROR_WRONG_TUNNEL_TYPE                      795  /* RADIUS tunnel type wrong */
#define ERROR_UNKNOWN_SERVICE_TYPE                   796  /* RADIUS service type neither framed nor callback framed */
#define ERROR_CONNECTING_DEVICE_NOT_FOUND            797  /* modem missing or busy */
#define ERROR_NO_EAPTLS_CERTIFICATE                  798  /* no certificate usable for EAP */
#define ERROR_SHARING_HOST_ADDRESS_CONFLICT          799  /* sharing address conflict on the LAN */
#define ERROR_AUTOMATIC_VPN_FAILED                   800  /* no VPN tunnel type succeeded */
#define ERROR_VALIDATING_SERVER_CERT                 801  /* server certificate cannot be checked although the entry demands it */
#define ERROR_READING_SCARD                          802  /* smart card not recognised */
#define ERROR_INVALID_PEAP_COOKIE_CONFIG             803  /* PEAP cookie does not match the configuration */
#define ERROR_INVALID_PEAP_COOKIE_USER               804  /* PEAP cookie belongs to another identity */
#define ERROR_INVALID_MSCHAPV2_CONFIG                805  /* logon-time dial impossible: entry uses current user's credentials */
#define ERROR_VPN_GRE_BLOCKED                        806  /* PPTP: GRE blocked on the path */
#define ERROR_VPN_DISCONNECT                         807  /* VPN connection interrupted */
#define ERROR_VPN_REFUSED                            808  /* VPN server refused the connection */
#define ERROR_VPN_TIMEOUT                            809  /* VPN server does not answer (often NAT or firewall) */
#define ERROR_VPN_BAD_CERT                           810  /* VPN certificate wrong or expired */
#define ERROR_VPN_BAD_PSK                            811  /* VPN pre-shared key problem */
#define ERROR_SERVER_POLICY                          812  /* server policy forbids (authentication method mismatch) */
#define ERROR_BROADBAND_ACTIVE                       813  /* a second broadband connection on the same device is not possible */
#define ERROR_BROADBAND_NO_NIC                       814  /* Ethernet link for broadband missing */
#define ERROR_BROADBAND_TIMEOUT                      815  /* PPPoE server does not answer (maybe wrong service name) */
#define ERROR_FEATURE_DEPRECATED                     816  /* feature no longer supported */
#define ERROR_CANNOT_DELETE                          817  /* entry cannot be deleted while connected */
#define ERROR_RASQEC_RESOURCE_CREATION_FAILED        818  /* NAP client could not create resources */
#define ERROR_RASQEC_NAPAGENT_NOT_ENABLED            819  /* NAP agent disabled or missing */
#define ERROR_RASQEC_NAPAGENT_NOT_CONNECTED          820  /* NAP client could not register */
#define ERROR_RASQEC_CONN_DOESNOTEXIST               821  /* NAP client: connection does not exist */
#define ERROR_RASQEC_TIMEOUT                         822  /* NAP client did not answer */
#define ERROR_PEAP_CRYPTOBINDING_INVALID             823  /* PEAP crypto-binding not valid */
#define ERROR_PEAP_CRYPTOBINDING_NOTRECEIVED         824  /* PEAP crypto-binding missing */
#define ERROR_INVALID_VPNSTRATEGY                    825  /* VPN strategy impossible (PPTP over IPv6) */
#define ERROR_EAPTLS_CACHE_CREDENTIALS_INVALID       826  /* cached EAP-TLS credentials not valid */
#define ERROR_IPSEC_SERVICE_STOPPED                  827  /* IKE/AuthIP or filtering service not running */
#define ERROR_IDLE_TIMEOUT                           828  /* ended by idle timeout */
#define ERROR_LINK_FAILURE                           829  /* ended by link failure */
#define ERROR_USER_LOGOFF                            830  /* ended because the user logged off */
#define ERROR_FAST_USER_SWITCH                       831  /* ended by fast user switch */
#define ERROR_HIBERNATION                            832  /* ended by hibernation */
#define ERROR_SYSTEM_SUSPENDED                       833  /* ended by suspend */
#define ERROR_RASMAN_SERVICE_STOPPED                 834  /* ended because the connection manager stopped */
#define ERROR_INVALID_SERVER_CERT                    835  /* L2TP: server certificate does not belong to the destination */
#define ERROR_NOT_NAP_CAPABLE                        836  /* no NAP capability */
#define ERROR_INVALID_TUNNELID                       837  /* tunnel id not valid */
#define ERROR_UPDATECONNECTION_REQUEST_IN_PROCESS    838  /* another RasUpdateConnection is running */
#define ERROR_PROTOCOL_ENGINE_DISABLED               839  /* protocol engine disabled */
#define ERROR_INTERNAL_ADDRESS_FAILURE               840  /* internal address negotiation failed */
#define ERROR_FAILED_CP_REQUIRED                     841  /* client must ask for an IPv4 or IPv6 address */
#define ERROR_TS_UNACCEPTABLE                        842  /* traffic selectors not accepted */
#define ERROR_MOBIKE_DISABLED                        843  /* mobility disabled for this connection */
#define ERROR_CANNOT_INITIATE_MOBIKE_UPDATE          844  /* mobility update only when connected */
#define ERROR_PEAP_SERVER_REJECTED_CLIENT_TLV        845  /* PEAP server rejected the client (TLV) */
#define ERROR_INVALID_PREFERENCES                    846  /* VPN destination preference not valid */
#define ERROR_EAPTLS_SCARD_CACHE_CREDENTIALS_INVALID 847  /* cached smart card credential not valid */
#define ERROR_SSTP_COOKIE_SET_FAILURE                848  /* SSTP cookie could not be set */
#define ERROR_INVALID_PEAP_COOKIE_ATTRIBUTES         849  /* PEAP cookie attributes not valid */
#define ERROR_EAP_METHOD_NOT_INSTALLED               850  /* EAP method not installed */
#define ERROR_EAP_METHOD_DOES_NOT_SUPPORT_SSO        851  /* EAP method lacks single sign-on */
#define ERROR_EAP_METHOD_OPERATION_NOT_SUPPORTED     852  /* EAP method lacks the operation */
#define ERROR_EAP_USER_CERT_INVALID                  853  /* EAP user certificate not valid */
#define ERROR_EAP_USER_CERT_EXPIRED                  854  /* EAP user certificate expired */
#define ERROR_EAP_USER_CERT_REVOKED                  855  /* EAP user certificate revoked */
#define ERROR_EAP_USER_CERT_OTHER_ERROR              856  /* EAP user certificate other error */
#define ERROR_EAP_SERVER_CERT_INVALID                857  /* EAP server certificate not valid */
#define ERROR_EAP_SERVER_CERT_EXPIRED                858  /* EAP server certificate expired */
#define ERROR_EAP_SERVER_CERT_REVOKED                859  /* EAP server certificate revoked */
#define ERROR_EAP_SERVER_CERT_OTHER_ERROR            860  /* EAP server certificate other error */
#define ERROR_EAP_USER_ROOT_CERT_NOT_FOUND           861  /* root for the user certificate missing */
#define ERROR_EAP_USER_ROOT_CERT_INVALID             862  /* root for the user certificate not valid */
#define ERROR_EAP_USER_ROOT_CERT_EXPIRED             863  /* root for the user certificate expired */
#define ERROR_EAP_SERVER_ROOT_CERT_NOT_FOUND         864  /* root for the server certificate missing */
#define ERROR_EAP_SERVER_ROOT_CERT_INVALID           865  /* root for the server certificate not valid */
#define ERROR_EAP_SERVER_ROOT_CERT_NAME_REQUIRED     866  /* server certificate has no server name */
#define ERROR_PEAP_IDENTITY_MISMATCH                 867  /* PEAP inner and outer identity differ */
#define ERROR_DNSNAME_NOT_RESOLVABLE                 868  /* server name did not resolve */
#define ERROR_EAPTLS_PASSWD_INVALID                  869  /* certificate password wrong */
#define ERROR_IKEV2_PSK_INTERFACE_ALREADY_EXISTS     870  /* two interfaces with PSK to the same destination */
#define ERROR_INVALID_DESTINATION_IP                 871  /* destination address not valid */
#define ERROR_INVALID_INTERFACE_CONFIG               872  /* interface configuration not valid */
#define ERROR_VPN_PLUGIN_GENERIC                     873  /* VPN plug-in reported an error */
#define ERROR_SSO_CERT_MISSING                       874  /* single sign-on certificate missing */
#define ERROR_DEVICE_COMPLIANCE                      875  /* device compliance check failed */
#define ERROR_PLUGIN_NOT_INSTALLED                   876  /* VPN plug-in not installed */
#define ERROR_ACTION_REQUIRED                        877  /* user action required */
#define ERROR_ROUTER_STOPPED                         900  /* router not running */
#define ERROR_ALREADY_CONNECTED                      901  /* interface already connected */
#define ERROR_UNKNOWN_PROTOCOL_ID                    902  /* protocol id unknown to the router */
#define ERROR_DDM_NOT_RUNNING                        903  /* demand-dial manager not running */
#define ERROR_INTERFACE_ALREADY_EXISTS               904  /* interface name already registered */
#define ERROR_NO_SUCH_INTERFACE                      905  /* no such interface */
#define ERROR_INTERFACE_NOT_CONNECTED                906  /* interface not connected */
#define ERROR_PROTOCOL_STOP_PENDING                  907  /* protocol is being stopped */
#define ERROR_INTERFACE_CONNECTED                    908  /* interface is connected and cannot be deleted */
#define ERROR_NO_INTERFACE_CREDENTIALS_SET           909  /* interface credentials missing */
#define ERROR_ALREADY_CONNECTING                     910  /* interface is already connecting */
#define ERROR_UPDATE_IN_PROGRESS                     911  /* routing update already running */
#define ERROR_INTERFACE_CONFIGURATION                912  /* interface configuration not valid */
#define ERROR_NOT_CLIENT_PORT                        913  /* client used a router-only port */
#define ERROR_NOT_ROUTER_PORT                        914  /* router used a client-only port */
#define ERROR_CLIENT_INTERFACE_ALREADY_EXISTS        915  /* client interface name already connected */
#define ERROR_INTERFACE_DISABLED                     916  /* interface disabled */
#define ERROR_AUTH_PROTOCOL_REJECTED                 917  /* peer rejected the authentication protocol */
#define ERROR_NO_AUTH_PROTOCOL_AVAILABLE             918  /* no authentication protocol left to try */
#define ERROR_PEER_REFUSED_AUTH                      919  /* peer refused to authenticate with the offered protocol */
#define ERROR_REMOTE_NO_DIALIN_PERMISSION            920  /* remote account has no dial-in right */
#define ERROR_REMOTE_PASSWD_EXPIRED                  921  /* remote account expired */
#define ERROR_REMOTE_ACCT_DISABLED                   922  /* remote account disabled */
#define ERROR_REMOTE_RESTRICTED_LOGON_HOURS          923  /* remote account may not log on now */
#define ERROR_REMOTE_AUTHENTICATION_FAILURE          924  /* remote name or password wrong */
#define ERROR_INTERFACE_HAS_NO_DEVICES               925  /* no routing port for the interface */
#define ERROR_IDLE_DISCONNECTED                      926  /* ended by inactivity */
#define ERROR_INTERFACE_UNREACHABLE                  927  /* interface unreachable */
#define ERROR_SERVICE_IS_PAUSED                      928  /* demand-dial service paused */
#define ERROR_INTERFACE_DISCONNECTED                 929  /* interface disconnected by the administrator */
#define ERROR_AUTH_SERVER_TIMEOUT                    930  /* authentication server timeout */
#define ERROR_PORT_LIMIT_REACHED                     931  /* multilink port limit reached */
#define ERROR_PPP_SESSION_TIMEOUT                    932  /* session time limit reached */
#define ERROR_MAX_LAN_INTERFACE_LIMIT                933  /* LAN interface limit reached */
#define ERROR_MAX_WAN_INTERFACE_LIMIT                934  /* demand-dial interface limit reached */
#define ERROR_MAX_CLIENT_INTERFACE_LIMIT             935  /* client limit reached */
#define ERROR_BAP_DISCONNECTED                       936  /* bandwidth allocation policy dropped the port */
#define ERROR_USER_LIMIT                             937  /* another connection of the same kind is in use */
#define ERROR_NO_RADIUS_SERVERS                      938  /* no RADIUS server found */
#define ERROR_INVALID_RADIUS_RESPONSE                939  /* RADIUS answer not valid (shared secret?) */
#define ERROR_DIALIN_HOURS_RESTRICTION               940  /* dial-in not allowed at this hour */
#define ERROR_ALLOWED_PORT_TYPE_RESTRICTION          941  /* device type not allowed */
#define ERROR_AUTH_PROTOCOL_RESTRICTION              942  /* authentication method not allowed by access policy */
#define ERROR_BAP_REQUIRED                           943  /* bandwidth allocation protocol required */
#define ERROR_DIALOUT_HOURS_RESTRICTION              944  /* interface may not dial now */
#define ERROR_ROUTER_CONFIG_INCOMPATIBLE             945  /* saved router configuration incompatible */
#define WARNING_NO_MD5_MIGRATION                     946  /* warning: old accounts not migrated */
#define ERROR_PROTOCOL_ALREADY_INSTALLED             948  /* transport already installed */
#define ERROR_INVALID_SIGNATURE_LENGTH               949  /* RADIUS signature length wrong */
#define ERROR_INVALID_SIGNATURE                      950  /* RADIUS signature wrong */
#define ERROR_NO_SIGNATURE                           951  /* RADIUS signature missing with EAP */
#define ERROR_INVALID_PACKET_LENGTH_OR_ID            952  /* RADIUS length or id wrong */
#define ERROR_INVALID_ATTRIBUTE_LENGTH               953  /* RADIUS attribute length wrong */
#define ERROR_INVALID_PACKET                         954  /* RADIUS packet wrong */
#define ERROR_AUTHENTICATOR_MISMATCH                 955  /* RADIUS authenticator mismatch */
#define ERROR_REMOTEACCESS_NOT_CONFIGURED            956  /* routing and remote access not configured or not running */

#endif

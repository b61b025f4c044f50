/* Texts, devices, countries, AutoDial, projections, statistics, and what is not supported: the E, Z, D, J and T clauses. */
#include "text.h"

#include <cmapi.h>
#include <rasdlg.h>
#include <rassapi.h>

#define E_INVALID 0x80070057u

static void error_texts(void)
{
    TCHAR text[512];
    for (UINT code = 0; code < 1000; code++) {
        DWORD answer = RasGetErrorString(code, text, 512);
        CHECK(answer == 0 || answer == ERROR_INVALID_PARAMETER);
        if (code < 600 || code > 956)
            CHECK_EQUAL(answer, ERROR_INVALID_PARAMETER);
        if (answer == 0)
            CHECK(text[0] != 0);
    }
    CHECK_EQUAL(RasGetErrorString(ERROR_AUTHENTICATION_FAILURE, text, 512), 0);
    CHECK_EQUAL(RasGetErrorString(730, text, 512), 0); /* E12: newer headers lost both */
    CHECK_EQUAL(RasGetErrorString(650, text, 512), 0);
    CHECK_EQUAL(RasGetErrorString(ERROR_AUTHENTICATION_FAILURE, text, 3), ERROR_INSUFFICIENT_BUFFER);
    CHECK_EQUAL(RasGetErrorString(ERROR_AUTHENTICATION_FAILURE, NULL, 512), ERROR_INVALID_PARAMETER);
}

static void devices(void)
{
    DWORD size = 0, count = 77;
    CHECK_EQUAL(RasEnumDevices(NULL, &size, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK(count > 0);
    CHECK_EQUAL(size, count * sizeof(RASDEVINFO));
    DWORD needed = size;
    size = 100000;
    CHECK_EQUAL(RasEnumDevices(NULL, &size, &count), ERROR_BUFFER_TOO_SMALL); /* Z4 */
    RASDEVINFO *list = calloc(1, needed);
    for (DWORD wrong = sizeof *list - 1; wrong <= sizeof *list + 1; wrong += 2) {
        list->dwSize = wrong;
        size = 0;
        CHECK_EQUAL(RasEnumDevices(list, &size, &count), ERROR_INVALID_SIZE);
        size = needed;
        CHECK_EQUAL(RasEnumDevices(list, &size, &count), ERROR_INVALID_SIZE);
    }
    list->dwSize = sizeof *list;
    size = 0;
    CHECK_EQUAL(RasEnumDevices(list, &size, &count), ERROR_BUFFER_TOO_SMALL);
    size = needed - 1;
    CHECK_EQUAL(RasEnumDevices(list, &size, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, needed);
    CHECK_EQUAL(RasEnumDevices(list, &size, &count), 0);
    CHECK_EQUAL(size, needed);
    int vpn = 0;
    for (DWORD i = 0; i < count; i++)
        vpn |= text_is(list[i].szDeviceType, "vpn") && text_is(list[i].szDeviceName, "WAN Miniport (SSTP)");
    CHECK(vpn);
    free(list);
    CHECK_EQUAL(RasEnumDevices(NULL, NULL, &count), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasEnumDevices(NULL, &size, NULL), ERROR_INVALID_PARAMETER);
}

static void countries(void)
{
    union {
        RASCTRYINFO info;
        char room[256];
    } country;
    DWORD id = 1, count = 0;
    int germany = 0;
    while (id != 0) {
        memset(&country, 0, sizeof country);
        country.info.dwSize = sizeof country.info;
        country.info.dwCountryID = id;
        DWORD size = sizeof country;
        CHECK_EQUAL(RasGetCountryInfo(&country.info, &size), 0);
        const TCHAR *name = (const TCHAR *)(const void *)(country.room + country.info.dwCountryNameOffset);
        germany |= country.info.dwCountryCode == 49 && text_is(name, "Germany");
        id = country.info.dwNextCountryID;
        count++;
    }
    CHECK(germany);
    CHECK(count > 200);
    DWORD size = sizeof country;
    country.info.dwCountryID = 99999;
    CHECK_EQUAL(RasGetCountryInfo(&country.info, &size), ERROR_INVALID_PARAMETER);
    country.info.dwSize = 5;
    CHECK_EQUAL(RasGetCountryInfo(&country.info, &size), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetCountryInfo(NULL, &size), ERROR_INVALID_USER_BUFFER);
    CHECK_EQUAL(RasGetCountryInfo(&country.info, NULL), ERROR_INVALID_PARAMETER);
}

static RASAUTODIALENTRY by(DWORD location, const char *name)
{
    RASAUTODIALENTRY entry;
    memset(&entry, 0, sizeof entry);
    entry.dwSize = sizeof entry;
    entry.dwDialingLocation = location;
    PUT(entry.szEntry, name);
    return entry;
}

/* Reads the entries of an address into `entries`; gives their number. */
static DWORD entries_of(const TCHAR *address, RASAUTODIALENTRY *entries, DWORD most)
{
    DWORD size = 0, count = 0;
    DWORD code = RasGetAutodialAddress(address, NULL, NULL, &size, &count);
    CHECK(code == (count == 0 ? 0 : ERROR_BUFFER_TOO_SMALL));
    CHECK_EQUAL(size, count * sizeof *entries);
    CHECK(count <= most);
    entries->dwSize = sizeof *entries;
    CHECK_EQUAL(RasGetAutodialAddress(address, NULL, entries, &size, &count), 0);
    return count;
}

#define SERVER TEXT("intranet.example.com")

static void autodial_addresses(void)
{
    DWORD size = 77, count = 77;
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, &size, &count), 0);
    CHECK(size == 0 && count == 0);
    RASAUTODIALENTRY given[2] = {by(0, "Office"), by(1, "Home")}, read[4];
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, given, sizeof given, 2), 0);
    given[0] = by(1, "Other");
    given[1] = by(2, "Third");
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, given, sizeof given, 2), 0);
    CHECK_EQUAL(entries_of(SERVER, read, 4), 3);
    CHECK(text_is(read[0].szEntry, "Office"));
    CHECK(read[1].dwDialingLocation == 1 && text_is(read[1].szEntry, "Other"));
    CHECK(text_is(read[2].szEntry, "Third"));
    given[0] = by(0, "Office");
    CHECK_EQUAL(RasSetAutodialAddress(TEXT("10.0.0.1"), 0, given, sizeof given[0], 1), 0);

    /* D6: pointers, and the strings behind them. */
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, &size, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(size, 2 * sizeof(TCHAR *) + (9 + 21) * sizeof(TCHAR));
    char *memory = malloc(size);
    DWORD room = size - 1;
    CHECK_EQUAL(RasEnumAutodialAddresses((TCHAR **)(void *)memory, &room, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(RasEnumAutodialAddresses((TCHAR **)(void *)memory, &room, &count), 0);
    TCHAR **list = (TCHAR **)(void *)memory;
    for (DWORD i = 0; i < count; i++) {
        CHECK((char *)list[i] >= memory + 2 * sizeof(TCHAR *) && (char *)list[i] < memory + size);
        CHECK(text_is(list[i], "intranet.example.com") || text_is(list[i], "10.0.0.1"));
    }
    free(memory);
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, NULL, &count), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, &size, NULL), ERROR_INVALID_PARAMETER);

    /* D2 */
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, NULL, 0, 0), 0);
    CHECK_EQUAL(entries_of(SERVER, read, 4), 0);
    CHECK_EQUAL(RasSetAutodialAddress(TEXT("10.0.0.1"), 0, NULL, 0, 0), 0);

    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 1, given, sizeof given[0], 1), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, NULL, 4, 1), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, given, sizeof given[0], 2), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, given, sizeof given, 0xffffffff), ERROR_BUFFER_INVALID);
    given[0].dwSize++;
    CHECK_EQUAL(RasSetAutodialAddress(SERVER, 0, given, sizeof given, 1), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetAutodialAddress(SERVER, NULL, given, &size, &count), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetAutodialAddress(SERVER, &size, NULL, &size, &count), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetAutodialAddress(SERVER, NULL, NULL, NULL, &count), ERROR_INVALID_PARAMETER);
}

static void autodial_default(void)
{
    RASAUTODIALENTRY entry = by(0, "missing"), read[2];
    CHECK_EQUAL(entries_of(NULL, read, 2), 0); /* D5 */
    CHECK_EQUAL(RasSetAutodialAddress(NULL, 0, &entry, sizeof entry, 1), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    entry = by(0, "Lab");
    CHECK_EQUAL(RasSetAutodialAddress(NULL, 0, &entry, sizeof entry, 1), 0);
    CHECK_EQUAL(entries_of(NULL, read, 2), 1);
    CHECK(text_is(read[0].szEntry, "Lab"));
    DWORD size = 0, count = 77;
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, &size, &count), 0);
    CHECK_EQUAL(count, 0);
    entry = by(0, "");
    CHECK_EQUAL(RasSetAutodialAddress(TEXT(""), 0, &entry, sizeof entry, 1), 0);
    CHECK_EQUAL(entries_of(NULL, read, 2), 0);
}

/* D4: what the machine has counts where the user has nothing. */
static void autodial_of_all_users(void)
{
    RASAUTODIALENTRY read[2], entry = by(0, "Lab");
    CHECK_EQUAL(entries_of(NULL, read, 2), 1);
    CHECK(text_is(read[0].szEntry, "Machine"));
    CHECK_EQUAL(RasSetAutodialAddress(NULL, 0, &entry, sizeof entry, 1), 0);
    CHECK_EQUAL(entries_of(NULL, read, 2), 1);
    CHECK(text_is(read[0].szEntry, "Lab"));
}

/* D8: what a program sets does not count for the limit. */
static void autodial_limit(void)
{
    DWORD limit = 1, size = 0, count = 0;
    CHECK_EQUAL(RasSetAutodialParam(RASADP_SavedAddressesLimit, &limit, sizeof limit), 0);
    const TCHAR *addresses[] = {TEXT("10.0.0.1"), TEXT("10.0.0.2"), TEXT("10.0.0.3")};
    RASAUTODIALENTRY entry = by(0, "Lab");
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(RasSetAutodialAddress(addresses[i], 0, &entry, sizeof entry, 1), 0);
    CHECK_EQUAL(RasEnumAutodialAddresses(NULL, &size, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(count, 3);
}

static void autodial_settings(void)
{
    static const DWORD defaults[] = {RASADP_DisableConnectionQuery_default, RASADP_LoginSessionDisable_default,
                                     RASADP_SavedAddressesLimit_default, RASADP_FailedConnectionTimeout_default};
    for (DWORD key = 0; key < 5; key++) {
        DWORD value = 77, size = sizeof value;
        CHECK_EQUAL(RasGetAutodialParam(key, &value, &size), 0);
        if (key < 4)
            CHECK_EQUAL(value, defaults[key]);
        value = 40 + key;
        CHECK_EQUAL(RasSetAutodialParam(key, &value, sizeof value), 0);
        value = 0;
        CHECK_EQUAL(RasGetAutodialParam(key, &value, &size), 0);
        CHECK_EQUAL(value, 40 + key);
        CHECK_EQUAL(RasSetAutodialParam(key, &value, 3), ERROR_INVALID_SIZE);
        CHECK_EQUAL(RasSetAutodialParam(key, NULL, 4), ERROR_INVALID_PARAMETER);
        size = 8;
        CHECK_EQUAL(RasGetAutodialParam(key, &value, &size), ERROR_INVALID_SIZE);
        CHECK_EQUAL(size, 4);
        CHECK_EQUAL(RasGetAutodialParam(key, NULL, &size), ERROR_INVALID_PARAMETER);
        CHECK_EQUAL(RasGetAutodialParam(key, &value, NULL), ERROR_INVALID_PARAMETER);
    }
    DWORD value = 0, size = 4;
    CHECK_EQUAL(RasGetAutodialParam(5, &value, &size), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasSetAutodialParam(5, &value, 4), ERROR_INVALID_PARAMETER);

    BOOL on = -1;
    CHECK_EQUAL(RasSetAutodialEnable(3, FALSE), 0);
    CHECK_EQUAL(RasGetAutodialEnable(3, &on), 0);
    CHECK_EQUAL(on, FALSE);
    CHECK_EQUAL(RasGetAutodialEnable(4, &on), 0);
    CHECK_EQUAL(on, TRUE);
    CHECK_EQUAL(RasSetAutodialEnable(3, TRUE), 0);
    CHECK_EQUAL(RasGetAutodialEnable(3, &on), 0);
    CHECK_EQUAL(on, TRUE);
    CHECK_EQUAL(RasGetAutodialEnable(3, NULL), ERROR_INVALID_PARAMETER);
}

static HRASCONN connect_lab(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    return connection;
}

/* Prints the tunnel's address, for the test to compare with what the server gave. */
static void projection(void)
{
    RASPPPIP ip;
    memset(&ip, 0xee, sizeof ip);
    ip.dwSize = sizeof ip;
    DWORD size = sizeof ip;
    HRASCONN stranger = (HRASCONN)(ULONG_PTR)0x123400005678;
    CHECK_EQUAL(RasGetProjectionInfo(stranger, RASP_PppIp, &ip, &size), ERROR_INVALID_HANDLE);
    HRASCONN connection = connect_lab();
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, NULL, &size), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof ip);
    size--;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, &size), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, &size), 0);
    CHECK_EQUAL(ip.dwError, 0);
    CHECK(ip.szIpAddress[0] != 0);

    /* An older version. */
    ip.dwSize = sizeof(TCHAR) == 1 ? 40 : 72;
    ip.dwOptions = 77;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, &size), 0);
    CHECK_EQUAL(size, ip.dwSize);
    CHECK_EQUAL(ip.dwOptions, 77);
    ip.dwSize++;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, &size), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetProjectionInfo(connection, (RASPROJECTION)0x1234, &ip, &size), ERROR_INVALID_PARAMETER);

    static RASPPPLCP lcp;
    lcp.dwSize = size = sizeof lcp;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppLcp, &lcp, &size), 0);
    CHECK_EQUAL(lcp.dwAuthenticationProtocol, RASLCPAP_CHAP);
    CHECK_EQUAL(lcp.dwAuthenticationData, RASLCPAD_CHAP_MSV2);

    RASPPPCCP ccp;
    ccp.dwSize = size = sizeof ccp;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppCcp, &ccp, &size), ERROR_PROTOCOL_NOT_CONFIGURED);
    RASPPPIPX ipx;
    ipx.dwSize = size = sizeof ipx;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIpx, &ipx, &size), ERROR_PROTOCOL_NOT_CONFIGURED);
    RASSLIP slip;
    slip.dwSize = size = sizeof slip;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_Slip, &slip, &size), ERROR_PROTOCOL_NOT_CONFIGURED);

    RAS_PROJECTION_INFO all;
    memset(&all, 0xee, sizeof all);
    all.version = RASAPIVERSION_601;
    size = sizeof all - 1;
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, &size), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof all);
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, &size), 0);
    CHECK_EQUAL(all.type, PROJECTION_INFO_TYPE_PPP);
    CHECK_EQUAL(all.ppp.dwIPv4NegotiationError, 0);
    CHECK(all.ppp.ipv4Address.s_addr != 0);
    CHECK_EQUAL(all.ppp.dwAuthenticationProtocol, RASLCPAP_CHAP);
    CHECK_EQUAL(all.ppp.dwIPv6NegotiationError, ERROR_PROTOCOL_NOT_CONFIGURED); /* J2: its own error */
    CHECK_EQUAL(all.ppp.dwCcpError, ERROR_PROTOCOL_NOT_CONFIGURED);
    CHECK_EQUAL(all.ppp.dwCcpOptions, 0);
    all.version = (RASAPIVERSION)99;
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, &size), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetProjectionInfoEx(NULL, NULL, &size), ERROR_INVALID_HANDLE);
    for (size_t i = 0; ip.szIpAddress[i] != 0; i++)
        putchar((int)ip.szIpAddress[i]);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
}

/* Of a connection that PPP encrypts: printed for the test to compare. */
static void projection_of_ccp(void)
{
    RASPPPCCP ccp;
    HRASCONN connection = connect_lab();
    memset(&ccp, 0xee, sizeof ccp);
    DWORD size = sizeof ccp;
    ccp.dwSize = sizeof ccp;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppCcp, &ccp, &size), 0);
    CHECK_EQUAL(ccp.dwError, 0);
    CHECK_EQUAL(ccp.dwCompressionAlgorithm, RASCCPCA_MPPC);
    CHECK_EQUAL(ccp.dwServerCompressionAlgorithm, RASCCPCA_MPPC);
    CHECK_EQUAL(ccp.dwServerOptions, ccp.dwOptions);
    RAS_PROJECTION_INFO all;
    memset(&all, 0xee, sizeof all);
    all.version = RASAPIVERSION_601;
    size = sizeof all;
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, &size), 0);
    CHECK_EQUAL(all.ppp.dwCcpError, 0);
    CHECK_EQUAL(all.ppp.dwCcpCompressionAlgorithm, RASCCPCA_MPPC);
    CHECK_EQUAL(all.ppp.dwCcpServerCompressionAlgorithm, RASCCPCA_MPPC);
    CHECK_EQUAL(all.ppp.dwCcpOptions, ccp.dwOptions);
    CHECK_EQUAL(all.ppp.dwCcpServerOptions, ccp.dwServerOptions);
    printf("%#x", (unsigned)ccp.dwOptions);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
}

/* Of a connection to a lab with IPv6, which comes after Connected and is told to nobody: who wants it looks. */
static void projection_of_ipv6(void)
{
    HRASCONN connection = connect_lab();
    RASPPPIPV6 ipv6;
    DWORD size, code;
    struct timespec deadline = deadline_in(30), now;
    do {
        memset(&ipv6, 0xee, sizeof ipv6);
        ipv6.dwSize = size = sizeof ipv6;
        code = RasGetProjectionInfo(connection, RASP_PppIpv6, &ipv6, &size);
        clock_gettime(CLOCK_REALTIME, &now);
    } while (code == ERROR_PROTOCOL_NOT_CONFIGURED && now.tv_sec < deadline.tv_sec);
    CHECK_EQUAL(code, 0);
    CHECK_EQUAL(ipv6.dwError, 0);
    static const BYTE none[8];
    CHECK(memcmp(ipv6.bLocalInterfaceIdentifier, none, 8) != 0);
    CHECK(memcmp(ipv6.bPeerInterfaceIdentifier, none, 8) != 0);
    CHECK(memcmp(ipv6.bLocalInterfaceIdentifier, ipv6.bPeerInterfaceIdentifier, 8) != 0);

    RAS_PROJECTION_INFO all;
    memset(&all, 0xee, sizeof all);
    all.version = RASAPIVERSION_601;
    size = sizeof all;
    CHECK_EQUAL(RasGetProjectionInfoEx(connection, &all, &size), 0);
    CHECK_EQUAL(all.ppp.dwIPv6NegotiationError, 0);
    CHECK(memcmp(all.ppp.bInterfaceIdentifier, ipv6.bLocalInterfaceIdentifier, 8) == 0);
    CHECK(memcmp(all.ppp.bServerInterfaceIdentifier, ipv6.bPeerInterfaceIdentifier, 8) == 0);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
}

static void too_early(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    RASPPPIP ip;
    ip.dwSize = sizeof ip;
    DWORD size = sizeof ip;
    /* A dial that failed and was not hung up has no projection. */
    memcpy(params.szPassword, "wrong", 6);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    CHECK(connection != NULL);
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &ip, &size), ERROR_PROJECTION_NOT_COMPLETE);
    CHECK_EQUAL(RasHangUp(connection), 0);
}

static void statistics(void)
{
    HRASCONN connection = connect_lab();
    RAS_STATS stats, link;
    memset(&stats, 0xee, sizeof stats);
    stats.dwSize = link.dwSize = sizeof stats;
    CHECK_EQUAL(RasGetConnectionStatistics(connection, &stats), 0);
    CHECK_EQUAL(stats.dwSize, sizeof stats);
    CHECK_EQUAL(stats.dwCrcErr, 0);
    CHECK_EQUAL(RasGetLinkStatistics(connection, 1, &link), 0);
    CHECK_EQUAL(RasGetLinkStatistics(connection, 2, &link), ERROR_NO_CONNECTION);
    CHECK_EQUAL(RasGetLinkStatistics(connection, 0, &link), E_INVALID);
    CHECK_EQUAL(RasClearConnectionStatistics(connection), 0);
    CHECK_EQUAL(RasGetConnectionStatistics(connection, &stats), 0);
    CHECK_EQUAL(stats.dwBytesXmited, 0);
    CHECK_EQUAL(RasClearLinkStatistics(connection, 1), 0);
    CHECK_EQUAL(RasClearLinkStatistics(connection, 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasClearLinkStatistics(connection, 2), ERROR_NO_CONNECTION);
    HRASCONN stranger = (HRASCONN)(ULONG_PTR)0x123400005678;
    CHECK_EQUAL(RasGetConnectionStatistics(stranger, &stats), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasClearConnectionStatistics(stranger), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasClearLinkStatistics(stranger, 1), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasGetConnectionStatistics(NULL, &stats), E_INVALID);
    CHECK_EQUAL(RasGetConnectionStatistics(connection, NULL), E_INVALID);
    stats.dwSize = 1;
    CHECK_EQUAL(RasGetConnectionStatistics(connection, &stats), E_INVALID);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
    stats.dwSize = sizeof stats;
    CHECK_EQUAL(RasGetConnectionStatistics(connection, &stats), ERROR_INVALID_HANDLE);
}

/* Every function that is not supported links and says so. */
static void unsupported(void)
{
    CHECK_EQUAL(RasCreatePhonebookEntry(NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasEditPhonebookEntry(NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasGetQuarantineConnectionId(NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasGetPCscf(NULL), ERROR_NOT_SUPPORTED);
    RASNAPSTATE nap = {sizeof nap, 0, isolationStateNotRestricted, {0, 0}};
    CHECK_EQUAL(RasGetNapStatus(NULL, &nap), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasGetNapStatus((HRASCONN)(void *)&nap, &nap), ERROR_NOT_NAP_CAPABLE);
    RASDIALDLG dialog;
    memset(&dialog, 0, sizeof dialog);
    dialog.dwSize = sizeof dialog;
    CHECK_EQUAL(RasDialDlg(NULL, NULL, NULL, &dialog), FALSE);
    CHECK_EQUAL(dialog.dwError, ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasEntryDlg(NULL, NULL, NULL), FALSE);
    CHECK_EQUAL(RasPhonebookDlg(NULL, NULL, NULL), FALSE);
    CHECK_EQUAL(RasMonitorDlg(NULL, NULL), FALSE);
    CHECK_EQUAL(RasAdminServerGetInfo(NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminGetUserAccountServer(NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminUserGetInfo(NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminUserSetInfo(NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminPortEnum(NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminPortGetInfo(NULL, NULL, NULL, NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminPortClearStatistics(NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminPortDisconnect(NULL, NULL), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminGetErrorString(0, NULL, 0), ERROR_NOT_SUPPORTED);
    CHECK_EQUAL(RasAdminFreeBuffer(NULL), ERROR_NOT_SUPPORTED);
    CHECK(CmMalloc(1) == NULL);
    CmFree(NULL);
}

static const struct test tests[] = {
    TEST(error_texts),       TEST(devices),    TEST(countries), TEST(autodial_addresses), TEST(autodial_default),
    TEST(autodial_of_all_users), TEST(autodial_limit),
    TEST(autodial_settings), TEST(projection), TEST(projection_of_ccp), TEST(projection_of_ipv6), TEST(too_early), TEST(statistics),         TEST(unsupported),
};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

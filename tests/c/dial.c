/* RasDial, synchronous and asynchronous: the A, S and E clauses. */
#include "record.h"

static const char *argument;

static void hang_up(HRASCONN connection)
{
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* Checks that states come one by one, each once with error 0, and gives the last. */
static struct told check_told(struct record *record)
{
    struct told end = record_wait(record, is_end);
    for (int i = 0; i < record->count; i++) {
        const struct told *told = &record->told[i];
        CHECK_EQUAL(told->message, WM_RASDIALEVENT);
        CHECK_EQUAL(told->extended, 0);
        CHECK(told->error == 0 || i == record->count - 1);
        for (int j = 0; j < i; j++)
            CHECK(record->told[j].state != told->state || told->error != 0 || told->state == RASCS_AuthNotify);
    }
    CHECK_EQUAL(record->told[0].state, RASCS_OpenPort);
    return end;
}

static void handlers_of_each_type(void)
{
    for (DWORD type = 0; type <= 2; type++) {
        the_record.count = 0;
        RASDIALPARAMSA params = params_for("Lab", "wonderland");
        params.dwCallbackId = (ULONG_PTR)0x123456789abcdef0;
        HRASCONN connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, type, function_of(type), &connection), 0);
        CHECK(connection != NULL);
        struct told end = check_told(&the_record);
        CHECK_EQUAL(end.error, 0);
        CHECK_EQUAL(end.state, RASCS_Connected);
        CHECK(the_record.count > 8);
        for (int i = 0; i < the_record.count; i++) {
            const struct told *told = &the_record.told[i];
            CHECK(type == 0 || told->handle == connection);
            CHECK_EQUAL(told->id, type == 2 ? (ULONG_PTR)0x123456789abcdef0 : 0);
            CHECK_EQUAL(told->subentry, type == 2 ? 1 : 0);
        }
        hang_up(connection);
    }
}

/* The server answers after a while: RasDial has returned long before. */
static void returns_at_once(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    RASCONNSTATUSA status = status_of(connection);
    CHECK((status.rasconnstate & RASCS_DONE) == 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

static void the_type_counts_only_with_a_handler(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 77, NULL, &connection), 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Connected);
    hang_up(connection);
    const DWORD unknown[] = {3, 7, 0x7fffffff, 0xfffffffe, RAS_MESSAGE_QUEUE};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, unknown[i], NOTIFIER(func2), &connection), ERROR_INVALID_PARAMETER);
        CHECK(connection == NULL);
    }
    CHECK_EQUAL(record_count(&the_record), 0);
}

static void options_and_reserved_members(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    RASDIALEXTENSIONS extensions;
    HRASCONN connection = NULL;
    memset(&extensions, 0, sizeof extensions);
    const DWORD sizes[] = {24, 44, sizeof extensions};
    for (size_t i = 0; i < 3; i++) {
        extensions.dwSize = sizes[i];
        /* A parent window is never told anything, and pausing on scripts is the dialog's. */
        extensions.hwndParent = (HWND)(ULONG_PTR)0xdeadbeef;
        extensions.dwfOptions = i == 2 ? RDEOPT_PauseOnScript : 0;
        connection = NULL;
        CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), 0);
        hang_up(connection);
    }
    connection = NULL;
    extensions.dwSize = 25;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_SIZE);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = 0x10000;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    extensions.dwfOptions = 0;
    extensions.reserved = 1;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    extensions.reserved = 0;
    extensions.reserved1 = 1;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    extensions.reserved1 = 0;
    extensions.fSkipPppAuth = TRUE;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    extensions.fSkipPppAuth = FALSE;
    extensions.RasDevSpecificInfo.dwSize = 4;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    CHECK(connection == NULL);
}

static DWORD dial_with_options(DWORD options, HRASCONN *connection)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = options;
    *connection = NULL;
    return RasDialA(&extensions, NULL, &params, 0, NULL, connection);
}

static void options_of_the_modem(void)
{
    const DWORD options[] = {0, RDEOPT_UsePrefixSuffix, RDEOPT_SetModemSpeaker, RDEOPT_IgnoreModemSpeaker,
                             RDEOPT_IgnoreModemSpeaker | RDEOPT_SetModemSpeaker};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        HRASCONN connection;
        CHECK_EQUAL(dial_with_options(options[i], &connection), ERROR_LINE_BUSY);
        hang_up(connection);
    }
}

/* There is no compression in software, with and without the options. */
static void options_of_compression(void)
{
    const DWORD options[] = {RDEOPT_SetSoftwareCompression, RDEOPT_IgnoreSoftwareCompression,
                             RDEOPT_IgnoreSoftwareCompression | RDEOPT_SetSoftwareCompression};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        HRASCONN connection;
        CHECK_EQUAL(dial_with_options(options[i], &connection), 0);
        RASPPPCCP compression;
        memset(&compression, 0, sizeof compression);
        compression.dwSize = sizeof compression;
        DWORD size = sizeof compression;
        CHECK_EQUAL(RasGetProjectionInfoA(connection, RASP_PppCcp, &compression, &size),
                    ERROR_PROTOCOL_NOT_CONFIGURED);
        hang_up(connection);
    }
}

static void sizes_of_the_parameters(void)
{
    const DWORD sizes[] = {1052, 1064, 1068, 1076};
    HRASCONN connection;
    for (size_t i = 0; i < 4; i++) {
        RASDIALPARAMSA params = params_for("Lab", "wonderland");
        /* What an older version does not have counts as empty, whatever lies there. */
        memset((char *)&params + sizes[i], 0xee, sizeof params - sizes[i]);
        params.dwSize = sizes[i];
        the_record.count = 0;
        connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
        record_wait(&the_record, is_end);
        CHECK_EQUAL(the_record.told[0].id, 0);
        hang_up(connection);
    }
    const DWORD wrong[] = {0, 4, 1051, 1053, 1075, 1077, 2120, 0xffffffff};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        RASDIALPARAMSA params = params_for("Lab", "wonderland");
        params.dwSize = wrong[i];
        connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_INVALID_SIZE);
        CHECK(connection == NULL);
    }
    const DWORD wide[] = {2096, 2108, 2112, 2120};
    for (size_t i = 0; i < 4; i++) {
        RASDIALPARAMSW params;
        memset(&params, 0, sizeof params);
        params.dwSize = wide[i];
        memcpy(params.szEntryName, u"Lab", 8);
        memcpy(params.szUserName, u"alice", 12);
        memcpy(params.szPassword, u"wonderland", 22);
        connection = NULL;
        CHECK_EQUAL(RasDialW(NULL, NULL, &params, 0, NULL, &connection), 0);
        hang_up(connection);
    }
}

static void a_number_replaces_the_entrys(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    strcpy(params.szPhoneNumber, "no-such-host.invalid");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_DNSNAME_NOT_RESOLVABLE);
    CHECK(strcmp(status_of(connection).szPhoneNumber, "no-such-host.invalid") == 0);
    hang_up(connection);
    strcpy(params.szPhoneNumber, argument);
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.remoteEndPoint.dwType, RASTUNNELENDPOINT_IPv4);
    CHECK_EQUAL(*(unsigned char *)&status.remoteEndPoint.ipv4, 127);
    hang_up(connection);
    /* Without an entry the number is required, and there is no modem to dial it. */
    memset(params.szEntryName, 0, sizeof params.szEntryName);
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_PORT_NOT_AVAILABLE);
    memset(params.szPhoneNumber, 0, sizeof params.szPhoneNumber);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_BAD_PHONE_NUMBER);
    CHECK(connection == NULL);
}

/* A number alone, by the first free modem: listed under it, and the port is free again afterwards. */
static void a_number_without_an_entry(void)
{
    for (int turn = 0; turn < 2; turn++) {
        RASDIALPARAMSA params = params_for("", "wonderland");
        strcpy(params.szPhoneNumber, "555-1234");
        HRASCONN connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
        RASCONNSTATUSA status = status_of(connection);
        CHECK(strcmp(status.szDeviceType, RASDT_Modem) == 0);
        CHECK(strcmp(status.szDeviceName, argument) == 0);
        CHECK(strcmp(status.szPhoneNumber, "555-1234") == 0);
        RASCONNA listed;
        listed.dwSize = sizeof listed;
        DWORD size = sizeof listed, count = 0;
        CHECK_EQUAL(RasEnumConnectionsA(&listed, &size, &count), 0);
        CHECK(strcmp(listed.szEntryName, ".555-1234") == 0); /* B11 */
        /* The one modem has this call. */
        HRASCONN other = NULL;
        strcpy(params.szPhoneNumber, "555-4321");
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &other), ERROR_PORT_NOT_AVAILABLE);
        CHECK(other == NULL);
        hang_up(connection);
    }
}

/* Nothing is stored: nothing is sent, and it is 691. */
static void without_credentials(void)
{
    RASDIALPARAMSA params = params_for("Lab", "");
    memset(params.szUserName, 0, sizeof params.szUserName);
    HRASCONN connection = NULL;
    DWORD code = RasDialA(NULL, NULL, &params, 0, NULL, &connection);
    CHECK_EQUAL(code, ERROR_AUTHENTICATION_FAILURE);
    if (connection != NULL)
        hang_up(connection);
}

/* A user's stored password stands behind sixteen asterisks, and the stored domain behind one. */
static void stored_credentials(void)
{
    RASDIALPARAMSA params = params_for("Lab", "****************");
    strcpy(params.szDomain, "*");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    hang_up(connection);
    memset(params.szUserName, 0, sizeof params.szUserName);
    memset(params.szPassword, 0, sizeof params.szPassword);
    memset(params.szDomain, 0, sizeof params.szDomain);
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    hang_up(connection);
}

static void a_connected_entry_gives_references(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN first = NULL, second = NULL, third = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &first), 0);
    strcpy(params.szEntryName, "lAB");
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &second), 0);
    CHECK(second == first);
    struct told end = record_wait(&the_record, is_end);
    CHECK_EQUAL(end.state, RASCS_Connected);
    CHECK_EQUAL(end.error, 0);
    CHECK_EQUAL(record_count(&the_record), 1);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &third), 0);
    CHECK(third == first);
    strcpy(params.szPassword, "looking-glass");
    HRASCONN fourth = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &fourth), ERROR_ACCESS_DENIED);
    CHECK(fourth == NULL);
    CHECK_EQUAL(RasHangUpA(first), 0);
    CHECK_EQUAL(status_of(first).rasconnstate, RASCS_Connected);
    CHECK_EQUAL(RasHangUpW(first), 0);
    CHECK_EQUAL(status_of(first).rasconnstate, RASCS_Connected);
    hang_up(first);
    CHECK_EQUAL(RasHangUpA(first), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(record_count(&the_record), 1);
}

/* The server says nothing, so the dial goes on until it is hung up. */
static void a_dial_under_way_is_refused(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL, other = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    strcpy(params.szEntryName, "LAB");
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &other), ERROR_DIAL_ALREADY_IN_PROGRESS);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &other), ERROR_DIAL_ALREADY_IN_PROGRESS);
    CHECK(other == NULL);
    hang_up(connection);
}

static void what_cannot_be_dialled_is_refused_at_once(void)
{
    RASDIALPARAMSA params = params_for("nowhere", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasDialA(NULL, "/nowhere/rasphone.pbk", &params, 2, NOTIFIER(func2), &connection),
                ERROR_CANNOT_OPEN_PHONEBOOK);
    params.dwSize = sizeof params;
    CHECK_EQUAL(RasDialA(NULL, NULL, NULL, 2, NOTIFIER(func2), &connection), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), NULL), ERROR_INVALID_PARAMETER);
    /* Text that does not end, and text that is none. */
    memset(params.szEntryName, 'a', sizeof params.szEntryName);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_INVALID_PARAMETER);
    strcpy(params.szEntryName, "\xff\xfe");
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_INVALID_PARAMETER);
    CHECK(connection == NULL);
    CHECK_EQUAL(record_count(&the_record), 0);
}

static void no_manager(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_RASMAN_CANNOT_INITIALIZE);
    CHECK(connection == NULL);
    RASCONNSTATUSA status;
    status.dwSize = sizeof status;
    CHECK_EQUAL(RasGetConnectStatusA((HRASCONN)(ULONG_PTR)0x100000001, &status), ERROR_RASMAN_CANNOT_INITIALIZE);
    CHECK_EQUAL(RasHangUpA((HRASCONN)(ULONG_PTR)0x100000001), ERROR_RASMAN_CANNOT_INITIALIZE);
    DWORD size = 0, count = 0;
    CHECK_EQUAL(RasEnumConnectionsA(NULL, &size, &count), ERROR_RASMAN_CANNOT_INITIALIZE);
}

/* The daemon is not there yet: the first call starts it. */
static void starts_the_manager(void)
{
    DWORD size = 0, count = 77;
    CHECK_EQUAL(RasEnumConnectionsA(NULL, &size, &count), 0);
    CHECK_EQUAL(count, 0);
    RASDIALPARAMSA params = params_for("nowhere", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
}

static void a_wrong_password(void)
{
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 1, NOTIFIER(func1), &connection), 0);
    struct told end = check_told(&the_record);
    CHECK_EQUAL(end.state, RASCS_AuthNotify);
    CHECK_EQUAL(end.error, ERROR_AUTHENTICATION_FAILURE);
    CHECK_EQUAL(the_record.told[the_record.count - 2].state, RASCS_AuthNotify);
    CHECK_EQUAL(the_record.told[the_record.count - 2].error, 0);
    int count = record_count(&the_record);
    /* The dial is over, and its handle is not. */
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.rasconnstate, RASCS_AuthNotify);
    CHECK_EQUAL(status.dwError, ERROR_AUTHENTICATION_FAILURE);
    char cause[1024];
    DWORD length = sizeof cause;
    CHECK_EQUAL(RasGetConnectionCauseA(connection, cause, &length), 0);
    CHECK(strstr(cause, "691") != NULL && length == strlen(cause) + 1);
    DWORD needed = 0;
    CHECK_EQUAL(RasGetConnectionCauseA(connection, NULL, &needed), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(needed, length);
    hang_up(connection);
    CHECK_EQUAL(record_count(&the_record), count);
}

/* Unknown authorities and the like are HRESULTs: negative when read as signed. */
static void a_certificate_that_is_not_trusted(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    struct told end = check_told(&the_record);
    CHECK_EQUAL(end.error, 0x800B010F);
    CHECK((int32_t)end.error < 0);
    CHECK_EQUAL(end.state, RASCS_ConnectDevice);
    hang_up(connection);
}

static void fails_with(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    DWORD expected = (DWORD)strtoul(argument, NULL, 0);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    struct told end = check_told(&the_record);
    CHECK_EQUAL(end.error, expected);
    hang_up(connection);
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), expected);
    CHECK_EQUAL(status_of(connection).dwError, expected);
    hang_up(connection);
}

static void classes_of_states(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    check_told(&the_record);
    for (int i = 0; i < the_record.count; i++) {
        RASCONNSTATE state = the_record.told[i].state;
        CHECK(i == the_record.count - 1 ? state == RASCS_Connected : (state & (RASCS_DONE | RASCS_PAUSED)) == 0);
        /* An authentication event without an error is followed by a finer state. */
        if (state == RASCS_AuthNotify)
            CHECK(the_record.told[i + 1].state != RASCS_AuthNotify);
    }
    hang_up(connection);
}

/* The connection is ended by the server, and nothing is told any more. */
static void after_connected_nothing_is_told(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    int count = record_count(&the_record);
    wait_gone(connection);
    CHECK_EQUAL(record_count(&the_record), count);
    char cause[1024];
    DWORD length = sizeof cause;
    CHECK_EQUAL(RasGetConnectionCauseA(connection, cause, &length), 0);
    CHECK(strstr(cause, "629") != NULL);
}

static void paused_states_are_off(void)
{
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).error, ERROR_AUTHENTICATION_FAILURE);
    for (int i = 0; i < the_record.count; i++)
        CHECK((the_record.told[i].state & RASCS_PAUSED) == 0);
    hang_up(connection);
}

/* Dials and leaves: the test looks whether the connection stays. */
static void dials_and_ends(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    if (strcmp(argument, "sync") == 0) {
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    } else {
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
        if (strcmp(argument, "early") != 0)
            CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    }
    printf("%p\n", (void *)connection);
}

static HRASCONN the_connection;

static void *dial_and_wait(void *unused)
{
    (void)unused;
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    DWORD code = RasDialA(NULL, NULL, &params, 0, NULL, &the_connection);
    return (void *)(ULONG_PTR)code;
}

/* The server says nothing: another thread follows the dial, and ends it. */
static void a_synchronous_dial_is_followed_and_ended_by_another_thread(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, dial_and_wait, NULL), 0);
    volatile HRASCONN *place = &the_connection;
    struct timespec pause = {0, 1000000};
    while (*place == NULL)
        nanosleep(&pause, NULL);
    RASCONNSTATUSA status = status_of(*place);
    CHECK((status.rasconnstate & RASCS_DONE) == 0);
    CHECK_EQUAL(RasHangUpA(*place), 0);
    void *code;
    CHECK_EQUAL(pthread_join(thread, &code), 0);
    CHECK_EQUAL((ULONG_PTR)code, ERROR_USER_DISCONNECTION);
    wait_gone(*place);
}

static void a_synchronous_dial_that_fails_leaves_its_handle(void)
{
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    CHECK(connection != NULL);
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.dwError, ERROR_AUTHENTICATION_FAILURE);
    /* The handle is of a dial that is over: there is nothing to resume. */
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_INVALID_AUTH_STATE);
    hang_up(connection);
}

static void the_status_in_all_its_versions(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    const DWORD sizes[] = {160, 288, 332};
    for (size_t i = 0; i < 3; i++) {
        RASCONNSTATUSA status;
        memset(&status, 0xee, sizeof status);
        status.dwSize = sizes[i];
        CHECK_EQUAL(RasGetConnectStatusA(connection, &status), 0);
        CHECK_EQUAL(status.rasconnstate, RASCS_Connected);
        CHECK(strcmp(status.szDeviceType, RASDT_Vpn) == 0);
        CHECK(strcmp(status.szDeviceName, "WAN Miniport (SSTP)") == 0);
        CHECK_EQUAL(sizes[i] < sizeof status ? ((unsigned char *)&status)[sizes[i]] : 0xee, 0xee);
    }
    RASCONNSTATUSA status;
    status.dwSize = 159;
    CHECK_EQUAL(RasGetConnectStatusA(connection, &status), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetConnectStatusA(connection, NULL), ERROR_INVALID_PARAMETER);
    RASCONNSTATUSW wide;
    wide.dwSize = sizeof wide;
    CHECK_EQUAL(RasGetConnectStatusW(connection, &wide), 0);
    CHECK(memcmp(wide.szDeviceType, u"vpn", 8) == 0);
    char address[64];
    DWORD length = sizeof address;
    CHECK_EQUAL(RasGetProxyAddressA(connection, address, &length), 0);
    CHECK(strncmp(address, "127.0.0.1:", 10) == 0);
    HRASCONN link = NULL;
    CHECK_EQUAL(RasGetSubEntryHandleA(connection, 1, &link), 0);
    CHECK(link == connection);
    CHECK_EQUAL(RasGetSubEntryHandleW(connection, 2, &link), ERROR_NO_MORE_ITEMS);
    CHECK_EQUAL(RasGetSubEntryHandleA(connection, 1, NULL), ERROR_INVALID_PARAMETER);
    hang_up(connection);
    CHECK_EQUAL(RasGetSubEntryHandleA(connection, 1, &link), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasGetProxyAddressA(connection, address, &length), ERROR_INVALID_HANDLE);
}

/* A connected entry in the list, in each version of the structure, and the size protocol. */
static void the_list_of_connections(void)
{
    DWORD size = 0, count = 77;
    CHECK_EQUAL(RasEnumConnectionsA(NULL, &size, &count), 0);
    CHECK_EQUAL(count, 0);
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    size = 0;
    CHECK_EQUAL(RasEnumConnectionsA(NULL, &size, &count), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(size, sizeof(RASCONNA));
    const DWORD sizes[] = {416, 680, 696, 708, 724};
    for (size_t i = 0; i < 5; i++) {
        RASCONNA list[2];
        memset(list, 0, sizeof list);
        list[0].dwSize = sizes[i];
        size = sizeof list;
        CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
        CHECK_EQUAL(size, sizes[i]);
        CHECK_EQUAL(count, 1);
        CHECK(list[0].hrasconn == connection);
        CHECK(strcmp(list[0].szEntryName, "Lab") == 0);
        CHECK(strcmp(list[0].szDeviceType, RASDT_Vpn) == 0);
    }
    RASCONNW wide[2];
    memset(wide, 0, sizeof wide);
    wide[0].dwSize = sizeof(RASCONNW);
    size = sizeof wide;
    CHECK_EQUAL(RasEnumConnectionsW(wide, &size, &count), 0);
    CHECK(memcmp(wide[0].szEntryName, u"Lab", 8) == 0);
    hang_up(connection);
}

static void eap_and_mobility_wait(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(RasInvokeEapUI(NULL, 1, &extensions, NULL), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasInvokeEapUI(connection, 1, NULL, NULL), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasInvokeEapUI(connection, 1, &extensions, NULL), ERROR_INVALID_AUTH_STATE);
    extensions.dwSize = 1;
    CHECK_EQUAL(RasInvokeEapUI(connection, 1, &extensions, NULL), ERROR_INVALID_SIZE);
    RASUPDATECONN update;
    memset(&update, 0, sizeof update);
    update.version = RASAPIVERSION_601;
    update.dwSize = sizeof update;
    CHECK_EQUAL(RasUpdateConnection(connection, &update), ERROR_MOBIKE_DISABLED);
    CHECK_EQUAL(RasUpdateConnection(connection, NULL), ERROR_INVALID_PARAMETER);
    update.dwSize = 12;
    CHECK_EQUAL(RasUpdateConnection(connection, &update), ERROR_INVALID_SIZE);
    update.dwSize = sizeof update;
    hang_up(connection);
    CHECK_EQUAL(RasUpdateConnection(connection, &update), ERROR_INVALID_HANDLE);
}

/* The server of the second is reached through the first. */
static void ending_the_inner_of_two_connections(void)
{
    RASDIALPARAMSA outside = params_for("Lab", "wonderland"), inside = params_for("Inner", "wonderland");
    HRASCONN outer = NULL, inner = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &outside, 0, NULL, &outer), 0);
    CHECK_EQUAL(RasDialA(NULL, NULL, &inside, 0, NULL, &inner), 0);
    CHECK(outer != inner);
    hang_up(inner);
    CHECK_EQUAL(status_of(outer).rasconnstate, RASCS_Connected);
    /* It carries as before. */
    inner = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &inside, 0, NULL, &inner), 0);
    hang_up(inner);
    hang_up(outer);
}

static void redial_at_once(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN last = NULL;
    for (int round = 0; round < 5; round++) {
        HRASCONN connection = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
        CHECK(connection != last);
        last = connection;
        hang_up(connection);
    }
}

static void a_library_of_the_entrys(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), ERROR_CANNOT_DO_CUSTOMDIAL);
    CHECK(connection == NULL);
}

/* A number to call back makes no difference where the server does not ask; an asterisk needs paused states. */
static void callback_numbers(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    strcpy(params.szCallbackNumber, "*");
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_BAD_CALLBACK_NUMBER);
    CHECK(connection == NULL);
}

static const struct test tests[] = {
    TEST(handlers_of_each_type),
    TEST(returns_at_once),
    TEST(the_type_counts_only_with_a_handler),
    TEST(options_and_reserved_members),
    TEST(options_of_the_modem),
    TEST(options_of_compression),
    TEST(sizes_of_the_parameters),
    TEST(a_number_replaces_the_entrys),
    TEST(without_credentials),
    TEST(stored_credentials),
    TEST(a_connected_entry_gives_references),
    TEST(a_dial_under_way_is_refused),
    TEST(what_cannot_be_dialled_is_refused_at_once),
    TEST(a_number_without_an_entry),
    TEST(no_manager),
    TEST(starts_the_manager),
    TEST(a_wrong_password),
    TEST(a_certificate_that_is_not_trusted),
    TEST(fails_with),
    TEST(classes_of_states),
    TEST(after_connected_nothing_is_told),
    TEST(paused_states_are_off),
    TEST(dials_and_ends),
    TEST(a_synchronous_dial_is_followed_and_ended_by_another_thread),
    TEST(a_synchronous_dial_that_fails_leaves_its_handle),
    TEST(the_status_in_all_its_versions),
    TEST(the_list_of_connections),
    TEST(eap_and_mobility_wait),
    TEST(callback_numbers),
    TEST(ending_the_inner_of_two_connections),
    TEST(redial_at_once),
    TEST(a_library_of_the_entrys),
};

int main(int argc, char **argv)
{
    argument = argc > 2 ? argv[2] : "";
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

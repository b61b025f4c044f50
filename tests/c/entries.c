/* Entries of phone books and their links: the B clauses, and what the Z clauses say of them. */
#include "text.h"

/* Reads an entry with what is behind it; the caller frees it. */
static RASENTRY *read_entry(const TCHAR *name)
{
    DWORD size = 0;
    CHECK_EQUAL(RasGetEntryProperties(NULL, name, NULL, &size, NULL, NULL), ERROR_BUFFER_TOO_SMALL);
    CHECK(size >= sizeof(RASENTRY));
    RASENTRY *entry = calloc(1, size);
    entry->dwSize = sizeof *entry;
    DWORD room = size;
    CHECK_EQUAL(RasGetEntryProperties(NULL, name, entry, &room, NULL, NULL), 0);
    CHECK_EQUAL(room, size);
    return entry;
}

static RASENTRY a_vpn(const char *server)
{
    RASENTRY *defaults = read_entry(TEXT(""));
    RASENTRY entry = *defaults;
    free(defaults);
    PUT(entry.szLocalPhoneNumber, server);
    return entry;
}

static void make(const TCHAR *name, const char *server)
{
    RASENTRY entry = a_vpn(server);
    CHECK_EQUAL(RasSetEntryProperties(NULL, name, &entry, sizeof entry, NULL, 0), 0);
}

static DWORD count_entries(const TCHAR *phonebook)
{
    DWORD size = 0, count = 0;
    DWORD code = RasEnumEntries(NULL, phonebook, NULL, &size, &count);
    CHECK(code == (count == 0 ? 0 : ERROR_BUFFER_TOO_SMALL));
    CHECK_EQUAL(size, count * sizeof(RASENTRYNAME));
    return count;
}

static void list(void)
{
    DWORD before = count_entries(NULL);
    make(TEXT("first"), "one.example.com");
    make(TEXT("second"), "two.example.com");
    CHECK_EQUAL(count_entries(NULL), before + 2);
    RASENTRYNAME names[16];
    memset(names, 0xee, sizeof names);
    names[0].dwSize = sizeof names[0];
    DWORD size = sizeof names, count = 0;
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, &count), 0);
    CHECK_EQUAL(size, count * sizeof names[0]);
    int found = 0;
    for (DWORD i = 0; i < count; i++) {
        CHECK_EQUAL(names[i].dwSize, sizeof names[0]);
        CHECK_EQUAL(names[i].dwFlags, REN_User);
        CHECK(names[i].szPhonebookPath[0] == '/');
        found += text_is(names[i].szEntryName, "first") || text_is(names[i].szEntryName, "second");
    }
    CHECK_EQUAL(found, 2);
    /* One byte less, the first version, and sizes that no version has. */
    size = count * sizeof names[0] - 1;
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, &count), ERROR_BUFFER_TOO_SMALL);
    DWORD old = (DWORD)offsetof(RASENTRYNAME, dwFlags);
    old = (old + 3) / 4 * 4;
    names[0].dwSize = sizeof(TCHAR) == 1 ? 264 : 520;
    size = sizeof names;
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, &count), 0);
    CHECK_EQUAL(size, count * old);
    names[0].dwSize = sizeof names[0] - 1;
    size = 0;
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, &count), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, NULL, &count), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasEnumEntries(TEXT("reserved"), NULL, NULL, &size, &count), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasEnumEntries(NULL, TEXT("/nowhere/at/all.pbk"), NULL, &size, &count), ERROR_CANNOT_OPEN_PHONEBOOK);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("first")), 0);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("second")), 0);
    CHECK_EQUAL(count_entries(NULL), before);
}

static void names(void)
{
    CHECK_EQUAL(RasValidateEntryName(NULL, TEXT("a good name")), 0);
    make(TEXT("taken"), "vpn.example.com");
    CHECK_EQUAL(RasValidateEntryName(NULL, TEXT("TAKEN")), ERROR_ALREADY_EXISTS);
    const TCHAR *bad[] = {TEXT(""), TEXT("   "), TEXT(".hidden"), TEXT("---"), TEXT("a|b"), TEXT("a<b"), TEXT("a>b"),
                          TEXT("a?b"), TEXT("a*b"), TEXT("a\\b"), TEXT("a/b"), TEXT("a:b")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_EQUAL(RasValidateEntryName(NULL, bad[i]), ERROR_INVALID_NAME);
    CHECK_EQUAL(RasValidateEntryName(TEXT("/nowhere/at/all.pbk"), TEXT("x")), ERROR_CANNOT_OPEN_PHONEBOOK);

    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("taken"), TEXT("a|b")), 0); /* B3: a rename checks less */
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("a|b"), TEXT(".hidden")), ERROR_INVALID_NAME);
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("a|b"), TEXT(" ")), ERROR_INVALID_NAME);
    make(TEXT("other"), "vpn.example.com");
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("a|b"), TEXT("Other")), ERROR_ALREADY_EXISTS);
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("missing"), TEXT("x")), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("missing")), ERROR_INVALID_NAME); /* E5 */
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("a|b")), 0);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("other")), 0);

    CHECK_EQUAL(RasValidateEntryName(NULL, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasRenameEntry(NULL, NULL, TEXT("x")), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("x"), NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasDeleteEntry(NULL, NULL), ERROR_INVALID_PARAMETER);
    static TCHAR endless[8192];
    for (size_t i = 0; i < 8191; i++)
        endless[i] = 'x';
    CHECK_EQUAL(RasDeleteEntry(NULL, endless), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasDeleteEntry(endless, TEXT("x")), ERROR_INVALID_PARAMETER);
}

static void properties(void)
{
    DWORD size = 0;
    CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT("missing"), NULL, &size, NULL, NULL), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT(""), NULL, NULL, NULL, NULL), ERROR_INVALID_PARAMETER);
    RASENTRY entry = a_vpn("vpn.example.com");
    CHECK_EQUAL(entry.dwType, RASET_Vpn);
    CHECK(text_is(entry.szDeviceType, RASDT_Vpn[0] == 'v' ? "vpn" : ""));
    CHECK_EQUAL(entry.dwVpnStrategy, VS_SstpOnly);

    /* What goes in comes out, option bits gating members (B14) and idle seconds as they are (B15). */
    entry.dwfOptions |= RASEO_SpecificIpAddr | RASEO_UseCountryAndAreaCodes | RASEO_PreviewDomain;
    entry.ipaddr = (RASIPADDR){10, 1, 2, 3};
    entry.dwCountryID = 49;
    entry.dwCountryCode = 49;
    PUT(entry.szAreaCode, "030");
    entry.dwCountryID = 99999; /* no country */
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("office"), &entry, sizeof entry, NULL, 0), ERROR_INVALID_PARAMETER);
    entry.dwCountryID = 49;
    entry.ipaddrDns = (RASIPADDR){10, 9, 9, 9}; /* not gated in: does not count */
    entry.dwIdleDisconnectSeconds = 120;
    entry.dwRedialCount = 7;
    entry.dwEncryptionType = ET_RequireMax;
    PUT(entry.szDnsSuffix, "corp.example.com");
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("office"), &entry, sizeof entry, NULL, 0), 0);
    RASENTRY *read = read_entry(TEXT("Office"));
    CHECK_EQUAL(read->ipaddr.d, 3);
    CHECK_EQUAL(read->dwCountryCode, 49);
    CHECK(text_is(read->szAreaCode, "030"));
    CHECK_EQUAL(read->ipaddrDns.a, 0);
    CHECK_EQUAL(read->dwIdleDisconnectSeconds, 120);
    CHECK_EQUAL(read->dwRedialCount, 7);
    CHECK_EQUAL(read->dwEncryptionType, ET_RequireMax);
    CHECK(text_is(read->szDnsSuffix, "corp.example.com"));
    CHECK(text_is(read->szLocalPhoneNumber, "vpn.example.com"));
    CHECK_EQUAL(read->dwfOptions, entry.dwfOptions | RASEO_RequireDataEncryption);
    CHECK_EQUAL(read->dwAlternateOffset, 0);
    static const GUID none;
    CHECK(memcmp(&read->guidId, &none, sizeof none) != 0);

    /* Reading and writing back changes nothing. */
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("office"), read, sizeof *read, NULL, 0), 0);
    RASENTRY *again = read_entry(TEXT("office"));
    CHECK(memcmp(read, again, sizeof *read) == 0);
    for (DWORD idle = 0; idle < 2; idle++) {
        read->dwIdleDisconnectSeconds = idle ? RASIDS_Disabled : RASIDS_UseGlobalValue;
        CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("office"), read, sizeof *read, NULL, 0), 0);
        free(again);
        again = read_entry(TEXT("office"));
        CHECK_EQUAL(again->dwIdleDisconnectSeconds, read->dwIdleDisconnectSeconds);
    }
    free(again);
    free(read);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("office")), 0);
}

static void mandatory(void)
{
    RASENTRY good = a_vpn("vpn.example.com"), entry = good;
    DWORD size = sizeof entry;
#define REFUSED(change, code)                                                                                           \
    do {                                                                                                                \
        entry = good;                                                                                                   \
        change;                                                                                                         \
        CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("new"), &entry, size, NULL, 0), code);                              \
    } while (0)
    REFUSED(entry.szLocalPhoneNumber[0] = 0, ERROR_INVALID_PARAMETER);
    REFUSED(entry.szDeviceName[0] = 0, ERROR_INVALID_PARAMETER);
    REFUSED(entry.szDeviceType[0] = 0, ERROR_INVALID_PARAMETER);
    REFUSED(entry.dwFramingProtocol = 0, ERROR_INVALID_PARAMETER);
    REFUSED(entry.dwType = 0, ERROR_INVALID_PARAMETER);
    REFUSED(entry.dwSize--, ERROR_INVALID_SIZE);
    REFUSED(entry.dwSize = 0, ERROR_INVALID_SIZE);
    REFUSED(memset(entry.szDnsSuffix, 'x', sizeof entry.szDnsSuffix), ERROR_INVALID_PARAMETER);
    REFUSED(entry.dwAlternateOffset = sizeof entry, ERROR_BUFFER_INVALID);
    REFUSED(entry.dwAlternateOffset = 0xffffffff, ERROR_BUFFER_INVALID);
    size--;
    REFUSED((void)0, ERROR_BUFFER_INVALID);
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("new"), NULL, size, NULL, 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasSetEntryProperties(NULL, NULL, &good, sizeof good, NULL, 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("a|b"), &good, sizeof good, NULL, 0), ERROR_INVALID_NAME);
}

/* The structure with strings behind it. */
struct with_numbers {
    RASENTRY entry;
    TCHAR numbers[64];
};

static void alternates(void)
{
    static struct with_numbers given;
    given.entry = a_vpn("one.example.com");
    given.entry.dwAlternateOffset = (DWORD)offsetof(struct with_numbers, numbers);
    PUT(given.numbers, "two.example.com");
    put(given.numbers + 16, 48, "three.example.com");
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("many"), &given.entry, sizeof given, NULL, 0), 0);
    RASENTRY *read = read_entry(TEXT("many"));
    CHECK_EQUAL(read->dwAlternateOffset, sizeof *read);
    const TCHAR *list = (const TCHAR *)(const void *)((const char *)read + read->dwAlternateOffset);
    CHECK(text_is(list, "two.example.com"));
    CHECK(text_is(list + 16, "three.example.com"));
    CHECK(list[16 + 18] == 0);

    /* The room for the list is asked for. */
    DWORD size = sizeof *read;
    CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT("many"), read, &size, NULL, NULL), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof *read + (16 + 18 + 1) * sizeof(TCHAR));
    free(read);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("many")), 0);
}

static void old_versions(void)
{
    static const DWORD narrow[] = {1768, 1796, 2088, 2884, 2924, 2948, 3480};
    static const DWORD wide[] = {3468, 3496, 4048, 5616, 5656, 5680, 6724};
    const DWORD *sizes = sizeof(TCHAR) == 1 ? narrow : wide;
    RASENTRY entry = a_vpn("vpn.example.com");
    PUT(entry.szDnsSuffix, "corp.example.com");
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("old"), &entry, sizeof entry, NULL, 0), 0);
    for (int i = 0; i < 7; i++) {
        unsigned char *memory = malloc(sizes[i]); /* not one byte more, and none beyond is touched */
        memset(memory, 0, sizes[i]);
        memcpy(memory, &sizes[i], sizeof sizes[i]);
        DWORD size = sizes[i];
        CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT("old"), (RASENTRY *)(void *)memory, &size, NULL, NULL), 0);
        CHECK_EQUAL(size, sizes[i]);
        CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("old"), (RASENTRY *)(void *)memory, sizes[i], NULL, 0), 0);
        free(memory);
        RASENTRY *read = read_entry(TEXT("old"));
        CHECK(text_is(read->szDnsSuffix, "corp.example.com"));
        CHECK_EQUAL(read->dwType, RASET_Vpn);
        CHECK_EQUAL(read->dwVpnStrategy, VS_SstpOnly);
        free(read);
    }
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("old")), 0);
}

static void links(void)
{
    make(TEXT("linked"), "one.example.com");
    RASSUBENTRY link;
    memset(&link, 0, sizeof link);
    link.dwSize = sizeof link;
    DWORD size = sizeof link;
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), 1, &link, &size, NULL, NULL), 0);
    CHECK(text_is(link.szLocalPhoneNumber, "one.example.com"));
    CHECK_EQUAL(link.dwfFlags, 0);
    PUT(link.szLocalPhoneNumber, "two.example.com");
    link.dwfFlags = 0xffff; /* M9: not used */
    CHECK_EQUAL(RasSetSubEntryProperties(NULL, TEXT("linked"), 2, &link, sizeof link, NULL, 0), 0);
    RASENTRY *entry = read_entry(TEXT("linked"));
    CHECK_EQUAL(entry->dwSubEntries, 2);
    free(entry);
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), 2, &link, &size, NULL, NULL), 0);
    CHECK(text_is(link.szLocalPhoneNumber, "two.example.com"));
    CHECK_EQUAL(link.dwfFlags, 0);
    CHECK_EQUAL(RasDeleteSubEntry(NULL, TEXT("linked"), 1), 0);
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), 1, &link, &size, NULL, NULL), 0);
    CHECK(text_is(link.szLocalPhoneNumber, "two.example.com"));

    for (DWORD wrong = 0; wrong < 4; wrong += 3) {
        CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), wrong, &link, &size, NULL, NULL), ERROR_INVALID_PARAMETER);
        CHECK_EQUAL(RasSetSubEntryProperties(NULL, TEXT("linked"), wrong, &link, sizeof link, NULL, 0), ERROR_INVALID_PARAMETER);
        CHECK_EQUAL(RasDeleteSubEntry(NULL, TEXT("linked"), wrong), ERROR_INVALID_PARAMETER);
    }
    size = 0;
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), 1, NULL, &size, NULL, NULL), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof link);
    link.dwSize++;
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("linked"), 1, &link, &size, NULL, NULL), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasSetSubEntryProperties(NULL, TEXT("linked"), 1, &link, sizeof link, NULL, 0), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasSetSubEntryProperties(NULL, TEXT("linked"), 1, NULL, sizeof link, NULL, 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("missing"), 1, NULL, &size, NULL, NULL), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasDeleteSubEntry(NULL, TEXT("missing"), 1), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("linked")), 0);
}

static void misaligned(void)
{
    static char memory[sizeof(RASENTRY) + 1];
    DWORD size = sizeof(RASENTRY);
    memcpy(memory + 1, &size, sizeof size);
    CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT(""), (RASENTRY *)(void *)(memory + 1), &size, NULL, NULL), 0);
    RASENTRY entry;
    memcpy(&entry, memory + 1, sizeof entry);
    CHECK_EQUAL(entry.dwType, RASET_Vpn);
}

/* The path of a phone book that does not exist, in a folder that does. */
static void named_books(const char *path)
{
    static TCHAR book[1024];
    put(book, 1024, path);
    RASENTRY entry = a_vpn("vpn.example.com");
    CHECK(access(path, F_OK) != 0);
    CHECK_EQUAL(RasSetEntryProperties(book, TEXT("only here"), &entry, sizeof entry, NULL, 0), 0);
    CHECK(access(path, F_OK) == 0); /* B10: made with its first entry */
    CHECK_EQUAL(count_entries(book), 1);
    CHECK_EQUAL(RasValidateEntryName(book, TEXT("only here")), ERROR_ALREADY_EXISTS);
    CHECK_EQUAL(RasValidateEntryName(NULL, TEXT("only here")), 0);
    DWORD size = 0;
    CHECK_EQUAL(RasGetEntryProperties(NULL, TEXT("only here"), NULL, &size, NULL, NULL), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasDeleteEntry(book, TEXT("only here")), 0);
    CHECK_EQUAL(count_entries(book), 0);
}

/* A connected entry cannot be deleted, but renamed. */
static void connected(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(RasDeleteEntryA(NULL, "lab"), ERROR_CANNOT_DELETE);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
    CHECK_EQUAL(RasDeleteEntryA(NULL, "lab"), 0);
}

/* B9, B12: the entry that stands in the phone book of all users. */
static void of_all_users(void)
{
    RASENTRYNAME names[16];
    names[0].dwSize = sizeof names[0];
    DWORD size = sizeof names, count = 0;
    CHECK_EQUAL(RasEnumEntries(NULL, NULL, names, &size, &count), 0);
    for (DWORD i = 0; i < count; i++) {
        if (text_is(names[i].szEntryName, "For all")) {
            CHECK_EQUAL(names[i].dwFlags, REN_AllUsers);
            return;
        }
    }
    CHECK(!"it is listed");
}

/* E10, K5: of a user without rights, at the machine's manager. */
static void not_mine(void)
{
    RASENTRY *entry = read_entry(TEXT("ours"));
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("ours"), entry, sizeof *entry, NULL, 0), ERROR_ACCESS_DENIED);
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("new"), entry, sizeof *entry, NULL, 0), ERROR_ACCESS_DENIED);
    free(entry);
    CHECK_EQUAL(RasRenameEntry(NULL, TEXT("ours"), TEXT("mine")), ERROR_ACCESS_DENIED);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("ours")), ERROR_ACCESS_DENIED);
    RASCREDENTIALS credentials;
    memset(&credentials, 0, sizeof credentials);
    credentials.dwSize = sizeof credentials;
    credentials.dwMask = RASCM_UserName | RASCM_DefaultCreds;
    PUT(credentials.szUserName, "alice");
    CHECK_EQUAL(RasSetCredentials(NULL, TEXT("ours"), &credentials, FALSE), ERROR_ACCESS_DENIED);
    credentials.dwMask = RASCM_UserName;
    CHECK_EQUAL(RasSetCredentials(NULL, TEXT("ours"), &credentials, FALSE), 0);
    BOOL on = FALSE;
    CHECK_EQUAL(RasGetAutodialEnable(0, &on), 0);
    CHECK_EQUAL(RasSetAutodialEnable(0, FALSE), ERROR_ACCESS_DENIED);
}

/* B16: the option stays as it was set, and a dial does what it does without. */
static void logon_credentials(void)
{
    RASENTRY *entry = read_entry(TEXT("Lab"));
    entry->dwfOptions |= RASEO_UseLogonCredentials;
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("Lab"), entry, sizeof *entry, NULL, 0), 0);
    free(entry);
    entry = read_entry(TEXT("Lab"));
    CHECK((entry->dwfOptions & RASEO_UseLogonCredentials) != 0);
    free(entry);
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
}

static DWORD link_told(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                       DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    record_add(&the_record, told);
    return 1;
}

static DWORD dial_lab(const char *password, LPVOID notifier, HRASCONN *connection)
{
    RASDIALPARAMSA params = params_for("Lab", password);
    params.dwSubEntry = 7; /* A62: no such link, so it is the first */
    return RasDialA(NULL, NULL, &params, 2, notifier, connection);
}

/* Several links at once are refused; of an entry that has several, one is dialled. */
static void several_links(void)
{
    RASSUBENTRY second;
    DWORD size = second.dwSize = sizeof second;
    CHECK_EQUAL(RasGetSubEntryProperties(NULL, TEXT("Lab"), 1, &second, &size, NULL, NULL), 0);
    CHECK_EQUAL(RasSetSubEntryProperties(NULL, TEXT("Lab"), 2, &second, sizeof second, NULL, 0), 0);
    RASENTRY *entry = read_entry(TEXT("Lab"));
    CHECK_EQUAL(entry->dwSubEntries, 2);
    HRASCONN connection = NULL;
    for (DWORD mode = RASEDM_DialAll; mode <= RASEDM_DialAsNeeded; mode++) {
        entry->dwDialMode = mode;
        CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("Lab"), entry, sizeof *entry, NULL, 0), 0);
        CHECK_EQUAL(dial_lab("wonderland", NOTIFIER(link_told), &connection), ERROR_NOT_SUPPORTED);
        CHECK(connection == NULL);
    }
    entry->dwDialMode = 0;
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("Lab"), entry, sizeof *entry, NULL, 0), 0);
    free(entry);

    CHECK_EQUAL(dial_lab("wonderland", NOTIFIER(link_told), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    for (int i = 0; i < the_record.count; i++) {
        CHECK_EQUAL(the_record.told[i].subentry, 1);
        CHECK(the_record.told[i].state != RASCS_SubEntryConnected); /* N7 */
        CHECK(the_record.told[i].state != RASCS_SubEntryDisconnected);
    }
    /* M2, M5: a connection of one link is that link. */
    HRASCONN link = NULL;
    CHECK_EQUAL(RasGetSubEntryHandle(connection, 1, &link), 0);
    CHECK(link == connection);
    CHECK_EQUAL(RasGetSubEntryHandle(connection, 2, &link), ERROR_NO_MORE_ITEMS);
    /* M6, H10, H11: and so are its status, its projection and its hang-up. */
    CHECK_EQUAL(status_of(link).rasconnstate, RASCS_Connected);
    RASPPPIP whole, part;
    size = whole.dwSize = part.dwSize = sizeof whole;
    CHECK_EQUAL(RasGetProjectionInfo(connection, RASP_PppIp, &whole, &size), 0);
    CHECK_EQUAL(RasGetProjectionInfo(link, RASP_PppIp, &part, &size), 0);
    CHECK(memcmp(&whole, &part, sizeof whole) == 0);
    CHECK_EQUAL(RasHangUp(link), 0);
    wait_gone(connection);
    CHECK_EQUAL(RasGetSubEntryHandle(connection, 1, &link), ERROR_INVALID_HANDLE);

    connection = NULL;
    the_record.count = 0;
    CHECK_EQUAL(dial_lab("looking-glass", NOTIFIER(link_told), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).error, ERROR_AUTHENTICATION_FAILURE);
    CHECK_EQUAL(RasGetSubEntryHandle(connection, 1, &link), ERROR_PORT_NOT_OPEN);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
}

static const char *the_path;

/* What RasEnumDevices calls a modem, an entry may name as its device. The test says which port that is. */
static void a_listed_modem(void)
{
    RASDEVINFO devices[16];
    devices[0].dwSize = sizeof devices[0];
    DWORD size = sizeof devices, count = 0, modem = 0;
    CHECK_EQUAL(RasEnumDevices(devices, &size, &count), 0);
    while (modem < count && !text_is(devices[modem].szDeviceType, "modem"))
        modem++;
    CHECK(modem < count && text_is(devices[modem].szDeviceName, the_path));

    RASENTRY *defaults = read_entry(TEXT(""));
    RASENTRY entry = *defaults;
    free(defaults);
    entry.dwType = RASET_Phone;
    memcpy(entry.szDeviceType, devices[modem].szDeviceType, sizeof entry.szDeviceType);
    memcpy(entry.szDeviceName, devices[modem].szDeviceName, sizeof entry.szDeviceName);
    PUT(entry.szLocalPhoneNumber, "5551234");
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("modem"), &entry, sizeof entry, NULL, 0), 0);
    RASENTRY *read = read_entry(TEXT("modem"));
    CHECK(text_is(read->szDeviceName, the_path) && text_is(read->szDeviceType, "modem"));
    free(read);

    RASDIALPARAMSA params = params_for("modem", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    RASCONNSTATUSA status = status_of(connection);
    CHECK(strcmp(status.szDeviceName, the_path) == 0 && strcmp(status.szDeviceType, "modem") == 0);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);

    /* A name of Windows' says of no port here. */
    PUT(entry.szDeviceName, "Standard 56000 bps Modem");
    CHECK_EQUAL(RasSetEntryProperties(NULL, TEXT("modem"), &entry, sizeof entry, NULL, 0), 0);
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_PORT_NOT_FOUND);
    CHECK(connection == NULL);
    CHECK_EQUAL(RasDeleteEntry(NULL, TEXT("modem")), 0);
}

static void books(void)
{
    named_books(the_path);
}

static const struct test tests[] = {TEST(list),         TEST(names), TEST(properties), TEST(mandatory), TEST(alternates),
                                    TEST(old_versions), TEST(links), TEST(misaligned), TEST(books),     TEST(connected),
                                    TEST(of_all_users), TEST(not_mine), TEST(logon_credentials),
                                    TEST(a_listed_modem), TEST(several_links)};

int main(int argc, char **argv)
{
    the_path = argc > 2 ? argv[2] : NULL;
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

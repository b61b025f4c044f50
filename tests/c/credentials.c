/* Stored credentials, dial parameters and EAP data: the K clauses. */
#include "text.h"

#define ENTRY TEXT("Lab")
#define E_INVALID 0x80070057u
static const char asterisks[] = "****************";

static RASCREDENTIALS stored(DWORD mask)
{
    RASCREDENTIALS found;
    memset(&found, 0xee, sizeof found);
    found.dwSize = sizeof found;
    found.dwMask = mask;
    CHECK_EQUAL(RasGetCredentials(NULL, ENTRY, &found), 0);
    return found;
}

static DWORD set(DWORD mask, const char *user, const char *password, const char *domain, BOOL clear)
{
    RASCREDENTIALS new;
    memset(&new, 0, sizeof new);
    new.dwSize = sizeof new;
    new.dwMask = mask;
    PUT(new.szUserName, user);
    PUT(new.szPassword, password);
    PUT(new.szDomain, domain);
    return RasSetCredentials(NULL, ENTRY, &new, clear);
}

#define LOGIN (RASCM_UserName | RASCM_Password | RASCM_Domain)

static void masks(void)
{
    RASCREDENTIALS found = stored(LOGIN);
    CHECK_EQUAL(found.dwMask, 0);
    CHECK(found.szUserName[0] == 0 && found.szPassword[0] == 0);
    CHECK_EQUAL(set(LOGIN, "alice", "wonderland", "CORP", FALSE), 0);
    found = stored(LOGIN);
    CHECK_EQUAL(found.dwMask, LOGIN);
    CHECK(text_is(found.szUserName, "alice"));
    CHECK(text_is(found.szPassword, asterisks));
    CHECK(text_is(found.szDomain, "CORP"));
    found = stored(RASCM_Domain);
    CHECK_EQUAL(found.dwMask, RASCM_Domain);
    CHECK(found.szUserName[0] == 0 && found.szPassword[0] == 0);

    /* K3: the asterisks change nothing; the password still connects. */
    CHECK_EQUAL(set(LOGIN, "alice", asterisks, "", FALSE), 0);
    RASDIALPARAMSA params = params_for("Lab", "");
    params.szUserName[0] = 0;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);

    /* K4 */
    CHECK_EQUAL(set(RASCM_Password, "", "", "", TRUE), 0);
    found = stored(LOGIN);
    CHECK_EQUAL(found.dwMask, RASCM_UserName);
    CHECK(found.szPassword[0] == 0);

    /* K5 */
    CHECK_EQUAL(set(LOGIN | RASCM_DefaultCreds, "alice", "x", "", FALSE), ERROR_ACCESS_DENIED);
    CHECK_EQUAL(set(RASCM_PreSharedKey, "", "a key", "", FALSE), 0);
    found = stored(RASCM_PreSharedKey);
    CHECK_EQUAL(found.dwMask, RASCM_PreSharedKey);
    CHECK(text_is(found.szPassword, asterisks));
    CHECK_EQUAL(stored(RASCM_Password).dwMask, 0);
}

static void refusals(void)
{
    RASCREDENTIALS found = stored(LOGIN);
    CHECK_EQUAL(RasGetCredentials(NULL, ENTRY, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetCredentials(NULL, NULL, &found), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetCredentials(NULL, TEXT("missing"), &found), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasGetCredentials(TEXT("/nowhere/at/all.pbk"), ENTRY, &found), ERROR_CANNOT_OPEN_PHONEBOOK);
    CHECK_EQUAL(RasSetCredentials(NULL, TEXT("missing"), &found, FALSE), ERROR_INVALID_PARAMETER); /* E5 */
    CHECK_EQUAL(RasSetCredentials(NULL, ENTRY, NULL, FALSE), ERROR_INVALID_PARAMETER);
    found.dwMask = 0x100;
    CHECK_EQUAL(RasGetCredentials(NULL, ENTRY, &found), ERROR_INVALID_PARAMETER);
    found.dwMask = RASCM_UserName;
    memset(found.szUserName, 'x', sizeof found.szUserName);
    CHECK_EQUAL(RasSetCredentials(NULL, ENTRY, &found, FALSE), ERROR_INVALID_PARAMETER);
    for (DWORD wrong = 0; wrong < 2 * sizeof found; wrong += sizeof found - 1) {
        found.dwSize = wrong;
        CHECK_EQUAL(RasGetCredentials(NULL, ENTRY, &found), ERROR_INVALID_SIZE);
        CHECK_EQUAL(RasSetCredentials(NULL, ENTRY, &found, FALSE), ERROR_INVALID_SIZE);
    }
}

static RASDIALPARAMS params_of(BOOL *has_password)
{
    RASDIALPARAMS params;
    memset(&params, 0, sizeof params);
    params.dwSize = sizeof params;
    PUT(params.szEntryName, "Lab");
    PUT(params.szPhoneNumber, "mine");
    params.dwCallbackId = 0x123456789abcdef0;
    CHECK_EQUAL(RasGetEntryDialParams(NULL, &params, has_password), 0);
    return params;
}

static void dial_params(void)
{
    BOOL has_password = -1;
    RASDIALPARAMS params = params_of(&has_password);
    CHECK_EQUAL(has_password, FALSE);
    CHECK(params.szUserName[0] == 0 && params.szPassword[0] == 0);
    CHECK(text_is(params.szPhoneNumber, "mine")); /* K6: left alone */
    CHECK_EQUAL(params.dwCallbackId, 0x123456789abcdef0);

    PUT(params.szUserName, "alice");
    PUT(params.szPassword, "wonderland");
    PUT(params.szDomain, "CORP");
    PUT(params.szCallbackNumber, "5550100");
    CHECK_EQUAL(RasSetEntryDialParams(NULL, &params, FALSE), 0);
    params = params_of(&has_password);
    CHECK_EQUAL(has_password, TRUE);
    CHECK(text_is(params.szUserName, "alice"));
    CHECK(text_is(params.szPassword, asterisks));
    CHECK(text_is(params.szDomain, "CORP"));
    CHECK(text_is(params.szCallbackNumber, "5550100"));

    /* K7: empty members leave what is stored, removal wins over a password. */
    memset(params.szUserName, 0, sizeof params.szUserName);
    memset(params.szDomain, 0, sizeof params.szDomain);
    memset(params.szCallbackNumber, 0, sizeof params.szCallbackNumber);
    PUT(params.szPassword, "other");
    CHECK_EQUAL(RasSetEntryDialParams(NULL, &params, TRUE), 0);
    params = params_of(&has_password);
    CHECK_EQUAL(has_password, TRUE);
    CHECK(text_is(params.szDomain, "CORP"));
    PUT(params.szPassword, "other");
    CHECK_EQUAL(RasSetEntryDialParams(NULL, &params, TRUE), 0);
    params = params_of(&has_password);
    CHECK_EQUAL(has_password, FALSE);
    CHECK(text_is(params.szUserName, "alice"));
    CHECK(params.szPassword[0] == 0);

    CHECK_EQUAL(RasGetEntryDialParams(NULL, NULL, &has_password), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(RasGetEntryDialParams(NULL, &params, NULL), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(RasSetEntryDialParams(NULL, NULL, FALSE), ERROR_BUFFER_INVALID);
    PUT(params.szEntryName, "missing");
    CHECK_EQUAL(RasGetEntryDialParams(NULL, &params, &has_password), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasSetEntryDialParams(NULL, &params, FALSE), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasGetEntryDialParams(TEXT("/nowhere/at/all.pbk"), &params, &has_password), ERROR_CANNOT_OPEN_PHONEBOOK);
    params.dwSize--;
    CHECK_EQUAL(RasGetEntryDialParams(NULL, &params, &has_password), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasSetEntryDialParams(NULL, &params, FALSE), ERROR_INVALID_SIZE);
}

/* Every version of the parameters, in memory that is not one byte longer. */
static void old_params(void)
{
    static const DWORD narrow[] = {1052, 1064, 1068, 1076};
    static const DWORD wide[] = {2096, 2108, 2112, 2120};
    const DWORD *sizes = sizeof(TCHAR) == 1 ? narrow : wide;
    CHECK_EQUAL(set(LOGIN, "alice", "wonderland", "", FALSE), 0);
    for (int i = 0; i < 4; i++) {
        RASDIALPARAMS *params = calloc(1, sizes[i]);
        params->dwSize = sizes[i];
        PUT(params->szEntryName, "Lab");
        BOOL has_password = FALSE;
        CHECK_EQUAL(RasGetEntryDialParams(NULL, params, &has_password), 0);
        CHECK_EQUAL(params->dwSize, sizes[i]);
        CHECK_EQUAL(has_password, TRUE);
        CHECK(text_is(params->szUserName, "alice"));
        free(params);
    }
}

/* What DotRas does before every dial, and what the last successful dial leaves behind. */
static void remembered(void)
{
    DWORD size = 77;
    CHECK_EQUAL(RasGetEapUserData(NULL, NULL, ENTRY, NULL, &size), 0);
    CHECK_EQUAL(size, 0);
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(RasHangUp(connection), 0);
    wait_gone(connection);
    BOOL has_password = FALSE;
    for (int i = 0; i < 10000 && !has_password; i++) { /* the manager stores it behind the dial's back */
        RASDIALPARAMS found = params_of(&has_password);
        CHECK(!has_password || text_is(found.szUserName, "alice"));
        struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
    }
    CHECK_EQUAL(has_password, TRUE);
}

typedef DWORD (*get_data)(BYTE *data, DWORD *size);
typedef DWORD (*set_data)(BYTE *data, DWORD size);

static DWORD get_user(BYTE *data, DWORD *size)
{
    return RasGetEapUserData(NULL, NULL, ENTRY, data, size);
}

static DWORD set_user(BYTE *data, DWORD size)
{
    return RasSetEapUserData(NULL, NULL, ENTRY, data, size);
}

static DWORD get_custom(BYTE *data, DWORD *size)
{
    return RasGetCustomAuthData(NULL, ENTRY, data, size);
}

static DWORD set_custom(BYTE *data, DWORD size)
{
    return RasSetCustomAuthData(NULL, ENTRY, data, size);
}

static void blob(get_data get, set_data put_data)
{
    DWORD size = 77;
    CHECK_EQUAL(get(NULL, &size), 0);
    CHECK_EQUAL(size, 0);
    CHECK_EQUAL(get(NULL, NULL), E_INVALID);
    BYTE data[300], read[300];
    for (int i = 0; i < 300; i++)
        data[i] = (BYTE)i;
    CHECK_EQUAL(put_data(NULL, 4), E_INVALID);
    CHECK_EQUAL(put_data(data, 0), E_INVALID);
    CHECK_EQUAL(put_data(data, sizeof data), 0);
    CHECK_EQUAL(get(NULL, &size), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof data);
    size = sizeof data - 1;
    CHECK_EQUAL(get(read, &size), ERROR_BUFFER_TOO_SMALL);
    CHECK_EQUAL(size, sizeof data);
    CHECK_EQUAL(get(read, &size), 0);
    CHECK(memcmp(data, read, sizeof data) == 0);
}

static void eap_data(void)
{
    blob(get_user, set_user);
    blob(get_custom, set_custom);
    DWORD size = 0;
    CHECK_EQUAL(RasGetEapUserData(NULL, NULL, TEXT("missing"), NULL, &size), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasGetCustomAuthData(NULL, TEXT("missing"), NULL, &size), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);
    CHECK_EQUAL(RasGetEapUserData(&size, NULL, ENTRY, NULL, &size), ERROR_NOT_SUPPORTED);
}

static void identity(void)
{
    RASEAPUSERIDENTITY *found = (RASEAPUSERIDENTITY *)(void *)&found;
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, ENTRY, 0, NULL, &found), ERROR_INVALID_FUNCTION_FOR_ENTRY);
    CHECK(found == NULL);
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, ENTRY, 0, NULL, NULL), E_INVALID);
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, ENTRY, 0x100, NULL, &found), E_INVALID);
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, TEXT("missing"), 0, NULL, &found), ERROR_CANNOT_FIND_PHONEBOOK_ENTRY);

    RASENTRY entry;
    memset(&entry, 0, sizeof entry);
    entry.dwSize = sizeof entry;
    DWORD size = sizeof entry;
    CHECK_EQUAL(RasGetEntryProperties(NULL, ENTRY, &entry, &size, NULL, NULL), 0);
    entry.dwfOptions |= RASEO_RequireEAP;
    entry.dwCustomAuthKey = 13; /* EAP-TLS */
    CHECK_EQUAL(RasSetEntryProperties(NULL, ENTRY, &entry, size, NULL, 0), 0);
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, ENTRY, RASEAPF_NonInteractive, NULL, &found), ERROR_INTERACTIVE_MODE);
    CHECK_EQUAL(set(RASCM_UserName, "alice", "", "", FALSE), 0);
    BYTE data[] = {1, 2, 3, 4, 5};
    CHECK_EQUAL(set_user(data, sizeof data), 0);
    CHECK_EQUAL(RasGetEapUserIdentity(NULL, ENTRY, RASEAPF_NonInteractive, NULL, &found), 0);
    CHECK(text_is(found->szUserName, "alice"));
    CHECK_EQUAL(found->dwSizeofEapInfo, sizeof data);
    CHECK(memcmp(found->pbEapInfo, data, sizeof data) == 0);
    RasFreeEapUserIdentity(found);
    RasFreeEapUserIdentity(NULL);
}

static const struct test tests[] = {TEST(masks),    TEST(refusals), TEST(dial_params), TEST(old_params),
                                    TEST(remembered), TEST(eap_data), TEST(identity)};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

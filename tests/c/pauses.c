/* Paused states: the P clauses, and S6. */
#include "record.h"

static RASDIALEXTENSIONS paused_states(void)
{
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = RDEOPT_PausedStates;
    return extensions;
}

static DWORD dial(const char *password, DWORD type, LPVOID notifier, HRASCONN *connection)
{
    RASDIALEXTENSIONS extensions = paused_states();
    RASDIALPARAMSA params = params_for("Lab", password);
    return RasDialA(&extensions, NULL, &params, type, notifier, connection);
}

static HRASCONN start(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("looking-glass", 2, NOTIFIER(func2), &connection), 0);
    return connection;
}

static void hang_up(HRASCONN connection)
{
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* Waits until a dial is told this state. */
static int is_called_back(const struct told *told)
{
    return told->state == RASCS_WaitForCallback;
}

static DWORD dial_with_number(const char *number, HRASCONN *connection)
{
    RASDIALEXTENSIONS extensions = paused_states();
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    strcpy(params.szCallbackNumber, number);
    return RasDialA(&extensions, NULL, &params, 2, NOTIFIER(func2), connection);
}

static void a_callback_number(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_number("*", &connection), 0);
    struct told pause = record_wait(&the_record, is_paused);
    CHECK_EQUAL(pause.state, RASCS_CallbackSetByCaller);
    CHECK_EQUAL(pause.error, 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_CallbackSetByCaller);
    HRASCONN same = connection;
    CHECK_EQUAL(dial_with_number("nowhere", &same), ERROR_BAD_CALLBACK_NUMBER);
    CHECK_EQUAL(dial_with_number("5550199", &same), 0);
    CHECK(same == connection);
    CHECK_EQUAL(record_wait(&the_record, is_called_back).error, 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

/* A synchronous call lasts until the server has called back, and a number needs no question. */
static void a_call_that_lasts(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    strcpy(params.szCallbackNumber, "5550199");
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Connected);
    hang_up(connection);
}

static void a_second_password(void)
{
    HRASCONN connection = start();
    struct told pause = record_wait(&the_record, is_paused);
    CHECK_EQUAL(pause.state, RASCS_RetryAuthentication);
    CHECK_EQUAL(pause.error, 0);
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.rasconnstate, RASCS_RetryAuthentication);
    CHECK_EQUAL(status.dwError, ERROR_AUTHENTICATION_FAILURE);
    int count = record_count(&the_record);
    /* Another handler, or none, is another dial. */
    HRASCONN same = connection;
    CHECK_EQUAL(dial("wonderland", 0, NOTIFIER(func), &same), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(dial("wonderland", 0, NULL, &same), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), 0);
    CHECK(same == connection);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    /* The states that follow are told, and the pause is not told again. */
    CHECK(record_count(&the_record) > count + 2);
    for (int i = count; i < the_record.count; i++) {
        CHECK((the_record.told[i].state & RASCS_PAUSED) == 0);
        CHECK(the_record.told[i].handle == connection);
        CHECK(pthread_equal(the_record.told[i].thread, the_record.told[0].thread));
    }
    /* There is nothing to resume any more. */
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INVALID_AUTH_STATE);
    hang_up(connection);
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INVALID_HANDLE);
    same = (HRASCONN)(ULONG_PTR)1;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INVALID_HANDLE);
}

/* The server takes several passwords: a wrong one more is a pause more. */
static int pauses;

static int is_second_pause(const struct told *told)
{
    (void)told;
    int found = 0;
    for (int i = 0; i < the_record.count; i++)
        found += is_paused(&the_record.told[i]);
    return found == pauses;
}

static void wrong_again(void)
{
    HRASCONN connection = start();
    record_wait(&the_record, is_paused);
    CHECK_EQUAL(dial("through-the-looking-glass", 2, NOTIFIER(func2), &connection), 0);
    pauses = 2;
    record_wait(&the_record, is_second_pause);
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

static void hanging_up_in_place_of_a_resume(void)
{
    HRASCONN connection = start();
    record_wait(&the_record, is_paused);
    int count = record_count(&the_record);
    hang_up(connection);
    CHECK_EQUAL(record_count(&the_record), count);
}

static void a_running_dial_is_not_paused(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &connection), 0);
    HRASCONN same = connection;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INVALID_AUTH_STATE);
    hang_up(connection);
}

static void a_synchronous_dial_pauses(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("looking-glass", 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    CHECK(connection != NULL);
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.rasconnstate, RASCS_RetryAuthentication);
    CHECK_EQUAL(status.dwError, ERROR_AUTHENTICATION_FAILURE);
    HRASCONN same = connection;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(dial("wonderland", 0, NULL, &same), 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Connected);
    hang_up(connection);
    connection = NULL;
    CHECK_EQUAL(dial("looking-glass", 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    hang_up(connection);
}

static void a_pause_in_a_queue(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("looking-glass", RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection), 0);
    RASMESSAGE message;
    int asked = 0;
    do {
        message.dwSize = sizeof message;
        CHECK_EQUAL(RasGetQueueMessage(queue, &message, 30000), 0);
        CHECK_EQUAL(message.lParam, 0);
        if (message.wParam == RASCS_RetryAuthentication) {
            asked++;
            CHECK_EQUAL(dial("wonderland", RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection), 0);
        }
    } while ((message.wParam & RASCS_DONE) == 0);
    CHECK_EQUAL(asked, 1);
    CHECK_EQUAL(message.wParam, RASCS_Connected);
    hang_up(connection);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
}

/* The extensions with what takes the place of EAP's dialog. */
static DWORD invoke(HRASCONN connection, const void *data, DWORD length)
{
    RASDIALEXTENSIONS extensions = paused_states();
    extensions.RasEapInfo.dwSizeofEapInfo = length;
    extensions.RasEapInfo.pbEapInfo = (LPBYTE)data;
    return RasInvokeEapUI(connection, 1, &extensions, NULL);
}

static RASEAPQUESTION question_of(HRASCONN connection)
{
    RASEAPQUESTION question;
    memset(&question, 0, sizeof question);
    CHECK_EQUAL(RasGetEapQuestion(connection, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasGetEapQuestion(connection, &question), ERROR_INVALID_SIZE);
    question.dwSize = sizeof question;
    CHECK_EQUAL(RasGetEapQuestion(NULL, &question), ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasGetEapQuestion(connection, &question), 0);
    return question;
}

static void a_certificate_that_is_not_trusted(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_paused).state, RASCS_InvokeEapUI);
    RASEAPQUESTION question = question_of(connection);
    CHECK_EQUAL(question.dwType, RASEAPQ_ServerCertificate);
    CHECK(question.dwError != 0);
    /* Nothing is trusted by a resume alone, by no answer, or by another certificate's. */
    HRASCONN same = connection;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INTERACTIVE_MODE);
    CHECK_EQUAL(invoke(connection, NULL, 0), ERROR_INTERACTIVE_MODE);
    CHECK_EQUAL(invoke(connection, NULL, 32), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(invoke(connection, question.bSha256, 31), ERROR_INVALID_PARAMETER);
    BYTE other[32];
    memset(other, 7, sizeof other);
    CHECK_EQUAL(invoke(connection, other, sizeof other), question.dwError);
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), ERROR_INTERACTIVE_MODE);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_InvokeEapUI);

    CHECK_EQUAL(invoke(connection, question.bSha256, sizeof question.bSha256), 0);
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &same), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    CHECK_EQUAL(RasGetEapQuestion(connection, &question), ERROR_INVALID_AUTH_STATE);
    CHECK_EQUAL(invoke(connection, other, sizeof other), ERROR_INVALID_AUTH_STATE);
    hang_up(connection);
    CHECK_EQUAL(RasGetEapQuestion(connection, &question), ERROR_INVALID_HANDLE);
}

static void a_certificates_password(void)
{
    BYTE data[] = {1, 2, 3, 4, 5};
    for (int by_resume = 0; by_resume < 2; by_resume++) {
        /* With the data of an identity, as RasGetEapUserIdentity gives them (clause A60). */
        RASDIALEXTENSIONS extensions = paused_states();
        extensions.RasEapInfo.dwSizeofEapInfo = sizeof data;
        extensions.RasEapInfo.pbEapInfo = data;
        RASDIALPARAMSA params = params_for("Lab", "");
        HRASCONN connection = NULL;
        CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_EAPTLS_PASSWD_INVALID);
        CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_InvokeEapUI);
        RASEAPQUESTION question = question_of(connection);
        CHECK_EQUAL(question.dwType, RASEAPQ_CertificatePassword);
        CHECK_EQUAL(invoke(connection, "\xff", 1), ERROR_INVALID_PARAMETER);
        if (!by_resume)
            CHECK_EQUAL(invoke(connection, "sesame", 6), 0);
        CHECK_EQUAL(dial(by_resume ? "sesame" : "", 0, NULL, &connection), 0);
        hang_up(connection);
    }
}

static DWORD dial_with_data(const char *data, HRASCONN *connection)
{
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.RasEapInfo.dwSizeofEapInfo = (DWORD)strlen(data);
    extensions.RasEapInfo.pbEapInfo = (LPBYTE)data;
    RASDIALPARAMSA params = params_for("Lab", "");
    *connection = NULL;
    return RasDialA(&extensions, NULL, &params, 0, NULL, connection);
}

static void what_eap_keeps(void)
{
    static const char stored[] = "open sesame";
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_data("", &connection), ERROR_EAPTLS_PASSWD_INVALID);
    hang_up(connection);
    /* What comes with the dial goes before what is stored. */
    CHECK_EQUAL(RasSetEapUserDataA(NULL, NULL, "Lab", (BYTE *)stored, sizeof stored - 1), 0);
    CHECK_EQUAL(dial_with_data("", &connection), ERROR_EAPTLS_PASSWD_INVALID);
    hang_up(connection);
    CHECK_EQUAL(dial_with_data("sesame", &connection), 0);
    hang_up(connection);
    CHECK_EQUAL(RasSetEapUserDataA(NULL, NULL, "Lab", (BYTE *)stored + 5, 6), 0);
    CHECK_EQUAL(dial_with_data("", &connection), 0);
    hang_up(connection);
    CHECK_EQUAL(dial_with_data("wrong", &connection), ERROR_EAPTLS_PASSWD_INVALID);
    hang_up(connection);
    /* More than any method keeps. */
    static BYTE much[5000];
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.RasEapInfo.dwSizeofEapInfo = sizeof much;
    extensions.RasEapInfo.pbEapInfo = much;
    RASDIALPARAMSA params = params_for("Lab", "");
    connection = NULL;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 0, NULL, &connection), ERROR_INVALID_PARAMETER);
    CHECK(connection == NULL);
}

static void an_expired_password(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial("wonderland", 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_paused).state, RASCS_PasswordExpired);
    CHECK_EQUAL(status_of(connection).dwError, ERROR_PASSWD_EXPIRED);
    CHECK_EQUAL(dial("looking-glass", 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
    /* The old one is wrong from now on. */
    connection = NULL;
    CHECK_EQUAL(dial("wonderland", 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    hang_up(connection);
}

static const struct test tests[] = {
    TEST(a_second_password),
    TEST(a_callback_number),
    TEST(a_call_that_lasts),
    TEST(wrong_again),
    TEST(hanging_up_in_place_of_a_resume),
    TEST(a_running_dial_is_not_paused),
    TEST(a_synchronous_dial_pauses),
    TEST(a_pause_in_a_queue),
    TEST(a_certificate_that_is_not_trusted),
    TEST(a_certificates_password),
    TEST(what_eap_keeps),
    TEST(an_expired_password),
};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* RasDial and its notifications: the A, S, H, N and P clauses. */
#include "check.h"

static DWORD WINAPI func2(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                          DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    record_add(&the_record, told);
    return 1;
}

static void async_func2(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    params.dwCallbackId = 0x123456789abcdef0;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    CHECK(connection != NULL);
    struct told end = record_wait(&the_record, is_end);
    CHECK_EQUAL(end.error, 0);
    CHECK_EQUAL(end.state, RASCS_Connected);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

static const struct test tests[] = {TEST(async_func2)};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

// Handlers in C++: what is thrown in them, and the headers as C++17 sees them.
#include "check.h"

#include <stdexcept>

static DWORD WINAPI throws(ULONG_PTR, DWORD, HRASCONN, UINT, RASCONNSTATE state, DWORD, DWORD)
{
    if (state == RASCS_Authenticate)
        throw std::runtime_error("on purpose");
    return 1;
}

static HRASCONN start()
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = nullptr;
    CHECK_EQUAL(RasDial(nullptr, nullptr, &params, 2, NOTIFIER(throws), &connection), 0);
    return connection;
}

// Nothing is above the handler's thread that could catch it, so the program ends, as it does for any such thread.
static void on_a_thread_of_the_library()
{
    start();
    for (;;)
        pause();
}

// The thread that dispatches is the program's own.
static void on_the_dialling_thread()
{
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    HRASCONN connection = start();
    bool caught = false;
    try {
        while (RasDispatch(30000) == 0)
            continue;
    } catch (const std::runtime_error &error) {
        caught = strcmp(error.what(), "on purpose") == 0;
    }
    CHECK(caught);
    while (RasDispatch(30000) == 0)
        continue;
    wait_gone(connection);
}

static const struct test tests[] = {TEST(on_a_thread_of_the_library), TEST(on_the_dialling_thread)};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* A program that loads the library itself, dials, and unloads it in mid-dial. */
#include "check.h"

#include <dlfcn.h>

typedef DWORD (*dial_function)(const RASDIALEXTENSIONS *, const char *, const RASDIALPARAMSA *, DWORD, LPVOID, HRASCONN *);
typedef DWORD (*hang_up_function)(HRASCONN);

static DWORD func2(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                   DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    record_add(&the_record, told);
    return 1;
}

int main(int argc, char **argv)
{
    CHECK(argc > 1);
    for (int round = 0; round < 3; round++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        dial_function dial = (dial_function)(ULONG_PTR)dlsym(library, "RasDialA");
        hang_up_function hang_up = (hang_up_function)(ULONG_PTR)dlsym(library, "RasHangUpA");
        CHECK(dial != NULL && hang_up != NULL);
        RASDIALPARAMSA params = params_for("Lab", "wonderland");
        HRASCONN connection = NULL;
        the_record.count = 0;
        CHECK_EQUAL(dial(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
        CHECK_EQUAL(dlclose(library), 0);
        CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        hang_up = (hang_up_function)(ULONG_PTR)dlsym(library, "RasHangUpA");
        CHECK_EQUAL(hang_up(connection), 0);
        CHECK_EQUAL(dlclose(library), 0);
        /* The next round finds the entry free, or waits until it is. */
    }
    return 0;
}

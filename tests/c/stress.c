/*
 * Threads that dial, hang up, ask, enumerate, dispatch and end at random, on a few entries that they share; the argument is
 * the seed. Whatever comes of it, every code is one that is documented, and at the end nothing is left.
 */
#include "check.h"

#include <sched.h>

enum { THREADS = 6, ROUNDS = 60, ENTRIES = 4 };

struct thread {
    unsigned seed;
    pthread_mutex_t lock;
    unsigned calls;
};

static DWORD handler(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                     DWORD extended)
{
    struct thread *thread = (struct thread *)id;
    (void)subentry, (void)message, (void)extended;
    pthread_mutex_lock(&thread->lock);
    unsigned call = thread->calls++;
    pthread_mutex_unlock(&thread->lock);
    if (call % 13 == 5)
        RasHangUpA(handle);
    if (call % 7 == 3)
        sched_yield();
    (void)state, (void)error;
    return call % 17 != 11;
}

static void one_of(const char *what, DWORD code, const DWORD *allowed)
{
    for (; *allowed != 0xffffffff; allowed++)
        if (code == *allowed)
            return;
    fprintf(stderr, "%s gave %u\n", what, (unsigned)code);
    _exit(1);
}

static void step(struct thread *thread, HRASCONN *connection)
{
    static const DWORD dialled[] = {0, 691, 631, 756, 705, 6, 5, 0xffffffff};
    static const DWORD known[] = {0, 6, 0xffffffff};
    static const DWORD dispatched[] = {0, 258, 259, 0xffffffff};
    unsigned choice = (unsigned)rand_r(&thread->seed) % 12;
    char entry[16];
    snprintf(entry, sizeof entry, "Lab%u", (unsigned)rand_r(&thread->seed) % ENTRIES);
    RASDIALPARAMSA params = params_for(entry, choice == 0 ? "looking-glass" : "wonderland");
    params.dwCallbackId = (ULONG_PTR)thread;
    switch (choice) {
    case 0:
    case 1:
    case 2:
    case 3:
        *connection = NULL;
        one_of("an asynchronous dial", RasDialA(NULL, NULL, &params, 2, NOTIFIER(handler), connection), dialled);
        break;
    case 4:
        *connection = NULL;
        one_of("a synchronous dial", RasDialA(NULL, NULL, &params, 0, NULL, connection), dialled);
        break;
    case 5:
    case 6:
        one_of("a hang-up", RasHangUpA(*connection), known);
        break;
    case 7: {
        RASCONNSTATUSA status;
        status.dwSize = sizeof status;
        one_of("the status", RasGetConnectStatusA(*connection, &status), known);
        break;
    }
    case 8: {
        RASCONNA list[64];
        list[0].dwSize = sizeof *list;
        DWORD size = sizeof list, count = 0;
        CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
        if (count > 0 && rand_r(&thread->seed) % 4 == 0)
            one_of("another's hang-up", RasHangUpA(list[0].hrasconn), known);
        break;
    }
    case 9:
        CHECK_EQUAL(RasSetDelivery((DWORD)rand_r(&thread->seed) % 2), 0);
        break;
    case 10:
        one_of("a dispatch", RasDispatch((DWORD)rand_r(&thread->seed) % 5), dispatched);
        break;
    default: {
        /* Resuming what is not paused. */
        HRASCONN same = *connection;
        if (same != NULL)
            one_of("a resume", RasDialA(NULL, NULL, &params, 2, NOTIFIER(handler), &same), (const DWORD[]){705, 6, 87, 0xffffffff});
    }
    }
}

static void *work(void *argument)
{
    HRASCONN connection = NULL;
    for (int round = 0; round < ROUNDS; round++)
        step(argument, &connection);
    /* What is not connected ends with this thread. */
    return NULL;
}

static void hang_up_all(void)
{
    struct timespec pause = {0, 2000000};
    for (int tries = 0; tries < 10000; tries++) {
        RASCONNA list[64];
        list[0].dwSize = sizeof *list;
        DWORD size = sizeof list, count = 0;
        CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
        if (count == 0)
            return;
        for (DWORD i = 0; i < count; i++)
            RasHangUpA(list[i].hrasconn);
        nanosleep(&pause, NULL);
    }
    CHECK(!"all connections end");
}

int main(int argc, char **argv)
{
    unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    static struct thread threads[THREADS];
    pthread_t ids[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].seed = seed * 1000 + i;
        CHECK_EQUAL(pthread_mutex_init(&threads[i].lock, NULL), 0);
        CHECK_EQUAL(pthread_create(&ids[i], NULL, work, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_join(ids[i], NULL), 0);
    hang_up_all();
    return 0;
}

/* The C library's rows of the benchmark: prints a key and a value a line. Entries are named by their number. */
#include "check.h"

#include <sys/socket.h>
#include <sys/un.h>

static const char *prefix;

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return a < b ? -1 : a > b;
}

static void print_share(const char *key, double share, double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare);
    printf("%s %.3f\n", key, samples[(size_t)((double)(count - 1) * share + 0.5)]);
}

static RASDIALPARAMSA params_of(unsigned number)
{
    char entry[64];
    snprintf(entry, sizeof entry, "%s%u", prefix, number);
    return params_for(entry, "wonderland");
}

/* ---- how long RasDial takes, beside a bare round trip, by turns ---- */

enum { MESSAGE = 220, REPLY = 110, ROUNDS = 2000, WARM_UP = 100, ENTRIES = 1000 };

static int echo_socket(const char *path)
{
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    CHECK(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void round_trip(int fd)
{
    char message[MESSAGE] = {'x'}, reply[REPLY];
    CHECK_EQUAL(write(fd, message, sizeof message), sizeof message);
    for (size_t have = 0; have < sizeof reply;) {
        ssize_t more = read(fd, reply + have, sizeof reply - have);
        CHECK(more > 0);
        have += (size_t)more;
    }
}

/* Asks again and again: after a pause the next call would meet caches that others have filled. */
static void wait_gone_awake(HRASCONN handle)
{
    RASCONNSTATUSA status;
    double deadline = now_us() + 60e6;
    do {
        CHECK(now_us() < deadline);
        status.dwSize = sizeof status;
    } while (RasGetConnectStatusA(handle, &status) != ERROR_INVALID_HANDLE);
}

static double timed_trip(int fd)
{
    /* Each follows an exchange with the same thread, so that neither wakes a core that sleeps. */
    round_trip(fd);
    double begun = now_us();
    round_trip(fd);
    return now_us() - begun;
}

static DWORD ignore(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                    DWORD extended)
{
    (void)id, (void)subentry, (void)handle, (void)message, (void)state, (void)error, (void)extended;
    return 1;
}

static void returns(const char *blocked, const char *by_readiness)
{
    static double trips[ROUNDS], shaped[ROUNDS], calls[ROUNDS], dials[ROUNDS], queued[ROUNDS];
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    int fd = echo_socket(blocked), shaped_fd = echo_socket(by_readiness);
    HRASCONN nobody = (HRASCONN)(ULONG_PTR)1;
    for (unsigned round = 0; round < ROUNDS + WARM_UP; round++) {
        RASDIALPARAMSA params = params_of(round % ENTRIES);
        RASCONNSTATUSA status;
        status.dwSize = sizeof status;
        HRASCONN connection = NULL;
        double trip = timed_trip(fd), shaped_trip = timed_trip(shaped_fd);
        CHECK_EQUAL(RasGetConnectStatusA(nobody, &status), ERROR_INVALID_HANDLE);
        double begun = now_us();
        CHECK_EQUAL(RasGetConnectStatusA(nobody, &status), ERROR_INVALID_HANDLE);
        double call = now_us() - begun;
        begun = now_us();
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(ignore), &connection), 0);
        double dial = now_us() - begun;
        CHECK_EQUAL(RasHangUpA(connection), 0);
        wait_gone_awake(connection);
        /* Without a thread of its own. */
        connection = NULL;
        params = params_of((round + ENTRIES / 2) % ENTRIES);
        CHECK_EQUAL(RasGetConnectStatusA(nobody, &status), ERROR_INVALID_HANDLE);
        begun = now_us();
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection), 0);
        double through_queue = now_us() - begun;
        CHECK_EQUAL(RasHangUpA(connection), 0);
        wait_gone_awake(connection);
        RASMESSAGE message;
        do
            message.dwSize = sizeof message;
        while (RasGetQueueMessage(queue, &message, 0) == 0);
        if (round >= WARM_UP) {
            queued[round - WARM_UP] = through_queue;
            trips[round - WARM_UP] = trip;
            shaped[round - WARM_UP] = shaped_trip;
            calls[round - WARM_UP] = call;
            dials[round - WARM_UP] = dial;
        }
    }
    print_share("socket_round_trip_us_p50", 0.5, trips, ROUNDS);
    print_share("runtime_round_trip_us_p50", 0.5, shaped, ROUNDS);
    print_share("call_us_p50", 0.5, calls, ROUNDS);
    print_share("dial_return_us_p99", 0.99, dials, ROUNDS);
    print_share("dial_return_us_p50", 0.5, dials, ROUNDS);
    print_share("queue_dial_return_us_p50", 0.5, queued, ROUNDS);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
    close(fd);
    close(shaped_fd);
}

/* ---- from the return of a handler to its next call ---- */

enum { DIALS = 200 };

static double turns[DIALS], returned;
static size_t turn_count;

static DWORD take_turns(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                        DWORD extended)
{
    double entered = now_us();
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    /* Between these two the manager has nothing to wait for. */
    if (state == RASCS_PortOpened && turn_count < DIALS)
        turns[turn_count++] = entered - returned;
    if (is_end(&told))
        record_add(&the_record, told);
    returned = now_us();
    return 1;
}

static void notifications(void)
{
    for (unsigned round = 0; round < DIALS; round++) {
        RASDIALPARAMSA params = params_of(round % ENTRIES);
        HRASCONN connection = NULL;
        the_record.count = 0;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(take_turns), &connection), 0);
        CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
        CHECK_EQUAL(RasHangUpA(connection), 0);
        wait_gone(connection);
    }
    print_share("capi_handler_turn_us_p50", 0.5, turns, turn_count);
}

/* ---- many dials at once ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned connected, failed;

static DWORD count_ends(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                        DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    if (is_end(&told)) {
        pthread_mutex_lock(&lock);
        *(error == 0 ? &connected : &failed) += 1;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return 1;
}

static void wait_for(unsigned count)
{
    struct timespec deadline = deadline_in(120);
    pthread_mutex_lock(&lock);
    while (connected + failed < count)
        CHECK(pthread_cond_timedwait(&changed, &lock, &deadline) == 0);
    pthread_mutex_unlock(&lock);
    CHECK_EQUAL(failed, 0);
}

static void a_thousand(void)
{
    static HRASCONN connections[ENTRIES];
    static double calls[ENTRIES];
    double begun = now_us();
    for (unsigned i = 0; i < ENTRIES; i++) {
        RASDIALPARAMSA params = params_of(i);
        double start = now_us();
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(count_ends), &connections[i]), 0);
        calls[i] = now_us() - start;
    }
    wait_for(ENTRIES);
    printf("capi_1000_dials_ms %.3f\n", (now_us() - begun) / 1e3);
    print_share("capi_1000_dials_return_us_p50", 0.5, calls, ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++)
        CHECK_EQUAL(RasHangUpA(connections[i]), 0);
    for (unsigned i = 0; i < ENTRIES; i++)
        wait_gone(connections[i]);
}

enum { THREADS = 100 };

static pthread_barrier_t start_line;
static double thread_calls[THREADS];

static void *dial_at_once(void *argument)
{
    unsigned number = *(unsigned *)argument;
    RASDIALPARAMSA params = params_of(number);
    HRASCONN connection = NULL;
    pthread_barrier_wait(&start_line);
    double begun = now_us();
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(count_ends), &connection), 0);
    thread_calls[number] = now_us() - begun;
    wait_for(THREADS);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    return NULL;
}

static void a_hundred_threads(void)
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    connected = 0;
    CHECK_EQUAL(pthread_barrier_init(&start_line, NULL, THREADS + 1), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK_EQUAL(pthread_create(&threads[i], NULL, dial_at_once, &numbers[i]), 0);
    }
    double begun = now_us();
    pthread_barrier_wait(&start_line);
    wait_for(THREADS);
    printf("capi_100_threads_ms %.3f\n", (now_us() - begun) / 1e3);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    print_share("capi_100_threads_return_us_p50", 0.5, thread_calls, THREADS);
    print_share("capi_100_threads_return_us_p99", 0.99, thread_calls, THREADS);
}

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    prefix = argv[2];
    if (strcmp(argv[1], "returns") == 0) {
        CHECK(argc > 4);
        returns(argv[3], argv[4]);
    } else {
        notifications();
        a_thousand();
        a_hundred_threads();
    }
    return 0;
}

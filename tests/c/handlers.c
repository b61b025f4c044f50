/* Handlers: their threads, what may be called in them, hanging up, threads that end. */
#include "check.h"

#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void (*inside)(const struct told *told);
static DWORD result = 1;

static DWORD func2(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                   DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    record_add(&the_record, told);
    if (inside != NULL)
        inside(&told);
    return result;
}

static HRASCONN start(const char *entry)
{
    RASDIALPARAMSA params = params_for(entry, "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    return connection;
}

static void hang_up(HRASCONN connection)
{
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* ---- the context of the thread ---- */

struct context {
    cpu_set_t cpus;
    int nice;
    char space[64];
    sigset_t blocked;
    char point;
    gid_t group;
};

static struct context seen[2];

static void look(struct context *context)
{
    memset(context, 0, sizeof *context);
    CHECK_EQUAL(sched_getaffinity(0, sizeof context->cpus, &context->cpus), 0);
    context->nice = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
    CHECK(readlink("/proc/thread-self/ns/net", context->space, sizeof context->space - 1) > 0);
    CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &context->blocked), 0);
    context->point = *localeconv()->decimal_point;
    context->group = (gid_t)syscall(SYS_getegid);
}

static void look_once(const struct told *told)
{
    if (told->state == RASCS_OpenPort)
        look(&seen[1]);
}

static void *dial_in_a_context(void *unused)
{
    (void)unused;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    /* What cannot be changed here is the same all the same. */
    (void)!sched_setaffinity(0, sizeof one, &one);
    (void)!setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5);
    (void)!unshare(CLONE_NEWNET);
    (void)!syscall(SYS_setresgid, -1, 12345, -1);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    if (locale != (locale_t)0)
        uselocale(locale);
    look(&seen[0]);
    inside = look_once;
    HRASCONN connection = start("Lab");
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    /* What the thread had is what it has again. */
    struct context now;
    look(&now);
    CHECK(sigismember(&now.blocked, SIGUSR1) && !sigismember(&now.blocked, SIGTERM));
    hang_up(connection);
    if (locale != (locale_t)0) {
        uselocale(LC_GLOBAL_LOCALE);
        freelocale(locale);
    }
    return NULL;
}

static void the_context_of_the_dialling_thread(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, dial_in_a_context, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(CPU_EQUAL(&seen[0].cpus, &seen[1].cpus));
    CHECK_EQUAL(seen[0].nice, seen[1].nice);
    CHECK(strcmp(seen[0].space, seen[1].space) == 0);
    CHECK(memcmp(&seen[0].blocked, &seen[1].blocked, 8) == 0);
    CHECK_EQUAL(seen[0].point, seen[1].point);
    CHECK_EQUAL(seen[0].group, seen[1].group);
    for (int i = 0; i < the_record.count; i++) {
        CHECK(pthread_equal(the_record.told[i].thread, the_record.told[0].thread));
        CHECK(!pthread_equal(the_record.told[i].thread, thread));
    }
}

/* ---- held ---- */

static struct flag entered = FLAG_INIT, released = FLAG_INIT;

static void stand_still(const struct told *told)
{
    if (told->state == RASCS_Authenticate) {
        flag_raise(&entered);
        flag_wait(&released);
    }
}

static void the_dial_stands_still(void)
{
    inside = stand_still;
    HRASCONN connection = start("Lab");
    flag_wait(&entered);
    int count = record_count(&the_record);
    struct timespec pause = {0, 5000000};
    for (int i = 0; i < 40; i++) {
        CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Authenticate);
        CHECK_EQUAL(record_count(&the_record), count);
        nanosleep(&pause, NULL);
    }
    flag_raise(&released);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

static void silence(void)
{
    result = 0;
    HRASCONN connection = start("Lab");
    struct timespec pause = {0, 2000000};
    while (status_of(connection).rasconnstate != RASCS_Connected) {
        CHECK_EQUAL(status_of(connection).dwError, 0);
        nanosleep(&pause, NULL);
    }
    CHECK_EQUAL(record_count(&the_record), 1);
    hang_up(connection);
    CHECK_EQUAL(record_count(&the_record), 1);
}

/* A question that comes when nobody is told any more is its error. */
static void silence_and_a_question(void)
{
    result = 0;
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = RDEOPT_PausedStates;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(&extensions, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    struct timespec pause = {0, 2000000};
    while (status_of(connection).dwError == 0 || status_of(connection).rasconnstate != RASCS_AuthNotify)
        nanosleep(&pause, NULL);
    CHECK_EQUAL(status_of(connection).dwError, ERROR_AUTHENTICATION_FAILURE);
    CHECK_EQUAL(record_count(&the_record), 1);
    hang_up(connection);
}

/* ---- several dials ---- */

static pthread_barrier_t both;

static void wait_for_the_other(const struct told *told)
{
    if (told->state == RASCS_Authenticate)
        pthread_barrier_wait(&both);
}

static HRASCONN first, second;

static int is_end_of_first(const struct told *told)
{
    return told->handle == first && is_end(told);
}

static int is_end_of_second(const struct told *told)
{
    return told->handle == second && is_end(told);
}

/* One function for two dials, and each waits in it for the other. */
static void two_dials(void)
{
    CHECK_EQUAL(pthread_barrier_init(&both, NULL, 2), 0);
    inside = wait_for_the_other;
    first = start("Lab");
    second = start("Other");
    CHECK(first != second);
    CHECK_EQUAL(record_wait(&the_record, is_end_of_first).state, RASCS_Connected);
    CHECK_EQUAL(record_wait(&the_record, is_end_of_second).state, RASCS_Connected);
    hang_up(first);
    hang_up(second);
}

/* ---- calls inside ---- */

static struct flag hung_up = FLAG_INIT;

static void call_everything(const struct told *told)
{
    RASCONNSTATUSA status = status_of(told->handle);
    CHECK_EQUAL(status.rasconnstate, told->state);
    if (told->state == RASCS_ConnectDevice || told->state == RASCS_DeviceConnected) {
        CHECK(strcmp(status.szDeviceType, RASDT_Vpn) == 0);
        CHECK(status.szDeviceName[0] != 0);
    }
    RASCONNA list[4];
    list[0].dwSize = sizeof(RASCONNA);
    DWORD size = sizeof list, count = 0;
    CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
    CHECK_EQUAL(count, 1);
    CHECK(list[0].hrasconn == told->handle);
    RASDIALPARAMSA params = params_for("lab", "wonderland");
    HRASCONN again = NULL, same = told->handle;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &again), ERROR_DIAL_ALREADY_IN_PROGRESS);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &same), ERROR_DIAL_ALREADY_IN_PROGRESS);
    CHECK(again == NULL && same == told->handle);
    if (told->state == RASCS_Authenticate) {
        CHECK_EQUAL(RasHangUpA(told->handle), 0);
        flag_raise(&hung_up);
    }
}

static void calls_inside_a_handler(void)
{
    inside = call_everything;
    HRASCONN connection = start("Lab");
    flag_wait(&hung_up);
    wait_gone(connection);
    CHECK_EQUAL(the_record.told[the_record.count - 1].state, RASCS_Authenticate);
}

static void hang_up_on_error(const struct told *told)
{
    if (told->error != 0) {
        CHECK_EQUAL(RasHangUpA(told->handle), 0);
        flag_raise(&hung_up);
    } else if (told->state == RASCS_Connected) {
        RASCONNA list[4];
        list[0].dwSize = sizeof(RASCONNA);
        DWORD size = sizeof list, count = 0;
        CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
        CHECK(count == 1 && list[0].hrasconn == told->handle);
        flag_raise(&hung_up);
    }
}

/* As a well-known client does it: hang up within the handler, and be found in the list at Connected. */
static void hang_up_on_error_within_the_handler(void)
{
    inside = hang_up_on_error;
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &connection), 0);
    flag_wait(&hung_up);
    wait_gone(connection);
    hung_up.is_up = 0;
    connection = start("Lab");
    flag_wait(&hung_up);
    hang_up(connection);
}

/* ---- hanging up from elsewhere ---- */

struct life {
    pthread_mutex_t lock;
    int calls;
};

static DWORD touch(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                   DWORD extended)
{
    struct life *life = (struct life *)id;
    (void)subentry, (void)handle, (void)message, (void)state, (void)error, (void)extended;
    pthread_mutex_lock(&life->lock);
    life->calls++;
    pthread_mutex_unlock(&life->lock);
    return 1;
}

/*
 * Another thread hangs up at some time and frees what the handler uses: whoever entered it afterwards would be found by the
 * address sanitizer.
 */
static void *dial_hang_up_and_free(void *argument)
{
    unsigned seed = *(unsigned *)argument;
    for (int round = 0; round < 40; round++) {
        struct life *life = malloc(sizeof *life);
        pthread_mutex_init(&life->lock, NULL);
        life->calls = 0;
        char entry[16];
        snprintf(entry, sizeof entry, "Lab%u", *(unsigned *)argument);
        RASDIALPARAMSA params = params_for(entry, "wonderland");
        params.dwCallbackId = (ULONG_PTR)life;
        HRASCONN connection = NULL;
        DWORD code;
        struct timespec pause = {0, 500000};
        while ((code = RasDialA(NULL, NULL, &params, 2, NOTIFIER(touch), &connection)) == ERROR_DIAL_ALREADY_IN_PROGRESS)
            nanosleep(&pause, NULL);
        CHECK_EQUAL(code, 0);
        struct timespec random = {0, (long)(rand_r(&seed) % 12000) * 1000};
        if (round % 4 != 0)
            nanosleep(&random, NULL);
        CHECK_EQUAL(RasHangUpA(connection), 0);
        pthread_mutex_destroy(&life->lock);
        memset(life, 0xdd, sizeof *life);
        free(life);
    }
    return NULL;
}

static void hang_up_and_free(void)
{
    pthread_t threads[4];
    unsigned numbers[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, dial_hang_up_and_free, &numbers[i]), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
}

/* The handler waits for the thread that hangs up: that one does not wait for it for ever. */
static void a_handler_that_waits_for_the_one_who_hangs_up(void)
{
    inside = stand_still;
    HRASCONN connection = start("Lab");
    flag_wait(&entered);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    flag_raise(&released);
    wait_gone(connection);
    CHECK_EQUAL(the_record.told[the_record.count - 1].state, RASCS_Authenticate);
}

/* ---- threads that end ---- */

static void *dial_and_end(void *entry)
{
    return start(entry);
}

/* The server says nothing: the dial ends with its thread, and nobody is told any more. */
static void the_dialling_thread_ends(void)
{
    pthread_t thread;
    void *connection;
    CHECK_EQUAL(pthread_create(&thread, NULL, dial_and_end, (void *)"Lab"), 0);
    CHECK_EQUAL(pthread_join(thread, &connection), 0);
    int count = record_count(&the_record);
    wait_gone(connection);
    struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
    CHECK_EQUAL(record_count(&the_record), count);
    /* The entry is free again. */
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN again = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &again), 0);
    hang_up(again);
}

static void *dial_and_end_connected(void *unused)
{
    (void)unused;
    HRASCONN connection = start("Lab");
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    return connection;
}

static void the_dialling_thread_ends_connected(void)
{
    pthread_t thread;
    void *connection;
    CHECK_EQUAL(pthread_create(&thread, NULL, dial_and_end_connected, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, &connection), 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Connected);
    hang_up(connection);
}

static void end_this_thread(const struct told *told)
{
    if (told->state == RASCS_Authenticate)
        pthread_exit(NULL);
}

static void a_handler_that_ends_its_thread(void)
{
    inside = end_this_thread;
    HRASCONN connection = start("Lab");
    wait_gone(connection);
    CHECK_EQUAL(the_record.told[the_record.count - 1].state, RASCS_Authenticate);
    inside = NULL;
    the_record.count = 0;
    connection = start("Lab");
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

static void never_return(const struct told *told)
{
    if (told->state == RASCS_Authenticate) {
        flag_raise(&entered);
        for (;;)
            pause();
    }
}

static void a_handler_that_never_returns(void)
{
    inside = never_return;
    HRASCONN connection = start("Lab");
    flag_wait(&entered);
    HRASCONN other = start("Other");
    second = other;
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    CHECK_EQUAL(RasHangUpA(other), 0);
    wait_gone(other);
}

/* ---- queues ---- */

static RASMESSAGE get(HRASQUEUE queue, DWORD milliseconds, DWORD expected)
{
    RASMESSAGE message;
    memset(&message, 0, sizeof message);
    message.dwSize = sizeof message;
    CHECK_EQUAL(RasGetQueueMessage(queue, &message, milliseconds), expected);
    return message;
}

static HRASCONN start_with(HRASQUEUE queue, const char *entry, const char *password)
{
    RASDIALPARAMSA params = params_for(entry, password);
    params.dwCallbackId = 4711;
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection), 0);
    return connection;
}

/* An event loop that watches the descriptor. */
static void a_queue_in_an_event_loop(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    get(queue, 0, WAIT_TIMEOUT);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN, {0}};
    CHECK_EQUAL(epoll_ctl(loop, EPOLL_CTL_ADD, RasMessageQueueDescriptor(queue), &event), 0);
    HRASCONN connection = start_with(queue, "Lab", "wonderland");
    int count = 0, done = 0;
    WPARAM last = 0;
    while (!done) {
        CHECK_EQUAL(epoll_wait(loop, &event, 1, 30000), 1);
        RASMESSAGE message = get(queue, 0, 0);
        CHECK_EQUAL(message.message, WM_RASDIALEVENT);
        CHECK(message.hrasconn == connection);
        CHECK_EQUAL(message.lParam, 0);
        CHECK_EQUAL(message.dwSubEntry, 1);
        CHECK_EQUAL(message.dwCallbackId, 4711);
        CHECK(count > 0 || message.wParam == RASCS_OpenPort);
        /* The dial stands still until the next message is asked for. */
        CHECK_EQUAL(status_of(connection).rasconnstate, message.wParam);
        last = message.wParam;
        count++;
        done = (last & RASCS_DONE) != 0;
        if (!done) {
            RASMESSAGE next;
            next.dwSize = sizeof next;
            /* Asking lets it go on; what comes of it is seen by the loop, or here already. */
            DWORD code = RasGetQueueMessage(queue, &next, 0);
            CHECK(code == WAIT_TIMEOUT || code == 0);
            if (code == 0) {
                count++;
                done = (next.wParam & RASCS_DONE) != 0;
                last = next.wParam;
            }
            while (code == 0 && !done) {
                code = RasGetQueueMessage(queue, &next, 0);
                if (code == 0) {
                    count++;
                    done = (next.wParam & RASCS_DONE) != 0;
                    last = next.wParam;
                }
            }
        }
    }
    CHECK_EQUAL(last, RASCS_Connected);
    CHECK(count > 8);
    get(queue, 0, WAIT_TIMEOUT);
    hang_up(connection);
    close(loop);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
    CHECK_EQUAL(RasCloseMessageQueue(queue), ERROR_INVALID_HANDLE);
    get(queue, 0, ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasMessageQueueDescriptor(queue), -1);
    CHECK_EQUAL(RasCreateMessageQueue(NULL), ERROR_INVALID_PARAMETER);
}

/* The server says nothing. After the hang-up the queue brings the end, and then nothing. */
static void a_queue_brings_disconnected(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = start_with(queue, "Lab", "wonderland");
    CHECK_EQUAL(get(queue, RAS_INFINITE, 0).wParam, RASCS_OpenPort);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    RASMESSAGE message = get(queue, 30000, 0);
    CHECK_EQUAL(message.wParam, RASCS_Disconnected);
    CHECK_EQUAL(message.lParam, 0);
    CHECK(message.hrasconn == connection);
    get(queue, 100, WAIT_TIMEOUT);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
}

static void closing_a_queue_hangs_up(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = start_with(queue, "Lab", "wonderland");
    get(queue, 30000, 0);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
    wait_gone(connection);
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection), ERROR_INVALID_PARAMETER);
    CHECK(connection == NULL);
}

static pid_t waiter;

static void *wait_for_a_message(void *queue)
{
    waiter = (pid_t)syscall(SYS_gettid);
    flag_raise(&entered);
    RASMESSAGE message = {0};
    message.dwSize = sizeof message;
    CHECK_EQUAL(RasGetQueueMessage((HRASQUEUE)queue, &message, RAS_INFINITE), ERROR_INVALID_HANDLE);
    return NULL;
}

static int is_asleep(pid_t thread)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    CHECK_EQUAL(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state == 'S';
}

static void closing_a_queue_wakes_who_waits(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, wait_for_a_message, (void *)queue), 0);
    flag_wait(&entered);
    while (!is_asleep(waiter))
        sched_yield();
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(RasCloseMessageQueue(queue), ERROR_INVALID_HANDLE);
}

static void errors_in_a_queue(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = start_with(queue, "Lab", "looking-glass");
    RASMESSAGE message;
    do
        message = get(queue, 30000, 0);
    while (message.lParam == 0);
    CHECK_EQUAL(message.lParam, ERROR_AUTHENTICATION_FAILURE);
    CHECK_EQUAL(message.wParam, RASCS_AuthNotify);
    hang_up(connection);
    message.dwSize = 4;
    CHECK_EQUAL(RasGetQueueMessage(queue, &message, 0), ERROR_INVALID_SIZE);
    CHECK_EQUAL(RasGetQueueMessage(queue, NULL, 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
}

/* ---- delivery on the thread that dials ---- */

static void delivery_on_the_dialling_thread(void)
{
    CHECK_EQUAL(RasSetDelivery(2), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasDispatch(0), ERROR_NO_MORE_ITEMS);
    CHECK_EQUAL(RasDispatchDescriptor(), -1);
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    first = start("Lab");
    second = start("Other");
    CHECK(RasDispatchDescriptor() >= 0);
    CHECK_EQUAL(record_count(&the_record), 0);
    DWORD code;
    while ((code = RasDispatch(30000)) == 0)
        continue;
    CHECK_EQUAL(code, ERROR_NO_MORE_ITEMS);
    CHECK_EQUAL(record_wait(&the_record, is_end_of_first).state, RASCS_Connected);
    CHECK_EQUAL(record_wait(&the_record, is_end_of_second).state, RASCS_Connected);
    for (int i = 0; i < the_record.count; i++)
        CHECK(pthread_equal(the_record.told[i].thread, pthread_self()));
    hang_up(first);
    hang_up(second);
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_THREAD), 0);
    the_record.count = 0;
    first = start("Lab");
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    CHECK(!pthread_equal(the_record.told[0].thread, pthread_self()));
    hang_up(first);
}

/* The server says nothing. */
static void dispatching_a_dial_that_is_hung_up(void)
{
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    HRASCONN connection = start("Lab");
    CHECK_EQUAL(RasDispatch(30000), 0);
    int count = record_count(&the_record);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    DWORD code;
    while ((code = RasDispatch(30000)) == 0)
        continue;
    CHECK_EQUAL(code, ERROR_NO_MORE_ITEMS);
    CHECK_EQUAL(record_count(&the_record), count);
    wait_gone(connection);
}

/* ---- fork, dlclose ---- */

/* The child of a program that dials has connections of its own, and its end hangs up nothing. */
static void a_fork_in_mid_dial(void)
{
    inside = stand_still;
    HRASCONN connection = start("Lab");
    flag_wait(&entered);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        inside = NULL;
        RASCONNSTATUSA status = status_of(connection);
        CHECK_EQUAL(status.rasconnstate, RASCS_Authenticate);
        RASDIALPARAMSA params = params_for("Other", "wonderland");
        HRASCONN own = NULL;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &own), 0);
        CHECK_EQUAL(RasHangUpA(own), 0);
        wait_gone(own);
        /* As a program ends: with all that is to be done at its exit. */
        exit(0);
    }
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_EQUAL(status_of(connection).rasconnstate, RASCS_Authenticate);
    flag_raise(&released);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

/* A child has no part in what its parent's thread is told. */
static void a_fork_of_a_thread_that_dispatches(void)
{
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    HRASCONN connection = start("Lab");
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_EQUAL(RasDispatchDescriptor(), -1);
        CHECK_EQUAL(RasDispatch(0), ERROR_NO_MORE_ITEMS);
        /* What threads of the parent had is a leak to whoever looks at the exit. */
        _exit(0);
    }
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    while (RasDispatch(30000) == 0)
        continue;
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

/* A child that a handler forks is in no handler, has no dials, and its end hangs up nothing. */
static void fork_once(const struct told *told)
{
    if (told->state != RASCS_Authenticate)
        return;
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        inside = NULL;
        CHECK_EQUAL(status_of(told->handle).rasconnstate, RASCS_Authenticate);
        /* In the handler it would be 756; here it is the parent's dial, which waits for no answer of ours. */
        RASDIALPARAMSA params = params_for("Lab", "wonderland");
        HRASCONN same = told->handle;
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 2, NOTIFIER(func2), &same), ERROR_INVALID_AUTH_STATE);
        HRASCONN own = NULL;
        params = params_for("Other", "wonderland");
        CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &own), 0);
        hang_up(own);
        _exit(0);
    }
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    result = 2;
}

static void a_fork_inside_a_handler(void)
{
    inside = fork_once;
    HRASCONN connection = start("Lab");
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    CHECK_EQUAL(result, 2);
    hang_up(connection);
}

/* ---- a thread that ends, and of which the library keeps nothing any more ---- */

static pthread_key_t at_the_end;
static HRASCONN dialled_at_the_end;

/* Destructors of C++ and Rust run before those of keys: what the library kept of this thread is gone. */
static void dial_at_the_end(void *unused)
{
    (void)unused;
    CHECK_EQUAL(RasDispatchDescriptor(), -1);
    CHECK_EQUAL(RasDispatch(0), ERROR_NO_MORE_ITEMS);
    RASCONNSTATUSA status;
    status.dwSize = sizeof status;
    CHECK_EQUAL(RasGetConnectStatusA((HRASCONN)(ULONG_PTR)1, &status), ERROR_INVALID_HANDLE);
    dialled_at_the_end = start("Lab");
}

static void *dispatch_and_end(void *unused)
{
    (void)unused;
    CHECK_EQUAL(pthread_setspecific(at_the_end, &at_the_end), 0);
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    HRASCONN connection = start("Other");
    while (RasDispatch(30000) == 0)
        continue;
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
    the_record.count = 0;
    return NULL;
}

static void a_dial_of_a_thread_that_ends(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_key_create(&at_the_end, dial_at_the_end), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, dispatch_and_end, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(dialled_at_the_end != NULL);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(dialled_at_the_end);
}

static const struct test tests[] = {
    TEST(the_context_of_the_dialling_thread),
    TEST(the_dial_stands_still),
    TEST(silence),
    TEST(silence_and_a_question),
    TEST(two_dials),
    TEST(calls_inside_a_handler),
    TEST(hang_up_on_error_within_the_handler),
    TEST(hang_up_and_free),
    TEST(a_handler_that_waits_for_the_one_who_hangs_up),
    TEST(the_dialling_thread_ends),
    TEST(the_dialling_thread_ends_connected),
    TEST(a_handler_that_ends_its_thread),
    TEST(a_handler_that_never_returns),
    TEST(a_queue_in_an_event_loop),
    TEST(a_queue_brings_disconnected),
    TEST(closing_a_queue_hangs_up),
    TEST(closing_a_queue_wakes_who_waits),
    TEST(errors_in_a_queue),
    TEST(delivery_on_the_dialling_thread),
    TEST(dispatching_a_dial_that_is_hung_up),
    TEST(a_fork_in_mid_dial),
    TEST(a_fork_of_a_thread_that_dispatches),
    TEST(a_fork_inside_a_handler),
    TEST(a_dial_of_a_thread_that_ends),
};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

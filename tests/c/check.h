/* What the C programs of the tests share: checks, and a record of what handlers are told. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ras.h>
#include <raserror.h>
#include <ras_linux.h>

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);             \
            fflush(NULL);                                                                       \
            _exit(1);                                                                           \
        }                                                                                       \
    } while (0)

#define CHECK_EQUAL(expression, expected)                                                       \
    do {                                                                                        \
        unsigned long value_ = (unsigned long)(expression), expected_ = (unsigned long)(expected); \
        if (value_ != expected_) {                                                              \
            fprintf(stderr, "%s:%d: %s is %lu (0x%lx), not %lu\n", __FILE__, __LINE__, #expression, value_, value_, \
                    expected_);                                                                 \
            fflush(NULL);                                                                       \
            _exit(1);                                                                           \
        }                                                                                       \
    } while (0)

/* A function as RasDial takes it: ISO C knows no direct way from one kind of pointer to the other. */
#define NOTIFIER(function) ((LPVOID)(ULONG_PTR)(function))

#define MAX_TOLD 256

struct told {
    RASCONNSTATE state;
    DWORD error;
    HRASCONN handle;
    UINT message;
    DWORD extended;
    ULONG_PTR id;
    DWORD subentry;
    pthread_t thread;
};

/* What was told, in order. */
struct record {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct told told[MAX_TOLD];
    int count;
};

/* Zeroes are an initialised lock and condition on Linux. */
__attribute__((unused)) static struct record the_record;

static inline void record_add(struct record *record, struct told told)
{
    told.thread = pthread_self();
    pthread_mutex_lock(&record->lock);
    CHECK(record->count < MAX_TOLD);
    record->told[record->count++] = told;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
}

static inline struct timespec deadline_in(int seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += seconds;
    return now;
}

/* Waits until something is told for which this holds; gives it. */
static inline struct told record_wait(struct record *record, int (*is_it)(const struct told *))
{
    struct timespec deadline = deadline_in(30);
    pthread_mutex_lock(&record->lock);
    for (;;) {
        for (int i = 0; i < record->count; i++) {
            if (is_it(&record->told[i])) {
                struct told told = record->told[i];
                pthread_mutex_unlock(&record->lock);
                return told;
            }
        }
        CHECK(pthread_cond_timedwait(&record->changed, &record->lock, &deadline) == 0);
    }
}

static inline int record_count(struct record *record)
{
    pthread_mutex_lock(&record->lock);
    int count = record->count;
    pthread_mutex_unlock(&record->lock);
    return count;
}

static inline int is_end(const struct told *told)
{
    return told->error != 0 || (told->state & RASCS_DONE) != 0;
}

static inline int is_paused(const struct told *told)
{
    return told->error == 0 && (told->state & RASCS_DONE) == 0 && (told->state & RASCS_PAUSED) != 0;
}

/* A flag that threads wait for. */
struct flag {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_up;
};

#define FLAG_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

static inline void flag_raise(struct flag *flag)
{
    pthread_mutex_lock(&flag->lock);
    flag->is_up = 1;
    pthread_cond_broadcast(&flag->changed);
    pthread_mutex_unlock(&flag->lock);
}

static inline void flag_wait(struct flag *flag)
{
    struct timespec deadline = deadline_in(30);
    pthread_mutex_lock(&flag->lock);
    while (!flag->is_up)
        CHECK(pthread_cond_timedwait(&flag->changed, &flag->lock, &deadline) == 0);
    pthread_mutex_unlock(&flag->lock);
}

static inline RASDIALPARAMSA params_for(const char *entry, const char *password)
{
    RASDIALPARAMSA params;
    memset(&params, 0, sizeof params);
    params.dwSize = sizeof params;
    snprintf(params.szEntryName, sizeof params.szEntryName, "%s", entry);
    snprintf(params.szUserName, sizeof params.szUserName, "%s", "alice");
    snprintf(params.szPassword, sizeof params.szPassword, "%s", password);
    return params;
}

static inline RASCONNSTATUSA status_of(HRASCONN handle)
{
    RASCONNSTATUSA status;
    memset(&status, 0, sizeof status);
    status.dwSize = sizeof status;
    CHECK_EQUAL(RasGetConnectStatusA(handle, &status), 0);
    return status;
}

/* Waits until a connection that was hung up is gone (clause H4): until its status is 6. */
static inline void wait_gone(HRASCONN handle)
{
    struct timespec pause = {0, 2000000};
    for (int i = 0; i < 10000; i++) {
        RASCONNSTATUSA status;
        memset(&status, 0, sizeof status);
        status.dwSize = sizeof status;
        DWORD code = RasGetConnectStatusA(handle, &status);
        if (code == ERROR_INVALID_HANDLE)
            return;
        CHECK_EQUAL(code, 0);
        nanosleep(&pause, NULL);
    }
    CHECK(!"the connection goes");
}

struct test {
    const char *name;
    void (*run)(void);
};

/* Runs the test that the first argument names. */
static inline int run_test(const struct test *tests, size_t count, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < count; i++) {
        if (strcmp(tests[i].name, argv[1]) == 0) {
            tests[i].run();
            return 0;
        }
    }
    fprintf(stderr, "%s: no such test\n", argc > 1 ? argv[1] : "");
    return 2;
}

#define TEST(name) {#name, name}

#endif

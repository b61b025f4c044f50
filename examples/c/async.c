/*
 * Dials with a handler of each type: RasDial returns at once, and a thread of the library calls the handler for every state
 * and error. Then hangs up and waits until the connection is gone.
 */
#include "common.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_over;
static DWORD error_of_the_dial;

static void told(RASCONNSTATE state, DWORD error)
{
    printf("state 0x%x, error %u\n", (unsigned)state, (unsigned)error);
    if (error == 0 && (state & RASCS_DONE) == 0)
        return;
    pthread_mutex_lock(&lock);
    is_over = 1;
    error_of_the_dial = error;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static VOID WINAPI handler0(UINT message, RASCONNSTATE state, DWORD error)
{
    (void)message;
    told(state, error);
}

static VOID WINAPI handler1(HRASCONN connection, UINT message, RASCONNSTATE state, DWORD error, DWORD extended)
{
    (void)connection, (void)message, (void)extended;
    told(state, error);
}

static DWORD WINAPI handler2(ULONG_PTR id, DWORD link, HRASCONN connection, UINT message, RASCONNSTATE state, DWORD error,
                             DWORD extended)
{
    (void)id, (void)link, (void)connection, (void)message, (void)extended;
    told(state, error);
    return 1; /* 0: do not call again. */
}

static int dial(const RASDIALPARAMSA *params, DWORD type, LPVOID handler)
{
    is_over = 0;
    HRASCONN connection = NULL;
    RASDIALPARAMSA own = *params;
    DWORD code = RasDialA(NULL, NULL, &own, type, handler, &connection);
    if (code != ERROR_SUCCESS)
        return failed("dial", code);
    pthread_mutex_lock(&lock);
    while (!is_over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    if (error_of_the_dial != 0)
        failed("dial", error_of_the_dial);
    RasHangUpA(connection);
    /* RasHangUp returns before everything is done; the status tells when it is. */
    RASCONNSTATUSA status;
    struct timespec pause = {0, 10000000};
    do {
        nanosleep(&pause, NULL);
        status.dwSize = sizeof status;
    } while (RasGetConnectStatusA(connection, &status) == ERROR_SUCCESS);
    return error_of_the_dial != 0;
}

int main(int argc, char **argv)
{
    RASDIALPARAMSA params;
    if (!read_params(argc, argv, &params))
        return 2;
    LPVOID handlers[] = {(LPVOID)(ULONG_PTR)handler0, (LPVOID)(ULONG_PTR)handler1, (LPVOID)(ULONG_PTR)handler2};
    int result = 0;
    for (DWORD type = 0; type < 3 && result == 0; type++) {
        printf("handler of type %u\n", (unsigned)type);
        result = dial(&params, type, handlers[type]);
    }
    return result;
}

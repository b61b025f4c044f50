/*
 * Asks for another password when the server refuses the first: a paused state, which a second RasDial with the same handle
 * resumes. Passwords are read line by line from standard input.
 */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_told;
static RASCONNSTATE last_state;
static DWORD last_error;

/* A resume is not made within the handler: it returns first, and main does it. */
static DWORD WINAPI handler(ULONG_PTR id, DWORD link, HRASCONN connection, UINT message, RASCONNSTATE state, DWORD error,
                            DWORD extended)
{
    (void)id, (void)link, (void)connection, (void)message, (void)extended;
    if (error != 0 || (state & (RASCS_PAUSED | RASCS_DONE)) != 0) {
        pthread_mutex_lock(&lock);
        is_told = 1;
        last_state = state;
        last_error = error;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return 1;
}

static void wait_until_told(void)
{
    pthread_mutex_lock(&lock);
    while (!is_told)
        pthread_cond_wait(&changed, &lock);
    is_told = 0;
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    RASDIALPARAMSA params;
    if (!read_params(argc, argv, &params))
        return 2;
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = RDEOPT_PausedStates;
    HRASCONN connection = NULL;
    DWORD code = RasDialA(&extensions, NULL, &params, 2, (LPVOID)(ULONG_PTR)handler, &connection);
    if (code != ERROR_SUCCESS)
        return failed("dial", code);
    wait_until_told();
    while (last_error == 0 && last_state == RASCS_RetryAuthentication) {
        if (!read_line("refused; another password: ", params.szPassword, sizeof params.szPassword))
            break;
        code = RasDialA(&extensions, NULL, &params, 2, (LPVOID)(ULONG_PTR)handler, &connection);
        if (code != ERROR_SUCCESS)
            return failed("resume", code);
        wait_until_told();
    }
    if (last_error == 0 && last_state == RASCS_Connected) {
        printf("connected %p\n", (void *)connection);
        return 0;
    }
    RasHangUpA(connection);
    return failed("dial", last_error != 0 ? last_error : ERROR_AUTHENTICATION_FAILURE);
}

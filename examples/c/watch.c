/*
 * Tells when connections come and go, COUNT times: RasConnectionNotification signals an eventfd, and the program looks at
 * the list of connections then.
 */
#include "common.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int changes = argc > 1 ? atoi(argv[1]) : 1;
    int event = eventfd(0, EFD_CLOEXEC);
    if (event < 0) {
        perror("eventfd");
        return 1;
    }
    /* A HANDLE is the number of an eventfd. */
    DWORD code = RasConnectionNotificationA((HRASCONN)INVALID_HANDLE_VALUE, (HANDLE)(ULONG_PTR)event,
                                            RASCN_Connection | RASCN_Disconnection);
    if (code != ERROR_SUCCESS)
        return failed("notification", code);
    printf("watching\n");
    fflush(stdout);
    while (changes > 0) {
        uint64_t signals;
        if (read(event, &signals, sizeof signals) != sizeof signals)
            return 1;
        DWORD size = 0, count = 0;
        RasEnumConnectionsA(NULL, &size, &count);
        printf("%u connections\n", (unsigned)count);
        fflush(stdout);
        changes -= (int)signals;
    }
    close(event);
    return 0;
}

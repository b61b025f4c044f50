/* Lists the connections, their states and what they carry. */
#include "common.h"

#include <ras_linux.h>

int main(void)
{
    RASCONNA *list = NULL;
    DWORD size = 0, count = 0, code;
    /* The list may grow between two calls. */
    while ((code = RasEnumConnectionsA(list, &size, &count)) == ERROR_BUFFER_TOO_SMALL) {
        free(list);
        list = (RASCONNA *)calloc(1, size);
        if (list == NULL)
            return failed("list", ERROR_NOT_ENOUGH_MEMORY);
        list->dwSize = sizeof *list;
    }
    if (code != ERROR_SUCCESS)
        return failed("list", code);
    for (DWORD i = 0; i < count; i++) {
        RASCONNSTATUSA status;
        status.dwSize = sizeof status;
        if (RasGetConnectStatusA(list[i].hrasconn, &status) != ERROR_SUCCESS)
            continue; /* It has gone meanwhile. */
        printf("%p %s: %s, %s, state 0x%x, error %u\n", (void *)list[i].hrasconn, list[i].szEntryName,
               status.szDeviceName, status.szPhoneNumber, (unsigned)status.rasconnstate, (unsigned)status.dwError);
    }
    free(list);
    return 0;
}

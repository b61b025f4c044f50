/* Hangs up the connections of an entry, whoever dialled them, or all of them. */
#include "common.h"

#include <strings.h>

int main(int argc, char **argv)
{
    RASCONNA list[64];
    list[0].dwSize = sizeof *list;
    DWORD size = sizeof list, count = 0;
    DWORD code = RasEnumConnectionsA(list, &size, &count);
    if (code != ERROR_SUCCESS)
        return failed("list", code);
    for (DWORD i = 0; i < count; i++) {
        if (argc > 1 && strcasecmp(list[i].szEntryName, argv[1]) != 0)
            continue;
        /* One call gives one reference back; the last one disconnects. */
        int calls = 0;
        while (RasHangUpA(list[i].hrasconn) == ERROR_SUCCESS && calls < 1000)
            calls++;
        printf("%s: hung up\n", list[i].szEntryName);
    }
    return 0;
}

/* Dials and waits: RasDial without a handler. The connection stays when the program ends. */
#include "common.h"

int main(int argc, char **argv)
{
    RASDIALPARAMSA params;
    if (!read_params(argc, argv, &params))
        return 2;
    HRASCONN connection = NULL;
    DWORD code = RasDialA(NULL, NULL, &params, 0, NULL, &connection);
    memset(params.szPassword, 0, sizeof params.szPassword);
    if (code != ERROR_SUCCESS) {
        /* A dial that failed has a handle all the same. */
        if (connection != NULL)
            RasHangUpA(connection);
        return failed("dial", code);
    }
    printf("connected %p\n", (void *)connection);
    return 0;
}

/* What the examples share: parameters from the command line, a password from standard input. */
#ifndef COMMON_H
#define COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ras.h>
#include <raserror.h>

/* Prints what a code means, and gives 1 for main to return. */
static inline int failed(const char *what, DWORD code)
{
    char text[512];
    if (RasGetErrorStringA(code, text, sizeof text) != ERROR_SUCCESS)
        snprintf(text, sizeof text, "code 0x%08X", (unsigned)code);
    fprintf(stderr, "%s: error %u: %s\n", what, (unsigned)code, text);
    return 1;
}

/* Reads a line without its end: a password does not belong on a command line, which every process can see. */
static inline int read_line(const char *prompt, char *line, size_t size)
{
    fprintf(stderr, "%s", prompt);
    if (fgets(line, (int)size, stdin) == NULL)
        return 0;
    line[strcspn(line, "\n")] = 0;
    return 1;
}

/* Makes the parameters of a dial of ENTRY as USER. */
static inline int read_params(int argc, char **argv, RASDIALPARAMSA *params)
{
    memset(params, 0, sizeof *params);
    params->dwSize = sizeof *params;
    if (argc < 3) {
        fprintf(stderr, "usage: %s ENTRY USER, and the password on standard input\n", argv[0]);
        return 0;
    }
    snprintf(params->szEntryName, sizeof params->szEntryName, "%s", argv[1]);
    snprintf(params->szUserName, sizeof params->szUserName, "%s", argv[2]);
    return read_line("password: ", params->szPassword, sizeof params->szPassword);
}

#endif

/*
 * A small terminal: an entry with a terminal before or after dialling pauses in RASCS_Interactive, and so does a login script
 * that halts. What is typed goes to the line and what the line says comes out; a line that is a single period gives the line
 * back, and the dial goes on. Works with a person, and with a pipe.
 */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ras_linux.h>

/* Writes everything; gives 0 once nobody takes it any more. */
static int write_all(int to, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(to, text, length);
        if (written <= 0)
            return 0;
        text += written;
        length -= (size_t)written;
    }
    return 1;
}

/* Says everything on the line, which is a socket that does not block. */
static int say(int line, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t said = send(line, text, length, MSG_NOSIGNAL);
        if (said < 0 && errno == EAGAIN) {
            struct pollfd room = {line, POLLOUT, 0};
            poll(&room, 1, -1);
        } else if (said <= 0) {
            return 0;
        } else {
            text += said;
            length -= (size_t)said;
        }
    }
    return 1;
}

/* Takes one line that was typed; gives 0 at a period of its own and at the end of the input. */
static int type(int line)
{
    char typed[512];
    if (fgets(typed, sizeof typed, stdin) == NULL || strcmp(typed, ".\n") == 0)
        return 0;
    size_t length = strlen(typed);
    if (length > 0 && typed[length - 1] == '\n')
        typed[length - 1] = '\r'; /* what a terminal sends for the key */
    return say(line, typed, length);
}

/* Shows what the line says; gives 0 at its end. */
static int show(int line)
{
    char said[512];
    ssize_t length = read(line, said, sizeof said);
    if (length < 0 && errno == EAGAIN)
        return 1;
    return length > 0 && write_all(STDOUT_FILENO, said, (size_t)length);
}

/* Brings person and line together until the person is done, or the line is. */
static void talk(int line)
{
    struct pollfd both[2] = {{STDIN_FILENO, POLLIN, 0}, {line, POLLIN, 0}};
    int goes_on = 1;
    fprintf(stderr, "the line is yours; a period on a line of its own gives it back\n");
    while (goes_on && poll(both, 2, -1) > 0) {
        if (both[1].revents != 0)
            goes_on = show(line);
        if (goes_on && both[0].revents != 0)
            goes_on = type(line);
    }
}

int main(int argc, char **argv)
{
    RASDIALPARAMSA params;
    setvbuf(stdin, NULL, _IONBF, 0); /* poll sees what stdio has not taken */
    if (!read_params(argc, argv, &params))
        return 2;
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = RDEOPT_PausedStates;
    HRASCONN connection = NULL;
    /* Synchronous: it returns when it pauses, and is called again to go on. */
    DWORD code = RasDialA(&extensions, NULL, &params, 0, NULL, &connection);
    int line;
    while (code != ERROR_SUCCESS && connection != NULL && RasLineDescriptor(connection, &line) == ERROR_SUCCESS) {
        talk(line);
        close(line);
        code = RasDialA(&extensions, NULL, &params, 0, NULL, &connection);
    }
    if (code == ERROR_SUCCESS) {
        printf("connected %p\n", (void *)connection);
        return 0;
    }
    if (connection != NULL)
        RasHangUpA(connection);
    return failed("dial", code);
}

/*
 * Dials in an event loop: the message queue stands where a window does on Windows, and its descriptor is one of those that
 * epoll watches.
 */
#include "common.h"

#include <ras_linux.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Takes all messages that there are; 1 when the dial is over. */
static int take_messages(HRASQUEUE queue, DWORD *error)
{
    RASMESSAGE message;
    message.dwSize = sizeof message;
    while (RasGetQueueMessage(queue, &message, 0) == ERROR_SUCCESS) {
        printf("state 0x%x, error %u\n", (unsigned)message.wParam, (unsigned)message.lParam);
        *error = (DWORD)message.lParam;
        if (message.lParam != 0 || (message.wParam & RASCS_DONE) != 0)
            return 1;
        message.dwSize = sizeof message;
    }
    return 0;
}

int main(int argc, char **argv)
{
    RASDIALPARAMSA params;
    if (!read_params(argc, argv, &params))
        return 2;
    HRASQUEUE queue = NULL;
    DWORD code = RasCreateMessageQueue(&queue);
    if (code != ERROR_SUCCESS)
        return failed("queue", code);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN, {0}};
    if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, RasMessageQueueDescriptor(queue), &event) != 0) {
        perror("epoll");
        return 1;
    }
    HRASCONN connection = NULL;
    code = RasDialA(NULL, NULL, &params, RAS_MESSAGE_QUEUE, (LPVOID)queue, &connection);
    if (code != ERROR_SUCCESS)
        return failed("dial", code);
    DWORD error = 0;
    int is_over = 0;
    while (!is_over && epoll_wait(loop, &event, 1, -1) >= 0)
        is_over = take_messages(queue, &error);
    char proxy[64];
    DWORD length = sizeof proxy;
    if (error == 0 && RasGetProxyAddressA(connection, proxy, &length) == ERROR_SUCCESS)
        printf("SOCKS5 proxy at %s\n", proxy);
    RasHangUpA(connection);
    RasCloseMessageQueue(queue);
    close(loop);
    return error != 0 ? failed("dial", error) : 0;
}

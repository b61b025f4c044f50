/* RasConnectionNotification: the C clauses. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static int event(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(fd > 0);
    return fd;
}

static HANDLE handle_of(int fd)
{
    return (HANDLE)(ULONG_PTR)fd;
}

static HRASCONN any(void)
{
    return (HRASCONN)INVALID_HANDLE_VALUE;
}

static void wait_signal(int fd)
{
    struct pollfd poller = {fd, POLLIN, 0};
    CHECK_EQUAL(poll(&poller, 1, 30000), 1);
    eventfd_t count;
    CHECK_EQUAL(eventfd_read(fd, &count), 0);
    CHECK(count >= 1);
}

static int is_signalled(int fd)
{
    eventfd_t count;
    return eventfd_read(fd, &count) == 0;
}

static DWORD connections(void)
{
    RASCONNA list[8];
    list[0].dwSize = sizeof(RASCONNA);
    DWORD size = sizeof list, count = 0;
    CHECK_EQUAL(RasEnumConnectionsA(list, &size, &count), 0);
    return count;
}

static HRASCONN dial(void)
{
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), 0);
    return connection;
}

static void connections_come_and_go(void)
{
    int came = event(), went = event(), both = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(came), RASCN_Connection), 0);
    CHECK_EQUAL(RasConnectionNotificationW(any(), handle_of(went), RASCN_Disconnection), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(both), RASCN_Connection | RASCN_Disconnection), 0);
    /* Every change signals again. */
    for (int round = 0; round < 3; round++) {
        HRASCONN connection = dial();
        wait_signal(came);
        CHECK_EQUAL(connections(), 1);
        wait_signal(both);
        CHECK(!is_signalled(went));
        /* One that is the connection's own, beside those for all. */
        int own = event();
        CHECK_EQUAL(RasConnectionNotificationA(connection, handle_of(own), RASCN_Disconnection), 0);
        CHECK_EQUAL(RasHangUpA(connection), 0);
        wait_signal(went);
        CHECK_EQUAL(connections(), 0);
        wait_signal(both);
        wait_signal(own);
        CHECK(!is_signalled(came));
        close(own);
    }
}

static void a_dial_that_fails_is_no_connection(void)
{
    int both = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(both), RASCN_Connection | RASCN_Disconnection), 0);
    RASDIALPARAMSA params = params_for("Lab", "looking-glass");
    HRASCONN connection = NULL;
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NULL, &connection), ERROR_AUTHENTICATION_FAILURE);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    /* What comes next is signalled once: nothing was before it. */
    connection = dial();
    wait_signal(both);
    CHECK(!is_signalled(both));
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_signal(both);
}

static void other_flags_are_taken(void)
{
    int fd = event();
    const DWORD flags[] = {RASCN_BandwidthAdded, RASCN_BandwidthRemoved, RASCN_Dormant, RASCN_ReConnection,
                           RASCN_EPDGPacketArrival};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(fd), flags[i]), 0);
    HRASCONN connection = dial();
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    CHECK(!is_signalled(fd));
}

/* The server cuts each link after a moment: the first is made again at once, the next after a pause. */
static void a_lost_link(void)
{
    int dormant = event(), back = event(), went = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(dormant), RASCN_Dormant), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(back), RASCN_ReConnection), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(went), RASCN_Disconnection), 0);
    HRASCONN connection = dial();
    wait_signal(back);
    wait_signal(dormant);
    CHECK(!is_signalled(went));
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.rasconnstate, RASCS_Connected);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_signal(went);
}

static void what_cannot_be_registered(void)
{
    int fd = event(), file = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK_EQUAL(RasConnectionNotificationA(any(), NULL, RASCN_Connection), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(fd), 0), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(fd), 0x80), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(file), RASCN_Connection), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(9999), RASCN_Connection), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA(any(), INVALID_HANDLE_VALUE, RASCN_Connection), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasConnectionNotificationA((HRASCONN)(ULONG_PTR)1, handle_of(fd), RASCN_Disconnection),
                ERROR_INVALID_HANDLE);
    CHECK_EQUAL(RasConnectionNotificationA(NULL, handle_of(fd), RASCN_Disconnection), ERROR_INVALID_HANDLE);
}

/* Closing the event ends it. Whatever has its number then is not written to. */
static void a_closed_event(void)
{
    int fd = event(), other = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(fd), RASCN_Connection), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(other), RASCN_Connection), 0);
    int ends[2];
    CHECK_EQUAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    close(fd);
    CHECK_EQUAL(dup2(ends[1], fd), fd);
    HRASCONN connection = dial();
    wait_signal(other);
    char byte;
    CHECK(read(ends[0], &byte, 1) < 0 && errno == EAGAIN);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    /* Another eventfd under the number is another event. */
    close(fd);
    int fresh = event();
    if (fresh != fd) {
        CHECK_EQUAL(dup2(fresh, fd), fd);
    }
    connection = dial();
    wait_signal(other);
    CHECK(!is_signalled(fd));
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* Leaves this process hardly any more memory than it has, so that no stack for a thread can be made; gives what it had. */
static struct rlimit no_more_memory(void)
{
    struct rlimit had, none;
    unsigned long pages = 0;
    FILE *sizes = fopen("/proc/self/statm", "r");
    CHECK(sizes != NULL && fscanf(sizes, "%lu", &pages) == 1);
    fclose(sizes);
    CHECK_EQUAL(getrlimit(RLIMIT_AS, &had), 0);
    none = had;
    none.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (1 << 20);
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &none), 0);
    return had;
}

static void nothing(UINT message, RASCONNSTATE state, DWORD error)
{
    (void)message, (void)state, (void)error;
}

/* Without a thread there is nobody to signal or to tell: it is 8, and nothing stays behind. */
static void no_thread_can_be_made(void)
{
    int came = event();
    RASDIALPARAMSA params = params_for("Lab", "wonderland");
    HRASCONN connection = NULL;
    /* What reads the manager's events is there. */
    connection = dial();
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    connection = NULL;
    struct rlimit had = no_more_memory();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(came), RASCN_Connection), ERROR_NOT_ENOUGH_MEMORY);
    CHECK_EQUAL(RasDialA(NULL, NULL, &params, 0, NOTIFIER(nothing), &connection), ERROR_NOT_ENOUGH_MEMORY);
    CHECK(connection == NULL);
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &had), 0);
    for (int i = 0; i < 10000 && connections() > 0; i++)
        usleep(2000);
    connection = dial();
    CHECK(!is_signalled(came));
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(came), RASCN_Connection), 0);
    connection = dial();
    wait_signal(came);
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* Nobody uses the connection, which ends as a whole; its one link was never told of. */
static void an_idle_connection(void)
{
    int went = event(), links = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(links), RASCN_BandwidthAdded | RASCN_BandwidthRemoved), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(went), RASCN_Disconnection), 0);
    HRASCONN connection = dial();
    wait_signal(went);
    CHECK_EQUAL(connections(), 0);
    CHECK(!is_signalled(links));
    char why[512];
    DWORD room = sizeof why;
    CHECK_EQUAL(RasGetConnectionCauseA(connection, why, &room), 0);
    CHECK(strstr(why, "828") != NULL);
    CHECK_EQUAL(RasHangUpA(connection), ERROR_INVALID_HANDLE);
}

/* Waits for changes that the test makes through another program. */
static void of_other_programs(void)
{
    int came = event(), went = event();
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(came), RASCN_Connection), 0);
    CHECK_EQUAL(RasConnectionNotificationA(any(), handle_of(went), RASCN_Disconnection), 0);
    printf("ready\n");
    fflush(stdout);
    wait_signal(came);
    CHECK_EQUAL(connections(), 1);
    printf("came\n");
    fflush(stdout);
    wait_signal(went);
    printf("went\n");
}

static const struct test tests[] = {
    TEST(connections_come_and_go),
    TEST(a_dial_that_fails_is_no_connection),
    TEST(other_flags_are_taken),
    TEST(a_lost_link),
    TEST(what_cannot_be_registered),
    TEST(a_closed_event),
    TEST(no_thread_can_be_made),
    TEST(an_idle_connection),
    TEST(of_other_programs),
};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

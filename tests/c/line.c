/* The line of a dial in RASCS_Interactive, and custom scripts: A58, P3, P11. */
#include "record.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static DWORD dial_as(const char *password, DWORD options, DWORD type, LPVOID notifier, HRASCONN *connection)
{
    RASDIALEXTENSIONS extensions;
    memset(&extensions, 0, sizeof extensions);
    extensions.dwSize = sizeof extensions;
    extensions.dwfOptions = options;
    RASDIALPARAMSA params = params_for("Lab", password);
    return RasDialA(&extensions, NULL, &params, type, notifier, connection);
}

static DWORD dial(DWORD options, DWORD type, LPVOID notifier, HRASCONN *connection)
{
    return dial_as("wonderland", options, type, notifier, connection);
}

static void hang_up(HRASCONN connection)
{
    CHECK_EQUAL(RasHangUpA(connection), 0);
    wait_gone(connection);
}

/* Reads until the other end has said this. */
static void hear(int line, const char *awaited)
{
    char heard[512];
    size_t count = 0;
    do {
        struct pollfd poller = {line, POLLIN, 0};
        CHECK_EQUAL(poll(&poller, 1, 60000), 1);
        ssize_t got = read(line, heard + count, sizeof heard - 1 - count);
        CHECK(got > 0);
        count += (size_t)got;
        heard[count] = 0;
    } while (strstr(heard, awaited) == NULL);
}

static void say(int line, const char *text)
{
    CHECK_EQUAL(send(line, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void log_in(int line)
{
    hear(line, "login: ");
    say(line, "alice\r");
    hear(line, "Password: ");
    say(line, "wonderland\r");
}

/* Reads to the end, which there is once the line is given back. */
static void read_end(int line)
{
    char rest[256];
    ssize_t got;
    do {
        struct pollfd poller = {line, POLLIN, 0};
        CHECK_EQUAL(poll(&poller, 1, 60000), 1);
        got = read(line, rest, sizeof rest);
    } while (got > 0);
    CHECK_EQUAL(got, 0);
    close(line);
}

static int line_of(HRASCONN connection)
{
    int line = -1;
    CHECK_EQUAL(RasLineDescriptor(connection, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(RasLineDescriptor(connection, &line), 0);
    CHECK(line >= 0);
    return line;
}

static void is_interactive(HRASCONN connection)
{
    RASCONNSTATUSA status = status_of(connection);
    CHECK_EQUAL(status.rasconnstate, RASCS_Interactive);
    CHECK_EQUAL(status.dwError, 0);
    CHECK(strcmp(status.szDeviceType, "switch") == 0);
}

/* A person logs in, whatever form the handler has. */
static void a_terminal(void)
{
    for (DWORD type = 0; type < 3; type++) {
        HRASCONN connection = NULL;
        the_record.count = 0;
        CHECK_EQUAL(dial(RDEOPT_PausedStates, type, function_of(type), &connection), 0);
        struct told pause = record_wait(&the_record, is_paused);
        CHECK_EQUAL(pause.state, RASCS_Interactive);
        is_interactive(connection);
        int line = line_of(connection), again = line_of(connection);
        CHECK(line != again);
        close(again);
        log_in(line);
        /* P12: another handler is none of its own. */
        CHECK_EQUAL(dial(RDEOPT_PausedStates, type, function_of((type + 1) % 3), &connection), ERROR_INVALID_PARAMETER);
        CHECK_EQUAL(dial(RDEOPT_PausedStates, type, function_of(type), &connection), 0);
        CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
        read_end(line);
        CHECK_EQUAL(RasLineDescriptor(connection, &line), ERROR_INVALID_AUTH_STATE);
        CHECK_EQUAL(dial(RDEOPT_PausedStates, type, function_of(type), &connection), ERROR_INVALID_AUTH_STATE);
        hang_up(connection);
        CHECK_EQUAL(RasLineDescriptor(connection, &line), ERROR_INVALID_HANDLE);
    }
    int line;
    CHECK_EQUAL(RasLineDescriptor(NULL, &line), ERROR_INVALID_HANDLE);
}

/* Fetches messages up to this state, or to an error. */
static RASMESSAGE next_of(HRASQUEUE queue, RASCONNSTATE state)
{
    RASMESSAGE message;
    message.dwSize = sizeof message;
    do {
        CHECK_EQUAL(RasGetQueueMessage(queue, &message, 60000), 0);
    } while (message.wParam != state && message.lParam == 0);
    return message;
}

static void a_terminal_in_a_queue(void)
{
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_PausedStates, RAS_MESSAGE_QUEUE, queue, &connection), 0);
    CHECK_EQUAL(next_of(queue, RASCS_Interactive).lParam, 0);
    is_interactive(connection);
    int line = line_of(connection);
    log_in(line);
    CHECK_EQUAL(dial(RDEOPT_PausedStates, RAS_MESSAGE_QUEUE, queue, &connection), 0);
    CHECK_EQUAL(next_of(queue, RASCS_Connected).lParam, 0);
    read_end(line);
    hang_up(connection);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
}

/* S6: it returns with the handle, and a second call goes on. */
static void a_terminal_of_a_synchronous_dial(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_PausedStates, 0, NULL, &connection), ERROR_INTERACTIVE_MODE);
    CHECK(connection != NULL);
    is_interactive(connection);
    int line = line_of(connection);
    log_in(line);
    CHECK_EQUAL(dial(RDEOPT_PausedStates, 0, NULL, &connection), 0);
    read_end(line);
    hang_up(connection);
}

/* P2: nobody may be asked, and it is told before anything is dialled. */
static void a_terminal_for_nobody(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial(0, 2, NOTIFIER(func2), &connection), 0);
    struct told end = record_wait(&the_record, is_end);
    CHECK_EQUAL(end.error, ERROR_INTERACTIVE_MODE);
    CHECK_EQUAL(status_of(connection).dwError, ERROR_INTERACTIVE_MODE);
    int line;
    CHECK_EQUAL(RasLineDescriptor(connection, &line), ERROR_INVALID_AUTH_STATE);
    hang_up(connection);
    connection = NULL;
    CHECK_EQUAL(dial(0, 0, NULL, &connection), ERROR_INTERACTIVE_MODE);
    hang_up(connection);
}

/* P10: it is hung up in place of a resume, and the line ends. */
static void a_terminal_that_is_hung_up(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_PausedStates, 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_paused).state, RASCS_Interactive);
    int line = line_of(connection);
    hear(line, "login: ");
    hang_up(connection);
    read_end(line);
    CHECK_EQUAL(RasLineDescriptor(connection, &line), ERROR_INVALID_HANDLE);
}

/* What a script is given besides the line. */
struct given {
    HANDLE port;
    PFNRASGETBUFFER get;
    PFNRASFREEBUFFER release;
    PFNRASSENDBUFFER send;
    PFNRASRECEIVEBUFFER receive;
    PFNRASRETRIEVEBUFFER retrieve;
    PFNRASSETCOMMSETTINGS set;
};

/* Waits for the line as programs of Windows do, and reads; 0 at the end of the time. */
static DWORD receive(const struct given *given, DWORD milliseconds, PBYTE buffer, DWORD *size)
{
    int event = eventfd(0, EFD_CLOEXEC);
    CHECK_EQUAL(given->receive(given->port, buffer, size, milliseconds, (HANDLE)(ULONG_PTR)event), 0);
    eventfd_t count;
    CHECK_EQUAL(eventfd_read(event, &count), 0);
    CHECK_EQUAL(count, 1);
    close(event);
    return given->retrieve(given->port, buffer, size);
}

static void script_hears(const struct given *given, const char *awaited)
{
    char heard[512];
    size_t had = 0;
    PBYTE buffer = NULL;
    DWORD size = 100;
    CHECK_EQUAL(given->get(&buffer, &size), 0);
    CHECK_EQUAL(size, 100);
    do {
        CHECK_EQUAL(receive(given, RAS_INFINITE, buffer, &size), 0);
        CHECK(had + size < sizeof heard);
        memcpy(heard + had, buffer, size);
        had += size;
        heard[had] = 0;
    } while (strstr(heard, awaited) == NULL);
    CHECK_EQUAL(given->release(buffer), 0);
}

static void script_says(const struct given *given, const char *text)
{
    PBYTE buffer = NULL;
    DWORD size = (DWORD)strlen(text);
    CHECK_EQUAL(given->get(&buffer, &size), 0);
    memcpy(buffer, text, size);
    CHECK_EQUAL(given->send(given->port, buffer, size), 0);
    CHECK_EQUAL(given->release(buffer), 0);
}

static int script_calls;
static pthread_t script_thread;
static DWORD script_result;
static HRASCONN script_connection;
static struct flag script_waits = FLAG_INIT, script_ends = FLAG_INIT;

/* Logs in, with the password for PPP that the dial did not have. */
static DWORD WINAPI logs_in(HANDLE port, LPCWSTR phonebook, LPCWSTR entry, PFNRASGETBUFFER get, PFNRASFREEBUFFER release,
                            PFNRASSENDBUFFER send_, PFNRASRECEIVEBUFFER receive_, PFNRASRETRIEVEBUFFER retrieve, HWND window,
                            LPRASDIALPARAMS params, PVOID extensions)
{
    RASCUSTOMSCRIPTEXTENSIONS *more = (RASCUSTOMSCRIPTEXTENSIONS *)extensions;
    RASDIALPARAMSW *wide = (RASDIALPARAMSW *)(void *)params;
    struct given given = {port, get, release, send_, receive_, retrieve, more->pfnRasSetCommSettings};
    script_calls++;
    script_thread = pthread_self();
    CHECK(window == NULL && phonebook != NULL);
    CHECK_EQUAL(more->dwSize, sizeof *more);
    CHECK_EQUAL(wide->dwSize, sizeof *wide);
    CHECK(memcmp(entry, u"Lab", 8) == 0 && memcmp(wide->szEntryName, u"Lab", 8) == 0);
    CHECK(memcmp(wide->szUserName, u"alice", 12) == 0 && memcmp(wide->szPassword, u"looking-glass", 28) == 0);
    script_hears(&given, "login: ");
    script_says(&given, "alice\r");
    script_hears(&given, "Password: ");
    script_says(&given, "wonderland\r");
    memcpy(wide->szPassword, u"wonderland", 22);
    return script_result;
}

static DWORD dial_with_script(DWORD type, LPVOID notifier, HRASCONN *connection)
{
    return dial_as("looking-glass", RDEOPT_UseCustomScripting, type, notifier, connection);
}

static int is_interactive_told(const struct told *told)
{
    return told->state == RASCS_Interactive;
}

/* It is told, and then the script runs where handlers do. */
static void a_script(void)
{
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    for (DWORD type = 0; type < 3; type++) {
        HRASCONN connection = NULL;
        the_record.count = script_calls = 0;
        CHECK_EQUAL(dial_with_script(type, function_of(type), &connection), 0);
        struct told end = record_wait(&the_record, is_end);
        CHECK_EQUAL(end.error, 0);
        CHECK_EQUAL(end.state, RASCS_Connected);
        CHECK_EQUAL(script_calls, 1);
        CHECK(pthread_equal(script_thread, end.thread));
        CHECK_EQUAL(record_wait(&the_record, is_interactive_told).error, 0);
        hang_up(connection);
    }
}

static void a_script_of_a_synchronous_dial(void)
{
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_script(0, NULL, &connection), 0);
    CHECK_EQUAL(script_calls, 1);
    CHECK(pthread_equal(script_thread, pthread_self()));
    hang_up(connection);
}

static void a_script_in_a_queue(void)
{
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    HRASQUEUE queue = NULL;
    CHECK_EQUAL(RasCreateMessageQueue(&queue), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_script(RAS_MESSAGE_QUEUE, queue, &connection), 0);
    CHECK_EQUAL(next_of(queue, RASCS_Interactive).lParam, 0);
    CHECK_EQUAL(script_calls, 0);
    CHECK_EQUAL(next_of(queue, RASCS_Connected).lParam, 0);
    CHECK_EQUAL(script_calls, 1);
    CHECK(pthread_equal(script_thread, pthread_self()));
    hang_up(connection);
    CHECK_EQUAL(RasCloseMessageQueue(queue), 0);
}

static void a_script_in_dispatch(void)
{
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    CHECK_EQUAL(RasSetDelivery(RAS_DELIVER_ON_CALLER), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_script(1, NOTIFIER(func1), &connection), 0);
    while (RasDispatch(60000) == 0)
        continue;
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    CHECK_EQUAL(script_calls, 1);
    CHECK(pthread_equal(script_thread, pthread_self()));
    hang_up(connection);
}

/* What it returns ends the dial: told in Interactive, and kept. */
static void a_script_that_fails(void)
{
    script_result = ERROR_NO_CARRIER;
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial_with_script(2, NOTIFIER(func2), &connection), 0);
    struct told end = record_wait(&the_record, is_end);
    CHECK_EQUAL(end.state, RASCS_Interactive);
    CHECK_EQUAL(end.error, ERROR_NO_CARRIER);
    CHECK_EQUAL(status_of(connection).dwError, ERROR_NO_CARRIER);
    hang_up(connection);
    connection = NULL;
    CHECK_EQUAL(dial_with_script(0, NULL, &connection), ERROR_NO_CARRIER);
    hang_up(connection);
}

/* Asks for everything that there is not. */
static DWORD WINAPI tries(HANDLE port, LPCWSTR phonebook, LPCWSTR entry, PFNRASGETBUFFER get, PFNRASFREEBUFFER release,
                          PFNRASSENDBUFFER send_, PFNRASRECEIVEBUFFER receive_, PFNRASRETRIEVEBUFFER retrieve, HWND window,
                          LPRASDIALPARAMS params, PVOID extensions)
{
    RASCUSTOMSCRIPTEXTENSIONS *more = (RASCUSTOMSCRIPTEXTENSIONS *)extensions;
    struct given given = {port, get, release, send_, receive_, retrieve, more->pfnRasSetCommSettings};
    HANDLE other = (HANDLE)(ULONG_PTR)100000;
    PBYTE buffer = NULL;
    BYTE none[8];
    DWORD size = 100000;
    (void)phonebook, (void)entry, (void)window, (void)params;
    CHECK_EQUAL(get(NULL, &size), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(get(&buffer, NULL), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(get(&buffer, &size), 0);
    CHECK_EQUAL(size, 1500);
    memset(buffer, 'x', size);
    CHECK_EQUAL(release(none), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(release(NULL), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(send_(other, buffer, 1), ERROR_INVALID_PORT_HANDLE);
    CHECK_EQUAL(send_(NULL, buffer, 1), ERROR_INVALID_PORT_HANDLE);
    CHECK_EQUAL(send_(port, none, 1), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(send_(port, buffer, 1501), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(receive_(other, buffer, &size, 0, NULL), ERROR_INVALID_PORT_HANDLE);
    CHECK_EQUAL(receive_(port, none, &size, 0, NULL), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(receive_(port, buffer, NULL, 0, NULL), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(receive_(port, buffer, &size, 0, NULL), ERROR_INVALID_PARAMETER); /* no event */
    CHECK_EQUAL(receive_(port, buffer, &size, 0, (HANDLE)(ULONG_PTR)2), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(retrieve(other, buffer, &size), ERROR_INVALID_PORT_HANDLE);
    CHECK_EQUAL(retrieve(port, none, &size), ERROR_BUFFER_INVALID);
    CHECK_EQUAL(retrieve(port, buffer, NULL), ERROR_BUFFER_INVALID);
    RASCOMMSETTINGS settings = {sizeof settings, 2, 0, 7, 0};
    CHECK_EQUAL(given.set(other, &settings, NULL), ERROR_INVALID_PORT_HANDLE);
    CHECK_EQUAL(given.set(port, NULL, NULL), ERROR_INVALID_PARAMETER);
    CHECK_EQUAL(given.set(port, &settings, none), ERROR_INVALID_PARAMETER);
    /* A terminal without bits of its own stays as it is. */
    CHECK_EQUAL(given.set(port, &settings, NULL), 0);
    settings.bByteSize = 9;
    CHECK_EQUAL(given.set(port, &settings, NULL), ERROR_INVALID_PARAMETER);
    settings.dwSize++;
    CHECK_EQUAL(given.set(port, &settings, NULL), ERROR_INVALID_SIZE);
    /* A50, P12: neither here nor elsewhere does RasDial resume it. */
    HRASCONN same = script_connection;
    CHECK_EQUAL(dial_with_script(2, NOTIFIER(func2), &same), ERROR_DIAL_ALREADY_IN_PROGRESS);
    /* Nothing comes for a while, and then the end. */
    script_hears(&given, "login: ");
    CHECK_EQUAL(receive(&given, 20, buffer, &size), 0);
    CHECK_EQUAL(size, 0);
    flag_raise(&script_waits);
    DWORD code;
    while ((code = receive(&given, RAS_INFINITE, buffer, &size)) == 0)
        continue;
    CHECK_EQUAL(code, ERROR_PORT_DISCONNECTED);
    CHECK_EQUAL(send_(port, buffer, 1), ERROR_PORT_DISCONNECTED);
    /* What is not released goes when it returns. */
    script_calls++;
    flag_raise(&script_ends);
    return 0;
}

/* H1: it is hung up while its script waits for the line. */
static void a_script_that_tries_everything(void)
{
    CHECK_EQUAL(RasSetCustomScript(tries), 0);
    CHECK_EQUAL(dial_with_script(2, NOTIFIER(func2), &script_connection), 0);
    flag_wait(&script_waits);
    int count = record_count(&the_record);
    HRASCONN same = script_connection;
    CHECK_EQUAL(dial_with_script(2, NOTIFIER(func2), &same), ERROR_INVALID_AUTH_STATE);
    /* The script finds the end of its line, and no handler is called after the hang-up (A42). */
    CHECK_EQUAL(RasHangUpA(script_connection), 0);
    flag_wait(&script_ends);
    CHECK_EQUAL(script_calls, 1);
    wait_gone(script_connection);
    CHECK_EQUAL(record_count(&the_record), count);
}

/* A58: without the option, or without the function and paused states, PPP begins at once. */
static void no_script(void)
{
    HRASCONN connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_UseCustomScripting, 0, NULL, &connection), 0);
    hang_up(connection);
    CHECK_EQUAL(RasSetCustomScript(logs_in), 0);
    connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_PausedStates, 0, NULL, &connection), 0);
    hang_up(connection);
    CHECK_EQUAL(script_calls, 0);
    CHECK_EQUAL(RasSetCustomScript(NULL), 0);
    connection = NULL;
    CHECK_EQUAL(dial(RDEOPT_UseCustomScripting, 0, NULL, &connection), 0);
    hang_up(connection);
}

/* Without a function the program logs in itself, where it may be asked to. */
static void a_script_without_a_function(void)
{
    HRASCONN connection = NULL;
    DWORD options = RDEOPT_UseCustomScripting | RDEOPT_PausedStates;
    CHECK_EQUAL(dial(options, 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_paused).state, RASCS_Interactive);
    int line = line_of(connection);
    log_in(line);
    close(line);
    CHECK_EQUAL(dial(options, 2, NOTIFIER(func2), &connection), 0);
    CHECK_EQUAL(record_wait(&the_record, is_end).state, RASCS_Connected);
    hang_up(connection);
}

static const struct test tests[] = {
    TEST(a_terminal),
    TEST(a_terminal_in_a_queue),
    TEST(a_terminal_of_a_synchronous_dial),
    TEST(a_terminal_for_nobody),
    TEST(a_terminal_that_is_hung_up),
    TEST(a_script),
    TEST(a_script_of_a_synchronous_dial),
    TEST(a_script_in_a_queue),
    TEST(a_script_in_dispatch),
    TEST(a_script_that_fails),
    TEST(a_script_that_tries_everything),
    TEST(no_script),
    TEST(a_script_without_a_function),
};

int main(int argc, char **argv)
{
    return run_test(tests, sizeof tests / sizeof *tests, argc, argv);
}

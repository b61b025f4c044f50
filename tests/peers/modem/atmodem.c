/*
 * atmodem: spandsp's interpreter of AT commands as a modem at a pseudo-terminal.
 *
 *   atmodem LINK COMMAND
 *
 * LINK is made to lead to the terminal; the modem is ready when it exists. The numbers 1 to 4 are busy, not answered,
 * without dial tone and without carrier; for any other COMMAND is run with the line as its standard input and output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <spandsp.h>

static at_state_t *at;
static const char *command;
static int terminal = -1, line = -1;
static pid_t peer;
/* What the number that was dialled leads to, told when the interpreter has returned. */
static int pending = -1;
static enum { COMMANDS, DATA, DATA_COMMANDS } mode = COMMANDS;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(int to, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(to, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    count -= (size_t)written;
  }
}

static int say(at_state_t *state, void *user, const uint8_t *bytes, size_t count) {
  (void)state, (void)user;
  put(terminal, bytes, count);
  return (int)count;
}

static void hang_up(void) {
  if (line >= 0) close(line);
  line = -1;
  if (peer > 0) {
    kill(-peer, SIGTERM);
    waitpid(peer, NULL, 0);
  }
  peer = 0;
  mode = COMMANDS;
}

static int control(at_state_t *state, void *user, int operation, const char *number) {
  (void)state, (void)user;
  if (operation == AT_MODEM_CONTROL_CALL) {
    static const int fates[] = {AT_RESPONSE_CODE_BUSY, AT_RESPONSE_CODE_NO_ANSWER, AT_RESPONSE_CODE_NO_DIALTONE,
                                AT_RESPONSE_CODE_NO_CARRIER};
    int fate = number && number[0] >= '1' && number[0] <= '4' && !number[1];
    pending = fate ? fates[number[0] - '1'] : AT_RESPONSE_CODE_CONNECT;
  }
  if (operation == AT_MODEM_CONTROL_HANGUP || operation == AT_MODEM_CONTROL_ONHOOK) hang_up();
  return 0;
}

static void connect_line(void) {
  struct termios raw;
  memset(&raw, 0, sizeof raw);
  cfmakeraw(&raw);
  raw.c_cflag |= CS8 | CREAD;
  peer = forkpty(&line, NULL, &raw, NULL);
  if (peer == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  at_set_at_rx_mode(at, AT_MODE_CONNECTED);
  at_put_response(at, "CONNECT 115200");
  mode = DATA;
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: atmodem LINK COMMAND\n");
    return 2;
  }
  command = arguments[2];
  int slave;
  char name[128];
  struct termios raw;
  if (openpty(&terminal, &slave, name, NULL, NULL)) return 1;
  tcgetattr(slave, &raw);
  cfmakeraw(&raw);
  tcsetattr(slave, TCSANOW, &raw);
  at = at_init(NULL, say, NULL, control, NULL);
  at_reset_call_info(at);
  unlink(arguments[1]);
  if (symlink(name, arguments[1])) return 1;
  double last = 0;
  int pluses = 0;
  for (;;) {
    struct pollfd ports[] = {{terminal, POLLIN, 0}, {line, POLLIN, 0}};
    uint8_t bytes[4096];
    int ready = poll(ports, line >= 0 ? 2 : 1, 50);
    if (mode == DATA && pluses == 3 && now() - last > 1) {
      pluses = 0;
      mode = DATA_COMMANDS;
      at_set_at_rx_mode(at, AT_MODE_OFFHOOK_COMMAND);
      at_put_response_code(at, AT_RESPONSE_CODE_OK);
    }
    if (ready <= 0) continue;
    if (ports[0].revents & POLLIN) {
      ssize_t n = read(terminal, bytes, sizeof bytes);
      if (n > 0 && mode == DATA) {
        int escape = n == 3 && !memcmp(bytes, "+++", 3) && now() - last > 1;
        pluses = escape ? 3 : 0;
        if (!escape && line >= 0) put(line, bytes, (size_t)n);
        last = now();
      } else if (n > 0) {
        at_interpreter(at, (const char *)bytes, (int)n);
      }
    }
    if (pending >= 0) {
      int fate = pending;
      pending = -1;
      if (fate == AT_RESPONSE_CODE_CONNECT) connect_line();
      else at_put_response_code(at, fate);
      last = now();
      continue;
    }
    if (line >= 0 && ports[1].revents & (POLLIN | POLLHUP)) {
      ssize_t n = read(line, bytes, sizeof bytes);
      if (n > 0) {
        if (mode == DATA) put(terminal, bytes, (size_t)n);
      } else {
        hang_up();
        at_set_at_rx_mode(at, AT_MODE_ONHOOK_COMMAND);
        at_put_response_code(at, AT_RESPONSE_CODE_NO_CARRIER);
      }
    }
  }
}

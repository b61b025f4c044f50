/*
 * lwip-peer: lwIP's PPP on stdin and stdout (async HDLC), with a TCP service behind it.
 *
 *   lwip-peer server pap|chap|mschap2|eap|none [mppe]
 *       answers a dial, is 10.66.0.1, gives 10.66.0.2 and DNS 10.66.0.53, serves TCP port 9000
 *   lwip-peer client HOST BYTES pap|chap|mschap2|eap
 *       dials, authenticates in this way alone, sends BYTES to HOST:9000, fetches BYTES from it, checks both hashes, hangs up; status 0 if all held
 *
 * Name and password are PEER_USER and PEER_PASSWORD of the environment, or alice and wonderland.
 *
 * The service speaks one request per connection, a line and then data:
 *   "SEND n\n" and n bytes   ->  the SHA-256 of the bytes in hex and "\n"
 *   "RECV n\n"               ->  n bytes of the pattern, their SHA-256 in hex and "\n"
 * The pattern is SHA-256("rasman" || block number as 8 bytes, big-endian), block after block.
 *
 * The log on stderr is lwIP's own, and lines that begin with "peer:".
 */
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "netif/ppp/pppapi.h"
#include "netif/ppp/pppos.h"
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SERVICE_PORT 9000

void peer_diag(const char *format, ...) {
  va_list a;
  va_start(a, format);
  vfprintf(stderr, format, a);
  va_end(a);
}

u32_t sys_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000u + t.tv_nsec / 1000000u;
}

u32_t sys_jiffies(void) { return sys_now(); }

/* ---- SHA-256 (FIPS 180-4) ---- */

struct sha { u32_t h[8]; u8_t block[64]; unsigned used; unsigned long long total; };

static const u32_t K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static u32_t ror(u32_t x, int n) { return (x >> n) | (x << (32 - n)); }

static void sha_block(struct sha *s) {
  u32_t w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (u32_t)s->block[4 * i] << 24 | s->block[4 * i + 1] << 16 | s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
  for (int i = 16; i < 64; i++)
    w[i] = w[i - 16] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
           (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
  memcpy(v, s->h, sizeof v);
  for (int i = 0; i < 64; i++) {
    u32_t t1 = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    u32_t t2 = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) s->h[i] += v[i];
  s->used = 0;
}

static void sha_start(struct sha *s) {
  static const u32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(s->h, start, sizeof start);
  s->used = 0;
  s->total = 0;
}

static void sha_add(struct sha *s, const u8_t *d, size_t n) {
  s->total += n;
  while (n--) {
    s->block[s->used++] = *d++;
    if (s->used == 64) sha_block(s);
  }
}

static void sha_end(struct sha *s, u8_t out[32]) {
  unsigned long long bits = s->total * 8;
  u8_t b = 0x80;
  do { sha_add(s, &b, 1); b = 0; } while (s->used != 56);
  for (int i = 7; i >= 0; i--) { b = bits >> (8 * i); sha_add(s, &b, 1); }
  for (int i = 0; i < 32; i++) out[i] = s->h[i / 4] >> (24 - 8 * (i % 4));
}

static void hex_line(const u8_t digest[32], char line[66]) {
  for (int i = 0; i < 32; i++) sprintf(line + 2 * i, "%02x", digest[i]);
  line[64] = '\n';
  line[65] = 0;
}

static void pattern_block(unsigned long long number, u8_t out[32]) {
  struct sha s;
  u8_t in[14] = "rasman";
  for (int i = 0; i < 8; i++) in[6 + i] = number >> (8 * (7 - i));
  sha_start(&s);
  sha_add(&s, in, sizeof in);
  sha_end(&s, out);
}

/* ---- The TCP conversation, from either end ---- */

struct talk {
  struct tcp_pcb *pcb;
  char line[80];          /* the line being received: a request, or a hash */
  unsigned line_used;
  enum { LINE, DATA, IDLE } in;
  unsigned long long to_read, to_write, written;
  struct sha read_hash, write_hash;
  u8_t block[32];
  char tail[66];          /* a line that follows the written data; "" if none */
  unsigned tail_used;
  int server;
  int step;               /* client: 0 sending, 1 fetching */
};

static int done, failed;
static ppp_pcb *ppp;
static int is_client, started;
static ip_addr_t service_host;
static unsigned long long amount;

static void client_step(int step);

static void finish(struct talk *t) {
  tcp_arg(t->pcb, NULL);
  tcp_recv(t->pcb, NULL);
  tcp_sent(t->pcb, NULL);
  tcp_err(t->pcb, NULL);
  if (tcp_close(t->pcb) != ERR_OK) tcp_abort(t->pcb);
  free(t);
}

static void fill(struct talk *t) {
  u8_t chunk[TCP_MSS];
  while (t->written < t->to_write) {
    unsigned room = tcp_sndbuf(t->pcb), n = 0;
    if (room > sizeof chunk) room = sizeof chunk;
    if (room > t->to_write - t->written) room = t->to_write - t->written;
    if (!room || tcp_sndqueuelen(t->pcb) > TCP_SND_QUEUELEN - 8) break;
    unsigned long long at = t->written;
    for (; n < room; n++, at++) {
      if (at % 32 == 0) pattern_block(at / 32, t->block);
      chunk[n] = t->block[at % 32];
    }
    if (tcp_write(t->pcb, chunk, n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
      /* Out of queue: the same bytes are made again, so the block under way must be the right one. */
      if (t->written % 32) pattern_block(t->written / 32, t->block);
      break;
    }
    sha_add(&t->write_hash, chunk, n);
    t->written += n;
  }
  if (t->server && t->to_write && t->written == t->to_write && !t->tail[0]) {
    u8_t digest[32];
    sha_end(&t->write_hash, digest);
    hex_line(digest, t->tail);
    peer_diag("peer: served %llu bytes sha256 %s", t->written, t->tail);
  }
  while (t->tail[t->tail_used] && t->written == t->to_write) {
    unsigned n = strlen(t->tail + t->tail_used);
    if (tcp_write(t->pcb, t->tail + t->tail_used, n, TCP_WRITE_FLAG_COPY) != ERR_OK) break;
    t->tail_used += n;
  }
  tcp_output(t->pcb);
}

static int whole_line(struct talk *t) {
  t->line[t->line_used] = 0;
  if (t->server) {
    unsigned long long n;
    if (sscanf(t->line, "SEND %llu", &n) == 1) { t->to_read = n; t->in = DATA; return 0; }
    if (sscanf(t->line, "RECV %llu", &n) == 1) { t->to_write = n; t->in = IDLE; return 0; }
    return -1;
  }
  u8_t digest[32];
  char want[66];
  sha_end(t->step ? &t->read_hash : &t->write_hash, digest);
  hex_line(digest, want);
  want[64] = 0;
  int same = !strcmp(want, t->line);
  peer_diag("peer: %s %llu bytes sha256 %s %s\n", t->step ? "fetched" : "sent", amount, want, same ? "ok" : "WRONG");
  if (!same) failed = 1;
  return 1;
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t e) {
  struct talk *t = arg;
  if (!p) { /* the other end is done */
    if (!t->server) { failed = 1; ppp_close(ppp, 0); }
    finish(t);
    return ERR_OK;
  }
  int over = 0;
  for (struct pbuf *q = p; q; q = q->next) {
    u8_t *d = q->payload;
    size_t n = q->len;
    while (n && !over) {
      if (t->in == LINE) {
        if (*d == '\n') over = whole_line(t);
        else if (t->line_used < sizeof t->line - 1) t->line[t->line_used++] = *d;
        d++; n--;
      } else if (t->in == DATA) {
        size_t m = n < t->to_read ? n : t->to_read;
        sha_add(&t->read_hash, d, m);
        if (!t->server)
          for (size_t i = 0; i < m; i++) {
            unsigned long long at = amount - t->to_read + i;
            if (at % 32 == 0) pattern_block(at / 32, t->block);
            if (d[i] != t->block[at % 32]) failed = 1;
          }
        d += m; n -= m; t->to_read -= m;
        if (!t->to_read) {
          t->in = LINE;
          t->line_used = 0;
          if (t->server) {
            u8_t digest[32];
            unsigned long long total = t->read_hash.total;
            sha_end(&t->read_hash, digest);
            hex_line(digest, t->tail);
            peer_diag("peer: received %llu bytes sha256 %s", total, t->tail);
            t->in = IDLE;
          }
        }
      } else n = 0;
    }
  }
  tcp_recved(pcb, p->tot_len);
  pbuf_free(p);
  if (over) {
    int step = t->step, server = t->server;
    finish(t);
    if (!server) client_step(step + 1);
    return ERR_OK;
  }
  fill(t);
  return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t n) {
  struct talk *t = arg;
  fill(t);
  if (t->server && t->tail[0] && !t->tail[t->tail_used] && tcp_sndqueuelen(pcb) == 0) finish(t);
  return ERR_OK;
}

static void on_error(void *arg, err_t e) {
  struct talk *t = arg;
  peer_diag("peer: tcp error %d\n", e);
  if (!t->server) { failed = 1; ppp_close(ppp, 0); }
  free(t);
}

static struct talk *new_talk(struct tcp_pcb *pcb, int server) {
  struct talk *t = calloc(1, sizeof *t);
  t->pcb = pcb;
  t->server = server;
  sha_start(&t->read_hash);
  sha_start(&t->write_hash);
  tcp_arg(pcb, t);
  tcp_recv(pcb, on_recv);
  tcp_sent(pcb, on_sent);
  tcp_err(pcb, on_error);
  tcp_nagle_disable(pcb);
  return t;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t e) {
  if (e != ERR_OK || !pcb) return ERR_VAL;
  new_talk(pcb, 1);
  return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t e) {
  struct talk *t = arg;
  char request[40];
  sprintf(request, "%s %llu\n", t->step ? "RECV" : "SEND", amount);
  tcp_write(pcb, request, strlen(request), TCP_WRITE_FLAG_COPY);
  if (t->step) { t->to_read = amount; t->in = DATA; }
  else t->to_write = amount;
  fill(t);
  return ERR_OK;
}

static void client_step(int step) {
  if (step > 1 || failed) {
    peer_diag("peer: hanging up\n");
    ppp_close(ppp, 0);
    return;
  }
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  struct talk *t = new_talk(pcb, 0);
  t->step = step;
  if (tcp_connect(pcb, &service_host, SERVICE_PORT, on_connected) != ERR_OK) {
    failed = 1;
    ppp_close(ppp, 0);
  }
}

static void serve(void) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  if (tcp_bind(pcb, IP4_ADDR_ANY, SERVICE_PORT) != ERR_OK) exit(2);
  tcp_accept(tcp_listen(pcb), on_accept);
}

/* ---- PPP ---- */

static u32_t on_output(ppp_pcb *p, u8_t *d, u32_t n, void *c) {
  u32_t o = 0;
  while (o < n) {
    ssize_t r = write(1, d + o, n - o);
    if (r <= 0) { done = 1; return o; }
    o += r;
  }
  return n;
}

static void on_status(ppp_pcb *p, int e, void *c) {
  peer_diag("peer: status %d\n", e);
  if (e == PPPERR_NONE) {
    /* Told for IPv4 and for IPv6, in either order. */
    if (is_client && !started && !ip4_addr_isany(netif_ip4_addr(ppp_netif(ppp)))) {
      started = 1;
      client_step(0);
    }
  } else {
    if (is_client && e != PPPERR_USER) failed = 1;
    done = 1;
  }
}

static u8_t method_type(const char *m) {
  return !strcmp(m, "pap") ? PPPAUTHTYPE_PAP : !strcmp(m, "chap") ? PPPAUTHTYPE_CHAP
       : !strcmp(m, "eap") ? PPPAUTHTYPE_EAP : PPPAUTHTYPE_MSCHAP_V2;
}

int main(int argc, char **argv) {
  struct netif nif;
  ip4_addr_t a;
  is_client = argc > 1 && !strcmp(argv[1], "client");
  if (argc < 3 || (is_client && argc < 5)) {
    fprintf(stderr, "usage: lwip-peer server pap|chap|mschap2|eap|none [mppe] | client HOST BYTES METHOD\n");
    return 2;
  }
  setvbuf(stderr, NULL, _IOLBF, 0);
  srandom(time(0) ^ getpid());
  lwip_init();
  memset(&nif, 0, sizeof nif);
  ppp = pppos_create(&nif, on_output, on_status, NULL);
  if (!ppp) return 2;
  const char *user = getenv("PEER_USER"), *password = getenv("PEER_PASSWORD");
  if (!user) user = "alice";
  if (!password) password = "wonderland";
  if (is_client) {
    if (!ipaddr_aton(argv[2], &service_host)) return 2;
    amount = strtoull(argv[3], NULL, 10);
    ppp_set_auth(ppp, method_type(argv[4]), user, password);
    netif_set_default(&nif);
    ppp_set_default(ppp);
    ppp_connect(ppp, 0);
  } else {
    const char *m = argv[2];
    if (strcmp(m, "none")) {
      ppp_set_auth(ppp, method_type(m), user, password);
      ppp_set_auth_required(ppp, 1);
    }
    if (argc > 3) ppp_set_mppe(ppp, PPP_MPPE_ENABLE | PPP_MPPE_REFUSE_40);
    IP4_ADDR(&a, 10, 66, 0, 1); ppp_set_ipcp_ouraddr(ppp, &a);
    IP4_ADDR(&a, 10, 66, 0, 2); ppp_set_ipcp_hisaddr(ppp, &a);
    IP4_ADDR(&a, 10, 66, 0, 53); ppp_set_ipcp_dnsaddr(ppp, 0, &a);
    ppp_listen(ppp);
    serve();
  }
  static u8_t b[65536];
  while (!done) {
    struct pollfd f = {0, POLLIN, 0};
    u32_t s = sys_timeouts_sleeptime();
    if (poll(&f, 1, s > 200 ? 200 : s) > 0) {
      ssize_t n = read(0, b, sizeof b);
      if (n <= 0) { if (is_client && !done) failed = 1; break; }
      pppos_input(ppp, b, n);
    }
    sys_check_timeouts();
  }
  return failed;
}

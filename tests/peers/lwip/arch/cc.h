/* Compiler and platform glue for lwIP on a POSIX host. */
#ifndef PEER_ARCH_CC_H
#define PEER_ARCH_CC_H
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
void peer_diag(const char *format, ...);
#define LWIP_RAND() ((u32_t)random())
#define LWIP_PLATFORM_DIAG(x) do { peer_diag x; } while (0)
#define LWIP_PLATFORM_ASSERT(x) do { fprintf(stderr, "assert %s\n", x); abort(); } while (0)
#endif

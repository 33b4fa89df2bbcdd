// SPDX-License-Identifier: ISC
//
// A listening socket handed over by whoever started us (sd_listen_fds(3)).
#ifndef HS_AGENTD_ADOPT_H
#define HS_AGENTD_ADOPT_H

#include <stdbool.h>
#include <stddef.h>
#include "proto/err.h"

#define HS_ADOPT_FD 3 // where such descriptors begin

// True if LISTEN_PID names this process. Looks only.
bool hs_adopt_offered(void);

// Takes LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES out of the environment. Where this
// process was meant, there must be exactly one descriptor, a listening stream socket of
// AF_UNIX with a path: *fd gets it, CLOEXEC and non-blocking, *path its path, *adopted
// becomes true. HS_ERR_IO otherwise.
int hs_adopt(int *fd, char *path, size_t size, bool *adopted, struct hs_err *err);

#endif

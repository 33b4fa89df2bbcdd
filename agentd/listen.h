// SPDX-License-Identifier: ISC
//
// The listening socket: made with care, or adopted from whoever started us. libuv's own way
// of binding is not used: it cuts long paths, gives 0666 and knows no lock.
#ifndef HS_AGENTD_LISTEN_H
#define HS_AGENTD_LISTEN_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include "proto/err.h"

struct hs_listener {
	int fd;		// listening, CLOEXEC, non-blocking
	int lock;	// -1 where adopted
	bool adopted;	// from LISTEN_FDS: not ours to remove
	bool made_dir;	// a fresh folder, to be removed too
	char path[108]; // absolute
	dev_t dev;	// of what we bound
	ino_t ino;
};

// address NULL: $XDG_RUNTIME_DIR/handseal/agent.sock, else a fresh folder in /tmp. Where
// LISTEN_PID is this process, its one descriptor is adopted and address must be NULL;
// LISTEN_* leave the environment. HS_ERR_IO or HS_ERR_TOO_LONG with a sentence.
int hs_listen_open(const char *address, struct hs_listener *out, struct hs_err *err);

// Closes, and removes what was made, where it is still what was made.
void hs_listen_close(struct hs_listener *l);

#endif

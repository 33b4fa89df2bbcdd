// SPDX-License-Identifier: ISC
//
// Who is at the other end of a connection, as far as the kernel says: the uid that
// connected, its pid, and the executable that pid had when we looked. On one uid none of it
// is proof: the process may have been another when it connected, and may pass its socket
// on.
#ifndef HS_AGENTD_PEER_H
#define HS_AGENTD_PEER_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>
#include "proto/err.h"

struct hs_peer {
	uint64_t pid; // 0: unknown
	uid_t uid;
	char exe[PATH_MAX]; // "" where it could not be read
	char cwd[PATH_MAX]; // likewise: its working folder
};

// Reads the peer of a connected socket. HS_ERR_IO if not even the uid can be had.
int hs_peer_read(int fd, struct hs_peer *out);
// May it use a daemon that runs as uid self? Only if it is the same uid: root gets no more.
int hs_peer_allowed(const struct hs_peer *p, uid_t self);

#endif

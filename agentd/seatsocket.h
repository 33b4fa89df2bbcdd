// SPDX-License-Identifier: ISC
//
// Where a seat is found: a folder of its own, 0700, and the socket in it, 0600; of a seat
// that is shared with another user both are under /tmp, and an access list lets that one
// user in.
#ifndef HS_AGENTD_SEATSOCKET_H
#define HS_AGENTD_SEATSOCKET_H

#include "agentd/seat.h"

// Makes both, and takes connections from now on: s->dir, s->socket, s->listener, which is
// initialised. HS_ERR_IO with why; what was made is then to be removed.
int hs_seatsocket_open(struct hs_seat *s, struct hs_refusal *why);
void hs_seatsocket_remove(struct hs_seat *s); // the listener is the caller's to close

// Removes the folders that a daemon of this socket left behind when it was killed.
void hs_seats_clean(const char *socket);

#endif

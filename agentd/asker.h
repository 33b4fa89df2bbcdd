// SPDX-License-Identifier: ISC
//
// Who asks, in a prompt: what is known of the process and of its connection, and what that
// proves. Pure.
#ifndef HS_AGENTD_ASKER_H
#define HS_AGENTD_ASKER_H

#include "agentd/peer.h"
#include "proto/buf.h"

// Appends the line. seat: the id of the seat it asks on, or NULL. self: whose prompt it is.
void hs_asker_put(struct hs_buf *b, const struct hs_peer *p, const char *seat, uid_t self);

#endif

// SPDX-License-Identifier: ISC
//
// How the policy's Publish commands are, as `status` tells it: which servers have the lists
// of what is revoked, and which were not reached.
#ifndef HS_CLIENT_PUBLISHED_H
#define HS_CLIENT_PUBLISHED_H

#include <jansson.h>
#include "client/handseal/daemon.h"

// Waits until none of them is under way, at most so many seconds, and appends a line for
// each, behind indent, and to rows (may be NULL) an object. Nothing where the policy has
// none. 0, or the exit status of what was told.
int hs_published_wait(struct hs_daemon *d, unsigned seconds, struct hs_buf *b,
    const char *indent, json_t *rows);
// The same of a status that is there. HS_ERR_FORMAT. *busy: one is under way.
int hs_published_put(struct hs_str lines, uint64_t now, struct hs_buf *b,
    const char *indent, json_t *rows, bool *busy);

#endif

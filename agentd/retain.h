// SPDX-License-Identifier: ISC
//
// How long the audit log is kept: finished files that are older than the policy's LogKeep
// are recorded as forgotten, and then deleted, oldest first. What else lies beside them is
// not touched.
#ifndef HS_AGENTD_RETAIN_H
#define HS_AGENTD_RETAIN_H

#include "agentd/daemon.h"

struct hs_retain;

// Looks now and then each hour. NULL without memory.
struct hs_retain *hs_retain_new(struct hs_daemon *d);
void hs_retain_look(struct hs_retain *r); // now: the policy may have changed
// Appends a line where a file that cannot be read keeps it from that. r may be NULL.
void hs_retain_put_trouble(const struct hs_retain *r, struct hs_buf *b);
void hs_retain_free(struct hs_retain **r); // memory goes with the loop's next turns

#endif

// SPDX-License-Identifier: ISC
//
// The audit log's second copy: each line that is on disk goes to the system's log too
// (docs/PROTOCOL.audit "The second copy"). It never holds anything up: what is not taken
// there is counted, and that is recorded.
#ifndef HS_AGENTD_COPY_H
#define HS_AGENTD_COPY_H

#include "agentd/daemon.h"

struct hs_copy;

// Follows d->audit while the policy says so. path: of the system's log, a datagram socket;
// while there never was one, nothing is missed. NULL without memory.
struct hs_copy *hs_copy_new(struct hs_daemon *d, const char *path);
bool hs_copy_idle(const struct hs_copy *c); // nothing is on its way
void hs_copy_free(struct hs_copy **c);	    // memory goes with the loop's next turns

#endif

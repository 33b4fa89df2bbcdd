// SPDX-License-Identifier: ISC
//
// Bringing lists of what is revoked to servers: the policy's Publish commands, run after
// each change, again where they fail, ended where they hang, and how each of them is. On
// the loop's thread; nothing waits for them. What they do is theirs.
#ifndef HS_AGENTD_PUBLISH_H
#define HS_AGENTD_PUBLISH_H

#include "agentd/daemon.h"

struct hs_publish;

// Takes the commands of the policy as it is now: a later one changes nothing here, so that
// no program can have the daemon run something by editing a file. NULL: no memory.
// timeout_ms: a command may take so long.
struct hs_publish *hs_publish_new(struct hs_daemon *d, uint64_t timeout_ms);
// Lists were written: each is due. An hs_revocation_written.
void hs_publish_due(void *publish);
// A line for each: name, state, time of its last success, why it failed; TABs between.
void hs_publish_put(const struct hs_publish *p, struct hs_buf *b);
// Are these the commands that the policy now has?
bool hs_publish_same(const struct hs_publish *p, const struct hs_policy *policy);

void hs_publish_stop(struct hs_publish *p);	  // ends what runs; nothing is due any more
bool hs_publish_idle(const struct hs_publish *p); // nothing runs
void hs_publish_free(struct hs_publish **p);	  // after the loop has run its last

#endif

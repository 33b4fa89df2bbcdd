// SPDX-License-Identifier: ISC
//
// `pending`: connections that wait for an asking's outcome, each for as long as it said.
#ifndef HS_AGENTD_WAITER_H
#define HS_AGENTD_WAITER_H

#include "agentd/touch.h"

// HS_OK: the reply comes with the outcome, or when waiting is over. Else why, and the
// caller replies.
int hs_waiter_pending(
    struct hs_conn *c, const struct hs_agent_pending *m, struct hs_refusal *why);
void hs_waiter_abandon(struct hs_conn *c); // the connection goes away
// t is DONE: everybody who waits for it is told. True if it may be forgotten: all that
// asked have been told, or one came with the key.
bool hs_waiter_tell(struct hs_touch *t);

#endif

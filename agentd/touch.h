// SPDX-License-Identifier: ISC
//
// Askings that cost a touch: shown, recorded, then one ceremony at a time, each in a fresh
// helper. The loop never waits: what an asking is waiting for calls back.
#ifndef HS_AGENTD_TOUCH_H
#define HS_AGENTD_TOUCH_H

#include "agentd/conn.h"
#include "agentd/refusal.h"
#include "proto/agent.h"

#define HS_TOUCHES_MAX 8 // askings that wait at one time

// `open`: takes an asking of this connection. HS_OK: the reply comes when it is recorded.
// Else why says what is wrong, and the caller replies.
int hs_touch_open(struct hs_conn *c, const struct hs_agent_open *m,
    const struct hs_now *now, struct hs_refusal *why);
// `pending`: HS_OK: the reply comes with the outcome. HS_NO_SUCH likewise.
int hs_touch_pending(struct hs_conn *c, struct hs_str code, struct hs_refusal *why);

void hs_touch_abandon(struct hs_conn *c); // the connection goes away; calls its touch off
size_t hs_touch_waiting(const struct hs_daemon *d); // askings without an outcome yet

#endif

// SPDX-License-Identifier: ISC
//
// The extension `policy` (docs/PROTOCOL.agent): what is in force, what names mean, and what
// would happen to a request, without it.
#ifndef HS_AGENTD_POLICYASK_H
#define HS_AGENTD_POLICYASK_H

#include "agentd/conn.h"
#include "agentd/refusal.h"
#include "proto/agent.h"

// Appends the whole reply frame, or says why not.
int hs_policyask(struct hs_conn *c, const struct hs_agent_policy *m,
    const struct hs_now *now, struct hs_buf *frame, struct hs_refusal *why);

#endif

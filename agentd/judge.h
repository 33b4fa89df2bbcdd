// SPDX-License-Identifier: ISC
//
// The daemon's state put before the decision (proto/decide.h): what is open, what the
// policy of now says, who asked how often. Decides nothing itself.
#ifndef HS_AGENTD_JUDGE_H
#define HS_AGENTD_JUDGE_H

#include "agentd/daemon.h"
#include "agentd/refusal.h"
#include "proto/decide.h"

struct hs_judge_ask {
	const struct hs_scope *scope;
	const char *agent; // as claimed, or "unknown"
	const char *exe;   // as seen, may be ""
	bool reasoned, opening;
	bool listed; // its own asking is among those that wait already
	bool again; // it was asked already, and counted: limits and declines are not looked
		    // at
};

// The decision, for the main socket. hs_decided_free in any case.
enum hs_decision hs_judge(struct hs_daemon *d, const struct hs_judge_ask *ask,
    const struct hs_now *now, struct hs_decided *out);

// A refusal in the words of a decision.
void hs_judge_refusal(const struct hs_decided *decided, struct hs_refusal *why);

#endif

// SPDX-License-Identifier: ISC
//
// The daemon's state put before the decision (proto/decide.h): what is open, what the
// policy of now says, who asked how often. Decides nothing itself.
#ifndef HS_AGENTD_JUDGE_H
#define HS_AGENTD_JUDGE_H

#include "agentd/daemon.h"
#include "agentd/peer.h"
#include "agentd/refusal.h"
#include "proto/decide.h"

struct hs_judge_ask {
	const struct hs_scope *scope;
	const char *agent;	    // as claimed, or "unknown"
	const struct hs_peer *peer; // who asks: its hint, its origin
	// of a seat: whose grants count, and they themselves; NULL: the main socket's
	const struct hs_seat *seat;
	const struct hs_decide_grant *grants;
	size_t ngrants;
	bool reasoned, opening;
	bool direct; // then no grants count, but those that are given here
	bool shared; // for a seat that another user is to use
	bool listed; // its own asking is among those that wait already
	bool again; // it was asked already, and counted: limits and declines are not looked
		    // at
};

// Who asks, for limits: a seat, else what hs_decide_asker says.
void hs_judge_asker(const struct hs_daemon *d, const struct hs_judge_ask *ask,
    char out[static HS_AGENT_NAME_MAX + 1]);

// The decision. hs_decided_free in any case.
enum hs_decision hs_judge(struct hs_daemon *d, const struct hs_judge_ask *ask,
    const struct hs_now *now, struct hs_decided *out);

// A refusal in the words of a decision.
void hs_judge_refusal(const struct hs_decided *decided, struct hs_refusal *why);

#endif

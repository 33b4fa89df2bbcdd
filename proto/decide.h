// SPDX-License-Identifier: ISC
//
// The decision about one request, as a pure and total function: (policy, live grants and
// their uses, who asks, what is asked, now) -> issue under grant G, ask with this
// difference, or refuse with this code (docs/PROTOCOL.policy, "Deciding"). Makes nothing,
// asks nobody.
#ifndef HS_PROTO_DECIDE_H
#define HS_PROTO_DECIDE_H

#include "proto/origin.h"
#include "proto/policy.h"

// A live grant, as far as deciding goes.
struct hs_decide_grant {
	const struct hs_scope *scope;
	uint64_t end;	    // Unix seconds
	uint64_t uses_left; // HS_USES_ANY: any
	struct hs_str holder;
	bool silent;   // `open` asked for it: it issues without a touch
	bool verified; // its touch had PIN or finger
};

struct hs_decide_input {
	const struct hs_policy *policy;
	const struct hs_decide_grant *grants;
	size_t ngrants;
	struct hs_str holder;  // whose grants count: "main", or a seat's
	struct hs_str agent;   // the name it gives itself, valid, never empty
	struct hs_str exe;     // its executable as seen, may be empty
	enum hs_origin origin; // from where it asks
	bool forwarded; // over a connection that another host forwards, or may forward
	const struct hs_scope *scope; // what is asked
	bool opening;		      // `open`: asks for a session's ceiling, never issues
	bool direct;   // a direct certificate: of no grants before it is made
	bool reasoned; // it gave a reason; not looked at for `open`
	bool channel;  // a prompt would reach somebody; neither
	bool declined; // this asker was declined this, or less, in the last 5 minutes
	uint32_t by_asker, by_all; // prompts in the last 5 minutes
	uint32_t waiting;	   // askings without an outcome
	uint64_t now;		   // Unix seconds
};

enum hs_decision { HS_DECIDE_REFUSE, HS_DECIDE_ISSUE, HS_DECIDE_ASK };

struct hs_decided {
	enum hs_decision what;
	struct hs_err
	    err; // REFUSE: code and sentence; ISSUE, ASK: HS_OK and why, for `explain`
	char remedy[480]; // REFUSE: what would make it succeed
	size_t grant;	  // ISSUE: under which
	bool verify;	  // ASK: with PIN or finger
	bool once;	  // ASK: a scope that costs a touch each time: one use
	// ASK: the statements that no live grant of the holder covers, with the asked head,
	// or all of it where that leaves none; with `once` all of it, its head saying
	// max-uses 1. Owned: hs_decided_free.
	struct hs_scope *difference;
	bool longer; // ASK: what is new is (also) the head: more time, uses or depth, or
		     // on-end drain
};

// Decides. Never fails otherwise than by REFUSE (HS_ERR_NOMEM is one). *out is zeroed
// first.
enum hs_decision hs_decide(const struct hs_decide_input *in, struct hs_decided *out);
void hs_decided_free(struct hs_decided *d);

// Who asks, for limits: the agent block whose executable it is, of several the one of that
// name, else the first; else "unknown". NUL-terminated.
void hs_decide_asker(const struct hs_policy *p, struct hs_str agent, struct hs_str exe,
    char out[static HS_AGENT_NAME_MAX + 1]);

#endif

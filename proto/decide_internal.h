// SPDX-License-Identifier: ISC
//
// What the two files that decide share: what was found out on the way, and the sentences
// for it. Private to decide.c and decide_words.c; the contract is decide.h.
#ifndef HS_PROTO_DECIDE_INTERNAL_H
#define HS_PROTO_DECIDE_INTERNAL_H

#include "proto/decide.h"
#include "proto/scope_internal.h"

struct deciding {
	const struct hs_decide_input *in;
	struct hs_decided *out;
	const struct hs_policy_agent *agent;  // whose block it is; NULL: none
	const struct hs_policy_scope *always; // the first `Touch always` scope it overlaps
	const struct hs_policy_scope *pin;    // the first `Verify pin` scope it overlaps
	const struct hs_policy_scope *chain;  // direct: the first `Trust chain` one
	size_t live;			      // the holder's grants
	bool main;			      // asked on the main socket
	bool away;	 // there, from another host, to which nothing is issued silently
	bool covered;	 // some grant of the holder would do, but for what follows
	bool spent;	 // one would do, had it the uses
	bool unverified; // one would do, had it PIN or finger
};

// What is asked that no grant of the holder has, as "user root"; false where each value
// stands in some.
bool decide_missing(const struct deciding *d, struct hs_buf *b);

// Fills in the refusal.
void decide_refuse(struct deciding *d, enum hs_code code);

// Fills in why it is asked.
void decide_explain_asking(struct deciding *d);

#endif

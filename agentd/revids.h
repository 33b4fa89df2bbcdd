// SPDX-License-Identifier: ISC
//
// What `revoke` names as ids (docs/PROTOCOL.agent 6.13), read; what they mean is
// revplan.h's. Pure.
#ifndef HS_AGENTD_REVIDS_H
#define HS_AGENTD_REVIDS_H

#include "proto/revstate.h"

#define HS_REVID_PREFIX 4 // digits of a session's id at least

// SESSION.SERIAL, SESSION.LO-HI, or a root's fingerprint in place of SESSION: its direct
// certificates, by the serials that it gave them.
struct hs_revid {
	struct hs_str session; // the first digits of its id, or all; of direct ones empty
	struct hs_str root;    // the fingerprint of direct ones; else empty
	uint64_t lo, hi;       // both included
};
// Takes the next off names; false at their end. *good: it is one; else out is empty.
bool hs_revids_next(struct hs_str *names, struct hs_revid *out, bool *good);
// Does a session's id begin so?
bool hs_revids_begins(const char *id, struct hs_str front);
// Does it name this thing, of that session?
bool hs_revids_names(const struct hs_revid *r, const char *id, const struct hs_indexed *i);
// How they were named, for a person: what of hs_agent_revoke.
const char *hs_revids_kind(uint8_t what);

#endif

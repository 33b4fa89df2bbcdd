// SPDX-License-Identifier: ISC
//
// Sessions that have ended while certificates under them live: what is needed to revoke
// them still, when the key that they were touched with is pulled out. Time is an argument.
// It revokes nothing itself.
#ifndef HS_AGENTD_ENDED_H
#define HS_AGENTD_ENDED_H

#include "agentd/session.h"

#define HS_ENDED_MAX                                                                       \
	64 // where there are more, the one whose certificates end first is dropped

struct hs_ended_session {
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_touched_at touched_at;
	uint64_t last_end; // of its certificates, Unix seconds
};

// Zero-initialise. Nothing to free.
struct hs_ended {
	struct hs_ended_session v[HS_ENDED_MAX];
	size_t n;
};

// Remembers s, which is about to end, if a certificate under it lives at wall (Unix
// seconds).
void hs_ended_add(struct hs_ended *e, const struct hs_session *s, uint64_t wall);
// Takes out one that was touched at path and has certificates that live. False: there is
// none.
bool hs_ended_take(
    struct hs_ended *e, const char *path, uint64_t wall, struct hs_ended_session *out);

#endif

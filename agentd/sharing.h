// SPDX-License-Identifier: ISC
//
// Which other user a seat may be shared with: what AllowUser of the policy in force says,
// and whom its names stand for. How a seat's socket is opened to one is seatsocket.c's, who
// may use it seat.h's.
#ifndef HS_AGENTD_SHARING_H
#define HS_AGENTD_SHARING_H

#include <sys/types.h>
#include "agentd/refusal.h"
#include "proto/policy.h"

struct hs_sharing {
	uid_t uid;			   // 0: with nobody
	char word[HS_POLICY_USER_MAX + 1]; // of the policy, which names that user
};

// May a seat of a daemon that runs as self be shared with uid, which is not 0? HS_OK; or
// HS_NO_POLICY with why. Reads /etc/passwd where the policy has names.
int hs_sharing_find(const struct hs_policy *p, uid_t uid, uid_t self,
    struct hs_sharing *out, struct hs_refusal *why);

// In words: "the user agent-anna (uid 4711)", or "uid 4711".
void hs_sharing_put(struct hs_buf *b, const struct hs_sharing *s);

#endif

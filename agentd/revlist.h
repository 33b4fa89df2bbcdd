// SPDX-License-Identifier: ISC
//
// Writing a session's list of what is revoked (docs/PROTOCOL.revoke section 3), from what
// is remembered: signed by its revoke-only key for servers with handseal-verify, and the
// KRL alone for stock sshd.
#ifndef HS_AGENTD_REVLIST_H
#define HS_AGENTD_REVLIST_H

#include "agentd/revlog.h"

#define HS_REVLIST_SUFFIX ".list"
#define HS_REVLIST_KRL	  ".krl"

struct hs_revlist_dirs {
	int sessions, lists, krl;
};
// What a session has: a revoke-only key, once a touch has made a grant over its own; direct
// certificates, which stand in its KRL alone.
struct hs_revlist_has {
	bool key, direct;
};

// Writes both, the KRL only where something is revoked or one is there. now and next are
// Unix seconds. *version: of the list before, as far as the caller knows, and then of this
// one. What has expired is left out. Both are on disk when it returns HS_OK.
int hs_revlist_write(const struct hs_revlist_dirs *dirs, const struct hs_revlog *log,
    const char *session, const struct hs_revlist_has *has, uint64_t now, uint64_t next,
    uint64_t *version, struct hs_err *err);

#endif

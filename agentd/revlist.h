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

// A list that is made up by one thread and may be written by another. Zero-initialise.
struct hs_revlist {
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_revlist_has has;
	struct hs_revlog_of revoked; // owned: hs_revlist_free
	uint64_t version;
	uint64_t now, next; // Unix seconds
	// once it was written
	int rc;	      // HS_OK: it is on disk. HS_NO_LIST: its key is gone, or is none
	bool keyless; // that
	struct hs_err why;
};
// From what was taken until now; what has expired is left out. before: the version of the
// one before, 0 where that is not known; a list of it is looked at then. HS_ERR_NOMEM.
int hs_revlist_make(struct hs_revlist *l, const struct hs_revlist_dirs *dirs,
    const struct hs_revlog *log, uint64_t before);
// Writes both, the KRL only where something is revoked or one is there.
void hs_revlist_write(struct hs_revlist *l, const struct hs_revlist_dirs *dirs);
void hs_revlist_free(struct hs_revlist *l);

#endif

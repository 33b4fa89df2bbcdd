// SPDX-License-Identifier: ISC
//
// The files that sessions have in the state folder (docs/PROTOCOL.revoke section 8): which
// sessions earlier daemons left there, by any of them, for one whose revoke-only key is
// gone still has to be told of; and removing what nobody needs any more. What stands in
// each is its owner's.
#ifndef HS_AGENTD_REVFILES_H
#define HS_AGENTD_REVFILES_H

#include "agentd/revlist.h"

#define HS_REVFILES_KEPT_S (30 * 24 * 3600) // a session's files, after its last end

// Tells each session that has a revoke-only key, an index or a list here, once. HS_ERR_IO
// where a folder cannot be read, or fn's first answer that is not HS_OK.
typedef int hs_revfiles_told(void *arg, const char *id);
int hs_revfiles_each(const struct hs_revlist_dirs *dirs, hs_revfiles_told *fn, void *arg,
    struct hs_err *err);

struct hs_revfiles_session {
	uint64_t begin, end; // Unix seconds: of its first grant and of the last thing in it
	struct hs_revlist_has has;
	bool keyless; // it had a key, and no list of it can be signed any more
};
// What is known of one. False where it could not be read now, but may be later.
bool hs_revfiles_read(
    const struct hs_revlist_dirs *dirs, const char *id, struct hs_revfiles_session *f);
// All files of a session. False where one of them stays.
bool hs_revfiles_remove(const struct hs_revlist_dirs *dirs, const char *id);

#endif

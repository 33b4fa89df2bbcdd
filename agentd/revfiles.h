// SPDX-License-Identifier: ISC
//
// The files that sessions have in the state folder (docs/PROTOCOL.revoke section 7): which
// sessions earlier daemons left there, and removing what nobody needs any more. What
// stands in each is its owner's.
#ifndef HS_AGENTD_REVFILES_H
#define HS_AGENTD_REVFILES_H

#include <time.h>
#include "agentd/revlist.h"

// Tells each session that has a revoke-only key or an index here, and whether it has a key.
// One that was last written more than 30 days before now is removed. HS_ERR_IO,
// HS_ERR_NOMEM, or fn's first answer that is not HS_OK.
typedef int hs_revfiles_session(void *arg, const char *id, bool key);
int hs_revfiles_each(const struct hs_revlist_dirs *dirs, time_t now,
    hs_revfiles_session *fn, void *arg, struct hs_err *err);
// When the last thing in it ends, Unix seconds, and what else than a key it has. False
// where that cannot be read.
bool hs_revfiles_read(const struct hs_revlist_dirs *dirs, const char *id,
    struct hs_revlist_has *has, uint64_t *end);
// False where one of its files stays.
bool hs_revfiles_remove(const struct hs_revlist_dirs *dirs, const char *id);

#endif

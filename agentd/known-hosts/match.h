// SPDX-License-Identifier: ISC
//
// Which of a scope's hosts a line of known_hosts is about. libssh is asked for each name
// and each single pattern, and to read the key; lists, negation and ports are put together
// here, since libssh takes a pattern that fits for the answer, whatever is negated behind
// it.
#ifndef HS_KNOWNHOSTS_MATCH_H
#define HS_KNOWNHOSTS_MATCH_H

#include "agentd/known-hosts/line.h"

#define HS_MATCH_WORK_MAX  (1u << 21) // questions to libssh in one run
#define HS_MATCH_WORK_HASH 16	      // what one about a hashed name counts for

struct hs_match;

// req must outlive it. HS_ERR_NOMEM.
int hs_match_new(const struct hs_knownhosts_request *req, struct hs_match **out);
void hs_match_free(struct hs_match **m); // NULL and *NULL are fine

// Told of each name, in the same order each time; one may come twice. What it returns, if
// not HS_OK, ends the look at the line and is returned.
typedef int hs_match_found(void *arg, const struct hs_knownhosts_entry *e);

// Tells the names of l, whose hosts are not empty. HS_ERR_FORMAT, HS_ERR_KEY_TYPE,
// HS_ERR_UNSUPPORTED: the line, or some of it, cannot be used, and err says why; a key that
// it revokes has been told under all names if only its names could not be read.
// HS_ERR_TOO_LONG: all work that may be done is done, no line can be looked at any more.
// HS_ERR_NOMEM.
int hs_match_line(struct hs_match *m, const struct hs_line *l, hs_match_found *found,
    void *arg, struct hs_err *err);

#endif

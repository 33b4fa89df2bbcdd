// SPDX-License-Identifier: ISC
//
// The daemon's memory of what was revoked (docs/PROTOCOL.revoke section 6): the file
// `revoked`, and the same in memory. What is to be revoked is revoke.h's, which lists it
// makes revlist.h's.
#ifndef HS_AGENTD_REVLOG_H
#define HS_AGENTD_REVLOG_H

#include "agentd/clock.h"
#include "agentd/statefile.h"
#include "proto/krl.h"
#include "proto/revstate.h"

struct hs_revlog {
	struct hs_statefile file;
	struct hs_revoked *v; // all of it, in the order of the file
	size_t n, cap;
	size_t old;	// of them, those that were there when it was opened
	uint64_t since; // and when that was: CLOCK_BOOTTIME in milliseconds
	int dir;	// the caller's; it outlives this
};

// Opens or makes dir/revoked and reads it. A last line that was torn is cut off, and *torn
// says how many bytes that were. HS_ERR_CONFIG with the line where one is no line of it.
int hs_revlog_open(struct hs_revlog *l, int dir, uint64_t *torn, struct hs_err *err);
// Adds all of these or none; they are on disk when it returns HS_OK (rule 5).
int hs_revlog_add(
    struct hs_revlog *l, const struct hs_revoked *v, size_t n, struct hs_err *err);

// Drops what has been over for 30 days, where that is half of it or more: the file is
// written anew, whole or not at all. What has not been known here for as long as it was to
// last stays, whatever the wall clock says. Where it fails it is tried again.
void hs_revlog_tidy(struct hs_revlog *l, const struct hs_now *now);

// What of a session was revoked, and does not end before `after`: as ranges, sorted and
// joined.
struct hs_revlog_of {
	struct hs_krl_range *r; // owned: free
	size_t n;
	bool whole;
};
int hs_revlog_of(const struct hs_revlog *l, const char *session, uint64_t after,
    struct hs_revlog_of *out);
bool hs_revlog_of_has(const struct hs_revlog_of *o, uint64_t serial); // whole or not
void hs_revlog_close(struct hs_revlog *l);

#endif

// SPDX-License-Identifier: ISC
//
// The daemon's memory of what was revoked (docs/PROTOCOL.revoke section 6): the file
// `revoked`, and the same in memory, which is ahead of the file while that is written. What
// is to be revoked is revoke.h's, which lists it makes revlist.h's.
#ifndef HS_AGENTD_REVLOG_H
#define HS_AGENTD_REVLOG_H

#include "agentd/clock.h"
#include "agentd/statefile.h"
#include "proto/krl.h"
#include "proto/revstate.h"

struct hs_revlog {
	struct hs_statefile file; // hs_revlog_write's alone
	struct hs_revoked *v;	  // all of it, in the order of the file
	size_t n, cap;
	size_t saved;	// of them, those that are in the file
	uint64_t taken; // so many ever
	uint64_t ready; // and of these, the first that may be written
	size_t old;	// of them, those that were there when it was opened
	uint64_t since; // and when that was: CLOCK_BOOTTIME in milliseconds
	int dir;	// the caller's; it outlives this
};

// Opens or makes dir/revoked and reads it. A last line that was torn is cut off, and *torn
// says how many bytes that were. HS_ERR_CONFIG with the line where one is no line of it.
int hs_revlog_open(struct hs_revlog *l, int dir, uint64_t *torn, struct hs_err *err);
// Takes all of these or none: they count from now on. HS_ERR_NOMEM.
int hs_revlog_take(struct hs_revlog *l, const struct hs_revoked *v, size_t n);
// What was taken before that many were may be written.
void hs_revlog_ready(struct hs_revlog *l, uint64_t taken);

// Writing in three steps: made up, written by whichever thread, accounted for. One at a
// time; between them more may be taken, which is the next one's.
struct hs_revlog_lines {
	struct hs_revoked *v; // owned: hs_revlog_wrote
	size_t n;
	size_t upto;	   // of what was taken
	bool anew;	   // the file is written anew, whole or not at all
	struct hs_now now; // without what is over then
	int rc;		   // HS_OK: they are on disk (rule 5)
	struct hs_err why;
};
// What is ready and not in the file. tidy (may be NULL): where there is nothing of the
// kind, what has been over for 30 days is dropped, if that is half of it or more. What has
// not been known here for as long as it was to last stays, whatever the wall clock says.
void hs_revlog_make(
    const struct hs_revlog *l, const struct hs_now *tidy, struct hs_revlog_lines *out);
void hs_revlog_write(struct hs_revlog *l, struct hs_revlog_lines *w);
// What could not be written stays for the next time.
void hs_revlog_wrote(struct hs_revlog *l, struct hs_revlog_lines *w);

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

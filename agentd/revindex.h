// SPDX-License-Identifier: ISC
//
// What sessions have issued, on disk (docs/PROTOCOL.revoke section 7): written while one is
// open, before anything is released, and read where something is to be revoked, also by
// another run of the daemon.
#ifndef HS_AGENTD_REVINDEX_H
#define HS_AGENTD_REVINDEX_H

#include "agentd/statefile.h"
#include "proto/revstate.h"

#define HS_REVINDEX_SUFFIX ".index"

// Of the session that is open.
struct hs_revindex {
	struct hs_statefile file;
	struct hs_buf waiting; // lines of what is not released yet
};

// Begins a session's file. dir: of the sessions.
int hs_revindex_begin(
    struct hs_revindex *x, int dir, const char *session, struct hs_err *err);
enum hs_revindex_when {
	HS_REVINDEX_FLUSHED, // in the file after the next flush
	HS_REVINDEX_WRITTEN, // at once
	HS_REVINDEX_SYNCED   // and on disk
};
// Notes one thing.
int hs_revindex_note(struct hs_revindex *x, const struct hs_indexed *i,
    enum hs_revindex_when when, struct hs_err *err);
int hs_revindex_flush(struct hs_revindex *x, struct hs_err *err);
// Ends it in order. Its descriptor, for the caller to sync and close; -1: none is begun.
int hs_revindex_end(struct hs_revindex *x);
void hs_revindex_free(struct hs_revindex *x); // as it is

// What is noted and not in the file yet. As fn, or HS_ERR_NOMEM where some of it is lost.
typedef int hs_revindex_each(void *arg, const struct hs_indexed *i);
int hs_revindex_waiting(const struct hs_revindex *x, hs_revindex_each *fn, void *arg);

enum hs_revindex_state {
	HS_REVINDEX_DAMAGED, // or unread: anything may be missing
	HS_REVINDEX_CUT,     // certificates and seats may be missing; grants never are
	HS_REVINDEX_WHOLE    // nothing can be missing
};
// Reads a session's. Whatever *state is, fn was told what is there. HS_NO_SUCH: there is
// none. HS_ERR_IO, or fn's first answer that is not HS_OK.
int hs_revindex_read(int dir, const char *session, hs_revindex_each *fn, void *arg,
    enum hs_revindex_state *state, struct hs_err *err);

#endif

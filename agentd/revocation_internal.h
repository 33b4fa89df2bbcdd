// SPDX-License-Identifier: ISC
//
// What the parts of revocation.h share: revocation.c has the sessions and the one that is
// open, revocation_pass.c writes what was taken back.
#ifndef HS_AGENTD_REVOCATION_INTERNAL_H
#define HS_AGENTD_REVOCATION_INTERNAL_H

#include "agentd/revocation.h"

#define HS_REVOCATION_ENDED 16

// What one job on the pool writes, in this order; it touches nothing else but the file
// `revoked`, which is its own while it runs.
struct hs_revocation_pass {
	struct hs_revlog_lines lines;
	struct hs_revlist *lists; // owned
	size_t nlists;
	int ended[HS_REVOCATION_ENDED]; // indexes to sync and close
	size_t nended, unsynced;
};

struct hs_revocation {
	int state;
	struct hs_revlist_dirs dirs;
	struct hs_revlog log;
	struct hs_revindex index; // of the session that is open
	struct hs_revocation_session *v;
	size_t n, cap;
	char open[HS_SESSION_ID_LEN + 1];   // "": none
	char failed[HS_SESSION_ID_LEN + 1]; // could not begin, and its files are there
	uv_loop_t *loop;
	uv_timer_t timer;
	bool attached;
	uint32_t seconds;
	hs_revocation_written *written;
	void *arg;
	// of the last that was to be written: "" where it could
	char index_trouble[160], log_trouble[160];

	uv_work_t work;
	bool busy; // with the pass
	struct hs_revocation_pass pass;
	struct hs_revocation_saving *waiting, **last, *flying; // in the order of asking
	bool tidy;			// the file `revoked` is to be looked at
	int ended[HS_REVOCATION_ENDED]; // indexes that wait for a pass
	size_t nended;
};

struct hs_revocation_session *hs_revocation_find(
    const struct hs_revocation *r, const char *id);
// Keeps why something failed, or that it did not.
int hs_revocation_told(
    char *trouble, size_t size, int rc, const struct hs_err *why, struct hs_err *err);
// What is over goes, and what could not be read is read.
void hs_revocation_clear_up(struct hs_revocation *r, const struct hs_now *now);

// A session's list at once, on this thread: its first one.
int hs_revocation_list_now(struct hs_revocation *r, struct hs_revocation_session *s,
    uint64_t now, struct hs_err *err);
// The index of a session that has ended: it is synced with the next pass.
void hs_revocation_ended(struct hs_revocation *r, int fd);

#endif

// SPDX-License-Identifier: ISC
//
// Everything that taking back needs and that outlives a session: which sessions there were,
// what they issued, what of it is revoked, and their lists. What somebody asks to revoke is
// revoke.h's. On the loop's thread. What a session needs that begins or gets a grant or a
// seat blocks for the disk; what is taken back is written on the pool, one pass at a time.
#ifndef HS_AGENTD_REVOCATION_H
#define HS_AGENTD_REVOCATION_H

#include <uv.h>
#include "agentd/revindex.h"
#include "agentd/revlist.h"
#include "agentd/revlog.h"
#include "agentd/session.h"

struct hs_revocation;

// Opens the state in dir, making what is missing, and reads what earlier daemons left.
// *torn: bytes of a revocation that was written by half, which is gone. HS_ERR_IO,
// HS_ERR_CONFIG.
int hs_revocation_open(
    const char *dir, struct hs_revocation **out, uint64_t *torn, struct hs_err *err);
// From here on lists are written anew every so many seconds.
int hs_revocation_attach(struct hs_revocation *r, uv_loop_t *loop, uint32_t seconds);
// Hears of it whenever lists were written.
typedef void hs_revocation_written(void *arg);
void hs_revocation_follow(struct hs_revocation *r, hs_revocation_written *fn, void *arg);
// Nothing is written that anybody waits for; lists that are only due may be, always.
bool hs_revocation_idle(const struct hs_revocation *r);
void hs_revocation_detach(struct hs_revocation *r); // once idle; fine where not attached
void hs_revocation_free(struct hs_revocation **r);  // after the loop has run its last

// ---- the session that is open. Where one of these fails, what it is about must not be
// used: it could not be taken back.

// The index of a session that begins now.
int hs_revocation_begin(
    struct hs_revocation *r, const char *id, uint64_t now, struct hs_err *err);
// Nothing came of the session that has just begun: as if it had not.
void hs_revocation_undo(struct hs_revocation *r);
// A grant, and with the first one the session's revoke-only key and list.
int hs_revocation_grant(struct hs_revocation *r, const struct hs_session *s,
    const struct hs_held *h, uint64_t now, struct hs_err *err);
// A seat or a certificate; a certificate is not to be released before a flush.
int hs_revocation_note(
    struct hs_revocation *r, const struct hs_indexed *i, struct hs_err *err);
int hs_revocation_flush(struct hs_revocation *r, struct hs_err *err);
void hs_revocation_end(struct hs_revocation *r); // it ended; fine where none is open

// ---- all sessions of which anything may live

struct hs_revocation_session {
	char id[HS_SESSION_ID_LEN + 1];
	uint64_t begin;	   // Unix seconds: of its first grant
	uint64_t end;	   // Unix seconds: of the last thing in it
	bool unread;	   // that is not known
	uint64_t since;	   // CLOCK_BOOTTIME in milliseconds: so long it has been known here
	uint64_t version;  // the last that a list of it was given; 0: not known
	bool behind;	   // its list lacks what was taken, or is older than it should be
	bool asked;	   // somebody waits for that list
	bool due;	   // it is to be written anew, whatever it lacks
	char trouble[120]; // why it could not be written last; "": it could
	struct hs_revlist_has has;
	bool keyless; // no list of it can be signed any more: its key is gone
};
// Reads again what could not be read of them. What still cannot counts as living.
void hs_revocation_look(struct hs_revocation *r, uint64_t now);
// The i-th that lives at now, after which *i counts on; NULL: no more.
const struct hs_revocation_session *hs_revocation_next(
    const struct hs_revocation *r, uint64_t now, size_t *i);
int hs_revocation_read(struct hs_revocation *r, const char *session, hs_revindex_each *fn,
    void *arg, enum hs_revindex_state *state, struct hs_err *err);
// Of the open one what is not released yet, too.
// What of it was revoked, whether it has expired or not. HS_ERR_NOMEM.
int hs_revocation_of(
    const struct hs_revocation *r, const char *session, struct hs_revlog_of *out);

// ---- taking back, in three steps, the second any time after the first

// Takes these, all or none: they are revoked from now on. HS_ERR_NOMEM. *mark: for saving.
int hs_revocation_take(
    struct hs_revocation *r, const struct hs_revoked *v, size_t n, uint64_t *mark);

// Writes all that was taken until the mark, and the lists of these sessions, which then say
// it. done comes later, never from within hs_revocation_save, in the order of saving,
// whether the loop ends meanwhile or not. HS_OK: what was taken is on disk (rule 5); else
// it is written with the next. This struct is the caller's and stays until then.
struct hs_revocation_saving {
	void (*done)(void *arg, int code, const struct hs_err *why);
	void *arg;
	uint64_t mark;
	struct hs_revocation_saving *next;
};
void hs_revocation_list(struct hs_revocation *r, const char *session); // before, for each
void hs_revocation_save(struct hs_revocation *r, struct hs_revocation_saving *s);
// From within done: did that list get there? *version is its. HS_NO_LIST where no list of
// it can be signed any more, HS_NO_SUCH where there is no such session.
int hs_revocation_listed(const struct hs_revocation *r, const char *session,
    uint64_t *version, struct hs_err *err);

// Appends a line for each thing that could not be written, and was not since.
void hs_revocation_put_troubles(
    const struct hs_revocation *r, uint64_t now, struct hs_buf *b);

#endif

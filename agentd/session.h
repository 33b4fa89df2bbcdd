// SPDX-License-Identifier: ISC
//
// The one session that may be open: its key, its grants, what was issued under them.
// Time is an argument. Not for deciding about requests (issue.h) or for opening one
// (touch.h).
#ifndef HS_AGENTD_SESSION_H
#define HS_AGENTD_SESSION_H

#include "agentd/clock.h"
#include "agentd/held.h"
#include "agentd/keys.h"
#include "proto/grant.h"

#define HS_LIVE_BYTES_MAX                                                                  \
	(64u << 20) // of what is kept about certificates that have not ended

// One certificate that was issued. Until its record is on disk nobody may be shown it (rule
// 4).
struct hs_issued {
	bool recorded;
	uint64_t serial;
	uint64_t seat; // serial of the seat it is for; 0: of none
	uint64_t grant_serial;
	uint64_t issued, end;			      // Unix seconds
	uint64_t pid;				      // of who asked
	struct hs_str agent, scope, exe, certificate; // in mem
	size_t size;
	uint8_t mem[];
};

#define HS_HELD_MAX	   64 // grants of a session that live at one time
#define HS_SESSION_DEVICES 16 // places where its grants were touched

// Where a session's grants were touched, of those that have ended too: its certificates may
// live on. The latest, if there are more.
struct hs_touched_at {
	char path[HS_SESSION_DEVICES][HS_DEVICE_PATH_MAX];
	size_t n; // ever noted
};

// Zero-initialise.
struct hs_session {
	bool open;
	struct hs_keys key;
	struct hs_key pub; // of key, which is wiped before the rest
	bool endorsed;	   // some grant is over it: direct certificates alone are not
	struct hs_touched_at touched_at;
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_held *held[HS_HELD_MAX]; // grants that live, oldest first; owned
	size_t nheld;
	uint64_t opened;	 // Unix seconds
	uint64_t active_boot_ms; // when something was last issued, or it was opened
	uint64_t last_serial;	 // of the last certificate, 0: none yet
	uint64_t count;		 // certificates issued
	struct hs_issued **live; // by serial
	size_t nlive, cap, bytes;
};

// Opens a session over key with its first grant. Both are taken; it cannot fail.
void hs_session_begin(struct hs_session *s, struct hs_keys *key, struct hs_held *first,
    const struct hs_now *now);
// Adds a grant, which is taken; where there are too many, one that has nothing left to
// issue makes room. HS_NO_BUSY where there is none: it is freed then.
int hs_session_add(struct hs_session *s, struct hs_held *h);
// Drops the grants of a holder: its seat has ended. The session ends at the next look if
// these were its last.
void hs_session_drop(struct hs_session *s, const char *holder);
// The grant of that serial, while it lives; else NULL.
struct hs_held *hs_session_grant(const struct hs_session *s, uint64_t serial);
bool hs_touched_there(const struct hs_touched_at *t, const char *path);
// Drops the grants that have ended. True if the session has ended with the last of them, or
// by idling for idle_ms (0: never); it is for the caller to end it.
bool hs_session_over(struct hs_session *s, const struct hs_now *now, uint64_t idle_ms);
// When hs_session_over should be asked again, by each clock; 0: no such end.
void hs_session_ends(
    const struct hs_session *s, uint64_t idle_ms, uint64_t *wall, uint64_t *boot_ms);
uint64_t hs_session_end_time(const struct hs_session *s); // of its last grant; Unix seconds

// Takes its key, for what it signs last: where the log ends. One that no touch has endorsed
// has nothing to sign, and is wiped.
void hs_session_take_key(struct hs_session *s, struct hs_keys *out);
// Ends it: the key is wiped, everything is forgotten.
void hs_session_end(struct hs_session *s);

// Keeps a certificate in the list, not yet recorded. HS_ERR_NOMEM, or HS_NO_BUSY above
// HS_LIVE_BYTES_MAX.
struct hs_issued_spec {
	uint64_t serial, seat, grant_serial, issued, end, pid;
	struct hs_str agent, scope, exe, certificate;
};
int hs_session_keep(struct hs_session *s, const struct hs_issued_spec *spec);
// Its record is on disk. False where it is not there any more.
bool hs_session_recorded(struct hs_session *s, uint64_t serial);
// Takes the last word back: the certificate of that serial was never released; its uses
// return to the grant of that serial, where that still lives.
void hs_session_unkeep(
    struct hs_session *s, uint64_t serial, uint64_t grant_serial, uint64_t uses);
// Takes one out of the list that was revoked: it was released, and its uses are spent.
void hs_session_forget(struct hs_session *s, uint64_t serial);
void hs_session_prune(struct hs_session *s, uint64_t wall); // drops what has ended
// The index of the first item with a serial greater than after; nlive if none.
size_t hs_session_after(const struct hs_session *s, uint64_t after);
uint64_t hs_session_last_end(const struct hs_session *s); // of what is live; 0: nothing is

#endif

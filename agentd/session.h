// SPDX-License-Identifier: ISC
//
// The one session that may be open: its key, its grant, its end, what was issued under it.
// Time is an argument. Not for deciding about requests (issue.h) or for opening one
// (touch.h).
#ifndef HS_AGENTD_SESSION_H
#define HS_AGENTD_SESSION_H

#include "agentd/clock.h"
#include "agentd/keys.h"
#include "proto/grant.h"

#define HS_LIVE_BYTES_MAX                                                                  \
	(64u << 20) // of what is kept about certificates that have not ended

// One certificate that was issued. Until its record is on disk nobody may be shown it (rule
// 4).
struct hs_issued {
	bool recorded;
	uint64_t serial;
	uint64_t issued, end;			      // Unix seconds
	uint64_t pid;				      // of who asked
	struct hs_str agent, scope, exe, certificate; // in mem
	size_t size;
	uint8_t mem[];
};

// Zero-initialise.
struct hs_session {
	bool open;
	struct hs_keys key;
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_buf grant_blob;
	struct hs_grant grant; // views into grant_blob
	char root[HS_ROOT_NAME_MAX + 1];
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	bool simulated;
	uint64_t opened, end;	 // Unix seconds
	uint64_t end_boot_ms;	 // the same end by the clock that nobody can set
	uint64_t last_serial;	 // of the last certificate, 0: none yet
	uint64_t count;		 // certificates issued
	uint64_t uses_left;	 // HS_USES_ANY: any
	struct hs_issued **live; // by serial
	size_t nlive, cap, bytes;
};

// What opens a session: a verified grant. Ownership of key and blob goes to the session,
// also on failure.
struct hs_session_start {
	struct hs_keys *key;
	struct hs_buf *grant;
	const char *root, *fingerprint;
	bool simulated;
	uint64_t end_boot_ms;
	struct hs_now now;
};
// Parses and verifies the grant once; from then on requests rely on it. HS_SK_LIED where it
// is not a grant over that key with a good signature of a touched key.
int hs_session_begin(
    struct hs_session *s, const struct hs_session_start *start, struct hs_err *err);

// Has it ended, by either clock? False where none is open.
bool hs_session_over(const struct hs_session *s, const struct hs_now *now);
// Ends it: the key is wiped, everything is forgotten.
void hs_session_end(struct hs_session *s);

// Keeps a certificate in the list, not yet recorded. HS_ERR_NOMEM, or HS_NO_BUSY above
// HS_LIVE_BYTES_MAX.
struct hs_issued_spec {
	uint64_t serial, issued, end, pid;
	struct hs_str agent, scope, exe, certificate;
};
int hs_session_keep(struct hs_session *s, const struct hs_issued_spec *spec);
// Its record is on disk. Fine where it ended meanwhile.
void hs_session_recorded(struct hs_session *s, uint64_t serial);
// Takes the last word back: the certificate of that serial was never released; its uses
// return.
void hs_session_unkeep(struct hs_session *s, uint64_t serial, uint64_t uses);
void hs_session_prune(struct hs_session *s, uint64_t wall); // drops what has ended
// The index of the first item with a serial greater than after; nlive if none.
size_t hs_session_after(const struct hs_session *s, uint64_t after);
uint64_t hs_session_last_end(const struct hs_session *s); // of what is live; 0: nothing is

#endif

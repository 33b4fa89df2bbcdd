// SPDX-License-Identifier: ISC
//
// What a log tells, taken together: sessions, their touches, what was made under each, what
// was refused. For reports and for matching against servers; the log is checked on the way,
// so that it can be said what of it is proven.
#ifndef HS_CLIENT_AUDIT_GATHER_H
#define HS_CLIENT_AUDIT_GATHER_H

#include "client/handseal/audit.h"

// Texts are interned, and live as long as the whole; "" where a record does not say.
struct hs_audit_session {
	char id[HS_SESSION_ID_LEN + 1];
	uint64_t began, ended; // ended: closed, or else the end of its last touch
	const char *how;       // it ended: close, expire, stop, or "" for by itself
	char key[HS_FINGERPRINT_LEN + 1]; // of the session key, "" where no touch names it
	size_t nmade;
};

struct hs_audit_touch {
	size_t session;
	uint64_t seq, time, end, serial, flags, counter;
	const char *root, *root_key, *human, *code, *shown, *reason, *agent, *may;
	struct hs_scope *scope; // owned
	bool simulated;
	bool direct; // it made no grant, but the one certificate
	bool bad;    // it does not hold
};

struct hs_audit_made {	       // a certificate or a seat
	size_t session, touch; // touch: SIZE_MAX where none in the log allows it
	uint64_t seq, time, end, serial;
	bool seat;
	const char *agent, *may, *reason, *key, *exe;
	uint64_t revoked; // when, 0: not
	uint64_t uses, last_use;
};

struct hs_audit_mark { // refusals, declines, touches that failed, revocations
	uint64_t seq, time;
	const char *event, *agent, *code, *sentence;
};

struct hs_audit_gathered {
	struct hs_auditfiles files;
	struct hs_auditroots roots;
	struct hs_audit_summary sum;
	struct hs_audit_fault *faults; // the first 1000
	size_t nfaults;
	uint64_t torn;
	struct hs_audit_session *sessions;
	struct hs_audit_touch *touches;
	struct hs_audit_made *made;
	struct hs_audit_mark *marks;
	size_t nsessions, ntouches, nmade, nmarks;
	struct hs_audit_gathering *work; // private
};

// Reads and checks a log (logs as hs_auditfiles_find takes them, roots as
// hs_auditroots_load). hs_audit_gathered_free always.
int hs_audit_gather(struct hs_audit_gathered *g, const char *roots, char *const *logs,
    size_t nlogs, struct hs_err *err);
void hs_audit_gathered_free(struct hs_audit_gathered *g);

#endif

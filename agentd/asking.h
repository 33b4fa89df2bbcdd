// SPDX-License-Identifier: ISC
//
// One asking, and what is judged about it: may it be asked, what does it show, does the
// helper's answer make a grant. For touch.c, which drives it.
#ifndef HS_AGENTD_ASKING_H
#define HS_AGENTD_ASKING_H

#include "agentd/ceremony.h"
#include "agentd/compose.h"
#include "agentd/seat.h"
#include "agentd/touch.h"
#include "agentd/wanted.h"

// Asked: its record is under way. Shown: the text stands, for a second or until the PIN has
// come. Queued: another's ceremony runs. Armed: the key blinks. Parked: nobody answered in
// time. Judged: the outcome's records are under way. Done: the outcome may be told.
enum hs_touch_state { ASKED, SHOWN, QUEUED, ARMED, PARKED, JUDGED, DONE };

struct hs_touch {
	struct hs_daemon *d;
	enum hs_touch_state state;
	bool opening;	// `open` asked; else a request, or
	bool seating;	// what makes a seat, which `wanted` says what for
	bool verify;	// whichever key it is, by PIN or finger
	bool pin;	// it wants a PIN with the touch: for that, or for some key
	bool kept;	// somebody was told to come back: it needs no connection any more
	bool stopping;	// a ceremony is being ended for the reason in why
	bool park_next; // and then it is to be parked
	uint64_t turn;	// while queued: the smallest is next
	char pulled[HS_DEVICE_PATH_MAX]; // unplugged last while it blinked or was judged,
					 // or ""
	unsigned owners;		 // connections that asked for it
	struct hs_peer peer;
	char asker[HS_AGENT_NAME_MAX + 1]; // for limits
	char code[4];
	struct hs_buf shown;
	struct hs_wanted
	    wanted; // who, why, and for which key; scope: what the certificate allows
	uint8_t policy[32];	// its digest when the text was composed
	uint8_t asked[32];	// SHA-256 of the scope text that was asked for
	struct hs_scope *scope; // what the grant will allow
	uint64_t ttl;		// seconds
	uint64_t seat;		// serial of the seat that it would make, once armed
	char holder[sizeof HS_HOLDER_SEAT + HS_SEAT_ID_MAX]; // of the grant, once armed
	uint64_t end, end_boot_ms;     // of the grant; of a request, from when it is armed
	int64_t offset_ms;	       // wall minus boot when the end was reckoned
	uint64_t until, until_boot_ms; // unanswered, it is gone then
	uint64_t log_seq;
	uint8_t log_head[HS_AUDIT_HASH];
	struct hs_enrolled roots;
	struct hs_keys key; // of the session that it would open; none where one is open
	struct hs_keys seat_key; // of the seat that it would make, if direct; once armed
	char session[HS_SESSION_ID_LEN + 1]; // over whose key the grant is
	char within[HS_SESSION_ID_LEN + 1];  // that was open when a request asked, or ""
	struct hs_buf bodies[HS_ROOTS_MAX];
	struct hs_ceremony *ceremony;
	int pin_fd; // to read the PIN from, not by us; -1: none
	uv_timer_t timer;
	struct hs_prompt_shown *prompt;
	uint64_t grant_serial; // of what it became
	struct hs_held *held;  // made by the touch, until that is recorded
	struct hs_refusal why;
	struct hs_buf outcome; // the body of a `pending` reply with status 0, once DONE
	struct hs_touch *next;
};

// Fills in an asking of `open`, or of a request, for one certificate: scope, roots, code,
// times and the shown text. t->d and t->peer are set, and t->seating and t->ttl of what
// makes a seat. wanted's reason is taken.
int hs_asking_open(struct hs_touch *t, const struct hs_agent_open *m,
    const struct hs_now *now, struct hs_refusal *why);
int hs_asking_request(struct hs_touch *t, struct hs_wanted *wanted,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why);

// Reckons the end of a request's grant, from now on.
void hs_asking_reckon(struct hs_touch *t, const struct hs_now *now);

// The record of the asking, with its whole text.
void hs_asking_record(const struct hs_touch *t, const struct hs_now *now,
    uint8_t digest[static 32], struct hs_audit_record *r);
// Who asked.
void hs_asking_who(struct hs_audit_record *r, const struct hs_touch *t);

// Of the session that it is in, or would open.
void hs_asking_session(const struct hs_touch *t, char id[static HS_SESSION_ID_LEN + 1]);
// From where what it makes was asked for: nearer than its seat nothing can be, for whoever
// asks for more got there by way of that.
enum hs_origin hs_asking_origin(const struct hs_touch *t);

// What the touch certifies: the session's key, or an agent's where it is direct.
const struct hs_key *hs_asking_subject(const struct hs_touch *t);
// Judges what the helper wrote: t->held is verified, or t->why says why not.
void hs_asking_believe(struct hs_touch *t, struct hs_str answer);

const char *hs_asking_remedy(enum hs_code code); // what to do about a failed ceremony
// Is it worth waiting, for a person to come or to plug the key in?
bool hs_asking_parks(enum hs_code code);

#endif

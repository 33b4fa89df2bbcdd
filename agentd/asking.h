// SPDX-License-Identifier: ISC
//
// One asking, and what is judged about it: may it be asked, what does it show, does the
// helper's answer make a session. For touch.c, which drives it.
#ifndef HS_AGENTD_ASKING_H
#define HS_AGENTD_ASKING_H

#include "agentd/ceremony.h"
#include "agentd/enrolled.h"
#include "agentd/touch.h"

// Asked: its record is under way. Shown: the text stands. Queued: another's ceremony runs.
// Armed: the key blinks. Judged: the outcome's record is under way. Done: the outcome may
// be told.
enum hs_touch_state { ASKED, SHOWN, QUEUED, ARMED, JUDGED, DONE };

struct hs_touch {
	struct hs_daemon *d;
	struct hs_conn *conn; // who asked; NULL: went away
	enum hs_touch_state state;
	bool waiting; // conn's `pending` is outstanding
	char code[4];
	struct hs_buf shown;
	struct hs_scope *scope;
	uint64_t end, end_boot_ms;
	int64_t offset_ms; // wall minus boot when it was asked
	uint64_t log_seq;
	uint8_t log_head[HS_AUDIT_HASH];
	struct hs_enrolled roots;
	struct hs_keys key;
	struct hs_buf bodies[HS_ROOTS_MAX];
	struct hs_ceremony *ceremony;
	uv_timer_t timer;
	struct hs_session session; // opened by the touch, until that is recorded
	struct hs_refusal why;
	struct hs_buf reply; // the outcome, once DONE
	struct hs_touch *next;
};

// May this connection ask this now? HS_OK, or why not.
int hs_asking_check(
    struct hs_conn *c, const struct hs_agent_open *m, struct hs_refusal *why);

// Fills in scope, roots, code, ends and the shown text of t, whose connection is set.
int hs_asking_fill(struct hs_touch *t, const struct hs_agent_open *m,
    const struct hs_now *now, struct hs_refusal *why);

// The record of the asking, with its whole text.
void hs_asking_record(const struct hs_touch *t, const struct hs_agent_open *m,
    const struct hs_now *now, uint8_t digest[static 32], struct hs_audit_record *r);

// Judges what the helper wrote: t->session is open and verified, or t->why says why not.
void hs_asking_believe(struct hs_touch *t, struct hs_str answer);

const char *hs_asking_remedy(enum hs_code code); // what to do about a failed ceremony

#endif

// SPDX-License-Identifier: ISC
//
// Showing a prompt outside the protocol: by the askpass program and by a desktop
// notification, whichever there are. Neither can allow anything: only a touch does. When a
// prompt is shown and what an answer means to an asking is touch.c's.
#ifndef HS_AGENTD_PROMPT_H
#define HS_AGENTD_PROMPT_H

#include <stdbool.h>
#include <uv.h>
#include "proto/buf.h"

struct hs_prompt;	// the channels
struct hs_prompt_shown; // one that is shown

struct hs_prompt_spec {
	const char *code;	// names it in the daemon's own messages: "4F7"
	struct hs_str title;	// one line
	struct hs_str text;	// lines, at most HS_SHOWN_MAX bytes; shown whole by askpass
	bool pin;		// askpass asks for the key's PIN
	struct hs_str pin_hint; // a line for that, may be empty: "the PIN was wrong: 6
				// tries are left"
};

enum hs_prompt_answer {
	HS_PROMPT_SEEN,	    // confirmed, or a PIN was entered; it stays until it is hidden
	HS_PROMPT_DECLINED, // the askpass program said no
	HS_PROMPT_FAILED,   // the askpass program died of a signal: nobody said anything
};

// At most once a prompt, from the loop, never from within a function here and never after
// hs_prompt_hide. It may call hs_prompt_hide.
typedef void hs_prompt_cb(void *arg, enum hs_prompt_answer answer);

// Reads env (NAME=VALUE, NULL; see prompt_env.h), once. NULL: no memory.
struct hs_prompt *hs_prompt_new(uv_loop_t *loop, char *const *env);
// When every prompt is hidden. Nulls *p; NULL is fine.
void hs_prompt_free(struct hs_prompt **p);

// In words: "askpass, desktop notification", one of them, or "" where there is none.
const char *hs_prompt_channels(const struct hs_prompt *p);
// Appends what is missing: "no display, no SSH_ASKPASS, no session bus"; nothing if
// nothing.
void hs_prompt_missing(const struct hs_prompt *p, struct hs_buf *b);
bool hs_prompt_takes_pin(const struct hs_prompt *p); // can one be entered?

// Starts what there is; control characters in the texts become '?'. spec is only read
// during the call. HS_ERR_IO with a sentence if nothing can show it, or if a PIN is wanted
// and there is no askpass; HS_ERR_TOO_LONG; HS_ERR_NOMEM. A notification that fails is
// logged, the first time, and is no failure.
//
// The askpass program is run as OpenSSH does: without a PIN as SSH_ASKPASS_PROMPT=confirm,
// and once confirmed, or the PIN entered, a second one with SSH_ASKPASS_PROMPT=none stays.
int hs_prompt_show(struct hs_prompt *p, const struct hs_prompt_spec *spec,
    hs_prompt_cb *answer, void *arg, struct hs_prompt_shown **out, struct hs_err *err);

// The descriptor that the PIN will be read from, a line and the end, for the FIDO helper to
// inherit; it is the caller's then. handseald itself never reads it. There right away; -1
// if no PIN was asked for, or it was taken. Blocking, close-on-exec.
int hs_prompt_pin_fd(struct hs_prompt_shown *s);

// Makes all of it go away: it was touched, or called off. What was not taken is closed.
// Nulls *s; NULL is fine. The programs end while the loop runs, within a few seconds.
void hs_prompt_hide(struct hs_prompt_shown **s);

#endif

// SPDX-License-Identifier: ISC
//
// The control words: what the hand of a person would do to a key, and the faults that no
// hand could. One line in; lines out, of which the last is "ok" or "error" and why. Sockets
// are server.c's.
//
//	touch		touches the operation that waits; an error if none does
//	touch-next	the same, or else touches the next one as soon as it waits
//	auto on|off	on: every operation is touched at once
//	wait [SECONDS]	answers as soon as an operation waits for a touch (30)
//	state		lines of a word and a value
//	pin PIN		sets the PIN, as if it had always been so
//	always-uv on|off
//	old on|off	a key of CTAP 2.0: PIN protocol 1, no permissions, and
//			with a PIN no credential without it
//	unplug, plug, replug	connections are closed, the socket removed and
//			made anew; tokens and wrong PINs in a row forgotten
//	fault NAME [all]	from now on, for operations that want a touch, or
//			for all commands; deny, store-full and error answer
//			at once, without a touch
//	fault error HEX [all]	the status to answer with
//	fault none
#ifndef HS_SOFTKEY_CTL_H
#define HS_SOFTKEY_CTL_H

#include "tests/softkey/ctap.h"

#define HS_CTL_LINE_MAX 512
#define HS_CTL_WAIT_MAX 3600 // seconds

enum hs_ctl_action {
	HS_CTL_ANSWER, // send the answer
	HS_CTL_TOUCH,  // first touch what waits
	HS_CTL_WAIT,   // send it when an operation waits
	HS_CTL_UNPLUG, // first close all connections and remove their socket
};

struct hs_ctl {
	enum hs_ctl_action action;
	uint64_t seconds;     // to wait, of HS_CTL_WAIT
	struct hs_buf answer; // to send once the action is done
};

// Carries a line (without its LF) out as far as it is the authenticator's. Free r->answer.
void hs_ctl_command(struct hs_ctap *c, struct hs_str line, struct hs_ctl *r);
// Makes the answer an error.
void hs_ctl_error(struct hs_ctl *r, const char *why);

#endif

// SPDX-License-Identifier: ISC
//
// Waits for what becomes of an asking (handseal.h, hs_wait), with a line on stderr that
// counts down, and tells the endings that request, wait and open share. Not for what was
// asked for: issued.h and open.c take that apart.
#ifndef HS_CLIENT_OUTCOME_H
#define HS_CLIENT_OUTCOME_H

#include "client/handseal/answer.h"
#include "client/handseal/daemon.h"

#define HS_WAIT_DEFAULT 90 // seconds

struct hs_outcome {
	struct hs_daemon *daemon;
	char code[HS_CODE_LEN + 1];
	uint64_t wait;			// seconds to wait here; 0: only look
	bool quiet;			// no line
	bool fetched;			// another connection asked, for
	const struct hs_holder *holder; // this one's key; NULL: on a seat
};

// Waits. HS_EXIT_DONE with what was got, HS_EXIT_WAITING with hs_got_touch, or an exit
// status whose reason has been told, which for a person's no is 4 and tells until when the
// same is refused.
int hs_outcome_wait(struct hs_outcome *o);

#endif

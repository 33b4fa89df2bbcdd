// SPDX-License-Identifier: ISC
//
// Waits for what becomes of an asking (docs/PROTOCOL.agent section 6.2), with a line on
// stderr that counts down, and tells the endings that request, wait and open share. Not for
// what was asked for: issued.h and open.c take that apart.
#ifndef HS_CLIENT_OUTCOME_H
#define HS_CLIENT_OUTCOME_H

#include "client/handseal/answer.h"
#include "client/handseal/daemon.h"

#define HS_WAIT_DEFAULT 90 // seconds

struct hs_outcome {
	struct hs_daemon *daemon;
	char code[HS_CODE_LEN + 1];
	uint64_t wait; // seconds to wait here; 0: only look
	bool quiet;    // no line
	// empty: an asking of this connection; else a proof as PROTOCOL.agent has it
	struct hs_str key, proof;
	struct hs_reply reply;		 // DONE with a body, or REFUSED
	struct hs_agent_waiting waiting; // PENDING; its code is not kept: see above
};

// Waits. 0 with reply.status, or an exit status whose reason has been told. An answer that
// comes before its time, or is about another asking, is malformed.
int hs_outcome_wait(struct hs_outcome *o);

// Tells that it was refused; its exit status. A person's no: 4, with until when the same is
// refused; else as hs_daemon_refused, with the code in front.
int hs_outcome_refused(struct hs_outcome *o);

#endif

// SPDX-License-Identifier: ISC
//
// One run of handseal-sk-helper: its request goes to its stdin, its one answer comes from
// its stdout, and it ends, by itself or killed. What they mean is touch.c's.
#ifndef HS_AGENTD_CEREMONY_H
#define HS_AGENTD_CEREMONY_H

#include <uv.h>
#include "proto/buf.h"

struct hs_ceremony;

// The end: everything the helper wrote, or HS_SK_HELPER with a sentence where it could not
// be let finish. answer is only valid during the call. The ceremony is gone after it.
typedef void hs_ceremony_done(
    void *arg, int code, struct hs_str answer, const struct hs_err *err);

struct hs_ceremony_spec {
	const char *path;      // of the helper
	struct hs_str request; // copied
	int pin_fd;	     // its fourth descriptor, or -1; the caller's, never read here
	uint64_t timeout_ms; // after which it is killed
};

// Starts the program with an environment of next to nothing, and no descriptors but stdin,
// stdout, our stderr and the PIN's. HS_SK_HELPER with a sentence if it cannot be started;
// done is not called then.
int hs_ceremony_start(uv_loop_t *loop, const struct hs_ceremony_spec *spec,
    hs_ceremony_done *done, void *arg, struct hs_ceremony **out, struct hs_err *err);
// Asks it to end (SIGTERM), and two seconds later sees to it. done is still called.
void hs_ceremony_cancel(struct hs_ceremony *c);

#endif

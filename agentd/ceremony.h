// SPDX-License-Identifier: ISC
//
// One run of a helper, handseal-sk-helper or handseal-known-hosts: its request goes to its
// stdin, its one answer comes from its stdout, and it ends, by itself or killed. What they
// mean is touch.c's and knownhosts.c's.
#ifndef HS_AGENTD_CEREMONY_H
#define HS_AGENTD_CEREMONY_H

#include <uv.h>
#include "proto/buf.h"

struct hs_ceremony;

// The end: everything the helper wrote, or the spec's code with a sentence where it could
// not be let finish, or HS_SK_CANCELLED. answer is only valid during the call. The ceremony
// is gone after it.
typedef void hs_ceremony_done(
    void *arg, int code, struct hs_str answer, const struct hs_err *err);

struct hs_ceremony_spec {
	const char *what;      // names the helper in sentences; outlives the ceremony
	enum hs_code failed;   // the code of what goes wrong with it
	const char *path;      // of the helper
	struct hs_str request; // copied
	int pin_fd;	     // its fourth descriptor, or -1; the caller's, never read here
	uint64_t timeout_ms; // after which it is killed
};

// Starts the program with an environment of next to nothing, and no descriptors but stdin,
// stdout, our stderr and the PIN's. The spec's code with a sentence if it cannot be
// started, or HS_ERR_NOMEM; done is not called then.
int hs_ceremony_start(uv_loop_t *loop, const struct hs_ceremony_spec *spec,
    hs_ceremony_done *done, void *arg, struct hs_ceremony **out, struct hs_err *err);
// Asks it to end (SIGTERM), and two seconds later sees to it. done is still called.
void hs_ceremony_cancel(struct hs_ceremony *c);

#endif

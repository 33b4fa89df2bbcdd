// SPDX-License-Identifier: ISC
//
// Running the loop from the first record to the last.
#ifndef HS_AGENTD_SERVE_H
#define HS_AGENTD_SERVE_H

#include "agentd/audit.h"
#include "agentd/listen.h"
#include "agentd/policyfile.h"
#include "agentd/settings.h"

struct hs_serve {
	const struct hs_settings *set;
	struct hs_listener *listener;
	struct hs_audit *audit;	      // opened, not attached
	struct hs_policyfile *policy; // loaded
	struct hs_audit_torn torn;    // what hs_audit_open set aside
	struct hs_revocation *revocation;
	uint64_t revoked_torn; // bytes that were cut off the file of what was revoked
	int watch;	       // a pidfd: ends with that process; -1: none
	bool interactive;      // SIGINT ends it
};

// Serves until a signal or the watched process's end. Everything is recorded, wiped and
// closed when it returns; the listener and the audit log's memory are the caller's.
int hs_serve(const struct hs_serve *s, struct hs_err *err);

#endif

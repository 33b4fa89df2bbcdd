// SPDX-License-Identifier: ISC
//
// handseal-verify evidence: checks what `handseal audit evidence` wrote, offline, given the
// roots, and says what it proves. The checking is proto/evidence.h's.
#ifndef HS_CLIENT_VERIFY_EVIDENCE_H
#define HS_CLIENT_VERIFY_EVIDENCE_H

#include <stdbool.h>

struct hs_evidence_ask {
	const char *config; // folder whose file `roots` counts where roots is NULL
	const char *roots;  // a file of lines as /etc/handseal/roots has them
	const char *file;   // or "-"
	bool json;
};

// Exit status: 0 proven, 3 not, 1 it could not be read.
int hs_verify_evidence(const struct hs_evidence_ask *ask);

#endif

// SPDX-License-Identifier: ISC
//
// A refusal as a person gets it (rule 9): a stable code, a sentence, what would make it
// succeed.
#ifndef HS_AGENTD_REFUSAL_H
#define HS_AGENTD_REFUSAL_H

#include "proto/err.h"

struct hs_refusal {
	struct hs_err err;
	char remedy[480]; // printable, may be ""
};

// Sets the remedy; cut to fit, what may not be shown becomes '?'. Returns err's code, so
// that `return hs_refusal_remedy(r, ...)` reads as one step after hs_fail.
int hs_refusal_remedy(struct hs_refusal *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

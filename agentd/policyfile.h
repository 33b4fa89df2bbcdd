// SPDX-License-Identifier: ISC
//
// The policy in force: read from the user's file and narrowed by the system's, both only if
// nobody else could have written them. A file that is not in order leaves the old policy in
// force.
#ifndef HS_AGENTD_POLICYFILE_H
#define HS_AGENTD_POLICYFILE_H

#include <limits.h>
#include "proto/policy.h"

struct hs_policyfile {
	char path[PATH_MAX], system[PATH_MAX];
	struct hs_policy *policy; // in force; never NULL after hs_policyfile_init; owned
	struct hs_err bad;	  // why the newest file is not in force; code HS_OK: it is
};

// Starts with no file at all. HS_ERR_NOMEM.
int hs_policyfile_init(struct hs_policyfile *f, const char *path, const char *system);
void hs_policyfile_free(struct hs_policyfile *f);

// Reads both files again. Appends "path:line:column: sentence" a line to notes: the errors,
// or else the warnings, which say so. HS_OK where what they say is in force now; else
// f->bad is why not.
int hs_policyfile_load(struct hs_policyfile *f, struct hs_buf *notes, struct hs_err *err);

#endif

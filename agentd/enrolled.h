// SPDX-License-Identifier: ISC
//
// The enrolled keys, as `handseal enroll` left them in $XDG_CONFIG_HOME/handseal/roots,
// read afresh for each ceremony. Which of them may open a session is not decided here: all
// may.
#ifndef HS_AGENTD_ENROLLED_H
#define HS_AGENTD_ENROLLED_H

#include "proto/rootfile.h"

struct hs_enrolled {
	struct hs_root_record *v; // owned, sorted by name
	size_t n;
	size_t bad; // files that were skipped, each told to the log
};

// Reads all root files. A file that cannot be trusted, read or understood is skipped.
// HS_NO_ROOTS with a sentence where none is left. *out is zeroed first; free it with
// hs_enrolled_free.
int hs_enrolled_read(const char *dir, struct hs_enrolled *out, struct hs_err *err);
// Reads them again, drops those that are gone from e, and marks those that want their PIN
// now. HS_NO_ROOTS where none is left.
int hs_enrolled_recheck(const char *dir, struct hs_enrolled *e, struct hs_err *err);
void hs_enrolled_free(struct hs_enrolled *e);
bool hs_enrolled_any_verify(const struct hs_enrolled *e); // one wants its PIN
bool hs_enrolled_any_simulated(const struct hs_enrolled *e);
void hs_enrolled_put_names(struct hs_buf *b, const struct hs_enrolled *e); // "blue, spare"

#endif
